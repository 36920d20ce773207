"""Coming in and staying safe, in a real browser: links from mails, accesses, the second factor."""

from __future__ import annotations

import base64
import re
import secrets
import time
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select

from app.accounts import invitations, resets
from app.accounts.grants import Grant
from app.accounts.journal import Client
from app.accounts.second_factor import code_at
from app.accounts.users import NewAccess, give_access
from app.database.engine import DatabaseRole
from app.models import Merchant, Role, UserAccount, UserSession
from tests.accounts.mails import link, pass_time
from tests.browser import looks
from tests.browser.portal import PASSWORD, prove
from tests.browser.windows import DESK, PHONE, SUBMIT, TABLET, sign_in

CHOSEN = "girafe ruisseau lampe velours"
CLIENT = Client(host="localhost", address="192.0.2.1", agent="Tests", request_id="browser")
WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["htmx", "plain"])
PAGES = {
    "mot-de-passe-oublie": "/mot-de-passe-oublie",
    "lien-envoye": "/mot-de-passe-oublie/envoye",
    "lien-mort": "/invitation",
    "invitation-redemandee": "/invitation/demandee",
    "acces": "/acces",
    "acces-inviter": "/acces/inviter",
    "compte": "/compte",
    "compte-mot-de-passe": "/compte/mot-de-passe",
    "compte-application": "/compte/double-verification",
}


def invite(live, email, role=Role.VIEWER, merchant=0):
    """Invite somebody to the demonstration's first merchant; returns the path of the link in the mail."""
    with live.database.writing() as connection:
        merchants = select(Merchant.id).where(Merchant.id > 0).order_by(Merchant.id)
        number = connection.scalars(merchants).all()[merchant]
        invitations.invite(connection, live.links, email, number, Grant(role), None)
    return link(live.database, email)


def unique(words):
    """An address that nobody has; its mark is too short for the number of a card."""
    return f"{words}-{secrets.token_hex(4)}@shop.example"


def assert_fits(visitor, name):
    """The page in sight shuts nobody out and is no wider than its window."""
    visitor.keep(name)
    assert visitor.barriers() == []
    assert visitor.sideways() == 0


def choose_password(visitor):
    """In each box there is: one where what is typed can be looked at, two without JavaScript."""
    for box in visitor.page.locator("input[type=password]").all():
        box.fill(CHOSEN)
    visitor.follow(visitor.page.locator(SUBMIT))


@looks.over(PAGES)
def test_a_page_shuts_nobody_out(looking, live, page, look):
    path = PAGES[page]
    if page == "acces":
        invite(live, unique("attendu"))
    with live.wears(look.theme):
        visitor = looking(look, None if path.startswith(("/acces", "/compte")) else [])
        visitor.go(path)
        assert urlsplit(visitor.page.url).path.endswith(path), "and no other page in its place"
        assert visitor.faults(page, look) == []


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
def test_what_links_open_shuts_nobody_out(window, live, width):
    visitor = window(width, signed_in=False)
    visitor.go(invite(live, unique("invite")))
    assert visitor.page.locator("#password").count() == 1
    assert_fits(visitor, "invitation")
    visitor.page.fill("#password", "motdepasse2026")
    visitor.follow(visitor.page.locator(SUBMIT))
    assert visitor.page.locator("#password-fault").is_visible()
    assert_fits(visitor, "invitation-faute")
    path = invite(live, unique("trop-tard"))
    pass_time(live.database, 259_201)
    visitor.go(path)
    assert visitor.page.locator("#password").count() == 0, "an invitation that ended opens nothing"
    assert_fits(visitor, "invitation-expiree")
    resets.ask(live.database, live.links, "demo", live.email, CLIENT)
    visitor.go(link(live.database, live.email))
    assert_fits(visitor, "nouveau-mot-de-passe")


def test_what_was_typed_is_there_again_after_a_session_that_ended(window, live):
    """For the same person alone, once, and never what is secret."""
    email = unique("tape")
    with live.database.writing(DatabaseRole.OWNER) as connection:
        access = NewAccess(email=email, merchant="FOURNIL", reseller=None, role=Role.OWNER)
        give_access(connection, access, PASSWORD)
    visitor = window(signed_in=False)
    page = visitor.page
    sign_in(page, live.url, email)
    visitor.go("/acces/inviter")
    page.fill("[name=email]", "nouvelle@example.org")
    page.check("#role-finance")
    page.check("#scope-all")
    with live.database.writing(DatabaseRole.OWNER) as connection:
        person = select(UserAccount.id).where(UserAccount.email == email).scalar_subquery()
        connection.execute(delete(UserSession).where(UserSession.user_id == person))
    page.locator("main form button.primary").click()
    page.wait_for_url(re.compile("/connexion"))
    assert "n’a pas été fait" in page.inner_text("main")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.locator(SUBMIT).click()
    page.wait_for_url(lambda url: "connexion" not in url)
    assert page.input_value("[name=email]") == "nouvelle@example.org"
    assert page.is_checked("#role-finance")
    assert page.get_by_text("est de nouveau dans le formulaire").is_visible()
    assert page.evaluate("sessionStorage.getItem('unsent')") is None
    visitor.go("/acces/inviter")
    assert page.input_value("[name=email]") == ""


def test_addresses_typed_into_a_dialogue_are_there_again_after_a_session_that_ended(window, live):
    """The dialogue opens by itself, over the list that it was opened from; an answer leaves nothing kept."""
    email = unique("envoie")
    with live.database.writing(DatabaseRole.OWNER) as connection:
        access = NewAccess(email=email, merchant="FOURNIL", reseller=None, role=Role.OWNER)
        give_access(connection, access, PASSWORD)
    visitor = window(signed_in=False)
    page = visitor.page
    sign_in(page, live.url, email)
    visitor.go("/transactions?outcome=accepted")
    page.locator("a.send-link:visible").first.click()
    page.locator("#to-1").fill("client@example.org")
    page.locator(".more-addresses > summary").first.click()
    page.locator("#to-2").fill("autre@example.org")
    visitor.settled()
    with live.database.writing(DatabaseRole.OWNER) as connection:
        person = select(UserAccount.id).where(UserAccount.email == email).scalar_subquery()
        connection.execute(delete(UserSession).where(UserSession.user_id == person))
    page.get_by_role("button", name="Envoyer", exact=True).click()
    page.wait_for_url(re.compile("/connexion"))
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.locator(SUBMIT).click()
    page.get_by_text("est de nouveau dans le formulaire").wait_for()
    assert page.url.endswith("/transactions?outcome=accepted")
    assert page.input_value("#to-1") == "client@example.org"
    assert page.locator("#to-2").is_visible()
    assert page.input_value("#to-2") == "autre@example.org"
    visitor.settled()
    page.get_by_role("button", name="Envoyer", exact=True).click()
    page.get_by_text("est en cours d’envoi").or_(page.locator("#steps .notice.good")).first.wait_for()
    assert page.evaluate("sessionStorage.getItem('unsent')") is None
    assert [one for one in visitor.complaints if "401" not in one] == []
    visitor.complaints.clear()  # a browser writes an answer of 401 in its console


@WAYS
def test_invited_by_mail_then_in(window, live, javascript):
    email = unique("nouvelle")
    visitor = window(PHONE, signed_in=False, javascript=javascript)
    visitor.go(invite(live, email))
    assert visitor.page.url == f"{live.url}/invitation", "the token has left the address bar"
    assert visitor.page.locator("#again").count() == (0 if javascript else 1)
    choose_password(visitor)
    visitor.page.wait_for_url("**/remises")
    assert " · Remises · " in visitor.page.title()
    again = window(PHONE, signed_in=False, javascript=javascript)
    again.go("/connexion")
    again.page.fill("#email", email)
    again.page.fill("#password", CHOSEN)
    again.page.click(SUBMIT)
    again.page.wait_for_url("**/remises")


@WAYS
def test_an_owner_invites_on_a_phone(window, live, javascript):
    visitor = window(PHONE, javascript=javascript)
    visitor.go("/remises")
    visitor.page.click(".account > summary")
    visitor.follow(visitor.page.get_by_text("Accès").first)
    visitor.follow(visitor.page.get_by_text("Inviter quelqu’un").first)
    email = unique("flotte")
    visitor.page.fill("#email", email)
    visitor.page.check("#role-fleet")
    visitor.page.check("#scope-some")
    visitor.page.locator("input[name=outlet]").first.check()
    visitor.follow(visitor.page.get_by_text("Envoyer l’invitation"))
    assert visitor.page.locator("[role=status]").first.is_visible()
    assert visitor.page.locator(f"text={email}").count() >= 1
    guest = window(PHONE, signed_in=False, javascript=javascript)
    guest.go(link(live.database, email))
    choose_password(guest)
    guest.page.wait_for_url("**/remises")


@WAYS
@pytest.mark.parametrize("width", [320, PHONE, TABLET, DESK])
def test_what_was_typed_too_late_is_kept(window, live, javascript, width):
    """The password is asked for, then one more click sends what stood in the form."""
    visitor = window(width, signed_in=False, javascript=javascript, dark=width == 320)
    visitor.go(invite(live, unique("patronne"), Role.OWNER))
    choose_password(visitor)
    visitor.page.wait_for_url("**/remises")
    visitor.go("/acces/inviter")
    email = unique("tardive")
    visitor.page.fill("#email", email)
    visitor.page.check("#role-finance")
    visitor.page.check("#scope-all")
    prove(live.database, "11 minutes")
    visitor.page.click("text=Envoyer l’invitation")
    visitor.page.wait_for_selector("#proof")
    if javascript:  # axe is a script
        assert_fits(visitor, "confirmer")
    visitor.page.fill("#proof", "ce n’est pas cela")
    visitor.page.click(SUBMIT)
    visitor.page.wait_for_selector("#failure")
    if javascript:
        assert_fits(visitor, "confirmer-faute")
    visitor.page.fill("#proof", CHOSEN)
    click_twice_if(javascript, visitor.page)
    visitor.page.wait_for_selector("#proof", state="detached")
    if javascript:
        assert_fits(visitor, "confirmer-suite")
    click_twice_if(javascript, visitor.page)
    visitor.page.wait_for_selector("[role=status]")
    assert visitor.page.locator(f"text={email}").count() >= 1


def click_twice_if(javascript, page):
    """A double click, which without JavaScript sends two requests."""
    if javascript:
        page.dblclick(SUBMIT)
    else:
        page.click(SUBMIT)


def copied(visitor, button):
    """What the button of that name copies."""
    visitor.page.get_by_role("button", name=button).click()
    visitor.page.wait_for_function("() => document.getElementById('voice').textContent")
    return visitor.page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_an_app_is_paired_and_asked_for(window, live, width):
    email = unique("double")
    visitor = window(width, signed_in=False)
    visitor.go(invite(live, email))
    choose_password(visitor)
    visitor.page.wait_for_url("**/remises")
    visitor.go("/compte/double-verification")
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = visitor.page.locator(".secret").inner_text().replace(" ", "")
    assert copied(visitor, "Copier la clé") == key, "a phone cannot scan its own screen"
    secret = base64.b32decode(key)
    visitor.page.fill("#code", code_at(secret, int(time.time()) // 30))
    visitor.follow(visitor.page.locator(SUBMIT))
    shown = visitor.page.locator(".codes li").all_inner_texts()
    assert copied(visitor, "Copier les codes").splitlines() == shown
    assert_fits(visitor, "codes-de-secours")
    visitor.go("/compte")
    assert_fits(visitor, "compte-protege")
    again = window(width, signed_in=False)
    again.go("/connexion")
    again.page.fill("#email", email)
    again.page.fill("#password", CHOSEN)
    again.follow(again.page.locator(SUBMIT))
    assert "/connexion/code" in again.page.url
    assert_fits(again, "connexion-code")
    again.page.fill("#code", code_at(secret, int(time.time()) // 30 + 1))
    again.page.click(SUBMIT)
    again.page.wait_for_url("**/remises")
    assert " · Remises · " in again.page.title()


def test_an_access_is_changed_and_removed(window, live):
    email = unique("partante")
    guest = window(PHONE, signed_in=False)
    guest.go(invite(live, email))
    choose_password(guest)
    guest.page.wait_for_url("**/remises")
    for width in (PHONE, DESK):
        visitor = window(width)
        visitor.go("/acces")
        visitor.follow(visitor.page.locator(f'a[aria-label="Modifier ({email})"]'))
        assert_fits(visitor, "acces-modifier")
    visitor.page.click("text=Retirer cet accès")
    visitor.follow(visitor.page.get_by_text("Retirer définitivement"))
    assert visitor.page.locator("[role=status]").first.is_visible()
    guest.go("/remises")
    assert "/connexion" in guest.page.url
    with live.database.reading() as connection:
        assert connection.scalar(select(UserAccount.id).where(UserAccount.email == email))
