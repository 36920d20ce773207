"""A file that is still being written waits: nothing of it is taken, refused or told until it has settled."""

from __future__ import annotations

import os
import time

from importers.jobs import SETTLED_SECONDS, arriving, load_inbox
from importers.load import Status
from tests.importers.files import File, Rem

PIECES = 5


def test_a_growing_file_is_waited_for_and_then_loaded_whole(operator):
    operator.declare({})
    inbox = operator.data / "inbox"
    inbox.mkdir(exist_ok=True)
    data, path = File(remittances=(Rem(),)).data(), inbox / "night.txt"
    size = -(-len(data) // PIECES)
    with path.open("wb") as growing:
        for at in range(0, len(data), size):
            growing.write(data[at : at + size])
            growing.flush()
            assert load_inbox(operator.database, operator.data) == []
            assert arriving(operator.data) == 1
    assert operator.value("SELECT count(*) FROM import_file WHERE status = 'quarantined'") == 0
    settled = time.time() - SETTLED_SECONDS - 1
    os.utime(path, (settled, settled))
    assert [result.status for result in load_inbox(operator.database, operator.data)] == [Status.LOADED]
    assert arriving(operator.data) == 0
    assert list(inbox.iterdir()) == []


def test_a_file_that_is_written_beside_its_name_is_nobodys_until_it_is_renamed(operator):
    operator.declare({})
    inbox = operator.data / "inbox"
    inbox.mkdir(exist_ok=True)
    settled = time.time() - 3600
    whole = File(remittances=(Rem(),)).data()
    for name in ("night.txt.part", "night.txt.tmp", ".night.txt", "night.txt.filepart"):
        (inbox / name).write_bytes(whole[:-20])
        os.utime(inbox / name, (settled, settled))
    assert load_inbox(operator.database, operator.data) == []
    (inbox / "night.txt.part").write_bytes(whole)
    os.utime(inbox / "night.txt.part", (settled, settled))
    (inbox / "night.txt.part").rename(inbox / "night.txt")
    assert [result.status for result in load_inbox(operator.database, operator.data)] == [Status.LOADED]
