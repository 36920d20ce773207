"""The way out for everybody at the desk: on the next click, never oneself, never whom others serve too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.accounts import departures
from app.accounts.departures import Decider
from app.accounts.users import UserError
from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from tests.desk.conftest import NORTH, SOUTH
from tests.views.staff import let_staff_in
from tests.views.test_sign_in import move_clock
from tests.views.town import follow, let_in, plain, table_rows

COLLEAGUE, OWNER = "colleague@north.example", "owner@north.example"


@pytest.fixture
def colleague(place):
    """The browser of another of north's staff."""
    let_staff_in(place.database, COLLEAGUE, "north")
    return place.browser(COLLEAGUE)


def page_of(place, email, slug="north"):
    number = place.value("SELECT id FROM user_account WHERE email = :email", email=email)
    return f"{place.desk(slug)}/personnes/{number}"


def events(place):
    with place.database.reading(DatabaseRole.OWNER) as connection:
        wanted = "SELECT event, details FROM journal_entry WHERE event ~ '^(account|staff_r)' ORDER BY id"
        return connection.execute(text(wanted)).all()


def test_staff_and_the_people_of_merchants_are_listed_searched_and_nobody_of_others(place, north, colleague):
    there = f"{place.desk('north')}/personnes"
    listed = [plain(row.one("th")) for row in table_rows(north.page(there))]
    assert listed == [COLLEAGUE, OWNER, NORTH]
    assert [plain(row.one("th")) for row in table_rows(north.page(f"{there}?q=owner@"))] == [OWNER]
    staff = table_rows(north.page(f"{there}?state=staff"))
    assert [plain(row.one("th")) for row in staff] == [COLLEAGUE, NORTH]
    page = north.page(follow(north.page(f"{there}?state=staff"), "Trier par dernière connexion"))
    assert [plain(row.one("th")) for row in table_rows(page)] == [NORTH, COLLEAGUE], "who came last is last"
    assert "NORTH merchant" in north.page(page_of(place, OWNER)).one("main").text
    assert "Personne ici" in north.page(f"{there}?state=suspended").text


def test_a_colleague_who_is_removed_is_out_on_the_next_click(place, north, colleague):
    assert colleague.get("/gestion/commercants").status_code == 200
    left = north.post_form(f"{page_of(place, COLLEAGUE)}/retirer")
    assert left.location == f"{place.desk('north')}/personnes?done=removed"
    assert colleague.get("/gestion/commercants").location.startswith("/connexion")
    colleague.sign_in(COLLEAGUE)
    assert colleague.get(f"{place.desk('north')}/commercants").status_code in (303, 403, 404)
    assert "A retiré quelqu'un de l'équipe" in plain(north.page("/gestion/journal").one("main"))


def test_an_account_is_suspended_opened_again_and_erased(place, north):
    owner, there = place.browser(OWNER), page_of(place, OWNER)
    north.post_form(f"{there}/suspendre")
    assert "Suspendu" in north.page(there).text
    assert owner.get("/remises").location.startswith("/connexion")
    assert place.app.test_client().sign_in(OWNER).status_code == 422
    north.post_form(f"{there}/retablir")
    assert place.app.test_client().sign_in(OWNER).status_code == 303
    assert north.post_form(f"{there}/effacer").location == f"{place.desk('north')}/personnes?done=erased"
    assert place.value("SELECT count(*) FROM user_account WHERE email = :email", email=OWNER) == 0
    assert north.get(there).status_code == 404
    said = plain(north.page("/gestion/journal").one("tbody"))
    assert said.count(NORTH) >= 3, "the journal says who decided"
    [erased] = [line for line in table_rows(north.page("/gestion/journal")) if "effacé" in plain(line)]
    assert plain(erased).endswith(f"{NORTH} A effacé un compte {OWNER}")


@pytest.mark.probes("ways out")
def test_nobody_closes_their_own_account_or_one_that_others_serve(place, north, probes):
    let_in(place.database, OWNER, "SOUTHSHOP", reseller="south")
    let_staff_in(place.database, NORTH, "south")
    for email in (OWNER, NORTH):
        for action in ("suspendre", "retablir", "effacer", "rien"):
            assert north.post_form(f"{page_of(place, email)}/{action}").status_code == 404
    assert north.post_form(f"{page_of(place, NORTH)}/retirer").status_code == 404
    assert north.post_form(f"{page_of(place, OWNER)}/retirer").status_code == 404, "nobody of the staff"
    assert "sert aussi chez un autre mainteneur" in north.page(page_of(place, OWNER)).text
    assert events(place) == []
    probes(10)


@pytest.mark.probes("ways out")
def test_nobody_of_another_maintainer_is_there_to_be_closed(place, north, probes):
    foreign = page_of(place, SOUTH)
    assert north.get(foreign).status_code == 404
    for action in ("suspendre", "retablir", "effacer", "retirer"):
        assert north.post_form(f"{foreign}/{action}").status_code == 404
        assert north.post_form(f"{page_of(place, SOUTH, 'south')}/{action}").status_code == 404
    assert events(place) == []
    probes(9)


def test_whoever_decides_proves_who_they_are_and_sends_a_form_of_ours(place, north):
    there = page_of(place, OWNER)
    assert north.post(f"{there}/effacer").status_code == 400
    token = north.token()
    move_clock(place.database, proved_at="11 minutes")
    asked = north.post(f"{there}/effacer", data={"csrf_token": token})
    assert "Confirmez" in asked.get_data(as_text=True)
    assert events(place) == []


def test_of_two_colleagues_who_remove_each_other_at_once_one_stays(place, colleague):
    """Ten times, since one instant is not like another."""
    wanted = "SELECT id FROM user_account WHERE email = :email"
    numbers = {email: place.value(wanted, email=email) for email in (NORTH, COLLEAGUE)}
    reseller_id = place.value("SELECT id FROM reseller WHERE slug = 'north'")

    def remove(pair):
        by, whom = pair
        try:
            with place.database.writing() as connection:
                departures.remove_staff(
                    connection, whom, reseller_id, Decider(numbers[by], reseller_id, "request")
                )
        except UserError:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            assert sum(pool.map(remove, [(NORTH, COLLEAGUE), (COLLEAGUE, NORTH)])) == 1
            for email in (NORTH, COLLEAGUE):
                with place.database.writing() as connection:
                    connection.execute(
                        text(
                            "INSERT INTO staff_member (user_id, reseller_id) VALUES (:user, :reseller)"
                            " ON CONFLICT DO NOTHING"
                        ),
                        {"user": numbers[email], "reseller": reseller_id},
                    )


def test_lines_from_before_are_told_from_whoever_decided_by_the_migration(place, north):
    number = place.value("SELECT id FROM user_account WHERE email = :email", email=OWNER)
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO journal_entry (at, event, user_id, details)"
                " VALUES (now(), 'account_suspended', :user, '{}')"
            ),
            {"user": number},
        )
        script = ScriptDirectory.from_config(alembic_config(place.database))
        for _ in range(2):
            connection.execute(text(script.get_revision("0029").module.NAME_APART))
    assert events(place) == [("account_suspended", {"of": number})]
