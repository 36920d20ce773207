"""The second factor: paired, asked for, used once, lost and replaced."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from app.accounts import second_factor
from app.accounts.notices import Recipient
from app.accounts.second_factor import code_at
from app.accounts.users import UserError, forget_second_factor
from app.models import RecoveryCode, SecondFactor
from tests.accounts.mails import mails
from tests.page import HtmlPage
from tests.views.one_time_links import CLIENT
from tests.views.second_factors import (
    code_now,
    enrol,
    make_staff,
    secret_on,
    send_code,
    send_first,
    sessions,
    user_id_of,
)
from tests.views.test_sign_in import cookie, events
from tests.views.town import PASSWORD, plain


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(at, code):
    assert code_at(b"12345678901234567890", at // 30, digits=8) == code


def test_an_app_is_paired_and_asked_for_from_then_on(app, owner, shops, database):
    other = app.test_client()
    other.sign_in(shops[0].email)
    before = cookie(owner)
    secret, codes = enrol(owner, database)
    assert len(codes) == len(set(codes)) == 10
    assert cookie(owner) != before
    assert other.get("/remises").status_code == 303, "other sessions end"
    assert "une application est associée" in mails(database, shops[0].email)[-1]["Subject"]
    assert "Il reste 10 codes de secours" in owner.page("/compte").text
    browser = app.test_client()
    response = browser.sign_in(shops[0].email)
    assert response.location == "/connexion/code?next=/remises"
    pending = cookie(browser)
    assert browser.get("/remises").status_code == 303, "a password alone opens nothing"
    assert browser.page("/connexion/code?next=/remises").h1 == "Votre code"
    response = send_code(browser, code_now(secret))
    assert (response.status_code, response.location) == (303, "/remises")
    assert browser.get("/remises").status_code == 200
    assert cookie(browser) != pending
    thief = app.test_client()
    thief.set_cookie("bordereau", pending)
    assert thief.get("/remises").status_code == 303
    assert thief.get("/connexion/code").location.startswith("/connexion?")


@pytest.mark.probes("TOTP")
def test_a_step_serves_once(app, owner, shops, database):
    secret, _ = enrol(owner, database)
    code = code_now(secret)
    first, second = app.test_client(), app.test_client()
    for browser in (first, second):
        browser.sign_in(shops[0].email)
    assert send_code(first, code).status_code == 303
    response = send_code(second, code)
    assert response.status_code == 422
    assert "a déjà été utilisé" in HtmlPage(response, app).text
    assert send_code(second, code_now(secret, 0)).status_code == 422, "nor an older one"
    assert "second_factor_refused" in events(database)


@pytest.mark.probes("TOTP")
def test_of_many_at_once_one_step_serves_one(app, owner, shops, database):
    secret, _ = enrol(owner, database)
    links, code = app.extensions["bordereau.links"], code_now(secret)
    person = Recipient(user_id_of(database, shops[0].email), shops[0].email)

    def attempt(_):
        with database.writing() as connection:
            return second_factor.passes(connection, links, person, code, CLIENT)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(30))) == 1


@pytest.mark.parametrize("steps", [-2, 3, 40])
@pytest.mark.probes("TOTP")
def test_a_code_of_another_time_is_refused(app, owner, shops, database, steps):
    secret, _ = enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, code_now(secret, steps)).status_code == 422


@pytest.mark.parametrize("code", ["", "000", "abcdef", "é" * 6, "０１２３４５", "1" * 5000, "-" * 6])
@pytest.mark.probes("TOTP")
def test_a_made_up_code_is_refused(app, owner, shops, database, code):
    enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, code).status_code == 422


@pytest.mark.probes("TOTP")
def test_a_recovery_code_serves_once_however_it_is_typed(app, owner, shops, database):
    _, codes = enrol(owner, database)
    for typed, status in ((codes[0].lower().replace("-", " "), 303), (codes[0], 422), (codes[1], 303)):
        browser = app.test_client()
        browser.sign_in(shops[0].email)
        assert send_code(browser, typed).status_code == status
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(RecoveryCode)) == 8
    assert "recovery_code_used" in events(database)


@pytest.mark.probes("TOTP")
def test_codes_are_guessed_five_times_and_no_more(app, owner, shops, database):
    secret, _ = enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    for _ in range(5):
        assert send_code(browser, "000000").status_code == 422
    assert send_code(browser, code_now(secret)).status_code == 429
    assert events(database)[-1] == "too_many_attempts"


@pytest.mark.probes("TOTP")
def test_the_first_step_waits_ten_minutes(app, owner, shops, database):
    enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    with database.writing() as connection:
        connection.execute(
            text("UPDATE user_session SET expires_at = expires_at - interval '10 minutes' WHERE pending")
        )
    assert browser.get("/connexion/code").location.startswith("/connexion?")


def test_the_database_holds_no_secret(owner, database, app):
    secret, _ = enrol(owner, database)
    with database.reading() as connection:
        row = connection.execute(select(SecondFactor.salt, SecondFactor.user_id, SecondFactor.cover)).one()
        hashes = connection.scalars(select(RecoveryCode.code_hash)).all()
    assert secret not in bytes(row.salt)
    assert all(len(each) == 32 for each in hashes)
    links = app.extensions["bordereau.links"]
    other = replace(links, secret_keys=("another key, made of words and long enough",))
    assert list(second_factor._secrets(links, row.user_id, row.salt, row.cover)) == [secret]
    assert secret not in second_factor._secrets(other, row.user_id, row.salt, row.cover)


def test_staff_enrol_before_anything_else(app, shops, database):
    make_staff(database, shops[0].email)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    for path in ("/", "/remises", "/transactions", "/compte", "/acces"):
        assert browser.get(path).location == "/compte/double-verification", path
    assert browser.get("/remises.json").status_code == 401
    part = browser.get("/remises", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/compte/double-verification")
    page = browser.page("/compte/double-verification")
    assert "plusieurs commerçants" in plain(page.one("main").one(class_="notice"))
    wrong = send_first(browser, page, "000000")
    assert wrong.status_code == 422
    secret, _ = enrol(browser, database)
    assert len(secret) == 20
    assert browser.get("/remises").status_code == 200
    assert browser.post_form("/compte/double-verification/retirer", current=PASSWORD).status_code == 403


def proved_long_ago(database):
    with database.writing() as connection:
        connection.execute(text("UPDATE user_session SET proved_at = now() - interval '1 hour'"))


def test_others_may_do_without_again_once_they_have_proved_who_they_are(app, owner, shops, database):
    _, codes = enrol(owner, database)
    path = "/compte/double-verification/retirer"
    proved_long_ago(database)
    assert "/confirmer" in owner.post_form(path).text
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SecondFactor)) == 1
    assert owner.post_form("/confirmer", proof=codes[0], next="/compte").status_code == 303
    assert owner.post_form(path).location == "/compte?done=removed"
    assert app.test_client().sign_in(shops[0].email).location == "/remises"
    with database.reading() as connection:
        assert not connection.scalar(select(func.count()).select_from(RecoveryCode))


def test_who_lost_everything_is_helped_from_the_command_line(app, owner, shops, database):
    enrol(owner, database)
    with database.writing() as connection:
        forget_second_factor(connection, shops[0].email.upper())
    assert owner.get("/remises").status_code == 303
    assert app.test_client().sign_in(shops[0].email).location == "/remises"
    with database.writing() as connection, pytest.raises(UserError, match="Personne"):
        forget_second_factor(connection, "nobody@shop.example")


def test_new_recovery_codes_replace_the_former(app, owner, shops, database):
    _, old = enrol(owner, database)
    proved_long_ago(database)
    assert "/confirmer" in owner.post_form("/compte/codes-de-secours").text
    assert owner.post_form("/confirmer", proof=old[1], next="/compte").status_code == 303
    response = owner.post_form("/compte/codes-de-secours")
    new = [item.text for item in HtmlPage(response, app).one(class_="codes").all("li")]
    assert not set(old) & set(new)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, old[0]).status_code == 422
    assert send_code(browser, new[0]).status_code == 303
    said = [mail["Subject"] for mail in mails(database, shops[0].email)]
    assert sum("code de secours a été utilisé" in subject for subject in said) == 2
    assert sum("codes de secours ont été renouvelés" in subject for subject in said) == 1


def test_showing_the_key_stores_nothing_and_stays_the_same(owner, database):
    first = secret_on(owner.page("/compte/double-verification"))
    assert secret_on(owner.page("/compte/double-verification")) == first
    with database.reading() as connection:
        assert not connection.scalar(select(func.count()).select_from(SecondFactor))


def test_the_picture_is_made_here_and_says_the_same_as_the_key():
    size, path = second_factor.qr_path("otpauth://totp/Horizon:a%40shop.example?secret=ABCDEFGH")
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    assert all((x, y) in dark for x, y in ((0, 0), (6, 6), (size - 1, 0), (0, size - 1)))
    corner = {(size - 1 - x, size - 1 - y) for x in range(7) for y in range(7)}
    assert not corner <= dark, "the fourth corner has no finder"
    said = second_factor.address(b"12345678901234567890", "a@shop.example", "Monétique Horizon")
    assert said == (
        "otpauth://totp/Mon%C3%A9tique%20Horizon:a%40shop.example"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Mon%C3%A9tique%20Horizon&digits=6"
    )


def test_a_disabled_person_does_not_pass_the_second_step(app, owner, shops, database):
    enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    with database.writing() as connection:
        connection.execute(text("UPDATE user_account SET disabled_at = now()"))
    response = browser.get("/connexion/code")
    assert response.location.startswith("/connexion?")


@pytest.mark.probes("TOTP")
def test_a_pending_session_is_worth_nothing_on_another_host(app, owner, shops, database):
    enrol(owner, database)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    browser.set_cookie("bordereau", cookie(browser), domain="horizon.example")
    response = browser.get("/connexion/code", base_url="http://horizon.example")
    assert response.location.startswith("/connexion?")
    assert sessions(database) == 2
