"""Signing in and out: who gets in, what is told to those who do not, and what a session is worth."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text, update

from app.accounts import passwords
from app.accounts.sessions import hash_of
from app.database.engine import DatabaseRole
from app.locks import Lock
from app.models import JournalEntry, SignInAttempt, UserAccount, UserSession
from importers.load import Status, load_file
from tests.importers.files import directory, written
from tests.page import HtmlPage
from tests.views.town import PASSWORD, let_in, portal
from tests.waiting import HANGS, wait_until_held

REFUSED = "Adresse ou mot de passe incorrect"


def cookie(browser):
    found = browser.get_cookie("bordereau")
    return found.value if found else None


def events(database):
    with database.reading() as connection:
        return list(connection.scalars(select(JournalEntry.event).order_by(JournalEntry.id)))


def move_clock(database, **columns):
    """Let time pass: ``columns`` are intervals taken off the sessions' times."""
    with database.writing() as connection:
        for column, interval in columns.items():
            connection.execute(text(f"UPDATE user_session SET {column} = {column} - interval '{interval}'"))


def test_a_good_password_opens_the_remittances(browser, shops, database):
    response = browser.sign_in(shops[0].email.upper() + " ")
    assert (response.status_code, response.location) == (303, "/remises")
    page = browser.page("/remises")
    assert "Remises" in page.title.split(" · ")
    assert "ALPHA merchant" in page.text
    assert events(database)[-1] == "signed_in"


def test_people_sign_in_while_a_file_is_written(browser, shops, database, tmp_path):
    """The load is held up in the middle of its transaction, where a large file spends minutes."""
    file = written(tmp_path, "directory.csv", directory())
    with ThreadPoolExecutor() as elsewhere:
        with database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text("LOCK TABLE contract IN SHARE MODE"))
            load = elsewhere.submit(load_file, database, file, tmp_path / "data")
            wait_until_held(connection, Lock.PAYMENTS)
            assert browser.sign_in(shops[0].email).status_code == 303  # 503 after waiting for a lock
            assert browser.get("/remises").status_code == 200
            assert not load.done()
        assert load.result(HANGS).status is Status.LOADED


def test_what_was_asked_is_shown_after_signing_in(browser, shops):
    response = browser.get("/transactions?contract=0042")
    assert response.location == "/connexion?next=/transactions?contract%3D0042"
    onward = browser.page(response.location).one("main").one("input", name="next")
    assert browser.sign_in(shops[0].email, next=onward["value"]).location == "/transactions?contract=0042"


ENDED = "Votre session a pris fin."
UNSENT = "n’a pas été fait"


def left(shop, address):
    """The headers of what is asked from a page that is open."""
    return {"Referer": f"http://localhost{shop.at(address)}"}


def test_whoever_goes_on_after_their_session_is_told_that_it_ended(browser, shops):
    shop = shops[0]
    ended = browser.get(shop.at("/transactions?contract=0042"), headers=left(shop, "/remises")).location
    page = browser.page(ended)
    assert ENDED in page.one("main").text
    assert UNSENT not in page.one("main").text
    onward = page.one("main").one("input", name="next")["value"]
    assert onward == shop.at("/transactions?contract=0042")


def test_a_form_of_a_session_that_has_ended_leads_back_to_its_page_and_was_not_done(owner, shops, database):
    shop, kept = shops[0], {"list_name": "remittances", "asked": "", "name": "Mine"}
    token = owner.token()
    move_clock(database, expires_at="13 hours")
    headers = left(shop, "/transactions?contract=0042")
    ended = owner.post(shop.at("/vues"), data={"csrf_token": token, **kept}, headers=headers).location
    page = owner.page(ended)
    assert UNSENT in page.one("main").text
    onward = page.one("main").one("input", name="next")["value"]
    assert onward == shop.at("/transactions?contract=0042")


def test_a_file_asked_for_too_late_leads_back_to_its_list(browser, shops):
    """To be led to a file leaves a browser where it was: on the page that asks to sign in."""
    shop = shops[0]
    ended = browser.get(shop.at("/transactions.csv"), headers=left(shop, "/transactions?contract=0042"))
    onward = browser.page(ended.location).one("main").one("input", name="next")["value"]
    assert onward == shop.at("/transactions?contract=0042")
    assert browser.get(shop.at("/transactions.csv")).location == "/connexion"


@pytest.mark.parametrize(
    "came_from", ["/connexion", "/aide", "/nowhere", "//elsewhere.example/m/1/remises", ""]
)
def test_nobody_is_told_of_a_session_who_comes_from_where_none_is_needed(browser, shops, came_from):
    headers = {"Referer": f"http://localhost{came_from}" if came_from[:2] != "//" else f"http:{came_from}"}
    response = browser.get(shops[0].at("/remises"), headers=headers if came_from else {})
    assert ENDED not in browser.page(response.location).text


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alpha@shop.example", "wrong password indeed"),
        ("nobody@shop.example", PASSWORD),
        ("gone@shop.example", PASSWORD),
        ("invited@shop.example", PASSWORD),
        ("", ""),
        ("alpha@shop.example", PASSWORD + "x" * 20000),
        ("' OR 1=1 --", PASSWORD),
    ],
)
@pytest.mark.probes("timing")
def test_all_failures_look_alike(browser, shops, database, email, password):
    let_in(database, "gone@shop.example", "ALPHA")
    let_in(database, "invited@shop.example", "ALPHA")
    with database.writing() as connection:
        account = update(UserAccount)
        connection.execute(
            account.where(UserAccount.email == "gone@shop.example").values(disabled_at=func.now())
        )
        connection.execute(
            account.where(UserAccount.email == "invited@shop.example").values(password_hash=None)
        )
    response = browser.sign_in(email, password)
    assert response.status_code == 422
    page = HtmlPage(response, browser.application)
    assert page.one("main").one(role="alert").text.replace("’", "'").startswith(REFUSED)
    assert page.one("input", id="email")["aria-invalid"] == "true"
    assert password not in page.source or not password
    assert browser.get("/remises").status_code == 303
    assert "sign_in_refused" in events(database)


def test_an_unknown_person_costs_a_hash_too(browser, shops, monkeypatch):
    verified = []
    genuine = passwords._hasher.verify

    class Recorder:
        def verify(self, *given):
            verified.append(given)
            return genuine(*given)

    monkeypatch.setattr(passwords, "_hasher", Recorder())
    browser.sign_in("nobody@shop.example")
    assert len(verified) == 1


def test_the_eleventh_attempt_is_refused_before_any_hash(browser, shops, monkeypatch, database):
    for _ in range(10):
        assert browser.sign_in(shops[0].email, "wrong password").status_code == 422
    monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("hashed"))
    response = browser.sign_in(shops[0].email, PASSWORD)
    assert response.status_code == 429
    page = HtmlPage(response, browser.application)
    assert page.h1 == "Trop de tentatives"
    assert "/mot-de-passe-oublie" in [link["href"] for link in page.one("main").all("a")]
    assert events(database)[-1] == "too_many_sign_ins"


def test_a_good_sign_in_forgets_the_failures(browser, shops, database):
    for _ in range(9):
        browser.sign_in(shops[0].email, "wrong password")
    assert browser.sign_in(shops[0].email).status_code == 303
    with database.reading() as connection:
        account = SignInAttempt.key.like("sign_in:account:%")
        assert not connection.scalar(select(func.count()).where(account))


def test_an_old_hash_is_renewed(browser, shops, database, full_cost):
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with database.writing() as connection:
        connection.execute(update(UserAccount).values(password_hash=weak))
    assert browser.sign_in(shops[0].email).status_code == 303
    with database.reading() as connection:
        stored = connection.scalar(
            select(UserAccount.password_hash).where(UserAccount.email == shops[0].email)
        )
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


# Sessions


@pytest.mark.probes("sessions")
def test_the_key_changes_at_sign_in_and_the_old_one_is_worth_nothing(app, browser, shops):
    browser.get("/connexion")
    before = cookie(browser)
    browser.sign_in(shops[0].email)
    after = cookie(browser)
    assert before != after
    thief = app.test_client()
    thief.set_cookie("bordereau", before)
    assert thief.get("/remises").status_code == 303
    thief.set_cookie("bordereau", after)
    assert thief.get("/remises").status_code == 200


def test_only_the_hash_of_the_key_is_stored(owner, database):
    key = cookie(owner)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key)
    with database.reading() as connection:
        row = connection.execute(select(UserSession)).mappings().one()
    assert row["key_hash"] == hash_of(key)
    assert key not in str(dict(row))


def test_signing_in_again_ends_the_first_session(owner, shops, database):
    first = cookie(owner)
    token = owner.token()
    owner.post("/connexion", data={"csrf_token": token, "email": shops[1].email, "password": PASSWORD})
    with database.reading() as connection:
        kept = list(connection.scalars(select(UserSession.key_hash)))
    assert kept == [hash_of(cookie(owner))]
    assert cookie(owner) != first
    assert "BRAVO merchant" in owner.page("/remises").text


def test_signing_out_ends_the_session_on_the_server(app, owner, database):
    key = cookie(owner)
    response = owner.post("/deconnexion", data={"csrf_token": owner.token()})
    assert (response.status_code, response.location) == (303, "/connexion")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert cookie(owner) != key
    thief = app.test_client()
    thief.set_cookie("bordereau", key)
    assert thief.get("/remises").status_code == 303
    assert events(database)[-1] == "signed_out"


@pytest.mark.parametrize(
    "passed", [{"last_seen_at": "121 minutes"}, {"expires_at": "721 minutes"}], ids=["idle", "absolute"]
)
def test_a_session_ends_by_itself(owner, database, passed):
    move_clock(database, **passed)
    assert owner.get("/remises").location == "/connexion?next=/remises"


def test_a_visit_keeps_the_session_awake_but_not_for_ever(owner, database):
    move_clock(database, last_seen_at="119 minutes")
    assert owner.get("/remises").status_code == 200
    move_clock(database, last_seen_at="119 minutes")
    assert owner.get("/remises").status_code == 200
    move_clock(database, expires_at="12 hours")
    assert owner.get("/remises").status_code == 303


def test_a_visit_is_written_down_at_most_once_a_minute(owner, database):
    def last_seen():
        with database.reading() as connection:
            return connection.scalar(select(UserSession.last_seen_at))

    first = last_seen()
    owner.get("/remises")
    assert last_seen() == first
    move_clock(database, last_seen_at="61 seconds")
    owner.get("/remises")
    assert last_seen() > first


@pytest.mark.probes("sessions")
def test_disabling_a_person_acts_on_the_next_click(owner, shops, database):
    with database.writing() as connection:
        connection.execute(update(UserAccount).values(disabled_at=func.now()))
    assert owner.get("/remises").status_code == 303


def test_a_person_who_belongs_nowhere_any_more_is_told_so(owner, database):
    with database.writing() as connection:
        connection.execute(text("DELETE FROM membership"))
    page = owner.page("/remises", status=403)
    assert page.h1 == "Votre accès est fermé"
    assert page.one("main").one("form")["action"] == "/deconnexion", "there is a way out"
    assert owner.post("/deconnexion", data={"csrf_token": page.csrf}).status_code == 303
    assert owner.page("/connexion").h1 == "Connexion"


@pytest.mark.probes("sessions")
def test_a_session_of_another_host_is_refused_and_journalled(owner, database):
    owner.set_cookie("bordereau", cookie(owner), domain="horizon.example")
    response = owner.get("/remises", base_url="http://horizon.example")
    assert (response.status_code, response.location) == (303, "/connexion?next=/remises")
    assert events(database)[-1] == "foreign_session"


@pytest.mark.probes("sessions")
def test_made_up_keys_are_worth_nothing(browser, shops):
    for value in ("", "x", "é" * 43, "A" * 43, "A" * 3000, "../../etc/passwd"):
        browser.set_cookie("bordereau", value)
        assert browser.get("/remises").status_code == 303


def test_there_is_no_remember_cookie(app, shops):
    client = app.test_client()
    client.set_cookie("remember_token", "1|" + "a" * 128)
    assert client.get("/remises").status_code == 303


def test_a_form_left_open_works_as_long_as_its_browser(browser, shops, monkeypatch):
    token = browser.token()
    later = time.time() + 13 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    data = {"csrf_token": token, "email": shops[0].email, "password": PASSWORD}
    assert browser.post("/connexion", data=data).status_code == 303


# The journal


def test_nothing_secret_is_journalled_or_logged(browser, shops, database, caplog):
    caplog.set_level("INFO")
    canary = "canary-password-4970101234567893"
    browser.sign_in(shops[0].email, canary)
    browser.sign_in(shops[0].email)
    lines = [record.getMessage() for record in caplog.records if record.name == "bordereau.journal"]
    assert [json.loads(line)["event"] for line in lines] == ["sign_in_refused", "signed_in"]
    with database.reading() as connection:
        rows = str(connection.execute(select(JournalEntry)).all())
    for secret in (canary, PASSWORD, cookie(browser)):
        assert secret not in caplog.text + rows


# Production


def test_the_cookie_of_production_is_bound_to_its_host(database, tmp_path, shops):
    browser = portal(database, tmp_path, database_url=database.addresses.owner).test_client()
    set_cookie = browser.get("/connexion").headers["Set-Cookie"]
    name, _, rest = set_cookie.partition("=")
    assert name == "__Host-bordereau"
    attributes = {part.strip() for part in rest.split(";")[1:]}
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_in_production_limits_go_by_the_address_the_proxy_saw(database, tmp_path, shops):
    browser = portal(database, tmp_path, database_url=database.addresses.owner).test_client()
    spoofed = "6.6.6.6, 203.0.113.9"
    for number in range(11):
        browser.environ_base["HTTP_X_FORWARDED_FOR"] = f"10.0.0.{number}, 203.0.113.9"
        status = browser.sign_in(f"nobody{number}@shop.example").status_code
    assert status == 429
    browser.environ_base["HTTP_X_FORWARDED_FOR"] = spoofed
    assert browser.sign_in(shops[0].email).status_code == 429
    browser.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.10"
    assert browser.sign_in(shops[0].email).status_code == 303
