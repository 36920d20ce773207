"""One's own account: password, second factor, sessions."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import UserSession
from tests.accounts.mails import mails
from tests.page import HtmlPage
from tests.views.one_time_links import CHOSEN
from tests.views.second_factors import enrol, make_staff, user_id_of
from tests.views.test_sign_in import cookie, events, move_clock
from tests.views.town import PASSWORD, plain

AGENT = (
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
)


# Sessions


def test_one_sees_ones_sessions_and_ends_them(app, owner, shops, database):
    phone = app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = AGENT
    phone.sign_in(shops[0].email)
    assert "/compte" in owner.page("/remises").links()
    page = owner.page("/compte")
    assert page.h1 == "Connexion et sécurité"
    held, sessions = page.all("ul", class_="people")
    assert plain(held) == "ALPHA merchant responsable · Tous les points de vente"
    assert len(sessions.all("li")) == 2
    assert "Chrome · Android" in page.text
    assert len(page.all(class_="badge")) == 1
    action = sessions.one("form")["action"]
    assert owner.post_form(action).location == "/compte?done=session"
    assert phone.get("/remises").status_code == 303
    assert owner.get("/remises").status_code == 200
    assert owner.post_form(action).status_code == 404


def test_all_others_end_at_once(app, owner, shops):
    others = [app.test_client() for _ in range(2)]
    for other in others:
        other.sign_in(shops[0].email)
    assert owner.post_form("/compte/sessions/fermer-les-autres").location == "/compte?done=others"
    assert [other.get("/remises").status_code for other in others] == [303, 303]
    assert "Vos autres sessions sont fermées" in owner.page("/compte?done=others").text


def test_somebody_elses_session_does_not_exist(app, owner, shops, database):
    other = app.test_client()
    other.sign_in(shops[1].email)
    with database.reading() as connection:
        number = connection.scalar(
            select(UserSession.id).where(UserSession.user_id == user_id_of(database, shops[1].email))
        )
    assert owner.post_form(f"/compte/sessions/{number}/fermer").status_code == 404
    assert other.get("/remises").status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 303)])
def test_staff_sessions_end_after_half_an_hour(app, shops, database, minutes, status):
    make_staff(database, shops[0].email)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    enrol(browser, database)
    move_clock(database, last_seen_at=f"{minutes} minutes")
    assert browser.get("/remises").status_code == status


# Password


def test_a_password_is_changed_with_the_current_one(app, owner, shops, database):
    other = app.test_client()
    other.sign_in(shops[0].email)
    before = cookie(owner)
    owner.page("/compte/mot-de-passe")
    values = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN}
    assert owner.post_form("/compte/mot-de-passe", **values).location == "/compte?done=password"
    assert cookie(owner) != before
    assert owner.get("/remises").status_code == 200
    assert other.get("/remises").status_code == 303
    thief = app.test_client()
    thief.set_cookie("bordereau", before)
    assert thief.get("/remises").status_code == 303
    assert "votre mot de passe a été modifié" in mails(database, shops[0].email)[-1]["Subject"]
    assert events(database)[-1] == "password_changed"
    assert app.test_client().sign_in(shops[0].email, CHOSEN).status_code == 303


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"current": "wrong password"}, "current"),
        ({"password": "court", "again": "court"}, "password"),
        ({"again": "something else"}, "again"),
    ],
)
def test_a_fault_stands_beside_its_field(owner, shops, values, field):
    given = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN, **values}
    response = owner.post_form("/compte/mot-de-passe", **given)
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    assert page.one(id=f"{field}-fault").text
    assert owner.application.test_client().sign_in(shops[0].email).status_code == 303


def test_the_current_password_cannot_be_guessed_for_ever(owner):
    given = {"current": "wrong password", "password": CHOSEN, "again": CHOSEN}
    statuses = [owner.post_form("/compte/mot-de-passe", **given).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
