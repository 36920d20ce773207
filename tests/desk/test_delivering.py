"""A contract that two sources deliver: named at the desk, and moved there from a day on."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from importers import desk
from tests.desk.conftest import SOUTH
from tests.importers.files import File, Rem, Trx
from tests.views.town import plain

CONTRACTS = "/gestion/contrats"
SHOWN = "SELECT count(*) FROM remittance WHERE merchant_id <> 0 AND number = :number"


def night(source, day, number):
    rem = Rem(
        number=number, opened="", collected=f"2026-03-{day:02}T22:41:30",
        transactions=(Trx(at=f"2026-03-{day:02}T12:31:09"),),
    )  # fmt: skip
    return File(remittances=(rem,), source=source, key=number, created=f"2026-03-{day + 1:02}T04:00:00+01:00")


@pytest.fixture
def second(place):
    """The form of a second host that has brought two nights of a contract that north-host delivers."""
    assert place.deliver(night("second-host", 3, "000003")).kept_aside == 1
    assert place.deliver(night("second-host", 4, "000004")).kept_aside == 1
    number = place.value("SELECT id FROM source WHERE name = 'second-host'")
    return f"/gestion/banque/source/{number}/livrer"


def shown(place, number):
    return place.value(SHOWN, number=number)


def test_it_is_named_with_both_sources_and_leads_to_the_form(north, second):
    main = north.page(CONTRACTS).one("main")
    assert "Contrats que deux sources livrent" in plain(main)
    assert "north-host le livre; ce que second-host apporte est mis de côté" in plain(main).replace(" ;", ";")
    (link,) = {one for one in north.page(CONTRACTS).links() if "livrer" in one}
    assert link.endswith(f"{second.removeprefix('/gestion')}?contract=7654321")
    form = north.page(f"{second}?contract=7654321")
    assert form.one("input", name="since")["value"] == "2026-03-03"
    assert form.one("option", selected="")["value"] == "7654321"


def test_the_contract_moves_from_the_day_that_is_said(place, north, second):
    response = north.post_form(second, contract="7654321", since="2026-03-04")
    assert response.status_code == 303
    assert (shown(place, "000003"), shown(place, "000004")) == (0, 0)
    assert place.work() == 1
    assert (shown(place, "000003"), shown(place, "000004")) == (0, 1)
    said = plain(north.page(response.location).one("main"))
    assert "À partir du 04/03/2026, il montre ce que second-host apporte" in said
    journal = place.value("SELECT details FROM journal_entry WHERE event = 'contract_moved'")
    assert (journal["source"], journal["contract"]) == ("second-host", "7654321")
    assert "A fait passer un contrat" in plain(north.page("/gestion/journal").one("main"))


def test_what_is_asked_twice_moves_once_and_says_so(place, north, second):
    for _ in range(2):
        north.post_form(second, contract="7654321", since="2026-03-03")
    assert place.work() == 2
    assert (shown(place, "000003"), shown(place, "000004")) == (1, 1)
    assert [task.state for task in place.tasks()] == ["done", "failed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"contract": "1234567"},
        {"contract": ""},
        {"since": ""},
        {"since": "2026-02-30"},
        {"since": "0001-01-01"},
    ],
)
def test_what_cannot_be_is_said_beside_its_field(place, north, second, wrong):
    response = north.post_form(second, **{"contract": "7654321", "since": "2026-03-03"} | wrong)
    assert response.status_code == 422
    assert 'class="fault"' in response.get_data(as_text=True)
    assert place.tasks() == []


def test_it_is_no_other_maintainers_and_not_the_web_that_moves_it(place, second):
    south = place.browser(SOUTH)
    assert south.get(second).status_code == 404
    assert south.post_form(second, contract="7654321", since="2026-03-03").status_code == 404
    with place.database.writing(DatabaseRole.OWNER) as connection:  # a task that names what is not theirs
        connection.execute(
            text(
                "INSERT INTO desk_task (reseller_id, user_id, kind, details) SELECT id, 1, 'deliver',"
                """ '{"source": "second-host", "contract": "7654321", "since": "2026-03-03"}'"""
                " FROM reseller WHERE slug = 'south'"
            )
        )
        task_id = connection.scalar(text("SELECT max(id) FROM desk_task"))
    desk.perform(place.database, place.data, task_id)
    assert shown(place, "000003") == 0
    assert [task.state for task in place.tasks()] == ["failed"]


def test_a_source_that_brings_nothing_aside_says_so(place, north):
    number = place.value("SELECT id FROM source WHERE name = 'north-host'")
    page = plain(north.page(f"/gestion/banque/source/{number}/livrer").one("main"))
    assert "Rien de ce qu'elle a apporté n'est mis de côté" in page
