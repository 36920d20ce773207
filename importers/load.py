"""A file into the database, whole or not at all, once and only once.

One database transaction a file: ledger, parties, payments and daily sums commit together. The same
bytes again are a no-op whatever their name; the same file id with other bytes is a conflict that an
operator may load as a replacement.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from app.database.engine import Database, Role
from app.database.migrate import ensure_partitions
from app.locks import Lock, hold
from app.models import ImportStatus, ReceivedDay
from app.rules import card_numbers
from app.wording.i18n import N_
from importers import replacement, totals
from importers.files import archive, file_log, sources
from importers.files.archive import Delivery
from importers.files.refusals import CARD_NUMBER, KNOWN_FILE_ID, Refusal, Refused, refuse, unreadable
from importers.formats import Format, origin_of, recognise
from importers.records import Payments, Records, Referential, contracts, payments

#: Files in hand: one being read, one being written.
_AT_ONCE = 2
_UNIQUE_VIOLATION = "23505"
#: A night's file is made early in the morning of the day after the business day it covers.
_NIGHT = timedelta(hours=12)


class Status(StrEnum):
    """What became of a delivery."""

    LOADED = "loaded"
    REPLACED = "replaced"
    KNOWN = "known"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one file. ``sums`` maps a currency to its control sums (minor units).

    ``replaced`` is the hash of the file whose place it took; ``file_id`` its row in the journal of files.
    """

    path: Path
    status: Status
    refusals: tuple[Refusal, ...] = ()
    format: str | None = None
    source: str | None = None
    contracts: int = 0
    remittances: int = 0
    transactions: int = 0
    unclaimed: int = 0
    sums: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0
    replaced: str | None = None
    file_id: int | None = None

    @property
    def refused(self) -> bool:
        """Whether a person has to look at it."""
        return self.status is Status.QUARANTINED


class _DryRun(Exception):  # noqa: N818 - unwinds the transaction of a trial, no error
    """Carries the result of a trial out of the transaction that must not stay."""

    def __init__(self, result: Result) -> None:
        self.result = result


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """One delivery, and what the operator allows of it."""

    delivery: Delivery
    replace: bool
    dry_run: bool
    since: datetime | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def result(self, status: Status, **known: Any) -> Result:
        return Result(path=self.delivery.path, status=status, seconds=self.seconds, **known)


def load_files(
    database: Database, paths: Iterable[Path], data: Path, *, replace: bool = False, dry_run: bool = False
) -> Iterator[Result]:
    """Load files, each on its own, and say what became of each, in their order.

    The next file is read while the database writes this one; writing is one at a time in any case.
    """

    def attempt(path: Path) -> Result:
        try:
            return load_file(database, path, data, replace=replace, dry_run=dry_run)
        except OSError as error:
            return Result(path=path, status=Status.QUARANTINED, refusals=(unreadable(error),))

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        yield from pool.map(attempt, paths)


def load_file(
    database: Database,
    path: Path,
    data: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
    name: str | None = None,
    since: datetime | None = None,
) -> Result:
    """Load one file, keep a copy under ``data``, and say what became of it.

    ``replace`` lets other bytes under a known file id take the place of what they brought;
    ``dry_run`` goes all the way and leaves nothing; ``name`` is the one the file came under, when
    ``path`` is a copy that we keep. ``since`` loads a referential once more that was loaded before then:
    what a person says anew holds again. Raises OSError when the file cannot be read.
    """
    try:
        delivery = archive.receive(path, name)
    except Refused as refused:
        return Result(path=path, status=Status.QUARANTINED, refusals=refused.refusals)
    attempt = _Attempt(delivery=delivery, replace=replace, dry_run=dry_run, since=since)
    with database.engine(Role.IMPORT).connect() as guard:
        _lock_bytes(guard, delivery)
        try:
            return _dealt_with(database, attempt, data)
        finally:
            guard.execute(select(func.pg_advisory_unlock_all()))
            guard.rollback()


def _lock_bytes(connection: Connection, delivery: Delivery) -> None:
    connection.execute(select(func.pg_advisory_lock(Lock.CONTENT.of(int(delivery.sha256[:8], 16)))))
    connection.commit()


def _dealt_with(database: Database, attempt: _Attempt, data: Path) -> Result:
    try:
        result = _known(database, attempt) or _load(database, attempt)
    except _DryRun as trial:
        return trial.result
    except Refused as refused:
        result = attempt.result(Status.QUARANTINED, refusals=refused.refusals)
        if attempt.dry_run:
            return result
        with database.writing(Role.IMPORT) as connection:
            origin = origin_of(attempt.delivery.name, attempt.delivery.data)
            file_id = file_log.refuse(connection, attempt.delivery, refused, origin, attempt.seconds)
        result = dataclasses.replace(result, file_id=file_id)
        if refused.holds_card_number:  # not even a copy is kept; the file stays where it was
            return result
    if not attempt.dry_run:
        archive.settle(
            attempt.delivery,
            data,
            loaded=not result.refused,
            replaced=result.replaced,
            anew=result.status is Status.LOADED,
        )
    return result


def _known(database: Database, attempt: _Attempt) -> Result | None:
    with database.reading(Role.IMPORT) as connection:
        known = file_log.known(connection, attempt.delivery, attempt.since)
    return attempt.result(Status.KNOWN, format=known.format, file_id=known.id) if known else None


def _read(delivery: Delivery) -> tuple[Format, Records]:
    """The records of a file, once no card number is found in it. Raises Refused."""
    try:
        known = recognise(delivery.name, delivery.data)
    except Refused:
        _refuse_card_numbers(delivery.data, None)
        raise
    _refuse_card_numbers(delivery.data, known)
    return known, known.read(delivery.data)


def _refuse_card_numbers(data: bytes, known: Format | None) -> None:
    def belongs(candidate: card_numbers.Candidate, line: bytes) -> bool:
        return known is not None and known.belongs(data, candidate, line)

    lines = sorted({found.line for found in card_numbers.find(data, belongs)})
    if lines:
        raise Refused(Refusal(reason=CARD_NUMBER, line=line) for line in lines)


def _load(database: Database, attempt: _Attempt) -> Result:
    known, records = _read(attempt.delivery)
    if isinstance(records, Payments) and len(records.remittances):
        _make_room(database, records)
    try:
        with database.writing(Role.IMPORT) as connection:
            hold(connection, Lock.PAYMENTS)
            if isinstance(records, Referential):
                result = _load_referential(connection, attempt, known, records)
            else:
                result = _load_payments(connection, attempt, known, records)
            if attempt.dry_run:
                raise _DryRun(result)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION:
            raise refuse(N_("some of its rows are already known from another source")) from None
        raise
    return result


def _make_room(database: Database, records: Payments) -> None:
    """Partitions for every month of the file, in a short transaction: creating one locks readers out."""
    days = [records.remittances["collected_on"]]
    if len(records.transactions):
        days.append(records.transactions["occurred_local"])
    with database.writing(Role.IMPORT) as connection:
        ensure_partitions(
            connection,
            min(day.min() for day in days).date(),
            max(day.max() for day in days).date(),
        )


def _load_referential(
    connection: Connection, attempt: _Attempt, known: Format, records: Referential
) -> Result:
    file_id = file_log.enter(connection, attempt.delivery, ImportStatus.LOADED, known.name, attempt.since)
    contracts.declare(connection, records.contracts)
    count = len(records.contracts)
    result = attempt.result(Status.LOADED, format=known.name, contracts=count, file_id=file_id)
    file_log.belongs_to(connection, file_id, known.origin(attempt.delivery.data))
    file_log.complete(connection, file_id, contract_count=result.contracts, seconds=result.seconds)
    return result


def _load_payments(connection: Connection, attempt: _Attempt, known: Format, records: Payments) -> Result:
    source = sources.of(connection, records)
    former = file_log.former(connection, source.id, records.file_key)
    if former and not attempt.replace:
        raise refuse(KNOWN_FILE_ID, line=1, column="file id")
    if former:
        replacement.take_back(connection, former)
    file_id = file_log.enter(connection, attempt.delivery, ImportStatus.LOADED, known.name)
    if former:
        file_log.complete(connection, former.id, replaced_by_id=file_id)
    loaded = payments.load(
        connection, records, file_id=file_id, source=source, replaced=former.id if former else None
    )
    _receive_days(connection, records, file_id, source.id)
    result = attempt.result(
        Status.REPLACED if former else Status.LOADED,
        format=known.name,
        source=records.source,
        remittances=loaded.remittances,
        transactions=loaded.transactions,
        unclaimed=loaded.unclaimed,
        sums=_control_sums(records),
        replaced=former.sha256 if former else None,
        file_id=file_id,
    )
    file_log.complete(
        connection,
        file_id,
        source_id=source.id,
        file_key=records.file_key,
        content=records.content,
        created_at=records.created_at,
        remittance_count=loaded.remittances,
        transaction_count=loaded.transactions,
        unclaimed_count=loaded.unclaimed,
        sums=result.sums,
        merchant_ids=loaded.merchant_ids,
        first_on=loaded.first_on,
        last_on=loaded.last_on,
        seconds=result.seconds,
    )
    return result


def _control_sums(records: Payments) -> dict[str, dict[str, int]]:
    """Count and net (minor units) by currency, to compare with the host's own report."""
    sums = records.remittances[["currency"]].copy()
    if records.has_totals:
        sums[["count", "net"]] = records.remittances[["transaction_count", "net_amount"]]
    else:
        received = totals.received(records.transactions, len(sums))
        sums[["count", "net"]] = received[["transaction_count", "net_amount"]]
    by_currency = sums.groupby("currency")[["count", "net"]].sum()
    return {
        str(currency): {"count": int(row["count"]), "net": int(row["net"])}
        for currency, row in by_currency.iterrows()
    }


def _receive_days(connection: Connection, records: Payments, file_id: int, source_id: int) -> None:
    """The business days that the file covers: that of its night, and earlier ones that it catches up."""
    night = (records.created_at - _NIGHT).date()
    caught_up = {moment.date() for moment in records.remittances["collected_on"].unique()}
    days = {day for day in caught_up if day <= night} | {night}
    connection.execute(
        insert(ReceivedDay),
        [
            {
                "source_id": source_id,
                "day": day,
                "import_file_id": file_id,
                "remittances": records.has_totals,
                "transactions": records.has_payments,
            }
            for day in sorted(days)
        ],
    )
