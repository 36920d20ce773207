"""Terminals and the days on which they called, from the telecollections that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

FROM_ROWS = (
    """
    INSERT INTO terminal_day (merchant_id, contract_id, terminal_number, day, reseller_id, first_called,
      last_called, last_called_at, serial_number, manufacturer)
    SELECT merchant_id, contract_id, COALESCE(terminal_number, ''), collected_on, reseller_id,
      min(collected_local), max(collected_local), max(collected_at),
      (array_agg(serial_number ORDER BY collected_at DESC, id DESC)
        FILTER (WHERE serial_number IS NOT NULL))[1],
      (array_agg(manufacturer ORDER BY collected_at DESC, id DESC)
        FILTER (WHERE manufacturer IS NOT NULL))[1]
    FROM remittance WHERE merchant_id <> 0
    GROUP BY merchant_id, contract_id, COALESCE(terminal_number, ''), collected_on, reseller_id
    """,
    """
    INSERT INTO terminal (merchant_id, id, reseller_id, outlet_id, number, contract_ids, first_on, last_on,
      last_called, last_called_at, serial_number, manufacturer)
    SELECT t.merchant_id, nextval('party_id'), t.reseller_id, t.outlet_id, t.number, t.contract_ids,
      t.first_on, t.last_on, t.last_called, t.last_called_at, t.serial_number, t.manufacturer FROM (
      SELECT d.merchant_id, min(d.reseller_id), COALESCE(c.outlet_id, 0), d.terminal_number,
        array_agg(DISTINCT d.contract_id ORDER BY d.contract_id), min(d.day), max(d.day),
        max(d.last_called), max(d.last_called_at),
        (array_agg(d.serial_number ORDER BY d.last_called_at DESC, d.contract_id)
          FILTER (WHERE d.serial_number IS NOT NULL))[1],
        (array_agg(d.manufacturer ORDER BY d.last_called_at DESC, d.contract_id)
          FILTER (WHERE d.manufacturer IS NOT NULL))[1]
      FROM terminal_day d JOIN contract c ON c.merchant_id = d.merchant_id AND c.id = d.contract_id
      GROUP BY d.merchant_id, COALESCE(c.outlet_id, 0), d.terminal_number
    ) AS t (merchant_id, reseller_id, outlet_id, number, contract_ids, first_on, last_on, last_called,
      last_called_at, serial_number, manufacturer)
    """,
)


def upgrade() -> None:
    _terminal_days()
    _terminals()
    for statement in FROM_ROWS:
        op.execute(statement)


def _terminal_days() -> None:
    op.create_table(
        "terminal_day",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("terminal_number", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("first_called", sa.DateTime(), nullable=False),
        sa.Column("last_called", sa.DateTime(), nullable=False),
        sa.Column("last_called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "contract_id", "terminal_number", "day"),
    )
    op.create_index("terminal_day_day_idx", "terminal_day", ["merchant_id", "day", "contract_id"])


def _terminals() -> None:
    op.create_table(
        "terminal",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contract_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("last_called", sa.DateTime(), nullable=False),
        sa.Column("last_called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id"),
        sa.UniqueConstraint("merchant_id", "outlet_id", "number"),
    )
    op.create_index("terminal_list_idx", "terminal", ["merchant_id", "last_called_at", "id"])
