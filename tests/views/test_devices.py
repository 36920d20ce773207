"""A browser that is not known opens an account: its person learns of it by mail, and not too often."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.database.engine import DatabaseRole
from app.models import Delivery, KnownDevice, Role
from app.operation.nightly_upkeep import upkeep
from tests import factories
from tests.accounts.mails import link, mails, words
from tests.page import HtmlPage
from tests.views.one_time_links import CHOSEN, GUEST, accept
from tests.views.second_factors import code_now, enrol, send_code
from tests.views.test_me import AGENT
from tests.views.test_team import invite, membership
from tests.views.town import PASSWORD, let_in, portal

GOLDEN = Path(__file__).parents[1] / "accounts" / "golden"


def enter(app, email, agent=AGENT, known=None, password=None):
    """Sign in with a browser; ``known`` is one whose device cookie it has."""
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = agent
    if known is not None:
        browser.set_cookie("device", device_of(known))
    response = browser.sign_in(email, *([password] if password else []))
    assert response.status_code == 303
    return browser


def device_of(browser):
    return browser.get_cookie("device").value


def told(database, email):
    return [mail for mail in mails(database, email) if "nouvelle connexion" in mail["Subject"]]


def pass_days(database, days):
    with database.writing() as connection:
        connection.execute(
            text("UPDATE known_device SET seen_at = seen_at - make_interval(days => :d)"), {"d": days}
        )


def as_read(mail):
    """A mail as its golden file shows it, without the hour."""
    said = f"{mail['Subject']}\n\n{words(mail)}".replace("\r\n", "\n")
    return re.sub(r"(le |on )\w+ \d.*?\(.+?\)", r"\1<moment>", said)


def test_the_first_time_ever_says_nothing(app, shops, database):
    enter(app, shops[0].email)
    assert told(database, shops[0].email) == []


def test_another_browser_is_told_and_the_same_one_is_not(app, shops, database):
    first = enter(app, shops[0].email)
    enter(app, shops[0].email, known=first)
    assert told(database, shops[0].email) == []
    second = enter(app, shops[0].email)
    assert len(told(database, shops[0].email)) == 1
    enter(app, shops[0].email, known=second)
    enter(app, shops[0].email, known=first)
    assert len(told(database, shops[0].email)) == 1


def test_whoever_has_just_accepted_is_not_told(app, owner, database):
    invite(owner)
    guest = app.test_client()
    accept(guest, link(database, GUEST))
    assert told(database, GUEST) == []
    enter(app, GUEST, known=guest, password=CHOSEN)
    assert told(database, GUEST) == []
    enter(app, GUEST, password=CHOSEN)
    assert len(told(database, GUEST)) == 1


def test_a_browser_is_known_for_each_person_alone(app, shops, database):
    """Two who share a browser share no key: what is stored of it differs."""
    let_in(database, "aid@shop.example", "ALPHA")
    enter(app, "aid@shop.example")
    browser = enter(app, shops[0].email)
    enter(app, "aid@shop.example", known=browser)
    assert len(told(database, "aid@shop.example")) == 1
    with database.reading() as connection:
        hashes = list(connection.scalars(select(KnownDevice.key_hash)))
    assert len(hashes) == len(set(hashes)) == 3
    assert all(len(each) == 32 for each in hashes)


@pytest.mark.parametrize(("days", "count"), [(89, 0), (91, 1)])
def test_who_was_away_for_long_is_told(app, shops, database, days, count):
    browser = enter(app, shops[0].email)
    pass_days(database, days)
    enter(app, shops[0].email, known=browser)
    assert len(told(database, shops[0].email)) == count


def test_three_mails_a_day_and_no_more(app, shops, database):
    """Whoever browses in private is new each time."""
    enter(app, shops[0].email)
    with database.writing() as connection:
        connection.execute(text("UPDATE known_device SET created_at = created_at - interval '2 days'"))
    for _ in range(5):
        enter(app, shops[0].email)
    assert len(told(database, shops[0].email)) == 3


def test_a_password_alone_tells_nothing_yet_where_a_code_follows(app, owner, shops, database):
    secret, _ = enrol(owner, database)
    browser = enter(app, shops[0].email)
    assert browser.get_cookie("device") is None
    assert told(database, shops[0].email) == []
    assert send_code(browser, code_now(secret)).status_code == 303
    assert len(told(database, shops[0].email)) == 1
    assert device_of(browser)


@pytest.mark.probes("hosts")
def test_a_door_lets_in_anothers_customer_and_writes_to_them_in_nobody_elses_name(app, shops, database):
    """Nor does a line of it stand at the desk of the maintainer whose door it is."""
    with database.writing(DatabaseRole.OWNER) as connection:
        other = factories.a_reseller(connection, slug="other", name="Other")
        factories.a_merchant(connection, reseller_id=other, code="ELSEWHERE")
    let_in(database, "customer@other.example", "ELSEWHERE", reseller="other")
    enter(app, "customer@other.example")
    browser = enter(app, "customer@other.example")
    proved = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN}
    assert browser.post_form("/compte/mot-de-passe", **proved).status_code == 303
    assert len(mails(database, "customer@other.example")) == 2
    for mail in mails(database, "customer@other.example"):
        assert "Horizon" not in f"{mail['Subject']}{mail['From']}{words(mail)}"
    with database.reading(DatabaseRole.OWNER) as connection:
        whose = select(Delivery.reseller_slug).where(Delivery.recipient == "customer@other.example")
        assert set(connection.scalars(whose)) == {"default"}  # whose theme the other has, for want of one
    enter(app, shops[0].email)
    enter(app, shops[0].email)
    assert "Horizon" in told(database, shops[0].email)[-1]["Subject"]


@pytest.mark.parametrize("forged", ["", "x", "é" * 43, "A" * 44, "' OR 1=1 --"])
def test_a_made_up_cookie_is_replaced(app, shops, database, forged):
    browser = app.test_client()
    browser.set_cookie("device", forged)
    browser.sign_in(shops[0].email)
    assert re.fullmatch(r"[\w-]{43}", device_of(browser))
    assert device_of(browser) != forged


def test_the_cookie_is_kept_by_this_host_alone_and_opens_nothing(database, shops, tmp_path):
    app = portal(database, tmp_path, database_url=database.addresses.owner)
    browser = app.test_client()
    token = HtmlPage(browser.get("/connexion"), app).csrf
    form = {"csrf_token": token, "email": shops[0].email, "password": PASSWORD}
    response = browser.post("/connexion", data=form)
    assert {each.partition("=")[0] for each in response.headers.getlist("Set-Cookie")} == {
        "__Host-bordereau",
        "__Host-device",
        "__Host-lang",
    }
    cookies = [each for each in response.headers.getlist("Set-Cookie") if "device" in each]
    assert len(cookies) == 1
    name, *rules = cookies[0].split("; ")
    assert name.startswith("__Host-device=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=34560000"} <= set(rules)
    thief = app.test_client()
    thief.set_cookie("__Host-device", name.partition("=")[2], secure=True, domain="horizon.example")
    assert thief.get("/remises").status_code == 303


def test_a_browser_that_stays_away_is_forgotten(app, shops, database):
    enter(app, shops[0].email)
    pass_days(database, 91)
    enter(app, shops[0].email)
    upkeep(database, datetime.now(UTC))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(KnownDevice)) == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mail_is_the_one_that_was_read(app, shops, database, language):
    enter(app, shops[0].email)
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = AGENT
    home = {"base_url": "http://horizon.example"}
    browser.set_cookie("lang", language, domain="horizon.example")
    token = HtmlPage(browser.get("/connexion", **home), app).csrf
    form = {"csrf_token": token, "email": shops[0].email, "password": PASSWORD}
    assert browser.post("/connexion", data=form, **home).status_code == 303
    mail = mails(database, shops[0].email)[-1]
    assert as_read(mail) == (GOLDEN / f"new-browser.{language}.txt").read_text(encoding="utf-8")
    page = words(mail, "html")
    lines = words(mail).partition("-- ")[0].splitlines()
    assert [line for line in lines if line not in page] == [], "both parts say the same"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mail_about_other_rights_is_the_one_that_was_read(owner, shops, database, language):
    let_in(database, "aid@shop.example", "ALPHA", Role.VIEWER)
    owner.set_cookie("lang", language)
    owner.post_form(f"/acces/{membership(database, 'aid@shop.example')}", role="finance", scope="all")
    golden = GOLDEN / f"access-changed.{language}.txt"
    assert as_read(mails(database, "aid@shop.example")[-1]) == golden.read_text(encoding="utf-8")
