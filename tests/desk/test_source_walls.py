"""What a maintainer cannot do, to others or to the night, by the sources that they say at their desk."""

from __future__ import annotations

import pytest

from app.database.engine import DatabaseRole
from importers.files import profiles, sources
from importers.load import load_file
from tests.desk.conftest import SOUTH
from tests.importers.money.test_bank_statements_stored import RIB
from tests.importers.money.test_mapped_csv import CIC
from tests.views.town import plain

NEW = "/gestion/banque/source"
CARD = "4970101122334455"
FORM = {"role": "money", "cards": "refuse"}
MAPPING = 'name = "x"\nrecord = "settlements"\nrecognised_by = ["a"]\n%s\n[columns]\nkind = ["k"]\n'


def asked(place, browser, **said):
    """What the page of a task says of a source that was asked for."""
    response = browser.post_form(NEW, **{"name": "mine", **FORM} | said)
    assert response.status_code == 303, response.get_data(as_text=True)
    place.work()
    return plain(browser.page(response.location).one("main"))


def drop(place, folder, name, text):
    path = place.folder / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_file(place.database, path, place.data)


@pytest.fixture
def south_bank(place):
    """A folder and names by which south's statements are known; whoever runs the portal said so."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "south-bank", "south")
        profiles.change(
            connection, "south-bank", role="money", inbox="bank", file_pattern="^RELEVE", account=RIB
        )


@pytest.mark.probes("desks and places")
@pytest.mark.usefixtures("south_bank")
@pytest.mark.parametrize(
    "reaching",
    [
        {"file_pattern": ".*"},
        {"inbox": "bank"},
        {"inbox": "bank", "file_pattern": ".*"},
        {"inbox": "inbox"},
    ],
)
def test_files_of_another_maintainer_stay_theirs_whatever_is_said_of_them(place, north, reaching):
    said = asked(place, north, **reaching)
    assert "Dossier de la boîte d'arrivée" in said
    assert "south-bank" not in said
    assert place.value("SELECT count(*) FROM source WHERE name = 'mine'") == 0
    assert not drop(place, "bank", "RELEVE_1.csv", CIC).refused
    owner = "SELECT r.slug FROM import_file f JOIN source s ON s.id = f.source_id JOIN reseller r"
    assert place.value(f"{owner} ON r.id = s.reseller_id WHERE f.name LIKE 'RELEVE%'") == "south"


@pytest.mark.probes("desks and places")
def test_what_waits_for_whoever_owns_it_is_not_taken_by_the_first_to_ask(place, north):
    assert drop(place, "shared", "RELEVE_1.csv", CIC).refused
    assert "Dossier de la boîte d'arrivée" in asked(place, north, inbox="shared", account=RIB)
    assert place.value("SELECT count(*) FROM bank_statement") == 0


@pytest.mark.usefixtures("south_bank")
def test_a_place_that_the_operator_gave_stays_when_something_else_is_said(place):
    south = place.browser(SOUTH)
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox="bank", file_pattern="^NORD")
    at = f"{NEW}/{place.value('SELECT id FROM source WHERE name = :name', name='south-bank')}"
    said = {"inbox": "bank", "file_pattern": "^RELEVE", "encoding": "utf-8"}
    assert south.post_form(f"{at}/modifier", **FORM, **said).status_code == 303
    place.work()
    assert place.tasks()[-1].state == "done"


@pytest.mark.probes("files in")
@pytest.mark.parametrize(
    "pattern", ["(?P<a>x)", "(", "a{99999999999999999999}", r"^(.*)(.*)(.*)(.*)\1\2\3\4$"]
)
def test_a_pattern_that_would_stop_every_night_is_refused_beside_its_field(place, north, pattern):
    response = north.post_form(NEW, name="mine", inbox="mine", file_pattern=pattern, **FORM)
    assert response.status_code == 422
    assert 'class="fault"' in response.get_data(as_text=True)
    assert place.tasks() == []


def test_a_pattern_of_the_database_is_one(place, north):
    assert "comme vous l'avez dit" in asked(place, north, inbox="mine", file_pattern=r"^[[:alpha:]]+\\1_")


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("field", ["name", "inbox", "file_pattern", "merchant", "time_zone", "account"])
def test_a_card_number_is_kept_in_no_field_of_a_source(place, north, field):
    response = north.post_form(NEW, **{"name": "mine", **FORM} | {field: CARD})
    assert response.status_code == 422
    assert CARD not in place.value("SELECT coalesce(string_agg(details::text, ' '), '') FROM journal_entry")
    assert place.tasks() == []


@pytest.mark.probes("files in")
@pytest.mark.parametrize(
    "mapping",
    [
        f"a = {'[' * 3000}",
        f"a = {'9' * 5000}",
        MAPPING % "decimal = 5",
        MAPPING % "words = 3",
        MAPPING % "words = { k = 3 }",
        MAPPING % 'days = "zzz"',
        MAPPING % 'days = ["y", "m", "d"]',
        MAPPING % 'rows = { column = "z" }',
        MAPPING % "rows = [1]",
        MAPPING % "recognised_by = [1]",
        MAPPING.replace('"settlements"', '["a"]') % "",
        MAPPING.replace('["k"]', "[5]") % "",
        MAPPING.replace('["k"]', "5") % "",
    ],
)
def test_a_mapping_that_is_none_says_so_with_its_field(place, north, mapping):
    assert "Correspondance" in asked(place, north, inbox="mine", mapping="own", own_mapping=mapping)
    assert place.value("SELECT count(*) FROM source WHERE name = 'mine'") == 0


@pytest.mark.probes("desks and places")
def test_a_source_that_is_nobodys_yet_is_not_taken_at_a_desk(place, north):
    response = north.post_form(NEW, name="host", inbox="mine", **FORM)
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(connection, "host", ["reference"], good=True)  # its first file or word makes it known
    place.work()
    assert "autre mainteneur" in plain(north.page(response.location).one("main"))
