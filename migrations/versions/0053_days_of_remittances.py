"""The key of remittances goes by the day before the contract: the calls of a night lie together in it."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"

KEY = ["merchant_id", "collected_on", "contract_id", "bare_number"]


def upgrade() -> None:
    op.drop_constraint("remittance_natural_key", "remittance")
    op.create_unique_constraint("remittance_natural_key", "remittance", KEY)
