"""What a desk is told of a file that may be another maintainer's, too: nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from app.database.engine import DatabaseRole
from app.models import AlertKind
from app.operation.conditions import conditions
from importers.files import profiles, sources
from tests.desk.conftest import NORTHERN, SOUTH, SOUTHERN
from tests.desk.test_source_walls import asked, drop
from tests.importers.files import File, Rem, directory
from tests.importers.money.test_mapped_csv import CIC
from tests.views.town import plain

pytestmark = pytest.mark.probes("desks and places")

TRIAL = "/gestion/banque/essai"
#: Contracts of both; the second line of the wrong one has a day that is none.
BOTH = (NORTHERN | {"contract": "5550001"}, SOUTHERN | {"contract": "8880001"})
WRONG = (BOTH[0], BOTH[1] | {"valid_from": "2026-02-30"})


@pytest.fixture
def shared(place):
    """A folder that whoever runs the portal gave a source of each."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        for maintainer in ("north", "south"):
            sources.bind(connection, f"{maintainer}-bank", maintainer)
            said = {"role": "money", "inbox": "shared", "file_pattern": f".*|{maintainer}"}
            profiles.change(connection, f"{maintainer}-bank", **said)


def told(place, north, name):
    """Where a desk or a mail to it names a file."""
    file = place.value("SELECT max(id) FROM import_file WHERE name = :name", name=name)
    assert file is not None
    for maintainer, browser in (("north", north), ("south", place.browser(SOUTH))):
        desk = place.desk(maintainer)
        if browser.get(f"{desk}/imports/{file}").status_code != 404:
            yield maintainer, "its page"
        if browser.post_form(f"{desk}/imports/{file}/reprendre").status_code != 404:
            yield maintainer, "its loading again"
        words = name.partition(".")[0]  # a page that has found nothing repeats what it was asked for
        shown = ("/commercants", "/imports", "/imports?state=quarantined", f"/imports?q={words}", "/banque")
        for address in shown:
            page = plain(browser.page(f"{desk}{address}").one("main"))
            if name in page:
                yield maintainer, address
    with place.database.reading() as connection:
        found = conditions(connection, place.data, datetime.now(UTC))
        yield from ((one.reseller_id, "an alert") for one in found if one.kind is AlertKind.FILE_REFUSED)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "content",
    [
        File(source="east-host", key="e1", remittances=(Rem(contract="8888888"),)).data(),
        directory(NORTHERN | {"reseller": "east"}),
        directory(*WRONG),
        b"of no format\n",
    ],
    ids=["of another's source", "declared for another", "declared for both", "unknown"],
)
def test_of_a_folder_of_two_neither_is_told_what_is_not_known_as_their_own(place, north, content):
    assert drop(place, "shared", "of_whom.txt", content.decode()).refused
    assert list(told(place, north, "of_whom.txt")) == []


@pytest.mark.parametrize("lines", [BOTH, WRONG], ids=["loaded", "refused"])
def test_a_declaration_for_both_is_told_to_neither(place, north, lines):
    result = place.deliver(directory(*lines), "of_both.csv")
    assert result.refused is (lines is WRONG)
    assert list(told(place, north, "of_both.csv")) == []
    own = plain(north.page("/gestion/commercants?q=5550001").one("main"))
    assert ("NORTH merchant" in own) is not result.refused


def test_a_declaration_for_somebody_who_is_not_known_yet_is_told_to_no_other(place, north):
    east = NORTHERN | {"reseller": "east", "contract": "8880001", "valid_from": "2026-02-30"}
    assert place.deliver(directory(NORTHERN, east), "with_east.csv").refused
    assert list(told(place, north, "with_east.csv")) == []


@pytest.mark.usefixtures("shared")
def test_why_ones_own_declaration_is_refused_names_no_source_of_another(place, north):
    refused = drop(place, "shared", "own.csv", directory(NORTHERN | {"valid_from": "2026-02-30"}).decode())
    page = plain(north.page(f"/gestion/imports/{refused.file_id}").one("main"))
    assert "ce jour n'existe pas" in page
    assert "south" not in page


def test_what_a_file_turns_out_to_be_when_it_is_asked_for_again_is_not_told(place, north):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox="bank", file_pattern="^RELEVE")
    file = drop(place, "bank", "RELEVE_1.csv", CIC).file_id
    assert north.post_form(f"/gestion/imports/{file}/reprendre").status_code == 303
    with place.database.writing(DatabaseRole.IMPORT) as connection:  # before the worker comes to it
        sources.bind(connection, "south-bank", "south")
        profiles.change(connection, "south-bank", role="money", inbox="bank", file_pattern="^RELEVE_")
    place.work()
    (task,) = place.tasks()
    assert task.state == "failed"
    page = plain(north.page(f"/gestion/imports/demandes/{task.id}").one("main"))
    assert "un autre mainteneur" in page
    assert "south" not in page
    assert list(told(place, north, "RELEVE_1.csv")) == []


@pytest.mark.parametrize(
    "line",
    [
        SOUTHERN,
        SOUTHERN | {"merchant_code": "OTHER", "siret": "99999999800035"},
        SOUTHERN | {"merchant_code": "southshop"},
        SOUTHERN | {"merchant_code": "NOBODY", "contract": "9999991", "siret": "99999999800043"},
    ],
    ids=["known as it is", "contract known", "code known", "unknown"],
)
def test_a_trial_says_the_same_of_another_maintainers_contracts_whatever_is_known(place, north, line):
    asked(place, north, inbox="north-mine")
    sample = {"source": "north-mine", "file": (io.BytesIO(directory(line)), "trial.csv")}
    response = north.post_form(TRIAL, **sample)
    place.work()
    page = plain(north.page(response.location).one("main"))
    assert "pour un autre mainteneur" in page
    assert place.tasks()[-1].answer == []


JRI = (
    "TITRE;CAFE;26/03/03;V1\n"
    "ENTETE;CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;SOURCE_AMOUNT;UNPAID_CODE\n"
    "DETAIL;8880001;20260210;000077;D;1800;45\nFIN\n"
)


def tried(place, north):
    """The answer of a trial of the bytes that are the other maintainer's, at this one's desk."""
    north.post_form(TRIAL, source="north-mine", file=(io.BytesIO(JRI.encode()), "trial.csv"))
    place.work()
    return place.tasks()[-1].answer


def test_a_trial_says_the_same_of_bytes_that_another_maintainer_has_loaded(place, north):
    asked(place, north, inbox="north-mine")
    before = tried(place, north)
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "south-host", "south")
        profiles.change(connection, "south-host", role="money", inbox="south-host")
    assert drop(place, "south-host", "JRI.csv", JRI).status == "loaded"
    assert tried(place, north) == before
    assert any("Chargé maintenant" in line for line in before)
    assert place.value("SELECT count(*) FROM import_file WHERE name IN ('JRI.csv', 'trial.csv')") == 1
