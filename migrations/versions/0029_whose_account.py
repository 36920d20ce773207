"""The person whose account was suspended, opened again or erased is named apart from whoever decided it."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"

NAME_APART = """
UPDATE journal_entry SET details = details || jsonb_build_object('of', user_id), user_id = NULL
WHERE event IN ('account_suspended', 'account_restored', 'account_erased')
  AND user_id IS NOT NULL AND NOT details ? 'of'
"""


def upgrade() -> None:
    op.execute(NAME_APART)
