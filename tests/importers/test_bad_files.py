"""One bad file is one bad file: whatever it is, the others are loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from app.config import ARCHIVE, QUARANTINE
from app.database.faults import explained
from importers import report
from importers.files.archive import files_in
from importers.formats import FileContext, Format, remise_tpe
from importers.jobs import load_inbox
from importers.load import Result, Status, load_file, load_files
from importers.records import Records
from importers.refusals import unreadable
from tests.importers.conftest import Operator
from tests.importers.files import NIGHT, Rem, Trx, written


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"hello\n", b"FIC;AUTRE;1\n", b"PK\x03\x04rest"])
def test_an_unknown_format_is_refused(operator: Operator, data: bytes) -> None:
    assert operator.deliver(data).refused


def test_links_and_pipes_are_refused_without_waiting(operator: Operator) -> None:
    target = NIGHT.write(operator.folder)
    link, pipe, other = (operator.folder / name for name in ("link.txt", "pipe.txt", "other.txt"))
    link.symlink_to(target)
    os.mkfifo(pipe)
    os.link(target, other)
    results = list(load_files(operator.database, [link, pipe, other, target], operator.data))
    assert all(result.refused for result in results)
    assert operator.count("import_file") == 0


def test_what_lies_in_the_inbox_and_is_no_file_is_named_at_every_run(operator: Operator) -> None:
    """A link leads anywhere, even to nothing: it is never followed, and never passed over."""
    inbox = operator.data / "inbox"
    inbox.mkdir()
    (inbox / "file").symlink_to(NIGHT.write(operator.folder))
    (inbox / "folder").symlink_to(operator.folder, target_is_directory=True)
    (inbox / "nowhere").symlink_to(operator.folder / "gone")
    os.mkfifo(inbox / "pipe")
    for path in inbox.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    for _ in range(2):
        found = load_inbox(operator.database, operator.data)
        assert {result.path.name for result in found} == {"file", "folder", "nowhere", "pipe"}
        assert {result.status for result in found} == {Status.LEFT}
        assert sum("lien" in report.line(result) for result in found) == 3
    assert operator.count("transaction") == 0


def test_an_inbox_that_is_not_there_is_named(operator: Operator, caplog: pytest.LogCaptureFixture) -> None:
    assert load_inbox(operator.database, operator.data) == []
    (said,) = (json.loads(record.getMessage()) for record in caplog.records)
    assert (said["event"], said["cure"]) == ("inbox_missing", f"mkdir {operator.data / 'inbox'}")


def test_a_file_of_somebody_else_is_said_to_be_theirs(operator: Operator) -> None:
    said = report.line(
        Result(path=Path("n.txt"), status=Status.LEFT, refusals=(unreadable(PermissionError()),))
    )
    assert "setfacl" in said


def test_a_name_with_a_line_end_is_a_name(operator: Operator) -> None:
    for name in ("a\nb.txt", "c.txt\n", "d.part\n"):
        written(operator.folder, name, NIGHT.but(key=repr(name)).data())
    written(operator.folder, "e.part", b"on its way")
    found = [path.name for path in files_in([operator.folder])]
    assert sorted(found) == ["a\nb.txt", "c.txt\n", "d.part\n"]


def test_a_folder_that_goes_while_it_is_read_stops_nobody(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    NIGHT.write(operator.folder, "kept.txt")
    for name in ("first", "second"):
        (operator.folder / name).mkdir()
    scandir = os.scandir

    def scan(folder: str) -> object:
        found = scandir(folder)
        for name in ("first", "second"):
            if (operator.folder / name).exists():
                (operator.folder / name).rmdir()
        return found

    monkeypatch.setattr(os, "scandir", scan)
    assert [path.name for path in files_in([operator.folder])] == ["kept.txt"]


def test_the_log_is_loud_about_a_file_that_was_left_or_could_not_be_kept(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = operator.data / "inbox"
    inbox.mkdir()
    os.mkfifo(inbox / "pipe")
    operator.declare({})
    shutil.rmtree(operator.data / ARCHIVE)
    (operator.data / ARCHIVE).touch()
    NIGHT.write(inbox, "night.txt")
    for path in inbox.iterdir():
        os.utime(path, (0, 0))
    load_inbox(operator.database, operator.data)
    lines = [(record.levelname, json.loads(record.getMessage())) for record in caplog.records]
    said = {
        Path(line["file"]).name: (level, line["status"], line["unfiled"])
        for level, line in lines
        if "file" in line
    }
    assert said["pipe"] == ("WARNING", "left", None)
    assert said["night.txt"][:2] == ("WARNING", "loaded")
    assert said["night.txt"][2]


def test_a_format_that_breaks_off_sets_aside_its_file_alone(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(data: bytes, _context: FileContext) -> Records:
        raise ZeroDivisionError(len(data))

    broken = Format(name="BROKEN", first_line=re.compile(b"BROKEN"), find_cards=lambda _: [], read=raises)
    monkeypatch.setattr("importers.formats.formats", lambda: (broken, remise_tpe.FORMAT))
    paths = [
        written(operator.folder, "1-broken.txt", b"BROKEN"),
        written(operator.folder, "2-pipe.txt", b""),
        NIGHT.write(operator.folder, "3-good.txt"),
    ]
    paths[1].unlink()
    os.mkfifo(paths[1])
    bad, pipe, good = load_files(operator.database, paths, operator.data)
    assert (bad.status, pipe.status, good.status) == (Status.QUARANTINED, Status.LEFT, Status.LOADED)
    number = bad.refusals[0].params["number"]
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert operator.rows("SELECT params ->> 'number' FROM import_refusal") == [(number,)]


#: A trigger that raises for one remittance, as a constraint or a type does that no check foresaw.
BREAKS = """
CREATE FUNCTION breaks_off() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF '000666' IN (to_jsonb(NEW) ->> 'number', to_jsonb(NEW) ->> 'sequence_number') THEN
    RAISE SQLSTATE '{}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER breaks_off BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION breaks_off()
"""


def three_files(operator: Operator) -> list[Path]:
    """A night that the trigger lets through, one that it does not, another that it lets through."""
    nights = [NIGHT.but(key=str(number)) for number in range(3)]
    nights[1] = nights[1].but(remittances=(Rem(number="000666", transactions=(Trx(sequence="000666"),)),))
    return [night.write(operator.folder, f"{number}.txt") for number, night in enumerate(nights)]


@pytest.mark.parametrize("table", ["remittance", "transaction"])  # by a statement, by COPY itself
@pytest.mark.parametrize("code", ["22003", "23514", "42P01", "XX000", "54000"])
def test_a_file_that_the_database_does_not_take_is_set_aside_alone(
    operator: Operator, caplog: pytest.LogCaptureFixture, code: str, table: str
) -> None:
    operator.execute(BREAKS.format(code, table))
    first, bad, last = load_files(operator.database, three_files(operator), operator.data)
    assert [first.status, bad.status, last.status] == ["loaded", "quarantined", "loaded"]
    (line,) = [json.loads(said) for said in caplog.messages if "file_broke_off" in said]
    assert (line["number"], line["sqlstate"]) == (bad.refusals[0].params["number"], code)
    assert operator.count("remittance") == len(NIGHT.remittances)
    operator.execute(f"DROP TRIGGER breaks_off ON {table}")
    (copy,) = (operator.data / QUARANTINE).iterdir()
    again = load_file(operator.database, copy, operator.data)
    assert (again.status, again.file_id) == (Status.LOADED, bad.file_id)


@pytest.mark.parametrize("code", ["55P03", "40P01", "57014", "53200"])
def test_a_file_that_met_a_lock_stays_for_another_try_and_the_rest_goes_on(
    operator: Operator, code: str
) -> None:
    operator.execute(BREAKS.format(code, "remittance"))
    paths = three_files(operator)
    results = list(load_files(operator.database, paths, operator.data))
    assert [result.status for result in results] == ["loaded", "left", "loaded"]
    assert code in report.line(results[1])
    assert operator.count("import_file") == 2
    operator.execute("DROP TRIGGER breaks_off ON remittance")
    assert load_file(operator.database, paths[1], operator.data).status is Status.LOADED


@pytest.mark.parametrize("code", ["53100", "57P01", "25006", "42501", "08006"])
def test_what_stops_every_file_stops_the_import(operator: Operator, code: str) -> None:
    operator.execute(BREAKS.format(code, "remittance"))
    loading = load_files(operator.database, three_files(operator), operator.data)
    assert next(loading).status is Status.LOADED
    with pytest.raises((DBAPIError, psycopg.Error)) as stopped:
        next(loading)
    assert explained(stopped.value)
    assert operator.count("import_file") == 1
    assert not (operator.data / QUARANTINE).exists()


def test_a_server_that_goes_away_while_a_file_is_read_is_no_fault_of_the_file(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_data: bytes, _context: FileContext) -> Records:
        raise OperationalError("SELECT", {}, psycopg.OperationalError("the connection is lost"))

    broken = Format(name="CUT", first_line=re.compile(b"CUT"), find_cards=lambda _: [], read=cut)
    monkeypatch.setattr("importers.formats.formats", lambda: (broken,))
    path = written(operator.folder, "cut.txt", b"CUT")
    with pytest.raises(OperationalError):
        load_file(operator.database, path, operator.data)
    assert operator.count("import_file") == 0


def test_a_file_that_is_gone_or_shut_is_left_and_the_rest_goes_on(operator: Operator) -> None:
    gone = operator.folder / "gone.txt"
    good = NIGHT.write(operator.folder, "good.txt")
    results = list(load_files(operator.database, [gone, good], operator.data))
    assert [result.status for result in results] == [Status.LEFT, Status.LOADED]
    assert "No such file" in report.line(results[0])


def test_a_file_that_goes_while_its_folder_is_read_does_not_stop_the_others(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = NIGHT.write(operator.folder, "good.txt")
    gone = operator.folder / "gone.txt"
    found = [(str(operator.folder), [], [good.name, gone.name])]
    monkeypatch.setattr(os, "walk", lambda _folder: iter(found))
    assert list(files_in([operator.folder])) == [gone, good]


def test_a_full_archive_says_so_of_a_file_that_is_loaded(operator: Operator) -> None:
    (operator.data / ARCHIVE).write_bytes(b"in the way of the folder")
    path = NIGHT.write(operator.folder)
    result = load_file(operator.database, path, operator.data)
    assert (result.status, result.refused) == (Status.LOADED, False)
    assert result.unfiled is not None
    assert "il ne peut pas être rangé" in report.line(result)
    (operator.data / ARCHIVE).unlink()
    again = load_file(operator.database, path, operator.data)
    assert (again.status, again.unfiled) == (Status.KNOWN, None)
    assert [copy.read_bytes() for copy in (operator.data / ARCHIVE).iterdir()] == [NIGHT.data()]
