"""The portal's secret key, changed while people are signed in and links are open, and then retired."""

from __future__ import annotations

import pytest

from app.accounts import daily_mail_choices
from app.web.cookies import KEY, full_name
from tests.conftest import SECRET_KEY
from tests.views.one_time_links import accept, asked_reset, is_member
from tests.views.second_factors import code_now, enrol, send_code
from tests.views.test_daily_mail import CHOICE, choose
from tests.views.town import portal

PRESENT = "the key of today, invented for tests and long enough"

pytestmark = pytest.mark.probes("links")


@pytest.fixture
def rotated(database, tmp_path):
    """The portal after its restart with a new key, which still takes the former one."""
    return portal(database, tmp_path, secret_key=PRESENT, former_keys=(SECRET_KEY,))


@pytest.fixture
def retired(database, tmp_path):
    """The portal that takes the new key alone."""
    return portal(database, tmp_path, secret_key=PRESENT)


def goes_on(browser, app):
    """The same browser at the portal after its restart."""
    name = full_name(browser.application, KEY)
    other = app.test_client()
    other.set_cookie(name, browser.get_cookie(name).value)
    return other


def test_nobody_is_signed_out(owner, rotated, retired):
    for app in (rotated, retired):
        assert goes_on(owner, app).get("/remises").status_code == 200


def test_a_form_that_was_open_can_be_sent_until_its_key_is_retired(owner, shops, rotated, retired):
    form = {"csrf_token": owner.token(), "merchant": str(shops[0].merchant_id), "file": "csv"}
    assert goes_on(owner, rotated).post(CHOICE, data=form).status_code == 303
    assert goes_on(owner, retired).post(CHOICE, data=form).status_code == 400


@pytest.mark.parametrize("portal_after", ["rotated", "retired"])
def test_an_invitation_lives_as_long_as_its_key(portal_after, invite, database, request):
    browser = request.getfixturevalue(portal_after).test_client()
    accept(browser, invite())
    assert is_member(database) is (portal_after == "rotated")


@pytest.mark.parametrize("portal_after", ["rotated", "retired"])
def test_a_reset_lives_as_long_as_its_key(portal_after, app, shops, database, request):
    path = asked_reset(app.test_client(), database, shops[0].email)
    browser = request.getfixturevalue(portal_after).test_client()
    browser.get(path)
    assert ('name="password"' in browser.get("/nouveau-mot-de-passe").text) is (portal_after == "rotated")


def test_a_daily_mail_is_stopped_by_its_link_as_long_as_its_key_lives(
    owner, shops, database, links, rotated, retired
):
    choose(owner, shops[0])
    with database.reading() as connection:
        mail_id = next(iter(connection.exec_driver_sql("SELECT id FROM daily_mail").scalars()))
    path = f"/releve-quotidien/{daily_mail_choices.token_of(links.secret_keys, mail_id)}"
    for app, rows in ((retired, 1), (rotated, 0)):
        app.test_client().post(path)
        with database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM daily_mail").scalar_one() == rows


def test_new_links_are_signed_by_the_new_key(rotated, retired):
    links = rotated.extensions["bordereau.links"]
    token, nonce_hash = links.new("invitation")
    assert retired.extensions["bordereau.links"].hash_in("invitation", token) == nonce_hash


@pytest.mark.probes("TOTP")
def test_an_app_that_was_used_meanwhile_stays_paired(owner, shops, database, rotated, retired):
    secret, _ = enrol(owner, database)
    browser = rotated.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, code_now(secret)).status_code == 303
    forget_the_step(database)
    browser = retired.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, code_now(secret)).status_code == 303


@pytest.mark.probes("TOTP")
def test_an_app_whose_key_is_retired_gives_way_to_recovery_codes(owner, shops, database, retired):
    secret, codes = enrol(owner, database)
    browser = retired.test_client()
    browser.sign_in(shops[0].email)
    assert send_code(browser, code_now(secret)).status_code == 422
    assert send_code(browser, codes[0]).status_code == 303


@pytest.mark.probes("TOTP")
def test_a_code_serves_once_whatever_key_it_is_of(owner, shops, database, rotated):
    secret, _ = enrol(owner, database)
    for expected in (303, 422):
        browser = rotated.test_client()
        browser.sign_in(shops[0].email)
        assert send_code(browser, code_now(secret)).status_code == expected


def forget_the_step(database):
    """Let the code of the moment serve again."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE second_factor SET last_step = 0")
