"""Files over which the worker dies: they do not keep the others from being loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from importers.files.in_hand import LEFT, InHand, in_hand
from importers.jobs import load_inbox
from tests.importers.files import File, Rem

#: A worker that reads a file until the kernel takes it for its memory, as soon as it is the one named "c".
DEADLY = """
import os, signal, sys
from pathlib import Path
from app.database.engine import Database
from app.database.login_addresses import Addresses
from importers import jobs
from importers.files import archive

real = archive.receive

def receive(path, name=None):
    if path.name == "c.txt":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, name)

archive.receive = receive
jobs.load_inbox(Database(Addresses(*sys.argv[1:4])), Path(sys.argv[4]))
"""


@pytest.fixture
def inbox(operator):
    """Four nights of one host, in the order of their names; "c" is deadly."""
    folder = operator.data / "inbox"
    folder.mkdir()
    for number, name in enumerate("abcd"):
        night = File(key=f"k{number}", remittances=(Rem(number=f"00041{number}"),))
        night.write(folder, f"{name}.txt")
        os.utime(folder / f"{name}.txt", (1_000_000_000 + number,) * 2)
    return folder


def die(operator):
    addresses = operator.database.addresses
    run = [sys.executable, "-c", DEADLY, addresses.owner, addresses.web, addresses.importer]
    done = subprocess.run([*run, str(operator.data)], capture_output=True, timeout=120, check=False)
    return done.returncode == -signal.SIGKILL


@pytest.mark.probes("files in")
def test_a_file_that_kills_each_worker_is_tried_last_and_then_left(operator, inbox, caplog):
    assert [die(operator) for _ in range(LEFT + 1)] == [True] * LEFT + [False]
    assert [path.name for path in inbox.iterdir()] == ["c.txt"]
    assert operator.value("SELECT count(*) FROM remittance") == 3
    assert load_inbox(operator.database, operator.data) == []
    assert "file_left" in caplog.text
    (inbox / "c.txt").rename(inbox / "mended.txt")
    assert len(load_inbox(operator.database, operator.data)) == 1
    assert list(inbox.iterdir()) == []


def test_one_death_changes_no_order(operator, inbox):
    """Of two declarations the later one holds."""
    assert die(operator)
    with in_hand(operator.data, sorted(inbox.iterdir())) as hand:
        assert max(hand.deaths(path) for path in inbox.iterdir()) == 1
    results = load_inbox(operator.database, operator.data)
    assert [result.path.name for result in results] == ["b.txt", "c.txt", "d.txt"]


def test_while_another_worker_is_at_it_nothing_is_held_against_its_files(tmp_path):
    paths = [tmp_path / name for name in "ab"]
    with in_hand(tmp_path, paths) as first:
        assert list(first.noted(paths)) == paths
        with in_hand(tmp_path, paths) as second:
            assert [second.deaths(path) for path in paths] == [0, 0]
    with in_hand(tmp_path, paths) as third:
        assert [third.deaths(path) for path in paths] == [0, 0]


@pytest.mark.parametrize("note", ["", "{", "[]"])
def test_a_note_that_cannot_be_read_is_none(tmp_path, note):
    (tmp_path / "in-hand.json").write_text(note)
    with in_hand(tmp_path, [tmp_path / "a"]) as hand:
        assert isinstance(hand, InHand)
        assert hand.deaths(tmp_path / "a") == 0


def test_a_disk_that_takes_no_note_loads_all_the_same(operator, inbox):
    (operator.data / "in-hand.json").mkdir()
    assert len(load_inbox(operator.database, operator.data)) == len("abcd")
