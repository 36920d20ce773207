"""Chargebacks and operations, and their sales: links that are certain, or none; and what sales tell of it.

A row belongs to a sale when the first rule that finds any finds exactly one; several are counted, and none is
chosen. Whichever comes first, the sale or what is said of it, the links are the same. Source: shared format
page "Money", section 7.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, ChargebackStage, ChargebackState, MovementKind
from app.models.sales import STATES
from app.rules.payments import TOTAL, TransactionType

#: How long before it is noticed a disputed sale may have been made, in days.
_REACH: Final = 180
#: A statement may hold lines booked before its first day.
_BOOKED_BEFORE: Final = 31


@dataclass(frozen=True)
class _Rule:
    """A rule: what makes transaction ``d`` the sale of row ``n``, in SQL."""

    name: str
    condition: str


@dataclass(frozen=True, kw_only=True)
class _Linked:
    """A table whose rows have sales: the column of its day, which transactions are sales to it, its rules."""

    table: str
    day: str
    sale: str
    rules: tuple[_Rule, ...]


_WHOLE = "COALESCE(n.sale_amount, CASE WHEN n.sold_on IS NOT NULL THEN n.amount END)"
_ON_ITS_DAY = "d.occurred_on BETWEEN n.earliest AND n.latest"
_SALE_NUMBER = _Rule(
    "sale_number",
    # A platform's day may not be the outlet's: the number of its payment then bears the platform's.
    "n.sale_number <> '' AND d.occurred_on BETWEEN n.sold_on - 1 AND n.sold_on + 1"
    " AND ltrim(d.sequence_number, '0') = ANY (ARRAY[ltrim(n.sale_number, '0'),"
    " ltrim(n.sale_number, '0') || to_char(n.sold_on, '-YYYYMMDD')])"
    " AND (d.occurred_on = n.sold_on) = (ltrim(d.sequence_number, '0') = ltrim(n.sale_number, '0'))",
)
_ORDER_REFERENCE = _Rule(
    "order_reference", f"d.order_reference = nullif(n.sale_number, '') AND {_ON_ITS_DAY}"
)
_CHARGEBACK: Final = _Linked(
    table="chargeback",
    day="noticed_on",
    sale=TOTAL["debit"].sql("d."),
    rules=(
        _SALE_NUMBER,
        _ORDER_REFERENCE,
        _Rule("card", f"d.card_last4 = nullif(n.card_last4, '') AND d.amount = {_WHOLE} AND {_ON_ITS_DAY}"),
        _Rule("amount", f"n.bank_movement_id IS NOT NULL AND d.amount = n.amount AND {_ON_ITS_DAY}"),
    ),
)
_OPERATION: Final = _Linked(
    table="operation",
    day="operated_on",
    sale=f"d.type = '{TransactionType.DEBIT}'",
    rules=(
        _SALE_NUMBER,
        _Rule(
            "order_reference", "d.order_reference = nullif(n.sale_number, '') AND d.occurred_on = n.sold_on"
        ),
    ),
)
_NAMED = """
CREATE TEMP TABLE named_sale ON COMMIT DROP AS
SELECT n.*, COALESCE(n.sold_on, n.{day} - {reach}) AS earliest, COALESCE(n.sold_on, n.{day}) AS latest
FROM {table} n JOIN (
  SELECT merchant_id, min(day) AS first, max(day) AS last FROM touched_day
  WHERE subject IN ('transaction', '{table}') AND merchant_id <> {unclaimed} GROUP BY 1
) AS t ON t.merchant_id = n.merchant_id
WHERE COALESCE(n.sold_on, n.{day} - {reach}) <= t.last + 1 AND GREATEST(n.sold_on, n.{day}) >= t.first - 1
"""
_CANDIDATES = """
SELECT n.merchant_id, n.id AS row_id, {place} AS place, d.id, d.occurred_on, d.contract_id
FROM named_sale n
JOIN contract k ON k.merchant_id = n.merchant_id AND k.number = n.contract_number
JOIN transaction d ON d.merchant_id = k.merchant_id AND d.contract_id = k.id AND {sale}
  AND n.currency IN (d.currency, '') AND {condition} AND d.occurred_on BETWEEN :first AND :last
"""
_FOUND = """
CREATE TEMP TABLE found_sale ON COMMIT DROP AS
SELECT n.merchant_id, n.id, n.transaction_id AS former_id, n.occurred_on AS former_on,
  CASE WHEN f.candidates = 1 THEN f.id END AS transaction_id,
  CASE WHEN f.candidates = 1 THEN f.occurred_on END AS occurred_on,
  CASE WHEN f.candidates = 1 THEN f.contract_id END AS contract_id,
  (CAST(:rules AS text[]))[f.place] AS rule, COALESCE(f.candidates, 0) AS candidates
FROM named_sale n
LEFT JOIN (
  SELECT DISTINCT ON (merchant_id, row_id) merchant_id, row_id, place, count(*)::int AS candidates,
    min(id) AS id, min(occurred_on) AS occurred_on, min(contract_id) AS contract_id
  FROM sale_candidate GROUP BY merchant_id, row_id, place ORDER BY merchant_id, row_id, place
) AS f ON f.merchant_id = n.merchant_id AND f.row_id = n.id
"""
_DERIVED = ("contract_id", "transaction_id", "occurred_on", "rule", "candidates")
_LINK = f"""
UPDATE {{table}} c SET {", ".join(f"{name} = f.{name}" for name in _DERIVED)} FROM found_sale f
WHERE c.merchant_id = f.merchant_id AND c.id = f.id
  AND ({", ".join(f"c.{name}" for name in _DERIVED)})
    IS DISTINCT FROM ({", ".join(f"f.{name}" for name in _DERIVED)})
"""
#: What is disputed, or is no longer: sales whose state may change; of a case without one, its merchant alone.
_DISPUTED = """
CREATE TEMP TABLE IF NOT EXISTS disputed_sale (merchant_id bigint, id bigint, occurred_on date)
ON COMMIT DROP
"""
_NOTE = """
INSERT INTO disputed_sale
SELECT merchant_id, former_id, former_on FROM found_sale
UNION SELECT merchant_id, transaction_id, occurred_on FROM found_sale
"""
_RELEASE = """
INSERT INTO disputed_sale SELECT merchant_id, transaction_id, occurred_on FROM chargeback WHERE {where}
"""
_STAGES = ", ".join(f"'{stage}'" for stage in ChargebackStage)
#: Of a sale that is not found its number alone tells too little: American Express gives several sales of a
#: day one reference, and says the amount of each in the case.
_LAST = f"""
UPDATE chargeback c SET is_last = l.is_last FROM (
  SELECT merchant_id, id, row_number() OVER (
    PARTITION BY merchant_id, COALESCE('sale ' || transaction_id,
      'named ' || contract_number || ' ' || sold_on || ' ' || nullif(sale_number, '') || ' '
        || COALESCE(whole::text, ''),
      'case ' || source_id || ' ' || case_key)
    ORDER BY noticed_on DESC, array_position(ARRAY[{_STAGES}], stage) DESC, case_key DESC, source_id DESC
  ) = 1 AS is_last
  FROM (
    SELECT *, max(sale_amount) OVER (PARTITION BY merchant_id, source_id, case_key) AS whole
    FROM chargeback WHERE merchant_id IN (SELECT merchant_id FROM disputed_sale)
  ) AS told
) AS l
WHERE c.merchant_id = l.merchant_id AND c.id = l.id AND c.is_last <> l.is_last
"""
_STATE = " ".join(f"WHEN '{stage}' THEN '{state}'" for stage, state in STATES.items())
_TELL_SALES = f"""
UPDATE transaction s SET chargeback = d.state FROM (
  SELECT DISTINCT d.merchant_id, d.id, d.occurred_on,
    CASE c.stage {_STATE} ELSE '{ChargebackState.NONE}' END AS state
  FROM disputed_sale d
  LEFT JOIN chargeback c ON c.merchant_id = d.merchant_id AND c.transaction_id = d.id AND c.is_last
  WHERE d.id IS NOT NULL
) AS d
WHERE s.merchant_id = d.merchant_id AND s.id = d.id AND s.occurred_on = d.occurred_on
  AND s.chargeback <> d.state AND s.occurred_on BETWEEN :first AND :last
"""
_OF_BANK = "subject IN ('bank_account', 'bank_statement', 'bank_movement')"
_BOOKED = f"""
SELECT merchant_id, min(day) - {_BOOKED_BEFORE} AS first FROM touched_day
WHERE {_OF_BANK} AND merchant_id <> {UNCLAIMED_MERCHANT}
GROUP BY 1
"""
# Most files touch merchants of whom nothing is disputed: what none of these is true of, nothing follows from.
_CONCERNED = f"""
SELECT to_regclass('pg_temp.disputed_sale') IS NOT NULL AS is_noted, bool_or(is_booked) AS is_booked,
  bool_or(EXISTS (SELECT FROM chargeback c WHERE c.merchant_id = t.merchant_id)) AS is_charged_back,
  bool_or(EXISTS (SELECT FROM operation o WHERE o.merchant_id = t.merchant_id)) AS is_operated
FROM (
  SELECT merchant_id, bool_or({_OF_BANK}) AS is_booked FROM touched_day
  WHERE merchant_id <> {UNCLAIMED_MERCHANT} GROUP BY 1
) AS t
"""
_OF_NO_LINE = f"""
(merchant_id, id) IN (
  SELECT c.merchant_id, c.id FROM ({_BOOKED}) AS t
  JOIN chargeback c ON c.merchant_id = t.merchant_id AND c.noticed_on >= t.first
  WHERE c.bank_movement_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM bank_movement m WHERE m.merchant_id = c.merchant_id AND m.id = c.bank_movement_id
      AND m.booked_on = c.noticed_on)
)
"""
_OF_LINES = f"""
WITH taken AS (
  INSERT INTO chargeback (merchant_id, id, reseller_id, source_id, acceptor_id, contract_number, sale_number,
    amount, currency, import_file_id, stage, case_key, noticed_on, card_last4, reason_code, reason_text,
    bank_movement_id)
  SELECT m.merchant_id, m.id, m.reseller_id, COALESCE(a.source_id, 0), 0, m.contract_number, '',
    abs(m.amount), m.currency, m.import_file_id,
    CASE m.kind WHEN '{MovementKind.CHARGEBACK}' THEN '{ChargebackStage.DEBIT}'
      ELSE '{ChargebackStage.REVERSAL}' END,
    m.bank_statement_id || '|' || m.rank, m.booked_on, '', '', '', m.id
  FROM ({_BOOKED}) AS t
  JOIN bank_movement m ON m.merchant_id = t.merchant_id AND m.booked_on >= t.first
  JOIN bank_account a ON a.merchant_id = m.merchant_id AND a.id = m.bank_account_id
  WHERE m.kind IN ('{MovementKind.CHARGEBACK}', '{MovementKind.CHARGEBACK_REVERSAL}')
    AND NOT EXISTS (SELECT FROM chargeback c WHERE c.merchant_id = m.merchant_id AND c.id = m.id)
  RETURNING merchant_id, noticed_on
)
INSERT INTO touched_day SELECT DISTINCT 'chargeback', merchant_id, 0, noticed_on FROM taken
"""


def release(connection: Connection, table: str, where: str, parameters: Mapping[str, Any]) -> None:
    """Note the sales of the rows of ``table`` that are about to be removed: those of ``where``."""
    connection.execute(text(_DISPUTED))
    if table == _CHARGEBACK.table:
        connection.execute(text(_RELEASE.format(where=where)), parameters)


def renew(connection: Connection) -> None:
    """Take over what banks have booked, link what the touched days concern, and tell the sales."""
    concerned = connection.execute(text(_CONCERNED)).one()
    if not any(concerned):
        return
    connection.execute(text(_DISPUTED))
    if concerned.is_booked:
        release(connection, _CHARGEBACK.table, _OF_NO_LINE, {})
        connection.execute(text(f"DELETE FROM chargeback WHERE {_OF_NO_LINE}"))
        connection.execute(text(_OF_LINES))
    if concerned.is_booked or concerned.is_charged_back:
        _link(connection, _CHARGEBACK)
    if concerned.is_operated:
        _link(connection, _OPERATION)
    _tell_sales(connection)


def _link(connection: Connection, subject: _Linked) -> None:
    words = {"table": subject.table, "day": subject.day, "reach": _REACH, "unclaimed": UNCLAIMED_MERCHANT}
    connection.execute(text(_NAMED.format(**words)))
    days = connection.execute(
        text("SELECT min(earliest) - 1 AS first, max(latest) + 1 AS last FROM named_sale")
    ).one()
    if days.first is not None:
        parts = (
            _CANDIDATES.format(place=place, sale=subject.sale, condition=rule.condition)
            for place, rule in enumerate(subject.rules, start=1)
        )
        candidates = f"CREATE TEMP TABLE sale_candidate ON COMMIT DROP AS {' UNION ALL '.join(parts)}"
        connection.execute(text("ANALYZE named_sale"))
        connection.execute(text(candidates), days._asdict())
        connection.execute(text(_FOUND), {"rules": [rule.name for rule in subject.rules]})
        connection.execute(text(_LINK.format(**words)))
        if subject is _CHARGEBACK:
            connection.execute(text(_NOTE))
        connection.execute(text("DROP TABLE sale_candidate, found_sale"))
    connection.execute(text("DROP TABLE named_sale"))


def _tell_sales(connection: Connection) -> None:
    connection.execute(text(_LAST))
    days = connection.execute(
        text("SELECT min(occurred_on) AS first, max(occurred_on) AS last FROM disputed_sale")
    ).one()
    if days.first is not None:
        connection.execute(text(_TELL_SALES), days._asdict())
    connection.execute(text("TRUNCATE disputed_sale"))
