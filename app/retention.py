"""Retention: payments, and all that comes of them, are kept for 15 months, then gone.

Whole months go, as partitions that the owner drops, then the sums of their days and the copies of their
files. The journal of files keeps its lines; declarations stay.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from app.config import ARCHIVE, QUARANTINE, SUPERSEDED
from app.database.engine import Database, DatabaseRole
from app.database.migrate import first_day_kept
from app.locks import Lock, hold
from app.logs import logger

#: How often a partition is tried that readers keep busy, and the pause between, in seconds.
TRIES, PAUSE_SECONDS = 3, 1
#: Folders of copies, under the data folder.
COPIES = (ARCHIVE, SUPERSEDED, QUARANTINE)
_LOCK_NOT_AVAILABLE = "55P03"

_PARTITIONS = text(r"""
SELECT p.relname AS parent, to_date(substring(c.relname FROM '_p(\d{6})$'), 'YYYYMM') AS month
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.relkind = 'p' AND c.relkind = 'r' AND p.relnamespace = 'public'::regnamespace
  AND substring(c.relname FROM '_p(\d{6})$') < to_char(CAST(:first AS date), 'YYYYMM')
ORDER BY 2, 1
""")
_DROP = text("SELECT drop_partition(:parent, :month)")
#: What stands beside the partitions, by the column of its day.
DAYS = {
    "transaction_day": "day",
    "transaction_third": "third",
    "transaction_band": "day",
    "remittance_day": "day",
    "remittance_third": "third",
    "terminal_day": "day",
    "terminal_month": "month",
    "terminal": "last_on",
    "known_value": "last_on",
    "received_day": "day",
    "bank_statement": "closed_on",
    "credit_link": "booked_on",  # as long as its line, which goes on paying a batch that is gone
    "credit_decision": "collected_on",
    "chargeback": "noticed_on",
    "operation": "operated_on",
    "remote_payment": "occurred_on",
    "settlement": "paid_on",
    "settlement_link": "collected_on",
}
#: Declarations, which have no days.
DECLARED = frozenset({"outlet", "contract", "acceptor", "bank_account"})
#: What of these stays for now: a case of chargebacks goes with the newest of its rows.
_STAYS = {
    "chargeback": """
    AND NOT EXISTS (
      SELECT FROM chargeback n WHERE n.merchant_id = chargeback.merchant_id AND n.noticed_on >= :first
        AND (n.transaction_id = chargeback.transaction_id
          OR (n.source_id, n.case_key) = (chargeback.source_id, chargeback.case_key)))
    """
}
_ROWS = (
    *(
        f"DELETE FROM {table} WHERE {day} < :first {_STAYS.get(table, '')}"  # noqa: S608 - constants
        for table, day in DAYS.items()
    ),
    # What is about a sale that has gone leads nowhere any more.
    "UPDATE transaction SET original_id = NULL, original_on = NULL WHERE original_on < :first",
    "UPDATE chargeback SET transaction_id = NULL, occurred_on = NULL WHERE occurred_on < :first",
    "UPDATE operation SET transaction_id = NULL, occurred_on = NULL WHERE occurred_on < :first",
)
# A declaration has no days: its copy stays. What was refused has none either, and goes by its arrival.
_FILES = text("""
SELECT sha256 FROM import_file
WHERE last_on < :first OR (status = 'quarantined' AND received_at < :first)
""")

_log = logger("retention")


@dataclass(frozen=True)
class Purged:
    """The things that were let go of: monthly partitions, and copies of files."""

    months: int
    copies: int


def purge(database: Database, data: Path, today: date) -> Purged:
    """Let go of what is older than the first day kept; what readers keep busy goes the next night."""
    first = first_day_kept(today)
    with database.reading(DatabaseRole.IMPORT) as connection:
        partitions = partitions_before(connection, first)
    dropped = sum(_dropped(database, parent, month) for parent, month in partitions)
    with database.writing(DatabaseRole.IMPORT) as connection:
        hold(connection, Lock.PAYMENTS)
        for statement in _ROWS:
            connection.execute(text(statement), {"first": first})
        connection.execute(select(func.forget_deliveries()))
        copies = _without_copies(connection, data, first)
    purged = Purged(dropped, copies)
    _log.info("purged", first_day_kept=first.isoformat(), months=dropped, copies=copies)
    return purged


def partitions_before(connection: Connection, first: date) -> Sequence[tuple[str, date]]:
    """The monthly partitions older than ``first``, as (table, month), the oldest first."""
    return [(row.parent, row.month) for row in connection.execute(_PARTITIONS, {"first": first})]


def _dropped(database: Database, parent: str, month: date) -> bool:
    for _ in range(TRIES):
        try:
            with database.writing(DatabaseRole.IMPORT) as connection:
                connection.execute(_DROP, {"parent": parent, "month": month})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return True
    _log.warning("partition_busy", table=parent, month=month.isoformat())
    return False


def _without_copies(connection: Connection, data: Path, first: date) -> int:
    """Remove the copies of files all of whose days have gone; returns how many there were."""
    gone = 0
    for sha256 in connection.scalars(_FILES, {"first": first}):
        for folder in COPIES:
            copy = data / folder / sha256
            if copy.exists():
                copy.unlink()
                gone += 1
    return gone
