"""The archive follows the journal of files, whatever is killed between a commit and its copy."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.models import ImportStatus
from importers.files import filing
from importers.files.archive import files_in, receive
from importers.load import Status, load_files
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.waiting import HANGS

NIGHT = File(remittances=(Rem(transactions=(Trx(amount=3900),)),))
CORRECTED = NIGHT.but(remittances=(Rem(transactions=(Trx(amount=4200),)),))
# A process that is killed once its transaction has committed, before its copy is in its place.
_KILLED = (
    "import os, signal, sys; from pathlib import Path;"
    "from app.database.login_addresses import Addresses; from app.database.engine import Database;"
    "from importers.derived import amount_bands;"
    "from importers.files.filing import Filing;"
    "from importers.load import load_file;"
    "amount_bands.LARGE_DAY = 1;"
    "Filing.finish = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL);"
    "load_file(Database(Addresses(importer=sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), replace=True)"
)


def killed_after_its_commit(operator: Operator, file: File, folder: Path | None = None) -> Path:
    path = file.write(folder or operator.folder, "killed.txt")
    words = [
        sys.executable,
        "-c",
        _KILLED,
        operator.database.addresses.importer,
        str(path),
        str(operator.data),
    ]
    assert subprocess.run(words, check=False, capture_output=True).returncode == -9
    return path


def copies(operator: Operator, folder: str) -> list[bytes]:
    found = operator.data / folder
    return sorted(copy.read_bytes() for copy in found.iterdir()) if found.is_dir() else []


def settle(operator: Operator) -> None:
    assert list(load_files(operator.database, [], operator.data)) == []


def test_a_rebuild_after_a_killed_replacement_has_the_new_money(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(NIGHT)
    killed_after_its_commit(operator, CORRECTED).unlink()
    settle(operator)
    assert NIGHT.data() not in copies(operator, "archive")
    assert CORRECTED.data() in copies(operator, "archive")
    assert copies(operator, "superseded") == [NIGHT.data()]
    before = operator.digest()
    operator.empty()
    results = list(load_files(operator.database, files_in([operator.data / "archive"]), operator.data))
    assert [result.status for result in results] == [Status.LOADED] * 2
    assert operator.digest() == before
    assert operator.rows("SELECT amount FROM transaction") == [(4200,)]


def test_a_killed_file_of_the_inbox_is_filed_by_the_next_run(operator: Operator) -> None:
    inbox = operator.data / "inbox"
    inbox.mkdir()
    path = killed_after_its_commit(operator, NIGHT, inbox)
    assert path.exists()
    (result,) = load_files(operator.database, [path], operator.data)
    assert (result.status, result.unfiled) == (Status.KNOWN, None)
    assert not path.exists()
    assert [copy.name for copy in (operator.data / "archive").iterdir()] == [
        operator.value("SELECT sha256 FROM import_file")
    ]


def test_partial_copies_of_dead_processes_go_and_whole_ones_of_what_committed_stay(
    operator: Operator,
) -> None:
    operator.deliver(NIGHT)
    archive = operator.data / "archive"
    (whole,) = archive.iterdir()
    for name in (f".{whole.name}.99999", f".{'0' * 64}.99999"):
        (archive / name).write_bytes(NIGHT.data()[:40])
    whole.unlink()
    settle(operator)
    assert list(archive.iterdir()) == []  # torn, or of a file that nobody knows
    (archive / f".{whole.name}.99999").write_bytes(NIGHT.data())
    settle(operator)
    assert list(archive.iterdir()) == [whole]


def test_an_old_version_that_comes_again_stays_out_of_the_archive(operator: Operator) -> None:
    operator.deliver(NIGHT)
    operator.deliver(CORRECTED, replace=True)
    assert operator.deliver(NIGHT).status is Status.KNOWN
    assert copies(operator, "archive") == [CORRECTED.data()]
    assert copies(operator, "superseded") == [NIGHT.data()]


def test_a_copy_that_is_made_later_bears_the_time_of_its_load(operator: Operator) -> None:
    operator.deliver(NIGHT)
    (copy,) = (operator.data / "archive").iterdir()
    copy.unlink()
    time.sleep(0.01)
    operator.deliver(NIGHT)
    loaded = operator.value("SELECT extract(epoch FROM received_at) FROM import_file")
    assert copy.stat().st_mtime == pytest.approx(float(loaded), abs=0.001)


def test_nothing_is_settled_while_another_process_has_a_copy_on_its_way(operator: Operator) -> None:
    operator.deliver(NIGHT)
    partial = operator.data / "archive" / f".{'0' * 64}.{os.getpid()}"
    partial.write_bytes(b"on its way")
    script = (
        "import sys; from pathlib import Path; from app.database.login_addresses import Addresses;"
        "from app.database.engine import Database;"
        "from importers.files import filing;"
        "filing.settle(Database(Addresses(importer=sys.argv[1])), Path(sys.argv[2]))"
    )
    words = [sys.executable, "-c", script, operator.database.addresses.importer, str(operator.data)]
    lock = filing._locked(operator.data, fcntl.LOCK_SH)  # as another process holds it
    with subprocess.Popen(words) as process:
        with lock, pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        assert process.wait(HANGS) == 0
    assert not partial.exists()


def test_a_copy_that_cannot_be_taken_away_breaks_nothing(operator: Operator) -> None:
    file = receive(NIGHT.write(operator.folder))
    with closing(filing.Filing(file, operator.data)) as copy:
        copy.stage(ImportStatus.LOADED)
        shutil.rmtree(operator.data / "archive")
        (operator.data / "archive").touch()
    (operator.data / "archive").unlink()
    assert operator.deliver(NIGHT).unfiled is None
