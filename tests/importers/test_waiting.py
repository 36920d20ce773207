"""Files that belong to no source yet: loaded for whom they can only be of, else kept until that is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from app.database.engine import DatabaseRole
from importers import report, waiting
from importers.files import profiles, sources
from importers.load import Status, load_file
from importers.source_commands import source
from tests.importers.money.test_bank_statements_stored import DAY, HEADING, RIB, statement
from tests.importers.money.test_cfonb120 import MovementLine
from tests.importers.money.test_mapped_csv import CIC

OTHER = {
    "reseller": "other",
    "merchant_code": "OTHERSHOP",
    "siret": "99999999900017",
    "contract": "1111111",
}


def drop(operator, content: bytes, folder: str = "my-bank"):
    operator.delivered += 1
    path = operator.folder / folder / f"statement-{operator.delivered}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return load_file(operator.database, path, operator.data)


def declare_account(operator, slug: str, code: str):
    declared = operator.deliver(f"{HEADING}{slug};{code};{RIB};;;;;*\n".encode())
    assert declared.status is Status.LOADED, [one.text() for one in declared.refusals]
    return waiting.after(operator.database, operator.data, [declared])


def test_with_one_maintainer_a_folder_of_nobodys_is_theirs_and_the_account_alone_is_declared(operator):
    operator.declare({})
    assert drop(operator, statement(MovementLine(5740))).status is Status.LOADED
    assert operator.value("SELECT name || ' ' || role FROM source") == "acme-my-bank money"
    assert operator.value("SELECT merchant_id FROM bank_statement") == 0
    declare_account(operator, "acme", "FICTION")
    assert operator.value("SELECT merchant_id <> 0 FROM bank_statement")


def test_among_several_a_file_waits_with_its_cure_until_an_account_is_declared(operator):
    operator.declare({}, OTHER)
    refused = drop(operator, statement(MovementLine(5740)))
    assert refused.status is Status.QUARANTINED
    assert "--inbox" in refused.refusals[0].text()
    assert operator.count("bank_statement") == 0
    (again,) = declare_account(operator, "other", "OTHERSHOP")
    assert (again.status, again.file_id) == (Status.LOADED, refused.file_id)
    assert report.line(again).startswith(f"{refused.path.name}: ")
    assert report.event(again)["file"] == refused.path.name
    assert operator.value("SELECT s.name FROM source s JOIN import_file f ON f.source_id = s.id") == (
        "other-my-bank"
    )
    assert drop(operator, statement(MovementLine(1234), day=DAY + timedelta(days=1))).status is Status.LOADED


@pytest.fixture
def command(operator, monkeypatch):
    monkeypatch.setattr("importers.source_commands.ready", lambda _config: operator.database)
    monkeypatch.setenv("BORDEREAU_DATA", str(operator.data))

    def run(*arguments: str):
        return CliRunner().invoke(source, arguments)

    return run


def test_the_command_says_and_shows_a_profile_and_loads_what_waited(operator, command):
    operator.declare({}, OTHER)
    assert drop(operator, CIC.encode(), "cic").status is Status.QUARANTINED
    said = command("cic", "--reseller", "acme", "--inbox", "cic", "--account", RIB, "--shop", "S=1=7654321")
    assert said.exit_code == 0, said.output
    assert "•••• 0001" in said.output
    assert RIB not in said.output
    assert operator.count("bank_statement") == 2
    with operator.database.reading(DatabaseRole.IMPORT) as connection:
        profile = profiles.of(connection, "cic")
    assert profile.settings.contracts == {"S=1": "7654321"}
    assert profile.columns["role"] == "money"
    assert command("cic", "--account", "-").exit_code == 0
    assert "0001" not in command("cic").output
    assert operator.value("SELECT count(*) FROM journal_entry WHERE event = 'source_changed'") == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--account", "FR7600"),
        ("--merchant", "NOBODY"),
        ("--format", "none"),
        ("--mapping", "none"),
        ("--file-pattern", "("),
        ("--inbox", "a/b"),
        ("--time-zone", "Mars"),
        ("--scale", "net=7"),
        ("--shop", "S=a b"),
        ("--alias", "X=unknown", "--mapping", "SumUp transaction report"),
        ("--word", "4970101122334455=sale"),
    ],
)
def test_what_cannot_be_changes_nothing_and_says_why_in_one_line(operator, command, wrong):
    operator.declare({})
    assert command("bank", "--reseller", "acme").exit_code == 0
    before = operator.rows("SELECT * FROM source")
    said = command("bank", *wrong)
    assert said.exit_code == 1
    assert len(said.output.strip().splitlines()) == 1
    assert operator.rows("SELECT * FROM source") == before


def test_two_sources_never_have_one_place(operator, command):
    operator.declare({})
    assert command("one", "--reseller", "acme", "--inbox", "bank").exit_code == 0
    assert command("two", "--reseller", "acme").exit_code == 0
    assert command("two", "--inbox", "bank").exit_code == 1


def test_the_source_of_a_folder_that_is_named_after_the_maintainer_is_named_so_once(operator):
    operator.declare({})
    assert drop(operator, statement(MovementLine(5740)), "acme-lyra").status is Status.LOADED
    assert drop(operator, statement(MovementLine(1200), day=DAY + timedelta(days=1)), "acme").status is (
        Status.LOADED
    )
    assert operator.rows("SELECT name FROM source ORDER BY name") == [("acme",), ("acme-lyra",)]


def test_a_folder_whose_files_came_under_the_doubled_name_keeps_that_source(operator):
    operator.declare({})
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "acme-acme-lyra", "acme")
        profiles.change(connection, "acme-acme-lyra", role="money")
    assert drop(operator, statement(MovementLine(5740)), "acme-lyra").status is Status.LOADED
    assert operator.rows("SELECT name FROM source") == [("acme-acme-lyra",)]


def test_a_folder_whose_name_begins_as_another_maintainers_gives_its_source_none_of_theirs(operator):
    operator.declare({}, {**OTHER, "reseller": "acme-fr"})
    assert drop(operator, statement(MovementLine(5740)), "acme-fr-bank").status is Status.QUARANTINED
    assert declare_account(operator, "acme", "FICTION")[0].status is Status.LOADED
    names = "SELECT s.name FROM source s JOIN import_file f ON f.source_id = s.id"
    assert operator.value(names) == "acme-acme-fr-bank"
