"""Decisions on several lines are one task: those that were asked for name their line in a list."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"

_NAME_IN_A_LIST = """
UPDATE desk_task
SET details = details - 'bank_movement_id'
  || jsonb_build_object('bank_movement_ids', jsonb_build_array(details -> 'bank_movement_id'))
WHERE kind = 'decide' AND details ? 'bank_movement_id'
"""


def upgrade() -> None:
    op.execute(_NAME_IN_A_LIST)
