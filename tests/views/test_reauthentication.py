"""Proving again who one is, before accesses change: when it is asked, how it is given, what is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts import passwords
from app.database.engine import DatabaseRole
from app.models import Invitation, Outlet, Role, UserSession
from app.web.access_matrix import ROUTES, Relation
from tests.accounts.mails import link, mails
from tests.page import HtmlPage, short
from tests.views.neighbours import address, enter, neighbours
from tests.views.one_time_links import GUEST, accept
from tests.views.second_factors import code_now, enrol, make_staff
from tests.views.test_sign_in import cookie, events, move_clock
from tests.views.town import PASSWORD, portal

ASKED = "Confirmez que c’est bien vous"
TOO_LATE = "10 minutes 1 second"
#: What shows accesses and changes none.
READING = {"team.index", "desk_team.index"}
#: The page that asks, and what would end the session of the one who tries.
APART = ("reauthentication.confirm", "accounts.sign_out", "me.end_session", "me.end_others")


def confirm(browser, proof=PASSWORD, onward="/acces/inviter", **values):
    return browser.post_form("/confirmer", proof=proof, next=onward, **values)


def resent(browser, response):
    """Answer the page that asks, then send the form that it kept; returns the answer to that."""
    asking = HtmlPage(response, browser.application)
    assert asking.h1 == ASKED
    response = browser.post("/confirmer", data=fields(asking, proof=PASSWORD))
    page = HtmlPage(response, browser.application)
    form = page.one("main").one("form")
    return browser.post(form["action"], data=fields(page))


def fields(page, **values):
    """What the form of a page sends, with ``values`` typed into it."""
    sent = {}
    for field in page.one("main").all("input"):
        sent.setdefault(field["name"], []).append(
            values.get(field["name"], field.attributes.get("value", ""))
        )
    return sent


def invitations(database):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(Invitation))


# When it is asked


@pytest.mark.parametrize(("ago", "status"), [("9 minutes 50 seconds", 200), (TOO_LATE, 303)])
def test_a_form_about_accesses_opens_within_ten_minutes(owner, database, ago, status):
    move_clock(database, proved_at=ago)
    response = owner.get("/acces/inviter")
    assert response.status_code == status
    assert response.location == (None if status == 200 else "/confirmer?next=/acces/inviter")


def test_whoever_only_reads_is_never_asked(owner, database):
    move_clock(database, proved_at="11 hours")
    for path in ("/acces", "/journal", "/remises", "/transactions", "/compte", "/compte/mot-de-passe"):
        assert owner.get(path).status_code == 200, path


def test_a_session_that_never_proved_anything_is_asked(owner, database):
    """As those that were open before this was counted."""
    with database.writing() as connection:
        connection.execute(UserSession.__table__.update().values(proved_at=None))
    assert owner.get("/acces/inviter").location == "/confirmer?next=/acces/inviter"


def test_it_is_asked_once_and_leads_back(owner, database, app):
    move_clock(database, proved_at=TOO_LATE)
    before = cookie(owner)
    page = owner.page("/confirmer?next=/acces/inviter")
    assert page.h1 == ASKED
    assert page.one("input", id="proof")["autocomplete"] == "current-password"
    assert confirm(owner).location == "/acces/inviter"
    assert owner.get("/acces/inviter").status_code == 200
    assert owner.get("/confirmer?next=/acces").location == "/acces"
    assert events(database)[-1] == "identity_proved"
    assert cookie(owner) != before
    thief = app.test_client()
    thief.set_cookie("bordereau", before)
    assert thief.get("/remises").status_code == 303, "the key from before is worth nothing"


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_it_leads_nowhere_else(owner, database, onward):
    move_clock(database, proved_at=TOO_LATE)
    assert short(confirm(owner, onward=onward).location) == "/"


def test_a_wrong_answer_opens_nothing(owner, database, app):
    move_clock(database, proved_at=TOO_LATE)
    before = cookie(owner)
    response = confirm(owner, "wrong password indeed")
    assert response.status_code == 422
    page = HtmlPage(response, app)
    assert "pas votre mot de passe" in page.one("main").one(role="alert").text
    assert page.one("input", id="proof")["aria-invalid"] == "true"
    assert page.one("main").one("input", name="next")["value"] == "/acces/inviter"
    assert "wrong password indeed" not in page.source
    assert owner.get("/acces/inviter").status_code == 303
    assert cookie(owner) == before
    assert events(database)[-1] == "proof_refused"


def test_it_cannot_be_guessed_for_ever(owner, database, monkeypatch):
    """Counted for the session, before anything is hashed; signing in elsewhere uses up none of it."""
    move_clock(database, proved_at=TOO_LATE)
    assert owner.application.test_client().sign_in("alpha@shop.example", "wrong").status_code == 422
    statuses = [confirm(owner, "wrong password").status_code for _ in range(10)]
    assert set(statuses) == {422}
    monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("hashed"))
    assert confirm(owner).status_code == 429
    assert events(database)[-1] == "too_many_attempts"


def test_a_program_is_told_to_leave_the_page(owner, database):
    move_clock(database, proved_at=TOO_LATE)
    response = owner.get("/acces/inviter", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (
        401,
        "/confirmer?next=/acces/inviter",
    )


# What was typed


def test_what_was_typed_too_late_is_kept_and_sent_by_one_more_click(app, owner, shops, database):
    with database.reading(DatabaseRole.OWNER) as connection:
        outlets = list(
            connection.scalars(select(Outlet.id).where(Outlet.merchant_id == shops[0].merchant_id))
        )
    page = owner.page("/acces/inviter")
    typed = {"csrf_token": page.csrf, "email": GUEST, "role": "finance", "scope": "some",
             "outlet": [*outlets, *outlets], "contracts": ""}  # fmt: skip
    move_clock(database, proved_at=TOO_LATE)
    response = owner.post("/acces/inviter", data=typed)
    assert not invitations(database), "nothing is done without an answer"
    response = resent(owner, response)
    assert short(response.location) == "/acces?done=invited"
    guest = app.test_client()
    assert accept(guest, link(database, GUEST)).status_code == 303
    with guest.get("/transactions.csv") as export:
        assert export.status_code == 200


def test_a_wrong_answer_keeps_it_still(owner, database, app):
    token = owner.page("/acces/inviter").csrf
    move_clock(database, proved_at=TOO_LATE)
    typed = {"csrf_token": token, "email": GUEST, "role": "viewer", "scope": "all"}
    asking = HtmlPage(owner.post("/acces/inviter", data=typed), app)
    again = owner.post("/confirmer", data=fields(asking, proof="wrong password indeed"))
    assert again.status_code == 422
    assert short(resent(owner, again).location) == "/acces?done=invited"
    assert len(mails(database, GUEST)) == 1


def test_a_click_too_late_is_done_after_the_answer(owner, database):
    owner.post_form("/acces/inviter", email=GUEST, role="viewer", scope="all")
    with database.reading() as connection:
        number = connection.scalar(select(Invitation.id))
    move_clock(database, proved_at=TOO_LATE)
    response = owner.post_form(f"/acces/invitations/{number}/annuler")
    assert GUEST in owner.page("/acces").text
    assert short(resent(owner, response).location) == "/acces?done=withdrawn"
    assert GUEST not in owner.page("/acces").text


def test_what_another_site_sends_is_refused_and_not_kept(owner, database):
    move_clock(database, proved_at=TOO_LATE)
    response = owner.post("/acces/inviter", data={"email": "thief@evil.example", "role": "owner"})
    assert response.status_code == 400
    assert "thief@evil.example" not in response.text


def test_what_is_kept_is_text_and_nothing_else(owner, database, app):
    hostile = '"><script>alert(1)</script>'
    token = owner.page("/acces/inviter").csrf
    move_clock(database, proved_at=TOO_LATE)
    response = owner.post("/acces/inviter", data={"csrf_token": token, "email": hostile, hostile: hostile})
    assert "<script>alert" not in HtmlPage(response, app).source


# Whoever has an app


def test_whoever_has_an_app_gives_a_code(app, owner, shops, database):
    secret, codes = enrol(owner, database)
    move_clock(database, proved_at=TOO_LATE)
    page = owner.page("/confirmer?next=/acces/inviter")
    assert page.one("input", id="proof")["autocomplete"] == "one-time-code"
    assert confirm(owner, PASSWORD).status_code == 422, "a password is no code"
    assert confirm(owner, code_now(secret)).location == "/acces/inviter"
    move_clock(database, proved_at=TOO_LATE)
    assert confirm(owner, code_now(secret)).status_code == 422, "a code serves once"
    assert confirm(owner, codes[0]).location == "/acces/inviter", "a recovery code serves as well"


def test_codes_are_guessed_five_times_and_no_more(app, owner, shops, database):
    secret, _ = enrol(owner, database)
    move_clock(database, proved_at=TOO_LATE)
    assert [confirm(owner, "000000").status_code for _ in range(5)] == [422] * 5
    assert confirm(owner, code_now(secret)).status_code == 429


def test_an_app_is_paired_after_the_password(app, owner, database):
    """Else a session found open would shut its owner out."""
    move_clock(database, proved_at=TOO_LATE)
    there = "/compte/double-verification"
    assert owner.get(there).location == f"/confirmer?next={there}"
    assert confirm(owner, onward=there).location == there
    enrol(owner, database)


def test_new_staff_who_waited_give_their_password_and_pair(app, shops, database):
    make_staff(database, shops[0].email)
    browser = app.test_client()
    browser.sign_in(shops[0].email)
    move_clock(database, proved_at=TOO_LATE)
    there = "/compte/double-verification"
    assert browser.get("/remises").location == there
    assert browser.get(there).location == f"/confirmer?next={there}"
    token = browser.page(f"/confirmer?next={there}").csrf
    response = browser.post("/confirmer", data={"csrf_token": token, "proof": PASSWORD, "next": there})
    assert response.location == there
    enrol(browser, database)


def test_another_password_or_no_app_is_proof_by_itself(app, owner, shops, database):
    """Both have just asked for the password."""
    move_clock(database, proved_at=TOO_LATE)
    values = {"current": PASSWORD, "password": "girafe ruisseau lampe", "again": "girafe ruisseau lampe"}
    assert owner.post_form("/compte/mot-de-passe", **values).status_code == 303
    assert owner.get("/acces/inviter").status_code == 200


# Every route of the matrix that says so, and no other


@pytest.fixture(scope="module")
def place(module_database, tmp_path_factory):
    app = portal(module_database, tmp_path_factory.mktemp("proof"))
    return app, neighbours(app, module_database)


def test_each_route_asks_as_the_matrix_says(place, module_database):
    app, everybody = place
    wrong = []
    for endpoint, guard in ROUTES.items():
        if endpoint.startswith("dev.") or endpoint in APART:
            continue
        person = everybody.staff("north") if "desk" in endpoint else everybody.person(Role.OWNER, "ALPHA")
        browser = browser_of(app, module_database, person)
        path, method = address(app, everybody, endpoint, Relation.OWN)
        token = browser.token() if method == "POST" and guard.reauthenticates else ""
        with browser.open(path, method=method, data={"csrf_token": token} if token else None) as response:
            asked = "/confirmer" in (response.location or "") or ASKED.encode() in response.data
        if asked != guard.reauthenticates:
            wrong.append(endpoint)
    assert wrong == []
    asking = {endpoint for endpoint, guard in ROUTES.items() if guard.reauthenticates}
    changing = {endpoint for endpoint in ROUTES if endpoint.startswith(("team.", "desk_team."))}
    own = {"me.second_factor", "me.remove_second_factor", "me.renew_codes"}
    assert asking == changing - READING | own | {
        "desk.suspend",
        "desk.decide",
        "desk.new_source",
        "desk.change_source",
        "desk.deliver",
    }


_browsers = {}


def browser_of(app, database, person):
    """The browser of somebody who has signed in long ago."""
    if person not in _browsers:
        _browsers[person] = enter(app, database, person)
    move_clock(database, proved_at="1 hour")
    return _browsers[person]
