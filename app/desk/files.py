"""The import journal: each file of a reseller, what it brought, or why it was quarantined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, any_, func, or_, select
from sqlalchemy.orm import aliased

from app.desk.paging import AnyRow, KeysetOrder, KeysetPage, page
from app.listing.filters import holds_words
from app.models import (
    UNCLAIMED_MERCHANT,
    ImportFile,
    ImportRefusal,
    ImportStatus,
    Remittance,
    Reseller,
    Source,
)
from app.refusals import Refusal
from app.wording.searching import tidy

_NEWEST = KeysetOrder((ImportFile.received_at, ImportFile.id), ImportFile.id, descending=True)
_Source = aliased(Source)


def files(
    connection: Connection,
    reseller_id: int,
    status: ImportStatus | None = None,
    search: str = "",
    after: int | None = None,
) -> KeysetPage:
    """Files, the newest first, in one state or any; ``search`` is part of a name or a file id."""
    visible = [_seen_by(reseller_id)]
    where = [] if status is None else [ImportFile.status == status]
    if words := tidy(search):
        where.append(
            or_(
                holds_words(ImportFile.name, words),
                ImportFile.file_key == words,
            )
        )
    return page(connection, _statement(*visible, *where, *_NEWEST.behind(after, visible)), _NEWEST)


def file(connection: Connection, reseller_id: int, file_id: int) -> AnyRow | None:
    """One file; None when it is not for this reseller to see."""
    return connection.execute(_statement(_seen_by(reseller_id), ImportFile.id == file_id)).one_or_none()


def refusals(connection: Connection, file_id: int) -> tuple[Refusal, ...]:
    """Why a file was quarantined, in the order of its lines."""
    rows = connection.execute(
        select(
            ImportRefusal.unit,
            ImportRefusal.line,
            ImportRefusal.column,
            ImportRefusal.reason,
            ImportRefusal.params,
        )
        .where(ImportRefusal.import_file_id == file_id)
        .order_by(ImportRefusal.line.nulls_first(), ImportRefusal.id)
    )
    return tuple(Refusal(**row._mapping) for row in rows)  # noqa: SLF001 - the documented name


def how_many_in_quarantine(connection: Connection, reseller_id: int) -> int:
    """Files that a person has to look at."""
    statement = (
        select(func.count())
        .select_from(ImportFile)
        .outerjoin(Source, Source.id == ImportFile.source_id)
        .where(_seen_by(reseller_id), ImportFile.status == ImportStatus.QUARANTINED)
    )
    return connection.execute(statement).scalar_one()


def kept_aside(connection: Connection, files: Iterable[AnyRow]) -> Mapping[int, int]:
    """How many remittances of each of ``files`` wait for their contract at this moment; none is left out."""
    waiting = [file for file in files if file.waits]
    if not waiting:
        return {}
    counted = (
        select(Remittance.header_file_id, func.count())
        .where(
            Remittance.merchant_id == UNCLAIMED_MERCHANT,
            Remittance.header_file_id.in_([file.id for file in waiting]),
            Remittance.collected_on >= min(file.first_on for file in waiting),
            Remittance.collected_on <= max(file.last_on for file in waiting),
        )
        .group_by(Remittance.header_file_id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def in_quarantine(connection: Connection, reseller_id: int) -> Sequence[AnyRow]:
    """The ids and names of the files that a person has to look at, in the order in which they came."""
    where = (_seen_by(reseller_id), ImportFile.status == ImportStatus.QUARANTINED)
    statement = select(ImportFile.id, ImportFile.name).where(*where)
    return connection.execute(statement.order_by(ImportFile.id)).all()


def _statement(*where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            *(column for column in ImportFile.__table__.columns if column.name != "merchant_ids"),
            Source.name.label("source"),
            _waits().label("waits"),
        )
        .outerjoin(Source, Source.id == ImportFile.source_id)
        .where(*where)
    )


def _waits() -> ColumnElement[bool]:
    """Whether a file brought something under a contract that nobody had declared then."""
    return and_(
        any_(ImportFile.merchant_ids) == UNCLAIMED_MERCHANT,
        ImportFile.first_on.is_not(None),
        ImportFile.last_on.is_not(None),
    )


def _seen_by(reseller_id: int) -> ColumnElement[bool]:
    """Files of the reseller's sources, and declarations for it alone.

    A file that says nothing of whose it is belongs to the only reseller there is; among several it
    is for the operator of the machine alone, as is what may be several resellers' own: its name, its lines
    and its reasons would tell one of another.
    """
    declared = select(Reseller.id).where(Reseller.declared, Reseller.id != reseller_id)
    of_nobody = and_(
        ImportFile.source_id.is_(None), func.cardinality(ImportFile.reseller_ids) == 0, ~declared.exists()
    )
    source = (
        select(_Source.id)
        .where(_Source.id == ImportFile.source_id, _Source.reseller_id == reseller_id)
        .correlate(ImportFile)
    )
    return or_(source.exists(), ImportFile.reseller_ids == [reseller_id], of_nobody)
