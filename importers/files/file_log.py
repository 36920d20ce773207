"""The journal of files: a row for each, written with the rows it brought or with why it was refused."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    cast,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import array

from app.accounts import journal
from app.accounts.journal import Event
from app.models import ImportFile, ImportRefusal, ImportStatus, ReceivedDay, Reseller, Source
from importers.files.archive import IncomingFile
from importers.records import Entry, Header, KnownSource, Loaded, Origin
from importers.refusals import FileRefusedError


class EnteredFile(NamedTuple):
    """The row of a file that was written, with its ``by_desk``."""

    id: int
    by_desk: bool


def known(
    connection: Connection, file: IncomingFile, *, since: datetime | None = None, by_desk: bool = False
) -> Row[*tuple[Any, ...]] | None:
    """The file of the same bytes that was loaded, whatever its name was; None when there is none.

    ``since`` leaves out what was loaded before; what only a desk has said is not yet known from anybody else.
    """
    return connection.execute(
        select(
            ImportFile.id,
            ImportFile.format,
            ImportFile.status,
            ImportFile.received_at,
            ImportFile.by_desk,
        ).where(
            ImportFile.sha256 == file.sha256,
            ImportFile.status != ImportStatus.QUARANTINED,
            not_(_is_said_anew(since, by_desk=by_desk)),
        )
    ).one_or_none()


def _is_said_anew(since: datetime | None, *, by_desk: bool) -> ColumnElement[bool]:
    """Whether a known declaration is loaded once more: it is older, or was no more than a desk's word."""
    older = false() if since is None else ImportFile.received_at < since
    return older if by_desk else or_(older, ImportFile.by_desk)


def copies(connection: Connection, hashes: Collection[str]) -> dict[str, tuple[ImportStatus, bool]]:
    """What became of the files with these hashes, as far as they are known, and ``by_desk`` of each."""
    rows = connection.execute(
        select(ImportFile.sha256, ImportFile.status, ImportFile.by_desk).where(ImportFile.sha256.in_(hashes))
    )
    return {row.sha256: (ImportStatus(row.status), row.by_desk) for row in rows}


def former(connection: Connection, source_id: int, file_key: str) -> Row[*tuple[Any, ...]] | None:
    """The file that stands loaded under this id: its hash, its format, and the bounds of what it brought."""
    return connection.execute(
        select(
            ImportFile.id,
            ImportFile.sha256,
            ImportFile.format,
            ImportFile.merchant_ids,
            ImportFile.first_on,
            ImportFile.last_on,
        ).where(
            ImportFile.source_id == source_id,
            ImportFile.file_key == file_key,
            ImportFile.status == ImportStatus.LOADED,
        )
    ).one_or_none()


def enter(
    connection: Connection,
    file: IncomingFile,
    status: ImportStatus,
    format_name: str | None = None,
    *,
    since: datetime | None = None,
    by_desk: bool = False,
) -> EnteredFile:
    """Write the row of a file, in place of its earlier quarantine and under its id.

    It also takes the place of the same bytes that :func:`known` leaves out. What was more than a desk's word
    stays so.
    """
    earlier = or_(ImportFile.status == ImportStatus.QUARANTINED, _is_said_anew(since, by_desk=by_desk))
    former = connection.execute(
        delete(ImportFile)
        .where(ImportFile.sha256 == file.sha256, earlier)
        .returning(ImportFile.id, ImportFile.folder, ImportFile.status, ImportFile.by_desk)
    ).one_or_none()
    was_more = former is not None and former.status == ImportStatus.LOADED and not former.by_desk
    row: dict[str, Any] = {
        **({"id": former.id} if former else {}),
        "sha256": file.sha256,
        "name": file.name,
        "folder": (former and former.folder) or file.folder,
        "size": len(file.data),
        "lines": file.data.count(b"\n"),
        "format": format_name,
        "status": status,
        "received_at": func.clock_timestamp(),
        "seconds": 0.0,
        "counts": {},
        "sums": {},
        "merchant_ids": [],
        "reseller_ids": [],
        "by_desk": by_desk and not was_more,
    }
    entered = insert(ImportFile).values(row).returning(ImportFile.id, ImportFile.by_desk)
    return EnteredFile(*connection.execute(entered).one())


def complete(connection: Connection, file_id: int, **values: Any) -> None:
    """Fill in what is known of a file once its rows are in place."""
    connection.execute(update(ImportFile).where(ImportFile.id == file_id).values(values))


def supersede(connection: Connection, file_id: int) -> None:
    """Another file takes the place of this one: nothing of it is there any more, nor vouches for a day."""
    connection.execute(delete(ReceivedDay).where(ReceivedDay.import_file_id == file_id))
    complete(connection, file_id, status=ImportStatus.SUPERSEDED)


def record(connection: Connection, entry: Entry, header: Header, loaded: Loaded, seconds: float) -> None:
    """Write down what a file said of itself and what it brought."""
    complete(
        connection,
        entry.file_id,
        source_id=entry.source.id if entry.source else None,
        file_key=header.file_key,
        content=header.content,
        created_at=header.created_at,
        counts=dict(loaded.counts),
        sums=loaded.sums,
        merchant_ids=list(loaded.merchant_ids),
        first_on=loaded.first_on,
        last_on=loaded.last_on,
        seconds=seconds,
    )


def belongs_to(connection: Connection, file_id: int, origin: Origin) -> None:
    """Write down whose a file is, as far as its source or reseller is known: they alone may see it.

    What names several resellers, known or not, is nobody's: one would learn of another.
    """
    named = origin.resellers - {""}
    resellers = (
        select(func.coalesce(func.array_agg(Reseller.id), cast(array([]), ARRAY(BigInteger))))
        .where(Reseller.slug.in_(named if len(named) == 1 else ()), Reseller.declared)
        .scalar_subquery()
    )
    source = select(Source.id).where(Source.name == origin.source).scalar_subquery()
    complete(connection, file_id, source_id=source, reseller_ids=resellers)


def trusted(
    connection: Connection, file: IncomingFile, source: KnownSource | None, wrong: FileRefusedError
) -> None:
    """Write in the journal that an operator loads a file whose dates nothing bears out."""
    reseller_id = source.reseller_id if source else None
    lines = [refusal.line for refusal in wrong.refusals]
    journal.record(connection, Event.CLOCK_TRUSTED, file=file.name, lines=lines, reseller_id=reseller_id)


def _is_told(connection: Connection, file: IncomingFile, refused: FileRefusedError) -> bool:
    """Whether the journal says already that a file is refused, for the same reasons."""
    query = (
        select(ImportRefusal.reason, ImportRefusal.line, ImportRefusal.column)
        .join(ImportFile, ImportFile.id == ImportRefusal.import_file_id)
        .where(ImportFile.sha256 == file.sha256, ImportFile.status == ImportStatus.QUARANTINED)
    )
    told = {tuple(row) for row in connection.execute(query)}
    return told == {(one.reason, one.line, one.column) for one in refused.refusals}


def refuse(
    connection: Connection, file: IncomingFile, refused: FileRefusedError, origin: Origin, seconds: float
) -> tuple[int, bool]:
    """Write down why a file is quarantined: lines, columns and reasons, never a value.

    Returns its id, and whether the journal said the same before.
    """
    is_told = _is_told(connection, file, refused)
    file_id = enter(connection, file, ImportStatus.QUARANTINED).id
    belongs_to(connection, file_id, origin)
    complete(connection, file_id, seconds=seconds)
    connection.execute(
        insert(ImportRefusal),
        [
            {
                "import_file_id": file_id,
                "unit": refusal.unit,
                "line": refusal.line,
                "column": refusal.column,
                "reason": refusal.reason,
                "params": dict(refusal.params),
            }
            for refusal in refused.refusals
        ],
    )
    return file_id, is_told
