"""Invitations: one-time links, from the mail to the portal."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import func, select, text

from app.accounts import invitations, one_time_links, passwords
from app.accounts.links import Purpose
from app.accounts.one_time_links import SECONDS, DeadLinkError
from app.accounts.users import UserError
from app.database.engine import DatabaseRole
from app.models import (
    Invitation,
    InvitationKind,
    JournalEntry,
    Reseller,
    Role,
    UserAccount,
    UserSession,
)
from tests.accounts.mails import lifetimes, link, mails, pass_time, words
from tests.conftest import SECRET_KEY
from tests.page import HtmlPage
from tests.views.one_time_links import CHOSEN, CLIENT, GUEST, accept, asked_reset, invitation_row, is_member
from tests.views.test_sign_in import cookie, events
from tests.views.town import let_in, plain, portal

NIGHT_OF_AUTUMN = datetime(2026, 10, 24, 6, 0, tzinfo=UTC)
NIGHT_OF_SPRING = datetime(2027, 3, 27, 6, 0, tzinfo=UTC)


def test_the_mail_says_who_what_and_until_when_in_text_and_html(invite, database):
    path = invite()
    [mail] = mails(database)
    assert mail["To"] == GUEST
    assert mail["Subject"] == "Monétique Horizon\u00a0: votre accès"
    for kind in ("plain", "html"):
        said = words(mail, kind)
        assert "ALPHA merchant" in said
        assert "consultation" in said
        assert f"http://localhost:8000{path}" in said
        assert re.search(r"jusqu’au \w+ \d+(?:er)? \w+ \d{4} à \d\d:\d\d \(heure de Paris\)", said)
        assert "Bordereau" not in said


def test_neither_the_token_nor_the_database_opens_anything_by_itself(invite, database, links):
    token = invite().rpartition("/")[2]
    row = invitation_row(database)
    assert GUEST not in URLSafeSerializer(SECRET_KEY).loads_unsafe(token)[1]
    assert len(row.nonce_hash) == 32
    with database.reading(DatabaseRole.OWNER) as connection:
        dump = str(connection.execute(text("SELECT * FROM invitation")).all())
        jobs = str(connection.execute(text("SELECT * FROM procrastinate_jobs")).all())
        journal = str(connection.execute(text("SELECT * FROM journal_entry")).all())
    assert token.partition(".")[0] not in dump + jobs + journal
    assert links.hash_in(Purpose.INVITATION, token) == row.nonce_hash


def test_invited_then_in(app, invite, browser, shops, database):
    response = browser.get(invite())
    assert (response.status_code, response.location) == (303, "/invitation")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    page = browser.page("/invitation")
    assert page.h1 == "Votre accès"
    assert "ALPHA merchant" in page.text
    assert page.one("input", id="username")["value"] == GUEST
    response = browser.post_form("/invitation", password=CHOSEN, again=CHOSEN)
    assert (response.status_code, response.location) == (303, shops[0].at("/"))
    assert "ALPHA merchant" in browser.page("/remises").text
    assert browser.get("/transactions.csv").status_code == 403
    assert events(database)[-4:-1] == ["invited", "invitation_used", "signed_in"]
    other = app.test_client()
    assert other.sign_in(GUEST, CHOSEN).location == "/remises"


def test_looking_spends_nothing(app, invite, database):
    path = invite()
    for _ in range(5):
        scanner = app.test_client()
        assert scanner.get(path, follow_redirects=True).status_code == 200
        assert scanner.head(path).status_code == 303
        assert scanner.head("/invitation").status_code == 200
    assert invitation_row(database).used_at is None
    assert accept(app.test_client(), path).status_code == 303


@pytest.mark.probes("links")
def test_a_link_works_once(app, invite, database):
    path = invite()
    first = app.test_client()
    assert accept(first, path).status_code == 303
    for again in (first, app.test_client()):
        again.get(path)
        response = again.post_form("/invitation", password=CHOSEN, again=CHOSEN)
        assert response.status_code == 410
        assert HtmlPage(response, app).h1 == "Ce lien n’est plus valable"
    assert events(database)[-1] == "link_refused"


@pytest.mark.probes("links in parallel")
def test_of_fifty_at_once_exactly_one_gets_in(app, invite, database, links):
    token = invite().rpartition("/")[2]

    def spend(_):
        try:
            with database.writing() as connection:
                one_time_links.spend(connection, links, Purpose.INVITATION, token, CLIENT.host)
        except DeadLinkError:
            return 0
        return 1

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(spend, range(50))) == 1


@pytest.mark.probes("links in parallel")
def test_of_many_whole_acceptances_at_once_exactly_one_gets_in(app, invite, database, links, monkeypatch):
    monkeypatch.setattr(passwords, "hashed", lambda _: "not a hash")
    monkeypatch.setattr(invitations, "attempt", lambda *_: ())
    token = invite().rpartition("/")[2]

    def attempt(_):
        try:
            invitations.accept(database, links, token, CHOSEN, CLIENT)
        except DeadLinkError:
            return 0
        return 1

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(50))) == 1
    with database.reading() as connection:
        account = select(func.count()).select_from(UserAccount).where(UserAccount.email == GUEST)
        assert connection.scalar(account) == 1


@pytest.mark.parametrize("passed", [258_600, 259_200])
def test_seventy_two_hours_are_259_200_seconds(invite, browser, database, passed):
    """Not a second more or less, by what is kept; that is what decides, however slow this machine is."""
    path = invite()
    assert lifetimes(database) == [timedelta(seconds=259_200)]
    pass_time(database, passed)
    assert accept(browser, path).status_code == (303 if passed < 259_200 else 410)
    assert is_member(database) == (passed < 259_200)


@pytest.mark.parametrize("start", [NIGHT_OF_AUTUMN, NIGHT_OF_SPRING], ids=["autumn", "spring"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York"])
def test_clock_changes_neither_lengthen_nor_shorten_it(database, start, zone):
    """The sum the database makes, in a session of whatever zone."""
    with database.reading(DatabaseRole.OWNER) as connection:
        connection.execute(text(f"SET TIME ZONE '{zone}'"))
        seconds = connection.scalar(
            text(
                "SELECT extract(epoch FROM CAST(:at AS timestamptz) + make_interval(secs => :s))"
                " - extract(epoch FROM CAST(:at AS timestamptz))"
            ),
            {"at": start, "s": SECONDS[InvitationKind.INVITE]},
        )
    assert seconds == 259_200


def test_the_row_itself_lives_259_200_seconds(invite, database):
    invite()
    row = invitation_row(database)
    assert (row.expires_at - row.created_at).total_seconds() == 259_200


def test_an_expired_invitation_sends_itself_again_to_its_own_address(app, invite, browser, database):
    old = invite()
    pass_time(database, 259_201)
    browser.get(old)
    page = browser.page("/invitation", status=410)
    assert page.h1 == "Cette invitation a expiré"
    assert GUEST not in page.text
    assert "ALPHA" not in page.text
    response = browser.post_form("/invitation/nouvelle")
    assert response.location == "/invitation/demandee"
    browser.page(response.location)
    new = link(database, GUEST)
    assert new != old
    assert accept(app.test_client(), old).status_code == 410
    assert accept(app.test_client(), new).status_code == 303


def test_an_expired_invitation_of_an_owner_with_limits_is_not_sent_again(app, database, shops):
    """What they may give changes with what they see: only they say again what they said."""
    let_in(database, "half@shop.example", "ALPHA", Role.OWNER, outlets=[shops[0].siret])
    half, guest = app.test_client(), app.test_client()
    half.sign_in("half@shop.example")
    asked = {"email": GUEST, "role": "viewer", "scope": "some", "outlet": shops[0].outlet_id}
    assert half.post_form("/acces/inviter", **asked).status_code == 303
    guest.get(link(database, GUEST))
    pass_time(database, 259_201)
    assert guest.post_form("/invitation/nouvelle").location == "/invitation/demandee"
    assert len(mails(database, GUEST)) == 1


def test_asking_again_for_a_dead_link_looks_the_same_and_sends_nothing(app, invite, browser, database):
    path = invite()
    accept(app.test_client(), path)
    sent = len(mails(database))
    for given in (path, "/invitation/nonsense", "/invitation/" + "x" * 3000):
        browser.get(given)
        assert browser.post_form("/invitation/nouvelle").location == "/invitation/demandee"
    assert len(mails(database)) == sent


def test_a_link_that_still_lives_is_not_sent_again_by_its_page(invite, browser, database):
    browser.get(invite())
    browser.post_form("/invitation/nouvelle")
    assert len(mails(database)) == 1


def test_sent_again_the_older_link_dies(app, invite):
    old, new = invite(), invite()
    assert accept(app.test_client(), old).status_code == 410
    assert accept(app.test_client(), new).status_code == 303


def test_withdrawn_it_is_worth_nothing(app, invite, database):
    path = invite()
    with database.writing() as connection:
        assert one_time_links.revoke(connection, Invitation.email == GUEST)
    assert accept(app.test_client(), path).status_code == 410


def test_the_link_of_a_suspended_merchant_sleeps(app, invite, database, shops):
    path = invite()

    def suspend(at):
        with database.writing() as connection:
            connection.execute(
                text(f"UPDATE merchant SET suspended_at = {at} WHERE id = :id"), {"id": shops[0].merchant_id}
            )

    suspend("now()")
    assert accept(app.test_client(), path).status_code == 410
    suspend("NULL")
    assert accept(app.test_client(), path).status_code == 303


@pytest.mark.probes("links")
def test_a_link_is_worth_nothing_on_another_host(app, invite, database):
    token = invite().rpartition("/")[2]
    browser = app.test_client()
    browser.set_cookie("invitation", token, domain="horizon.example")
    response = browser.get("/invitation", base_url="http://horizon.example")
    assert response.status_code == 410
    assert invitation_row(database).used_at is None


@pytest.mark.parametrize("host", ["localhost", "horizon.example"])
def test_links_lead_to_the_maintainers_own_host_whatever_was_asked(database, tmp_path, shops, host):
    app = portal(database, tmp_path, database_url=database.addresses.owner)
    browser = app.test_client()
    base = f"https://{host}:8443"
    response = browser.get("/mot-de-passe-oublie", base_url=base)
    headers = {"X-Forwarded-Host": host, "Referer": base}
    if host == "localhost":
        assert response.status_code == 421, "a name of development is nobody's in production"
        token = ""
    else:
        token = HtmlPage(response, app).csrf
    asked = browser.post(
        "/mot-de-passe-oublie",
        data={"csrf_token": token, "email": shops[0].email},
        base_url=base,
        headers=headers,
    )
    assert asked.status_code == (421 if host == "localhost" else 303)
    links = app.extensions["bordereau.links"]
    assert links.home("demo").address == "https://horizon.example"
    said = words(mails(database)[-1]) if mails(database) else ""
    assert ":8443" not in said
    if host == "horizon.example":
        assert "https://horizon.example/nouveau-mot-de-passe/" in said


@pytest.mark.probes("links")
def test_links_of_one_kind_do_not_open_the_other(app, invite, browser, database, links, shops):
    invited = invite().rpartition("/")[2]
    reset_token = asked_reset(browser, database, shops[0].email).rpartition("/")[2]
    for path, name, token in (
        ("/invitation", "invitation", reset_token),
        ("/nouveau-mot-de-passe", "reset", invited),
    ):
        other = app.test_client()
        other.set_cookie(name, token)
        assert other.get(path).status_code == 410
        assert other.post_form(path, password=CHOSEN, again=CHOSEN).status_code == 410
    assert links.hash_in(Purpose.RESET, invited) is None
    assert links.hash_in(Purpose.INVITATION, reset_token) is None


@pytest.mark.parametrize("token", ["x", "é", "." * 50, "Im5vbmNlIg.xxxx", "a" * 4000])
@pytest.mark.probes("links")
def test_made_up_links_are_a_kind_page(app, browser, database, token):
    browser.set_cookie("invitation", token)
    assert browser.page("/invitation", status=410).h1 == "Ce lien n’est plus valable"
    assert browser.post_form("/invitation", password=CHOSEN, again=CHOSEN).status_code == 410
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(JournalEntry)) == 0, (
            "anybody can make it up"
        )


@pytest.mark.parametrize("path", ["/invitation", "/nouveau-mot-de-passe"])
def test_a_link_that_was_opened_elsewhere_is_not_called_used(browser, database, path):
    for _ in range(20):
        assert plain(browser.page(path).one("h1")) == "Ouvrez le lien ici"
    assert browser.post_form(path, password=CHOSEN, again=CHOSEN).status_code == 400
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(JournalEntry)) == 0


def test_the_password_of_somebody_known_is_never_replaced_by_an_invitation(app, invite, shops, database):
    path = invite(email=shops[1].email)
    browser = app.test_client()
    browser.get(path)
    page = browser.page("/invitation")
    assert not page.all("input", type="password")
    response = browser.post_form("/invitation", password=CHOSEN, again=CHOSEN)
    assert response.location == "/connexion?done=invitation"
    assert "Votre accès est prêt" in browser.page(response.location).text
    assert browser.sign_in(shops[1].email, CHOSEN).status_code == 422
    browser.sign_in(shops[1].email)
    menu = browser.page(shops[1].at("/remises")).one("ul", aria_labelledby="merchants-title")
    assert "ALPHA merchant" in menu.text


def test_somebody_signed_in_goes_straight_to_the_new_merchant_with_a_new_key(app, invite, shops):
    path = invite(email=shops[1].email)
    browser = app.test_client()
    browser.sign_in(shops[1].email)
    before = cookie(browser)
    assert accept(browser, path).location == shops[0].at("/")
    there = browser.page(shops[0].at("/remises"))
    assert "ALPHA merchant" in there.one(class_="brand-merchant").text
    assert cookie(browser) != before
    thief = app.test_client()
    thief.set_cookie("bordereau", before)
    assert thief.get("/remises").status_code == 303


def test_who_becomes_staff_gets_the_short_sessions_of_staff(app, database, links, shops):
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    with database.writing() as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        invitations.invite_staff(connection, links, shops[0].email, reseller_id, None)
    assert accept(browser, link(database, shops[0].email)).status_code == 303
    with database.reading() as connection:
        assert connection.scalar(select(UserSession.idle)).total_seconds() == 1800
    assert browser.get("/remises").location == "/compte/double-verification"


def test_somebody_who_is_in_is_not_invited_again(invite, shops):
    with pytest.raises(UserError, match="déjà un accès"):
        invite(email=shops[0].email)


@pytest.mark.parametrize("email", ["", "nobody", "a b@c.example", "a@shop.example\r\nBcc: b@c.example"])
def test_an_address_that_is_none_is_refused(invite, email, database):
    with pytest.raises(UserError):
        invite(email=email)
    assert not mails(database)
