"""A file into the database, whole or not at all, once and only once.

One database transaction a file: the journal of files, parties, payments and daily sums commit together.
The same bytes again are a no-op whatever their name; the same file id with other bytes is a conflict that
an operator may load as a replacement. What a file holds is its kind's business (:mod:`importers.records`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.config import ARCHIVE, INBOX
from app.database.engine import Database, DatabaseRole
from app.locks import Lock, hold
from app.models import ImportStatus
from importers.files import archive, arrivals, card_numbers, faults, file_log, filing, sources
from importers.files.archive import IncomingFile
from importers.files.filing import Filing
from importers.formats import FileContext, Format, may_be_archived, recognise
from importers.records import Declaration, Entry, Records, clocks
from importers.refusals import KNOWN_FILE_ID, FileLeftError, FileRefusedError, Refusal, refuse
from importers.staging import one_ahead


class Status(StrEnum):
    """The status of a file after its load."""

    LOADED = "loaded"
    REPLACED = "replaced"
    KNOWN = "known"
    QUARANTINED = "quarantined"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of loading a file. ``sums`` maps a currency to its control sums (minor units).

    ``name`` is the one it came under, where ``path`` is a copy. ``counts`` has the records by name;
    ``replaced`` is the hash of the file whose place it took; ``file_id`` its row in the journal of files.
    ``by_desk``: it declares what a maintainer alone says. ``unfiled`` says why a file that was dealt with
    could not be filed away, in the system's words. ``is_told``: it was refused before, and stays where it is.
    """

    path: Path
    status: Status
    name: str | None = None
    refusals: tuple[Refusal, ...] = ()
    format: str | None = None
    source: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    kept_aside: int = 0
    sums: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: float = 0.0
    replaced: str | None = None
    file_id: int | None = None
    unfiled: str | None = None
    by_desk: bool = False
    is_told: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing of it is loaded."""
        return self.status in (Status.QUARANTINED, Status.LEFT)

    @property
    def needs_somebody(self) -> bool:
        """Whether a person has to look at it: it is refused, or cannot be filed away."""
        return self.refused or self.unfiled is not None


@dataclass(frozen=True, kw_only=True)
class _Options:
    """The options of the operator, and the data folder; the rest as in :func:`load_file`."""

    data: Path
    replace: bool = False
    dry_run: bool = False
    trust_clock: bool = False
    name: str | None = None
    since: datetime | None = None
    by_desk: bool = False
    context: FileContext | None = None
    sees: Callable[[Connection, int], bool] | None = None


@dataclass(kw_only=True)
class _Attempt:
    """One file on its way: what has been found out of it so far.

    ``guard`` holds the lock of its bytes. It is read when ``records`` are there, or one of the reasons why
    there are none: ``known``, ``refused``. ``by_desk``: what it declares is the word of a maintainer alone.
    """

    path: Path
    options: _Options
    started: float = field(default_factory=time.monotonic)
    file: IncomingFile | None = None
    guard: Connection | None = None
    known: Row[*tuple[Any, ...]] | None = None
    context: FileContext = field(default_factory=FileContext)
    format: Format | None = None
    records: Records | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    by_desk: bool = False
    trusted: FileRefusedError | None = None
    refused: FileRefusedError | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.started

    def result(self, status: Status, **known: Any) -> Result:
        """The result of this file."""
        name = self.options.name
        return Result(path=self.path, status=status, name=name, seconds=self.seconds, **known)

    def close(self) -> None:
        """Let others have the same bytes."""
        if self.guard is not None:
            self.guard.close()


def load_files(
    database: Database,
    paths: Iterable[Path],
    data: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
    trust_clock: bool = False,
) -> Iterator[Result]:
    """Load files, each on its own, and say what became of each.

    What a killed process left of its copies is settled first. They are written in their order, whatever
    they are: the later of two declarations holds. The next one is read while the database writes this one.
    ``trust_clock`` loads dates that nothing bears out, and writes that in the journal.
    """
    options = _Options(data=data, replace=replace, dry_run=dry_run, trust_clock=trust_clock)
    if not dry_run:
        filing.settle(database, data)
    reading = one_ahead(lambda path: _read_ahead(database, path, options), paths, _Attempt.close)
    with closing(reading) as attempts:
        for attempt in attempts:
            yield _dealt_with(database, attempt)


def load_file(
    database: Database,
    path: Path,
    data: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
    name: str | None = None,
) -> Result:
    """Load one file, keep a copy under ``data``, and say what became of it.

    ``replace`` lets other bytes under a known file id take the place of what they brought;
    ``dry_run`` goes all the way and leaves nothing; ``name`` is the one the file came under, when
    ``path`` is a copy that we keep.
    """
    options = _Options(data=data, replace=replace, dry_run=dry_run, name=name)
    return _dealt_with(database, _read_ahead(database, path, options))


def load_for_desk(
    database: Database,
    path: Path,
    data: Path,
    *,
    name: str,
    replace: bool = False,
    since: datetime | None = None,
) -> Result:
    """Load one file as :func:`load_file` does, which a maintainer's desk handed over or asked for again.

    What it declares is that desk's word alone. ``since`` loads a merchant directory once more that was loaded
    before then: what a person says anew holds again.
    """
    options = _Options(data=data, replace=replace, name=name, since=since, by_desk=True)
    return _dealt_with(database, _read_ahead(database, path, options))


def try_file(
    database: Database,
    path: Path,
    data: Path,
    context: FileContext,
    sees: Callable[[Connection, int], bool] | None = None,
) -> Result:
    """Say what becomes of a file by ``context``; leave nothing. Bytes that nobody ``sees`` are not known."""
    options = _Options(data=data, dry_run=True, name=context.name, context=context, sees=sees)
    return _dealt_with(database, _read_ahead(database, path, options))


# --- reading ---------------------------------------------------------------------------------------


def _read_ahead(database: Database, path: Path, options: _Options) -> _Attempt:
    """A file read, checked and locked, or why it was not; the database is only asked whether it knows it."""
    attempt = _Attempt(path=path, options=options)
    try:
        with faults.contained(path.name):
            attempt.file = archive.receive(path, options.name, options.data / INBOX)
            attempt.guard = database.engine(DatabaseRole.IMPORT).connect()
            _lock_bytes(attempt.guard, attempt.file)
            with database.reading(DatabaseRole.IMPORT) as connection:
                attempt.by_desk = options.by_desk or sources.is_word_of_one(connection, attempt.file)
                attempt.known = _known(connection, attempt, attempt.file)
                attempt.context = options.context or sources.context_of(connection, attempt.file)
            if attempt.known is None:
                _read(database, attempt, attempt.file)
    except FileRefusedError as refused:
        attempt.refused = refused
    except BaseException:
        attempt.close()
        raise
    return attempt


def _known(connection: Connection, attempt: _Attempt, file: IncomingFile) -> Row[*tuple[Any, ...]] | None:
    found = file_log.known(connection, file, since=attempt.options.since, by_desk=attempt.by_desk)
    sees = attempt.options.sees
    if found is None or sees is None or sees(connection, found.id):
        return found
    # A trial goes on as if nobody had these bytes: under a hash of its own, for each is entered once.
    attempt.file = replace(file, sha256=token_hex(32))
    return None


def _lock_bytes(connection: Connection, file: IncomingFile) -> None:
    key = Lock.CONTENT.of(int(file.sha256[:8], 16))
    connection.execute(select(func.pg_advisory_xact_lock(key)))


def _read(database: Database, attempt: _Attempt, file: IncomingFile) -> None:
    """Find the records of a file, once no card number is left in it. Raises FileRefusedError."""
    try:
        known = attempt.format = recognise(file.name, file.data, attempt.context.format)
    except FileRefusedError:
        card_numbers.refuse_any(file.data)
        raise
    cleaned, attempt.left_out = card_numbers.cleaned(file, known, lambda name: _vouched(database, name))
    if cleaned is not file:
        _take_for(database, attempt, cleaned)
    if attempt.known is None:
        attempt.records = sources.records_of(known, cleaned, attempt.context)
        archived = attempt.path.is_relative_to(attempt.options.data / ARCHIVE)  # loaded once already
        trusts = attempt.options.trust_clock or archived
        attempt.trusted = clocks.checked(attempt.records, datetime.now(UTC), trusts=trusts)


def _take_for(database: Database, attempt: _Attempt, cleaned: IncomingFile) -> None:
    """Go on with what is left of a file: it may be known as that."""
    attempt.file = cleaned
    assert attempt.guard is not None  # noqa: S101 - the delivered bytes are locked
    _lock_bytes(attempt.guard, cleaned)
    with database.reading(DatabaseRole.IMPORT) as connection:
        attempt.known = _known(connection, attempt, cleaned)


def _vouched(database: Database, source: str) -> frozenset[str]:
    with database.reading(DatabaseRole.IMPORT) as connection:
        return sources.vouched(connection, source)


# --- writing ---------------------------------------------------------------------------------------


def _dealt_with(database: Database, attempt: _Attempt) -> Result:
    try:
        with faults.contained(attempt.path.name):
            return _decided(database, attempt)
    except FileRefusedError as left:  # by name, or because it could not even be quarantined
        return attempt.result(Status.LEFT, refusals=left.refusals)
    finally:
        attempt.close()


def _decided(database: Database, attempt: _Attempt) -> Result:
    """What becomes of a file that was read, or could not be. Raises FileRefusedError of one that is left."""
    file = attempt.file
    if file is None:
        assert attempt.refused is not None  # noqa: S101 - why it was not even opened
        raise attempt.refused
    with closing(Filing(file, attempt.options.data)) as copy:
        result = _committed(database, attempt, file, copy)
        at = attempt.known.received_at.timestamp() if attempt.known is not None else None
        copy.finish(replaced=result.replaced, at=at)
    return replace(result, unfiled=copy.unfiled)


def _committed(database: Database, attempt: _Attempt, file: IncomingFile, copy: Filing) -> Result:
    """The result of a file, with whatever it changes in the database, and its copy staged."""
    if attempt.known is not None:
        if not attempt.options.dry_run:
            kept = may_be_archived(attempt.known.format)
            copy.stage(ImportStatus(attempt.known.status), kept=kept, by_desk=attempt.known.by_desk)
        return attempt.result(Status.KNOWN, format=attempt.known.format, file_id=attempt.known.id)
    try:
        if attempt.refused is not None:
            raise attempt.refused
        with faults.contained(file.name):
            return _load(database, attempt, file, copy)
    except FileLeftError:
        raise
    except FileRefusedError as refused:
        return _set_aside(database, attempt, file, refused, copy)


def _set_aside(
    database: Database, attempt: _Attempt, file: IncomingFile, refused: FileRefusedError, copy: Filing
) -> Result:
    refused = card_numbers.said_besides(refused, file.data, attempt.format, attempt.context.cards)
    result = attempt.result(Status.QUARANTINED, refusals=refused.refusals)
    if attempt.options.dry_run:
        return result
    with database.writing(DatabaseRole.IMPORT) as connection:
        origin = sources.origin_of(connection, file)
        file_id, is_told = file_log.refuse(connection, file, refused, origin, attempt.seconds)
        if not refused.holds_card_number:  # not even a copy is kept; the file stays where it was
            copy.stage(ImportStatus.QUARANTINED)
    return replace(result, file_id=file_id, is_told=is_told and refused.holds_card_number)


def _load(database: Database, attempt: _Attempt, file: IncomingFile, copy: Filing) -> Result:
    known, records = attempt.format, attempt.records
    assert known is not None  # noqa: S101 - it was read
    assert records is not None  # noqa: S101
    with database.writing(DatabaseRole.IMPORT) as connection:
        hold(connection, Lock.PAYMENTS)
        result = _load_records(connection, attempt, file, known, records)
        if attempt.options.dry_run:
            connection.rollback()
        else:
            copy.stage(ImportStatus.LOADED, kept=known.archived, by_desk=result.by_desk)
    return result


def _load_records(
    connection: Connection, attempt: _Attempt, file: IncomingFile, known: Format, records: Records
) -> Result:
    header = records.header
    source = sources.source_of(connection, file, records, attempt.options.context)
    sources.refuse_others(connection, file, source, known.origin(file.data))
    former = file_log.former(connection, source.id, header.file_key) if source and header.file_key else None
    if former:
        if not attempt.options.replace or former.format != known.name:
            raise refuse(KNOWN_FILE_ID, line=1, column="file id")
        records.take_back(connection, former)
        file_log.supersede(connection, former.id)
    entered = file_log.enter(
        connection,
        file,
        ImportStatus.LOADED,
        known.name,
        since=attempt.options.since,
        by_desk=attempt.by_desk and isinstance(records, Declaration),
    )
    if former:
        file_log.complete(connection, former.id, replaced_by_id=entered.id)
    replaced = former.id if former else None
    entry = Entry(
        file_id=entered.id,
        source=source,
        replaced_id=replaced,
        replace=attempt.options.replace,
        by_desk=attempt.by_desk,
    )
    loaded = records.load(connection, entry)
    loaded = replace(loaded, counts={**loaded.counts, **attempt.left_out})
    arrivals.receive_days(connection, entry, header, loaded)
    result = attempt.result(
        Status.REPLACED if former else Status.LOADED,
        format=known.name,
        source=header.source,
        counts=loaded.counts,
        kept_aside=loaded.kept_aside,
        sums=loaded.sums,
        replaced=former.sha256 if former else None,
        file_id=entered.id,
        by_desk=entered.by_desk,
    )
    if attempt.trusted:
        file_log.trusted(connection, file, source, attempt.trusted)
    file_log.belongs_to(connection, entered.id, known.origin(file.data))
    file_log.record(connection, entry, header, loaded, result.seconds)
    return result
