"""Files over which the worker dies: they do not keep the others from being loaded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from app.database.engine import DatabaseRole
from app.locks import Lock, hold
from importers.files.in_hand import LEFT, SUSPECT, InHand, in_hand
from importers.jobs import load_inbox
from tests.importers.files import File, Rem, directory
from tests.waiting import HANGS, wait_until_wanted

#: Workers that read a file until the kernel takes them for their memory, as soon as it is the one named "c":
#: one for each line of its input, which names the database and the folder. It answers with how each ended.
DEADLY = """
import json, os, signal, sys
from pathlib import Path
from app.database.engine import Database
from app.database.login_addresses import Addresses
from importers import jobs
from importers.files import archive

real = archive.receive

def receive(path, *how):
    if path.name == "c.txt":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, *how)

archive.receive = receive
for line in sys.stdin:
    *addresses, folder = json.loads(line)
    child = os.fork()
    if not child:
        jobs.load_inbox(Database(Addresses(*addresses)), Path(folder))
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def deadly():
    """A process that has loaded what its workers need, which takes longer than what they do."""
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", DEADLY], **piped) as process:
        yield process
        process.stdin.close()


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


@pytest.fixture
def die(operator, deadly):
    """Set a worker to its inbox; returns whether it was killed."""

    def die():
        addresses = operator.database.addresses
        asked = [addresses.owner, addresses.web, addresses.importer, str(operator.data)]
        deadly.stdin.write(f"{json.dumps(asked)}\n")
        deadly.stdin.flush()
        ended = int(deadly.stdout.readline())
        assert ended in (0, signal.SIGKILL)
        return ended == signal.SIGKILL

    return die


@pytest.mark.probes("files in")
def test_a_file_that_kills_each_worker_is_tried_alone_and_then_left(operator, inbox, die, caplog):
    assert [die() for _ in range(LEFT + 1)] == [True] * LEFT + [False]
    assert [path.name for path in inbox.iterdir()] == ["c.txt"]
    assert operator.value("SELECT count(*) FROM remittance") == 3
    assert load_inbox(operator.database, operator.data) == []
    assert "file_left" in caplog.text
    (inbox / "c.txt").rename(inbox / "mended.txt")
    assert len(load_inbox(operator.database, operator.data)) == 1
    assert list(inbox.iterdir()) == []


@pytest.mark.parametrize("deaths", range(LEFT))
def test_no_number_of_deaths_changes_the_order(operator, inbox, die, deaths):
    """Of two contract files the later one holds, however often a worker died over the earlier one."""
    for name, said in (("c.txt", "Bar"), ("d.txt", "Terrasse")):
        came = (inbox / name).stat().st_mtime_ns
        (inbox / name).write_bytes(directory({"label": said}))
        os.utime(inbox / name, ns=(came, came))
    assert all(die() for _ in range(deaths))
    with in_hand(operator.data, inbox.iterdir) as hand:
        assert hand.deaths(inbox / "c.txt") == deaths
    results = load_inbox(operator.database, operator.data)
    assert [result.path.name for result in results][-2:] == ["c.txt", "d.txt"]
    assert operator.rows("SELECT label FROM contract") == [("Terrasse",)]


def test_while_another_worker_is_at_it_one_waits_and_holds_nothing_against_its_files(tmp_path):
    """Whoever went on without the note would try what is left, and die."""
    paths, seen = [tmp_path / name for name in "ab"], []

    def come_second():
        with in_hand(tmp_path, lambda: paths[1:]) as second:
            seen.append([second.deaths(path) for path in second.files])

    coming = Thread(target=come_second)
    with in_hand(tmp_path, lambda: paths) as first:
        assert list(first.noted(paths)) == paths
        coming.start()
        coming.join(0.3)
        assert seen == []
    coming.join(HANGS)
    assert seen == [[0]]


def test_what_others_do_to_the_worker_leaves_no_file(operator, inbox, die):
    """A file that is tried alone is beside nothing that a desk asked for, and that may be what kills."""
    assert die()
    assert die()
    loading = Thread(target=load_inbox, args=(operator.database, operator.data))
    with operator.database.writing(DatabaseRole.IMPORT) as desk:
        hold(desk, Lock.ALONE, shared=True)
        loading.start()
        with operator.database.reading(DatabaseRole.OWNER) as looking:
            wait_until_wanted(looking, Lock.ALONE)
        assert {path.name for path in inbox.iterdir()} >= {"c.txt", "d.txt"}
        note = json.loads((operator.data / "in-hand.json").read_text())
        assert max(note["deaths"].values()) == SUSPECT
        assert note["in_hand"] == []
    loading.join(HANGS)
    assert list(inbox.iterdir()) == []


@pytest.mark.parametrize("note", ["", "{", "[]"])
def test_a_note_that_cannot_be_read_is_none(tmp_path, note):
    (tmp_path / "in-hand.json").write_text(note)
    with in_hand(tmp_path, lambda: [tmp_path / "a"]) as hand:
        assert isinstance(hand, InHand)
        assert hand.deaths(tmp_path / "a") == 0


def test_a_disk_that_takes_no_note_loads_all_the_same(operator, inbox):
    (operator.data / "in-hand.json").mkdir()
    assert len(load_inbox(operator.database, operator.data)) == len("abcd")
