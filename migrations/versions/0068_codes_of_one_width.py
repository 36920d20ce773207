"""Codes of merchants in letters of one width, as files and forms are read."""

from __future__ import annotations

from alembic import op

revision = "0068"
down_revision = "0067"


#: One that is another merchant's by then stays as it is.
ONE_WIDTH = """
UPDATE merchant SET code = normalize(code, NFKC)
WHERE code IS NOT NFKC NORMALIZED AND NOT EXISTS (
  SELECT FROM merchant m
  WHERE m.reseller_id = merchant.reseller_id AND m.id <> merchant.id
    AND lower(normalize(m.code, NFKC)) = lower(normalize(merchant.code, NFKC))
)
"""


def upgrade() -> None:
    op.execute(ONE_WIDTH)
