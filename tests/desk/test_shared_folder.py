"""A folder that whoever runs the portal gave sources of two maintainers: neither desk learns of the other."""

from __future__ import annotations

import pytest

from app.database.engine import DatabaseRole
from importers.files import profiles, sources
from tests.desk.conftest import SOUTH
from tests.desk.test_source_walls import FORM, NEW, drop
from tests.importers.files import File, Rem
from tests.importers.money.test_bank_statements_stored import RIB
from tests.importers.money.test_mapped_csv import CIC
from tests.views.town import plain

pytestmark = pytest.mark.probes("desks and places")


@pytest.fixture
def waiting_file(place):
    """A statement of south's account that could be of either: it waits."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        for maintainer, said in (("north", {"file_pattern": ".*"}), ("south", {"account": RIB})):
            sources.bind(connection, f"{maintainer}-bank", maintainer)
            profiles.change(connection, f"{maintainer}-bank", role="money", inbox="shared", **said)
    return drop(place, "shared", "RELEVE_1.csv", CIC)


def told(place, browser, name, **said):
    """What the page says once something else is said of the source."""
    source = place.value("SELECT id FROM source WHERE name = :name", name=name)
    response = browser.post_form(f"{NEW}/{source}/modifier", **FORM, **said)
    assert response.status_code == 303
    place.work()
    assert place.tasks()[-1].state == "done"
    return plain(browser.page(response.location).one("main"))


def test_what_may_be_of_either_is_for_whoever_runs_the_portal_alone(place, north, waiting_file):
    assert waiting_file.refusals[0].params == {"names": "north-bank, south-bank"}
    file = place.value("SELECT id FROM import_file WHERE status = 'quarantined'")
    for maintainer, browser in (("north", north), ("south", place.browser(SOUTH))):
        assert browser.get(f"{place.desk(maintainer)}/imports/{file}").status_code == 404


def test_what_is_of_neither_is_told_to_neither(place, north, waiting_file):
    """Its name alone would tell one what comes for the other; neither can do anything about it."""
    assert waiting_file.refused
    false = File(source="east-host", key="e1", remittances=(Rem(contract="8888888", number="000999"),))
    refused = drop(place, "shared", "night.txt", false.data().decode())
    assert refused.refusals[0].params == {"names": "north, south"}
    for maintainer, browser in (("north", north), ("south", place.browser(SOUTH))):
        assert browser.get(f"{place.desk(maintainer)}/imports/{refused.file_id}").status_code == 404
        assert "night.txt" not in plain(browser.page(f"{place.desk(maintainer)}/imports").one("main"))


def test_what_becomes_of_anothers_file_is_not_told(place, north, waiting_file):
    assert waiting_file.refused
    assert "RELEVE_1" not in told(place, north, "north-bank", inbox="north-bank")
    owner = "SELECT s.name FROM import_file f JOIN source s ON s.id = f.source_id"
    assert place.value(f"{owner} WHERE f.name LIKE 'RELEVE%' AND f.status = 'loaded'") == "south-bank"


def test_what_becomes_of_ones_own_file_is_told(place, waiting_file):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "north-bank", inbox="elsewhere")
    assert waiting_file.refused
    said = {"inbox": "shared", "account": RIB, "encoding": "utf-8"}
    assert "RELEVE_1" in told(place, place.browser(SOUTH), "south-bank", **said)
