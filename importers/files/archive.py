"""The files themselves: opened safely, kept under their hash, never under their name."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.rules.cards import masked
from app.wording.i18n import N_
from importers.files.unpacking import unpacked
from importers.formats import ANY_NAME
from importers.refusals import refuse

#: Bytes of the largest file that is read: a night of a million payments has a quarter of them, and reading
#: takes about three times as much memory.
LARGEST_FILE = 512 * 2**20
_LONGEST_NAME = 200
#: How the name of a copy ends that holds what a maintainer alone declared: read again, it is no more.
DESK = ".desk"


@dataclass(frozen=True)
class IncomingFile:
    """A file as it was delivered: its name is only ever shown.

    ``folder`` is the name of the one of the inbox that it came in, at whatever depth: with the file's own it
    tells whose it is.
    """

    path: Path
    data: bytes
    sha256: str
    name: str
    folder: str = ""


def is_of_desk(path: Path) -> bool:
    """Whether a copy holds the word of a maintainer alone."""
    return path.suffix == DESK


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that ``paths`` name, those of a folder in the order in which they came, at any depth.

    Of two merchant directories the later one holds: an archive that is loaded again ends where it was.
    """
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from (found for found in sorted(_below(path), key=_arrival) if ANY_NAME.match(found.name))
        else:
            yield path


def _below(folder: Path) -> Iterator[Path]:
    """The files of a folder, at any depth; a folder below that goes meanwhile has none.

    A link is one of them, to a folder as well, so that it is named and left rather than passed over.
    """
    for where, folders, names in os.walk(folder):
        yield from (Path(where, name) for name in names)
        yield from (below for name in folders if (below := Path(where, name)).is_symlink())


def _arrival(path: Path) -> tuple[int, Path]:
    """When a file came; one that has gone meanwhile is met first, and said to have gone."""
    try:
        return path.lstat().st_mtime_ns, path
    except FileNotFoundError:
        return 0, path


def receive(path: Path, name: str | None = None, inbox: Path | None = None) -> IncomingFile:
    """Read a regular file, without following a link or waiting on a pipe. Raises FileRefusedError, OSError.

    Of a zip or gzip file it is the one inside, under its own name: packed or not, the same file is known.

    ``name`` is the one it came under, when that is not the name of ``path``; ``inbox`` is where files are
    delivered.
    """
    if path.is_symlink():
        raise refuse(N_("a link: copy the file itself instead"))
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise refuse(N_("not a regular file"))
        if found.st_nlink > 1:  # whoever may write the folder could name a file that they may not read
            raise refuse(N_("a file with several names (hard links): copy it instead"))
        if found.st_size > LARGEST_FILE:
            raise refuse(N_("larger than %(most)s MB: deliver it in parts"), most=LARGEST_FILE >> 20)
        data, inside = unpacked(opened.read(LARGEST_FILE), name or path.name, LARGEST_FILE)
    digest, folder = hashlib.sha256(data).hexdigest(), _folder(path, inbox)
    return IncomingFile(path, data, digest, shown(inside)[:_LONGEST_NAME], shown(folder)[:_LONGEST_NAME])


def _folder(path: Path, inbox: Path | None) -> str:
    """The name of the folder that a file came in.

    Whoever may write one of the inbox makes folders below it of any name, another maintainer's, too.
    """
    folder = path.absolute().parent
    if inbox is not None:
        real, root = folder.resolve(), inbox.resolve()
        if root in real.parents:
            return real.relative_to(root).parts[0]
    return folder.name


def shown(name: str) -> str:
    """A name or a path with nothing that a terminal would obey, and no full card number."""
    return "".join(letter if letter.isprintable() else "?" for letter in masked(name))
