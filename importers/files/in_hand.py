"""Files of the inbox over which workers die: tried alone, each at its place, then left for a person.

A note in the data folder says which files a worker has in hand. What stands there when another begins was
in the hands of one that died. It names files by a hash: a name may hold anything. Alone means that nothing
else of people is done beside it either (``Lock.ALONE``): what a worker died over might have been that. What
came after it waits until it is loaded or left: files do not commute, of two declarations the later holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

_NOTE: Final = "in-hand.json"
#: So many workers have died over a file, and perhaps over the one beside it, before it is tried alone.
SUSPECT: Final = 2
#: So many workers have died over a file before it is left.
LEFT: Final = 4


class InHand:
    """``files`` that are about to be loaded, and how many workers have died over each: ``deaths``."""

    def __init__(self, files: Iterable[Path] = (), note: IO[str] | None = None) -> None:
        self.files = tuple(files)
        self._note = note
        self._deaths = _deaths(note, {_key(path) for path in self.files}) if note else {}

    def deaths(self, path: Path) -> int:
        """How many workers have died over a file."""
        return self._deaths.get(_key(path), 0)

    def noted(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Each of ``paths``, noted before it is taken: one is read while the one before it is written."""
        before: list[str] = []
        for path in paths:
            before = [*before[-1:], _key(path)]
            self._write(before)
            yield path

    def clear(self) -> None:
        """Nothing is in hand just now: a worker that dies while it waits, dies over none.

        What has gone from the inbox by the next run is forgotten then.
        """
        self._write([])

    def _write(self, keys: list[str]) -> None:
        if self._note is not None:
            with suppress(OSError):  # nothing of a load depends on it
                self._note.seek(0)
                self._note.truncate()
                json.dump({"in_hand": keys, "deaths": self._deaths}, self._note)
                self._note.flush()


@contextmanager
def in_hand(data: Path, find: Callable[[], Iterable[Path]]) -> Iterator[InHand]:
    """The files that ``find`` finds, once no other worker is at them, and what is known of them.

    Beside another, one would try what is left. The kernel lets go of a dead worker's lock. A note that cannot
    be written or read, as a full disk may leave it, is none.
    """
    with ExitStack() as stack:
        note = None
        with suppress(OSError):
            opened = stack.enter_context((data / _NOTE).open("a+"))
            fcntl.flock(opened, fcntl.LOCK_EX)
            note = opened
        held = InHand(find(), note)
        held.clear()
        stack.callback(held.clear)
        yield held


def _deaths(note: IO[str], there: set[str]) -> dict[str, int]:
    """The deaths over files that are still there, with those that the note tells of."""
    try:
        note.seek(0)
        said = json.load(note)
        found = Counter(said["deaths"]) + Counter(said["in_hand"])
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return {key: count for key, count in found.items() if key in there}


def _key(path: Path) -> str:
    return hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()
