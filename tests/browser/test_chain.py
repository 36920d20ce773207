"""A chain of 500 shops is taken on: from the desk to the people whom its owner invites on a phone."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.accounts import invitations
from app.accounts.grants import Grant
from app.accounts.second_factor import code_at
from app.accounts.users import NewAccess, give_access
from app.database.engine import DatabaseRole
from app.models import DEFAULT_TIME_ZONE, Outlet, Reseller, Role
from app.views.picking import OutletChoice, outlet_choice
from tests import factories
from tests.accounts.mails import link, mails
from tests.browser.windows import DESK, PHONE, SUBMIT

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHOSEN = "girafe ruisseau lampe velours"
AFTERWARDS = "tunnel lampe girafe velours"
SHOPS, SELLING = 500, 20
STAFF, OWNER, FLEET, FINANCE, SHOP = (
    f"{who}@chaine.example" for who in ("equipe", "patronne", "parc", "daf", "boutique")
)


@dataclass
class Chain:
    """A merchant of 500 shops, of which the first SELLING sold something yesterday."""

    merchant_id: int
    other_id: int
    outlets: list[OutletChoice]


@pytest.fixture(scope="package")
def chain(live):
    # The night before the day of the portal, which is France's: a machine's own calendar may be a day behind.
    today = datetime.now(ZoneInfo(DEFAULT_TIME_ZONE)).date()
    night = datetime.combine(today - timedelta(days=1), clock(23, 15, 7))
    with live.database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        merchant_id, other_id = (
            factories.a_merchant(connection, reseller_id=reseller_id, code=code, name=name)
            for code, name in (("CHAINE500", "Les Fournils réunis"), ("CAVE", "La Cave d’à côté"))
        )
        outlets = factories.a_chain(connection, merchant_id=merchant_id, shops=SHOPS)
        for number in outlets[:SELLING]:
            called = {"merchant_id": merchant_id, "contract_id": number}
            sums = {"transaction_count": 1, "debit_count": 1, "debit_amount": 3900, "net_amount": 3900}
            sold = factories.a_remittance(
                connection, **called, **sums, received_count=1, received_net=3900, collected_local=night
            )
            factories.a_transaction(
                connection,
                **called,
                remittance_id=sold,
                collected_on=night.date(),
                occurred_local=night.replace(hour=12),
            )
        factories.sum_days(connection)
        rows = connection.execute(
            select(*Outlet.__table__.columns).where(Outlet.merchant_id == merchant_id)
        ).all()
        return Chain(merchant_id, other_id, [outlet_choice(row) for row in rows])


def press(page: Page, words: str) -> None:
    """Press a button or follow a link of the page's own part that says ``words``, and be where it leads."""
    with page.expect_navigation():
        page.locator("main").get_by_text(words, exact=True).locator("visible=true").first.click()


def come_in(visitor, path, password=CHOSEN):
    """Open a link of a mail and choose a password."""
    visitor.go(path)
    for box in visitor.page.locator("input[type=password]").all():
        box.fill(password)
    with visitor.page.expect_navigation():
        visitor.page.click(SUBMIT)


def sign_in(visitor, email, password=CHOSEN):
    visitor.go("/connexion")
    visitor.page.fill("#email", email)
    visitor.page.fill("#password", password)
    press(visitor.page, "Se connecter")


def invite(page, email, role):
    """The form of an invitation, with whom and what for."""
    press(page, "Inviter quelqu’un")
    page.fill("#email", email)
    page.check(f"#role-{role}")


def chosen(page):
    return page.locator(".picker-count p").inner_text().replace("\u00a0", " ")


def staff_take_the_chain_on(window, live, chain):
    """Through the first link, the app and its code to the merchant; its owner is what the form presets."""
    with live.database.writing() as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        invitations.invite_staff(connection, live.links, STAFF, reseller_id, None)
    staff = window(DESK, signed_in=False)
    come_in(staff, link(live.database, STAFF))
    secret = base64.b32decode(staff.page.locator(".secret").inner_text().replace(" ", ""))
    staff.page.fill("#code", code_at(secret, int(time.time()) // 30))
    press(staff.page, "Confirmer")
    staff.page.click(".account > summary")
    with staff.page.expect_navigation():
        staff.page.click("text=Se déconnecter")
    sign_in(staff, STAFF)
    # The next one, for each opens once; by the clock of now, however long the page has taken.
    staff.page.fill("#code", code_at(secret, int(time.time()) // 30 + 1))
    press(staff.page, "Se connecter")
    staff.page.fill("#q", "fournils")
    press(staff.page, "Chercher")
    with staff.page.expect_navigation():
        staff.page.click("tbody th a")
    press(staff.page, "Accès")
    press(staff.page, "Inviter quelqu’un")
    assert staff.page.is_checked("#role-owner")
    assert staff.page.is_checked("#scope-all")
    staff.page.fill("#email", OWNER)
    press(staff.page, "Envoyer l’invitation")
    return staff


def owner_invites_his_fleet_manager(page):
    """Over three shops of 500: two of a town found by its name, one by its department's."""
    invite(page, FLEET, "fleet")
    page.check("#scope-some")
    assert chosen(page) == "Choisis : 0 / 500"
    assert page.locator("input[name=outlet]:visible").count() == 0, "departments are closed"
    page.fill("#find", "Saint-Etienne")
    towns = page.locator("input[name=outlet]:visible")
    assert towns.count() == 50
    towns.nth(0).check()
    towns.nth(1).check()
    page.fill("#find", "hautes-pyrenees")
    assert page.locator("[data-nothing]").is_visible()
    page.fill("#find", "isère")
    page.locator("input[name=outlet]:visible").first.check()
    page.press("#find", "Enter")
    assert page.url.endswith("/acces/inviter"), "Enter within the search sends nothing"
    page.fill("#find", "")
    page.click("text=Voir les choisis")
    assert page.locator("input[name=outlet]:visible").count() == 3
    assert chosen(page) == "Choisis : 3 / 500"
    assert page.locator("[data-recall]").inner_text().endswith("3 / 500")
    press(page, "Envoyer l’invitation")
    assert "FOURNIL SAINT-ÉTIENNE" in page.locator(".person", has_text=FLEET).inner_text()


def region_takes_two_clicks(page):
    """All that match, or all of a department; and none of it is given when one goes away."""
    press(page, "Inviter quelqu’un")
    page.check("#scope-some")
    page.fill("#find", "69")
    page.click("button[value=choose]")
    assert chosen(page) == "Choisis : 100 / 500"
    page.fill("#find", "")
    page.click("summary:has-text('Gironde')")
    page.click("button[value=choose-33]")
    assert chosen(page) == "Choisis : 150 / 500"
    page.fill("#find", "villeurbanne")
    page.click("button[value=clear]")
    assert chosen(page) == "Choisis : 100 / 500"
    press(page, "Annuler")


def finds_what_the_server_finds(page, places):
    """The rules of the search are written twice: in picking.py, and in portal.js."""
    press(page, "Inviter quelqu’un")
    page.check("#scope-some")
    for sought in (
        "",
        "LYON",
        "saint étienne",
        "2a",
        "97",
        "974",
        "42 loire",
        "fournil 0",
        "000101",
        "rue",
        "-",
    ):
        page.fill("#find", sought)
        found = sum(place.answers(sought) for place in places)
        assert page.locator("[data-shown]").inner_text() == str(found), sought
    press(page, "Annuler")


def forgotten(window, live):
    """A new password by mail ends what was open; the former one opens nothing."""
    phone = window(PHONE, signed_in=False)
    sign_in(phone, FINANCE, "un mot de passe qui n’est pas le bon")
    assert phone.page.locator("#failure").is_visible()
    press(phone.page, "Mot de passe oublié ?")
    phone.page.fill("#email", FINANCE)
    press(phone.page, "Envoyer le lien")
    come_in(phone, link(live.database, FINANCE), AFTERWARDS)
    sign_in(phone, FINANCE, AFTERWARDS)
    assert " · Remises · " in phone.page.title()


def withdrawn_and_sent_again(window, live, page):
    invite(page, SHOP, "viewer")
    page.check("#scope-some")
    page.fill("#find", "lyon 010")
    page.click("button[value=choose]")
    press(page, "Envoyer l’invitation")
    first = link(live.database, SHOP)
    card = page.locator(".person", has_text=SHOP)
    with page.expect_navigation():
        card.get_by_text("Renvoyer").click()
    second = link(live.database, SHOP)
    guest = window(PHONE, signed_in=False)
    guest.go(first)
    assert "plus valable" in guest.page.locator("h1").inner_text()
    guest.go(second)
    assert guest.page.locator("#password").is_visible()
    with page.expect_navigation():
        card.get_by_text("Annuler").click()
    guest.go(second)
    assert "plus valable" in guest.page.locator("h1").inner_text()


def suspended_and_restored(page, fleet):
    def member():
        with page.expect_navigation():
            page.click(f'a[aria-label="Modifier ({FLEET})"]')

    member()
    assert page.locator("details[data-chosen] input:checked").count() == 3, "the chosen ones come first"
    press(page, "Suspendre cet accès")
    fleet.go("/remises")
    assert "/connexion" in fleet.page.url, "at the very next click"
    sign_in(fleet, FLEET)
    assert fleet.page.locator("h1").inner_text() == "Votre accès est fermé"
    press(fleet.page, "Se connecter avec une autre adresse")
    member()
    press(page, "Rétablir cet accès")
    sign_in(fleet, FLEET)
    assert " · Remises · " in fleet.page.title()


def two_merchants(live, chain, owner):
    with live.database.writing() as connection:
        invitations.invite(connection, live.links, OWNER, chain.other_id, Grant(Role.VIEWER), None)
    owner.go(link(live.database, OWNER))
    press(owner.page, "Accepter cet accès")
    assert owner.page.locator(".brand-merchant").inner_text() == "La Cave d’à côté"
    # By its name: the address without one leads to the place that was used a minute ago.
    there = f"/m/{chain.other_id}"
    assert owner.page.goto(f"{owner.url}{there}/acces").status == 403, "they are no owner here"
    owner.go(f"{there}/remises")
    owner.page.click(".account > summary")
    with owner.page.expect_navigation():
        owner.page.click(".merchants >> text=Les Fournils réunis")
    assert owner.page.locator(".brand-merchant").inner_text() == "Les Fournils réunis"


def test_a_chain_of_500_shops_is_taken_on(window, live, chain, tmp_path):
    staff = staff_take_the_chain_on(window, live, chain)
    owner = window(PHONE, signed_in=False)
    come_in(owner, link(live.database, OWNER))
    owner.page.click(".account > summary")
    with owner.page.expect_navigation():
        owner.page.click(".account-panel >> text=Accès")
    owner_invites_his_fleet_manager(owner.page)
    region_takes_two_clicks(owner.page)
    finds_what_the_server_finds(owner.page, chain.outlets)
    invite(owner.page, FINANCE, "finance")
    owner.page.check("#scope-all")
    press(owner.page, "Envoyer l’invitation")

    fleet = window(PHONE, signed_in=False)
    come_in(fleet, link(live.database, FLEET))
    fleet.page.wait_for_url("**/remises")
    assert fleet.page.locator(".rows-group .line").count() == 3, fleet.page.locator("main").inner_text()
    assert fleet.page.locator(".downloads a[href*='.csv']").is_visible()
    assert fleet.page.goto(f"{fleet.url}/acces").status == 403
    fleet.go("/remises")

    finance = window(DESK, signed_in=False)
    come_in(finance, link(live.database, FINANCE))
    finance.go("/transactions")
    with finance.page.expect_download() as download:
        finance.page.locator("a[href*='.csv']:visible").click()
    download.value.save_as(tmp_path / "mois.csv")
    assert len((tmp_path / "mois.csv").read_text("utf-8-sig").splitlines()) == 1 + SELLING

    forgotten(window, live)
    finance.go("/remises")
    assert "/connexion" in finance.page.url
    withdrawn_and_sent_again(window, live, owner.page)
    suspended_and_restored(owner.page, fleet)
    two_merchants(live, chain, owner)
    assert len(mails(live.database, SHOP)) == 2
    staff.page.reload()
    assert FLEET in staff.page.locator("main").inner_text()
    with live.database.reading() as connection:
        assert connection.scalar(select(Outlet.id).where(Outlet.merchant_id == chain.other_id)) is None


@pytest.fixture(scope="package")
def second_owner(live, chain):
    """Somebody else who may give accesses to the chain."""
    email = "seconde@chaine.example"
    with live.database.writing() as connection:
        access = NewAccess(email=email, merchant="CHAINE500", reseller=None, role=Role.OWNER)
        give_access(connection, access, CHOSEN)
    return email


@pytest.mark.parametrize(("width", "javascript"), [(320, False), (PHONE, True), (DESK, True)])
def test_the_form_of_500_outlets_shuts_nobody_out(window, second_owner, width, javascript):
    visitor = window(width, signed_in=False, javascript=javascript, dark=width == 320)
    page = visitor.page
    sign_in(visitor, second_owner)
    visitor.go("/acces/inviter")
    assert not page.locator(".picker").is_visible()
    page.check("#scope-some")
    page.fill("#find", "isere")
    if javascript:
        page.press("#find", "Enter")
    else:
        with page.expect_navigation():
            page.press("#find", "Enter")
    assert page.locator("input[name=outlet]:visible").count() == 50
    if javascript:
        page.click("button[value=choose]")
        assert visitor.barriers() == []
    else:
        with page.expect_navigation():
            page.click("button[value=choose]")
    assert chosen(page) == "Choisis : 50 / 500"
    assert visitor.sideways() == 0
    visitor.keep("acces-500")
