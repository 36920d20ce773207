"""Nobody is kept out by what strangers try in their name."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.accounts.limits import SIGN_IN, TooManyAttemptsError, count_attempt
from app.database.engine import DatabaseRole
from app.mail import post
from app.models import JournalEntry, SignInAttempt
from tests.accounts.mails import link, mails
from tests.mail.messages import SENDER, a_message, a_request
from tests.views.town import PASSWORD

CHOSEN = "girafe ruisseau lampe velours"


def tried_by_strangers(app, path, times, **values):
    """What strangers are answered, each from a network of their own."""
    statuses = []
    for number in range(times):
        stranger = app.test_client()
        stranger.environ_base["REMOTE_ADDR"] = f"198.51.100.{number + 1}"
        statuses.append(stranger.post_form(path, **values).status_code)
    return statuses


@pytest.fixture
def email(shops):
    return shops[0].email


@pytest.fixture
def known(owner):
    """The browser of a person who has signed in with it before."""
    owner.post_form("/deconnexion")
    return owner


def lines(database, *events):
    with database.reading() as connection:
        wanted = select(JournalEntry.details).where(JournalEntry.event.in_(events)).order_by(JournalEntry.id)
        return list(connection.scalars(wanted))


@pytest.mark.probes("sign-in bounds")
def test_strangers_shut_out_strangers_and_not_the_browser_that_is_known(app, known, browser, email):
    assert tried_by_strangers(app, "/connexion", 12, email=email, password="wrong")[-1] == 429
    assert app.test_client().sign_in(email).status_code == 429
    assert known.sign_in(email).status_code == 303


def test_a_known_browser_has_bounds_of_its_own_and_a_success_clears_them(known, email):
    for _ in range(9):
        assert known.sign_in(email, "wrong password").status_code == 422
    assert known.sign_in(email).status_code == 303
    known.post_form("/deconnexion")
    for _ in range(10):
        assert known.sign_in(email, "wrong password").status_code == 422
    assert known.sign_in(email).status_code == 429


def test_a_browser_that_is_known_to_one_is_a_stranger_to_another(app, known, shops):
    tried_by_strangers(app, "/connexion", 10, email=shops[1].email, password="wrong")
    assert known.sign_in(shops[1].email).status_code == 429


def test_proving_once_more_counts_for_the_session_alone(app, owner, email, database):
    tried_by_strangers(app, "/connexion", 12, email=email, password="wrong")
    with database.writing() as connection:
        connection.execute(text("UPDATE user_session SET proved_at = now() - interval '1 hour'"))
    assert owner.post_form("/confirmer", proof=PASSWORD).status_code == 303


def test_a_completed_reset_lets_in_whoever_was_shut_out(app, shops, email, database):
    browser = app.test_client()
    for _ in range(10):
        browser.sign_in(email, "wrong password")
    assert browser.sign_in(email).status_code == 429
    browser.post_form("/mot-de-passe-oublie", email=email)
    browser.get(link(database, email))
    assert browser.post_form("/nouveau-mot-de-passe", password=CHOSEN, again=CHOSEN).status_code == 303
    assert browser.sign_in(email, CHOSEN).status_code == 303


def test_what_strangers_ask_for_does_not_use_up_ones_own(app, email, database):
    tried_by_strangers(app, "/mot-de-passe-oublie", 6, email=email)
    own = app.test_client()
    before = len(mails(database, email))
    assert own.post_form("/mot-de-passe-oublie", email=email).status_code == 303
    assert len(mails(database, email)) == before + 1


def test_tickets_do_not_silence_resets_and_invitations(browser, email, database):
    for _ in range(20):
        with database.writing() as connection:
            post(connection, a_message(), [email], a_request(), SENDER)
    browser.post_form("/mot-de-passe-oublie", email=email)
    assert "mot de passe" in mails(database, email)[-1]["Subject"]


@pytest.mark.probes("sign-in bounds")
def test_a_hundred_networks_close_the_door_to_strangers_and_raise_an_alarm(
    app, known, email, database, caplog
):
    rows = "SELECT 'sign_in:everybody', now() FROM generate_series(1, :n)"
    with database.writing() as connection:
        most = {"n": SIGN_IN.everybody[0].most}
        connection.execute(text(f"INSERT INTO sign_in_attempt (key, at) {rows}"), most)
    assert app.test_client().sign_in(email).status_code == 429
    assert "closed_to_unknown_browsers" in caplog.text
    assert known.sign_in(email).status_code == 303


def test_a_site_is_bounded_as_a_few_subscribers(database):
    def tried(number, address):
        with database.writing() as connection:
            count_attempt(connection, SIGN_IN, f"{number}@shop.example", address)

    for number in range(40):
        tried(number, f"2001:db8:0:{number:x}::1")
    with pytest.raises(TooManyAttemptsError):
        tried(40, "2001:db8:0:ffff::1")
    tried(40, "2001:db8:1::1")


def test_a_bound_is_one_line_in_five_minutes_with_a_count(app, email, database):
    tried_by_strangers(app, "/connexion", 30, email=email, password="wrong")
    assert [line["count"] for line in lines(database, "too_many_sign_ins")] == [1]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE sign_in_attempt SET at = at - interval '4 minutes'"))
        refused = SignInAttempt.key.startswith("refused:")
        assert connection.scalar(select(SignInAttempt.count).where(refused)) == 19
        connection.execute(
            text("UPDATE sign_in_attempt SET at = at - interval '2 minutes' WHERE key LIKE 'refused:%'")
        )
    tried_by_strangers(app, "/connexion", 1, email=email, password="wrong")
    assert [line["count"] for line in lines(database, "too_many_sign_ins")] == [1, 20]
