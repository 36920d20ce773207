"""Copies of files that were dealt with, where the journal of files says that they belong.

A copy is written beside its place before the journal's transaction commits, and takes its place after.
What a process that was killed left between the two is settled by whoever starts next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.config import ARCHIVE, INBOX, QUARANTINE, SUPERSEDED
from app.database.engine import Database, DatabaseRole
from app.locks import Lock, hold
from app.logs import logger
from app.models import ImportStatus
from importers.files import file_log
from importers.files.archive import DESK, IncomingFile

#: Where the copy of a file belongs, by what the journal says of it.
FOLDERS = {
    ImportStatus.LOADED: ARCHIVE,
    ImportStatus.SUPERSEDED: SUPERSEDED,
    ImportStatus.QUARANTINED: QUARANTINE,
}
_LOCK = "filing.lock"
_WHOLE = re.compile(r"([0-9a-f]{64})(?:\.desk)?")
_PARTIAL = re.compile(r"\.([0-9a-f]{64})\.[0-9]+")

_log = logger("filing")


@dataclass
class Filing:
    """The copy of one file on its way to its place, under the hash of its bytes.

    ``unfiled`` says in the system's words why it cannot be kept: nothing of the load depends on it.
    """

    file: IncomingFile
    data: Path
    unfiled: str | None = None
    _kept: bool = True
    _place: Path | None = None
    _partial: Path | None = None
    _lock: IO[str] | None = field(default=None, repr=False)

    def stage(self, status: ImportStatus, *, kept: bool = True, by_desk: bool = False) -> None:
        """Write the copy beside the place where ``status`` wants it, and have the disk keep it.

        Not ``kept``: nothing of the file stays, once it is dealt with. ``by_desk``: it says so of itself.
        """
        self._kept = kept
        self.close()
        try:
            self._lock = _locked(self.data, fcntl.LOCK_SH)
            self._place = _place(self.data, self.file.sha256, status, by_desk=by_desk)
            self._place.parent.mkdir(exist_ok=True)
            if kept and not self._place.exists():
                self._write(self._place.with_name(f".{self.file.sha256}.{os.getpid()}"))
        except OSError as error:
            self.unfiled = error.strerror or ""

    def _write(self, partial: Path) -> None:
        self._partial = partial
        with partial.open("wb") as copy:
            copy.write(self.file.data)
            copy.flush()
            os.fsync(copy.fileno())

    def finish(self, *, replaced: str | None = None, at: float | None = None) -> None:
        """Put the staged copy in its place; from the inbox, the file itself goes.

        The copy with the hash ``replaced`` leaves the archive. ``at`` is when its rows were written, in
        seconds of the epoch, now when not given: see :func:`importers.files.archive.files_in`.
        """
        if self.unfiled is not None or self._place is None:
            return
        try:
            if self._kept:
                self._put(self._place, at)
            if replaced:
                _move(self.data / ARCHIVE / replaced, self.data / SUPERSEDED)
            if self._place.parent.name != QUARANTINE:
                (self.data / QUARANTINE / self.file.sha256).unlink(missing_ok=True)
            if self.file.path.resolve().is_relative_to((self.data / INBOX).resolve()):
                self.file.path.unlink(missing_ok=True)
        except OSError as error:
            self.unfiled = error.strerror or ""

    def _put(self, place: Path, at: float | None) -> None:
        if self._partial is not None:
            self._partial.replace(place)
            self._partial = None
        os.utime(place, None if at is None else (at, at))

    def close(self) -> None:
        """Let go, and leave nothing of a copy whose transaction did not commit.

        Where the disk does not let us, whoever starts next settles it.
        """
        if self._partial is not None:
            with suppress(OSError):
                self._partial.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
        self._place = self._partial = self._lock = None


def settle(database: Database, data: Path) -> None:
    """Let the folders follow the journal of files, and remove what dead processes left of copies.

    A disk that does not let us is logged: nothing of a load depends on it.
    """
    try:
        if _differences(database, data):
            with database.writing(DatabaseRole.IMPORT) as connection:
                hold(connection, Lock.PAYMENTS)  # every commit is through: the journal says what is so
                with _alone(data):
                    for copy, place in _differences(database, data):
                        _settle(copy, place)
    except OSError as error:
        _log.warning("copies_not_settled", reason=error.strerror)


def _differences(database: Database, data: Path) -> list[tuple[Path, Path | None]]:
    """Each copy that is not where the journal wants it, and where that is; None where it is known nowhere."""
    copies = list(_copies(data))
    with database.reading(DatabaseRole.IMPORT) as connection:
        known = file_log.copies(connection, {sha256 for _, sha256 in copies})
    places = [(copy, _wanted(data, copy, known.get(sha256), sha256)) for copy, sha256 in copies]
    return [(copy, place) for copy, place in places if copy != place]


def _copies(data: Path) -> Iterator[tuple[Path, str]]:
    for folder in FOLDERS.values():
        for copy in (data / folder).iterdir() if (data / folder).is_dir() else ():
            named = _PARTIAL.fullmatch(copy.name) or _WHOLE.fullmatch(copy.name)
            if named:
                yield copy, named[1]


def _wanted(data: Path, copy: Path, known: tuple[ImportStatus, bool] | None, sha256: str) -> Path | None:
    """Where a copy belongs; one that is whole stays in the archive even where its file was refused since."""
    if (known is None or known[0] is ImportStatus.QUARANTINED) and _WHOLE.fullmatch(copy.name):
        return copy
    return _place(data, sha256, known[0], by_desk=known[1]) if known else None


def _place(data: Path, sha256: str, status: ImportStatus, *, by_desk: bool) -> Path:
    """Where the copy of a file belongs that was dealt with."""
    return data / FOLDERS[status] / (sha256 + DESK * (by_desk and status is ImportStatus.LOADED))


def _settle(copy: Path, place: Path | None) -> None:
    """Move a copy to its place; what is no whole copy, or there already, or of nothing known, goes."""
    if place is None or place.exists() or not _is_whole(copy, place.stem):
        copy.unlink(missing_ok=True)
    else:
        _move(copy, place.parent, place.name)
    _log.info("copy_settled", copy=copy.name, folder=place.parent.name if place else None)


def _is_whole(copy: Path, sha256: str) -> bool:
    with copy.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == sha256


def _move(copy: Path, folder: Path, name: str | None = None) -> None:
    if copy.exists():
        folder.mkdir(exist_ok=True)
        copy.rename(folder / (name or copy.name))


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Nobody else has a copy on its way; the kernel lets go of a killed process's lock."""
    with _locked(data, fcntl.LOCK_EX):
        yield


def _locked(data: Path, how: int) -> IO[str]:
    lock = (data / _LOCK).open("w")
    fcntl.flock(lock, how)
    return lock
