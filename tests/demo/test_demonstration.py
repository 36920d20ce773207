"""The demonstration: files that are whole or made anew, and nobody left of a first run that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import psutil
import pytest

from app.config import ROOT
from importers.demo.demonstration import files_of
from tests.waiting import HANGS, wait_until

SMALL = {"last_day": date(2026, 3, 2), "merchants": 1, "days": 2, "transactions": 20, "chain_shops": 1}


def contents(files):
    return {path.name: path.read_bytes() for path in files}


def cut(folder):
    path = next((folder / "files").iterdir())
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: next((folder / "files").iterdir()).unlink(),
        lambda folder: (folder / "files" / "more").write_text("x"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("{"),
        cut,
    ],
    ids=["one missing", "one more", "no manifest", "half a manifest", "one cut short"],
)
def test_only_what_the_manifest_names_is_believed(tmp_path, spoil):
    whole = contents(files_of(tmp_path, **SMALL))
    spoil(tmp_path)
    assert contents(files_of(tmp_path, **SMALL)) == whole


def test_what_is_whole_is_left_as_it_is(tmp_path):
    first = files_of(tmp_path, **SMALL)
    made = [path.stat().st_mtime_ns for path in first]
    assert files_of(tmp_path, **SMALL | {"last_day": date(2026, 3, 9)}) == first
    assert [path.stat().st_mtime_ns for path in first] == made


@pytest.fixture
def data(tmp_path):
    """A data folder, whose server ends with the test, should no child of a killed process have stopped it."""
    yield tmp_path / "data"
    record = tmp_path / "data" / "postgres" / "postmaster.pid"
    if record.exists():
        server = psutil.Process(int(record.read_text().split()[0]))
        server.terminate()
        server.wait(HANGS)


def test_a_first_run_that_was_killed_leaves_nobody_and_no_manifest(data, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    environment = kept | {"BORDEREAU_DATA": str(data), "PYTHONPATH": str(ROOT)}
    demo, said = data / "demo", tmp_path / "said"
    command = [sys.executable, "-W", "ignore", "-m", "app.cli", "run"]
    with (
        said.open("wb") as stderr,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr) as process,
    ):
        wait_until(lambda: (demo / "files").is_dir() and len(list((demo / "files").iterdir())) > 1)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert family
    wait_until(lambda: not any(alive(member) for member in family))
    assert not (demo / "manifest.json").exists()
    assert "données de démonstration" in said.read_text()  # some minutes pass, also where no bar is drawn


def alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
