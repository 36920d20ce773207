"""The daily sums beside the payments: those of the touched days are computed again, all together.

Those of the thirds of months that these days are in are added up anew from them.

``touched_day`` is a temporary table (subject, merchant, contract, day) that every change of payments
adds to; importers run one at a time from there on, so a recomputed day misses nobody's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from app.models import ALL_CONTRACTS, UNCLAIMED_MERCHANT
from app.rules.payments import awaited_sql, remitted_sql
from app.rules.thirds import third_sql
from importers.staging import as_dates, copy_in

_CREATE = """
CREATE TEMP TABLE IF NOT EXISTS touched_day
  (subject text, merchant_id bigint, contract_id bigint, day date) ON COMMIT DROP
"""
_BOUNDS = f"""
SELECT subject, min(day) AS first, max(day) AS last FROM touched_day
WHERE merchant_id <> {UNCLAIMED_MERCHANT} GROUP BY subject
"""
#: Up to so many days of contracts, their rows are looked up one day after the other.
MOST_LOOKED_UP = 10_000
#: Ways to join and to group that suit the few rows which the database expects (see :func:`over_days`).
_FOR_FEW_ROWS = ("enable_nestloop", "enable_sort")
_TIDY = f"""
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT DISTINCT * FROM touched_day WHERE merchant_id <> {UNCLAIMED_MERCHANT}
"""

# Rows in the order of the keys cost a third less to insert than in that of a hash. They are added up apart:
# a sorted sum of all rows would else seem to come cheaper (see :func:`over_days`).
_TRANSACTION_SUMS = "currency, type, outcome, remitted"
_TRANSACTION_DAYS = f"""
WITH sums AS MATERIALIZED (
  SELECT p.merchant_id, p.contract_id, p.occurred_on AS day, p.reseller_id, {_TRANSACTION_SUMS}, count(*),
    sum(p.amount)
  FROM touched t JOIN transaction p ON p.merchant_id = t.merchant_id AND p.contract_id = t.contract_id
    AND p.occurred_on = t.day
    AND p.occurred_at >= t.day - interval '1 day' AND p.occurred_at < t.day + interval '2 days'
  WHERE t.subject = 'transaction' AND p.occurred_on BETWEEN :first AND :last
  GROUP BY p.merchant_id, p.contract_id, p.occurred_on, p.reseller_id, {_TRANSACTION_SUMS}
)
INSERT INTO transaction_day (merchant_id, contract_id, day, reseller_id, {_TRANSACTION_SUMS}, count, amount)
TABLE sums ORDER BY merchant_id, contract_id, day
"""
_REMITTANCE_SUMS = "currency, status, is_empty, remitted, awaiting_totals, credit"
_REMITTANCE_FIGURES = (
    *("count", "debit", "refund", "cancelled", "refund_cancelled", "declined"),
    *("fee", "gap", "to_confirm"),
)
_REMITTANCE_FACTS = f"currency, status, transaction_count = 0, {remitted_sql()}, {awaited_sql()}, credit"
_REMITTANCE_DAYS = f"""
WITH sums AS MATERIALIZED (
  SELECT p.merchant_id, p.contract_id, p.collected_on AS day, p.reseller_id, {_REMITTANCE_FACTS},
    count(*), sum(debit_amount), sum(refund_amount), sum(cancellation_amount),
    sum(refund_cancellation_amount), sum(declined_amount), COALESCE(sum(fee_amount), 0),
    COALESCE(sum(credit_gap), 0), COALESCE(sum(net_amount) FILTER (WHERE credit_proposed), 0)
  FROM touched t JOIN remittance p ON p.merchant_id = t.merchant_id AND p.contract_id = t.contract_id
    AND p.collected_on = t.day
    AND p.collected_at >= t.day - interval '1 day' AND p.collected_at < t.day + interval '2 days'
  WHERE t.subject = 'remittance' AND p.collected_on BETWEEN :first AND :last
  GROUP BY p.merchant_id, p.contract_id, p.collected_on, p.reseller_id, {_REMITTANCE_FACTS}
)
INSERT INTO remittance_day (merchant_id, contract_id, day, reseller_id, {_REMITTANCE_SUMS},
  {", ".join(_REMITTANCE_FIGURES)})
TABLE sums ORDER BY merchant_id, contract_id, day
"""
_THIRD_KEYS = "merchant_id, third, contract_id, reseller_id"
#: What the sums of a third are apart by: whether a remittance is empty would double them.
_THIRD_SUMS = {
    "transaction": _TRANSACTION_SUMS,
    "remittance": "currency, status, remitted, awaiting_totals, credit",
}
_MEASURES = {
    "transaction": (_TRANSACTION_DAYS, _TRANSACTION_SUMS, ("count", "amount")),
    "remittance": (_REMITTANCE_DAYS, _REMITTANCE_SUMS, _REMITTANCE_FIGURES),
}


def touch(connection: Connection) -> None:
    """Make the temporary table that gathers the touched days of this transaction."""
    connection.execute(text(_CREATE))


def add(connection: Connection, subject: str, rows: pd.DataFrame, day: str) -> None:
    """Touch the days of ``rows`` (merchant_id, contract_id and the date in column ``day``)."""
    days = rows[["merchant_id", "contract_id", day]].drop_duplicates()
    copy_in(connection, "touched_day", days.assign(subject=subject, day=as_dates(days.pop(day))))


def bounds(connection: Connection) -> dict[str, dict[str, date]]:
    """The ``first`` and the ``last`` touched day of what somebody owns, by subject, of which there is any."""
    found = connection.execute(text(_BOUNDS))
    return {subject: {"first": first, "last": last} for subject, first, last in found}


def over_days(connection: Connection, days: int, statement: str, parameters: Mapping[str, Any]) -> None:
    """Run a statement that finds the rows of each of so many ``days`` of contracts, within bounds of its own.

    Of many days the months are read whole, and their rows joined and added up by hash. The database knows
    nothing yet of the rows of this load: it would take them for a few, and go through all days of a contract
    for each of them, or sort them all, on disk.
    """
    many = days > MOST_LOOKED_UP
    if many:
        _set_all(connection, _FOR_FEW_ROWS, "off")
    connection.execute(text(statement), parameters)
    if many:
        _set_all(connection, _FOR_FEW_ROWS, "on")


def _set_all(connection: Connection, settings: tuple[str, ...], value: str) -> None:
    for setting in settings:
        connection.execute(text(f"SET LOCAL {setting} = {value}"))


def recompute(connection: Connection) -> None:
    """Compute the sums of the touched days again, by contract and over all contracts."""
    touched = connection.execute(text(_TIDY)).rowcount
    connection.execute(text("ANALYZE touched"))
    days_of = bounds(connection)
    for subject, (by_contract, dimensions, measures) in _MEASURES.items():
        if days := days_of.get(subject):
            _replace(connection, subject, f"{subject}_day", "t.contract_id")
            over_days(connection, touched, by_contract, days)
            _replace(connection, subject, f"{subject}_day", str(ALL_CONTRACTS))
            _over_all_contracts(connection, subject, dimensions, measures)
            _add_up_thirds(connection, subject, measures)
    connection.execute(text("DROP TABLE touched"))


def forget(connection: Connection) -> None:
    """Let nothing be touched any more: all that follows from these days has been derived."""
    connection.execute(text("TRUNCATE touched_day"))


def _add_up_thirds(connection: Connection, subject: str, measures: tuple[str, ...]) -> None:
    """Add up the thirds of months that the touched days of ``subject`` are in.

    Looked up by the days of each third where these are few, joined by hash where they are many.
    """
    thirds = connection.execute(text(_touched_thirds(subject))).rowcount
    connection.execute(text("ANALYZE touched_third"))
    connection.execute(text(_forgotten_thirds(subject)))
    days = connection.execute(text("SELECT min(third) AS first, max(third) AS last FROM touched_third")).one()
    keys, sums = f"{_THIRD_KEYS}, {_THIRD_SUMS[subject]}", ", ".join(f"sum({name})" for name in measures)
    added_up = f"""
    WITH sums AS MATERIALIZED (
      SELECT {keys}, {sums} FROM touched_third t JOIN {subject}_day d USING (merchant_id, contract_id)
      WHERE d.day BETWEEN t.third AND t.third + 10 AND {third_sql("d.day")} = t.third
        AND d.day BETWEEN :first AND CAST(:last AS date) + 10
      GROUP BY {keys}
    )
    INSERT INTO {subject}_third ({keys}, {", ".join(measures)})
    TABLE sums ORDER BY merchant_id, third, contract_id
    """
    over_days(connection, thirds, added_up, days._asdict())
    connection.execute(text("DROP TABLE touched_third"))


def _touched_thirds(subject: str) -> str:
    """The statement that finds these thirds."""
    return f"""
    CREATE TEMP TABLE touched_third ON COMMIT DROP AS
    SELECT DISTINCT merchant_id, contract_id, {third_sql("day")} AS third
    FROM touched WHERE subject = '{subject}'
    """


def _forgotten_thirds(subject: str) -> str:
    """The statement that takes away what is kept of them."""
    return f"""
    DELETE FROM {subject}_third d USING touched_third t
    WHERE d.merchant_id = t.merchant_id AND d.third = t.third AND d.contract_id = t.contract_id
    """


def _replace(connection: Connection, subject: str, table: str, contract: str) -> None:
    connection.execute(
        text(
            f"DELETE FROM {table} d USING touched t WHERE t.subject = :subject"
            f" AND d.merchant_id = t.merchant_id AND d.contract_id = {contract} AND d.day = t.day"
        ),
        {"subject": subject},
    )


def _over_all_contracts(
    connection: Connection, subject: str, dimensions: str, measures: tuple[str, ...]
) -> None:
    sums = ", ".join(f"sum({name})" for name in measures)
    connection.execute(
        text(
            f"INSERT INTO {subject}_day"
            f" (merchant_id, contract_id, day, reseller_id, {dimensions}, {', '.join(measures)})"
            f" SELECT d.merchant_id, {ALL_CONTRACTS}, d.day, d.reseller_id, {dimensions}, {sums}"
            f" FROM {subject}_day d"
            " JOIN (SELECT DISTINCT merchant_id, day FROM touched WHERE subject = :subject) AS t"
            " ON d.merchant_id = t.merchant_id AND d.day = t.day"
            f" WHERE d.contract_id <> {ALL_CONTRACTS}"
            f" GROUP BY d.merchant_id, d.day, d.reseller_id, {dimensions}"
        ),
        {"subject": subject},
    )
