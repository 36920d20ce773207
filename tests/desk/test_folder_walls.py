"""What a maintainer cannot do to others by what they drop into a folder of theirs, or name as theirs."""

from __future__ import annotations

from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from app.database.engine import DatabaseRole
from importers.files import profiles, sources
from importers.files.archive import files_in
from importers.files.filing import settle
from importers.load import load_files
from importers.refusals import FileRefusedError
from tests.desk.conftest import SOUTH, SOUTHERN
from tests.desk.declaring import LINE
from tests.desk.test_source_walls import asked, declare_contracts, drop
from tests.importers.files import File, Rem, directory, written
from tests.importers.money.test_bank_statements_stored import RIB
from tests.importers.money.test_mapped_csv import CIC
from tests.views.town import plain

pytestmark = pytest.mark.probes("desks and places")


@pytest.fixture
def north_folder(place):
    """A folder that whoever runs the portal gave north for the files of its host."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox="northern")


def put(place, file):
    return drop(place, "northern", f"{place.delivered}.txt", file.data().decode())


@pytest.mark.usefixtures("north_folder")
def test_a_folder_of_one_maintainer_brings_no_night_of_another(place):
    false = File(source="south-host", key="s9", remittances=(Rem(contract="8888888", number="000999"),))
    assert "north" in put(place, false).refusals[0].text()
    assert place.value("SELECT count(*) FROM remittance WHERE number = '000999'") == 0
    true = File(source="south-host", key="s9", remittances=(Rem(contract="8888888", number="000998"),))
    assert not place.deliver(true).refused  # its number was not taken


@pytest.mark.usefixtures("north_folder")
@pytest.mark.parametrize("below", ["", "x", "southern", "inbox", "quarantine", "x/southern"])
def test_folders_that_somebody_makes_in_theirs_are_theirs_whatever_their_names(place, below):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "south-bank", "south")
        profiles.change(connection, "south-bank", role="money", inbox="southern", account=RIB)
    folder = place.data / "inbox" / "northern" / below
    folder.mkdir(parents=True)
    false = File(source="south-host", key="s9", remittances=(Rem(contract="8888888", number="000999"),))
    delivered = [
        written(folder, "night.txt", false.data()),
        written(folder, "RELEVE_1.csv", CIC.encode()),
        written(folder, "directory.csv", directory(LINE)),
    ]
    night, statement, declared = load_files(place.database, delivered, place.data)
    assert "north" in night.refusals[0].text()
    assert statement.refused  # of an account that is not theirs
    assert declared.by_desk
    assert place.value("SELECT count(*) FROM bank_statement") == 0
    folders = "SELECT DISTINCT folder FROM import_file WHERE name IN ('night.txt', 'RELEVE_1.csv')"
    assert place.value(f"SELECT array_agg(folder) FROM ({folders}) of_files") == ["northern"]


@pytest.mark.usefixtures("north_folder")
def test_what_comes_in_a_folder_is_shown_to_its_maintainer_and_cannot_be_asked_for_by_another(place, north):
    false = File(source="south-host", key="s9", remittances=(Rem(contract="8888888", number="000999"),))
    assert put(place, false).refused
    file = place.value("SELECT id FROM import_file WHERE status = 'quarantined'")
    south = place.browser(SOUTH)
    assert south.get(f"{place.desk('south')}/imports/{file}").status_code == 404
    assert north.post_form(f"/gestion/imports/{file}/reprendre").status_code == 303
    place.work()
    assert place.tasks()[-1].state == "failed"
    assert place.value("SELECT count(*) FROM remittance WHERE number = '000999'") == 0


@pytest.mark.usefixtures("north_folder")
def test_a_folder_of_one_maintainer_declares_nothing_for_another(place):
    taken = directory(SOUTHERN | {"merchant_code": "SOUTHTOO", "contract": "8880000"})
    assert "north" in drop(place, "northern", "directory.csv", taken.decode()).refusals[0].text()
    assert place.value("SELECT count(*) FROM merchant WHERE code = 'SOUTHTOO'") == 0


@pytest.mark.usefixtures("north_folder")
def test_what_a_folder_of_one_maintainer_declares_is_their_word_alone(place):
    assert not drop(place, "northern", "directory.csv", directory(LINE).decode()).refused
    night = Rem(contract=LINE["contract"], number="000777")
    assert not place.deliver(File(source="host-2", key="h1", remittances=(night,))).refused
    declared = "SELECT r.declared FROM source s JOIN reseller r ON r.id = s.reseller_id"
    assert place.value(f"{declared} WHERE s.name = 'host-2'") is False


@pytest.mark.usefixtures("north_folder")
@pytest.mark.parametrize(("name", "whose"), [("south-new", None), ("host-3", None), ("north-new", "north")])
def test_a_folder_takes_no_name_that_may_be_anothers(place, name, whose):
    night = File(source=name, key="h1", remittances=(Rem(contract="7654321", number="000777"),))
    assert put(place, night).refused is (whose is None)
    owner = "SELECT r.slug FROM source s JOIN reseller r ON r.id = s.reseller_id WHERE s.name = :name"
    assert place.value(owner, name=name) == whose
    if whose is None:  # theirs to look at all the same
        north_id = place.value("SELECT id FROM reseller WHERE slug = 'north'")
        assert place.value("SELECT reseller_ids FROM import_file WHERE status = 'quarantined'") == [north_id]


@pytest.mark.parametrize("folder", ["south", "south-bank", "bank", "northern", "NORTHERN"])
def test_a_folder_is_not_taken_before_anothers_first_file(place, north, folder):
    assert "Dossier de la boîte de réception" in asked(place, north, inbox=folder, account=RIB)
    assert place.value("SELECT count(*) FROM source WHERE inbox = :folder", folder=folder) == 0


@pytest.mark.parametrize("folder", ["north", "north-bank", "North_bank"])
def test_a_folder_of_ones_own_name_may_be_said(place, north, folder):
    done = "comme vous l'avez dit" in asked(place, north, inbox=folder)
    assert done is not folder.endswith("_bank")


@pytest.mark.parametrize("folder", ["quarantine", "archive", "superseded"])
def test_the_portals_own_copies_are_nobodys_folder(place, folder):
    """Else what waits in quarantine would be theirs as soon as it is tried again."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        with pytest.raises(FileRefusedError):
            profiles.change(connection, "north-bank", role="money", inbox=folder, account=RIB)


def test_a_folder_that_the_operator_gave_takes_a_second_source_at_the_desk(place, north, north_folder):
    assert "comme vous l'avez dit" in asked(place, north, inbox="northern", file_pattern="^X")
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", account=RIB)
    assert not drop(place, "northern", "RELEVE_1.csv", CIC).refused


# --- whose word it is ------------------------------------------------------------------------------------

BY_DESK = "SELECT by_desk FROM contract WHERE merchant_id <> 0 AND number = :number"


def test_the_same_bytes_from_the_operator_are_the_operators_word(place, north):
    """Else nobody could ever make it one: the file is known."""
    assert declare_contracts(place, north, LINE) == "done"
    assert place.value(BY_DESK, number=LINE["contract"]) is True
    assert place.deliver(directory(LINE), "directory.csv").status == "loaded"
    assert place.value(BY_DESK, number=LINE["contract"]) is False
    assert place.deliver(directory(LINE), "directory.csv").status == "known"
    assert declare_contracts(place, north, LINE) == "done"  # known, and no less than it was
    assert (
        place.value("SELECT by_desk FROM import_file WHERE name LIKE 'dir%' ORDER BY id DESC LIMIT 1")
        is False
    )
    assert place.value(BY_DESK, number=LINE["contract"]) is False


def emptied(place):
    """The database of a portal that has lost everything but its archive."""
    tables = "remittance, transaction, transaction_day, remittance_day, terminal, terminal_day, known_value,"
    tables += " remittance_third, transaction_third, terminal_month,"
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM membership"))
        connection.execute(
            text(
                f"TRUNCATE {tables} contract, acceptor, bank_account, outlet, source, import_file,"
                " import_refusal, received_day CASCADE"
            )
        )


def test_a_rebuild_from_the_archive_keeps_what_was_a_desks_word(place, north):
    assert declare_contracts(place, north, LINE) == "done"
    emptied(place)
    assert all(
        not one.refused for one in load_files(place.database, files_in([place.data / "archive"]), place.data)
    )
    assert place.value(BY_DESK, number=LINE["contract"]) is True
    assert place.value(BY_DESK, number=SOUTHERN["contract"]) is False
    assert place.value("SELECT array_agg(by_desk ORDER BY id) FROM acceptor WHERE merchant_id <> 0") == [
        False, False, True,
    ]  # fmt: skip


def test_copies_of_before_follow_what_the_journal_says_of_them(place, north):
    assert declare_contracts(place, north, LINE) == "done"
    (copy,) = (place.data / "archive").glob("*.desk")
    copy.rename(copy.with_suffix(""))
    settle(place.database, place.data)
    assert copy.exists()
    assert not copy.with_suffix("").exists()


def test_what_was_declared_before_it_was_told_apart_counts_as_a_desks_word(place, north):
    """The migration's own statements: of whoever declared anything at a desk, and of nobody else."""
    assert declare_contracts(place, north, LINE) == "done"
    step = import_module("migrations.versions.0046_words_of_desks")
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE contract SET by_desk = false"))
        connection.execute(text("ALTER TABLE import_file DROP COLUMN by_desk"))
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()
    for number, by_desk in ((LINE["contract"], True), ("7654321", True), (SOUTHERN["contract"], False)):
        assert place.value(BY_DESK, number=number) is by_desk
    assert place.value("SELECT count(*) FROM import_file WHERE by_desk") == 1


def test_a_file_that_declares_for_another_too_is_not_asked_for_again_at_a_desk(place, north):
    both = directory({"reseller": "north"} | LINE, SOUTHERN | {"contract": "8880000", "siret": "1"})
    assert place.deliver(both, "both.csv").refused
    file = place.value("SELECT id FROM import_file WHERE status = 'quarantined'")
    assert north.post_form(f"/gestion/imports/{file}/reprendre").status_code == 404
    assert place.tasks() == []


def test_a_file_of_ones_folder_that_declares_for_another_too_is_not_loaded_by_asking(
    place, north, north_folder
):
    both = directory({"reseller": "north"} | LINE, SOUTHERN | {"contract": "8880000"})
    file = drop(place, "northern", "both.csv", both.decode()).file_id
    assert north.post_form(f"/gestion/imports/{file}/reprendre").status_code == 303
    place.work()
    assert "autre mainteneur" in plain(north.page(f"/gestion/imports/{file}").one("main"))
    assert place.value("SELECT count(*) FROM contract WHERE number = '8880000'") == 0
