"""Decisions on lines whose statement is sent again: they hold of the same lines, under new numbers.

A statement of a day half told gives way to the whole one, and a wrong one to another: each line that is the
same in both is the one that somebody confirmed or rejected.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

#: What makes two lines of an account the same; several alike are told apart by their order.
_SAME: Final = "merchant_id, bank_account_id, booked_on, amount, currency, label, entry_number, reference"
_NUMBERED: Final = f"""
SELECT id, {_SAME}, row_number() OVER (PARTITION BY {_SAME} ORDER BY bank_statement_id, rank, id) AS place
FROM bank_movement
"""
_REMEMBER: Final = (
    f"CREATE TEMP TABLE IF NOT EXISTS line_before ON COMMIT DROP AS {_NUMBERED} WITH NO DATA",
    f"""
    INSERT INTO line_before
    SELECT * FROM ({_NUMBERED} WHERE (merchant_id, bank_account_id, booked_on) IN (
      SELECT merchant_id, bank_account_id, booked_on FROM bank_movement
      WHERE merchant_id = ANY(:merchants) AND bank_statement_id = ANY(:ids)
    )) AS numbered
    WHERE EXISTS (
      SELECT FROM credit_decision d
      WHERE d.merchant_id = numbered.merchant_id AND d.bank_movement_id = numbered.id
    )
    """,
)
_IS_ANY: Final = "SELECT to_regclass('pg_temp.line_before') IS NOT NULL"
_FOLLOW: Final = f"""
UPDATE credit_decision d SET bank_movement_id = n.id
FROM line_before o JOIN ({_NUMBERED} WHERE (merchant_id, bank_account_id, booked_on) IN (
  SELECT merchant_id, bank_account_id, booked_on FROM line_before
)) AS n USING ({_SAME}, place)
WHERE d.merchant_id = o.merchant_id AND d.bank_movement_id = o.id AND n.id <> o.id
"""


def remember(connection: Connection, merchants: list[int], ids: list[int]) -> None:
    """Keep in mind the lines of statements, which are about to go, that somebody has decided of."""
    for statement in _REMEMBER:
        connection.execute(text(statement), {"merchants": merchants, "ids": ids})


def follow(connection: Connection) -> None:
    """Let what was decided of lines that went hold of the same lines that came."""
    if connection.scalar(text(_IS_ANY)):
        connection.execute(text(_FOLLOW))
        connection.execute(text("DROP TABLE line_before"))
