"""Which files hold what a maintainer's desk alone declared, also before that was told apart.

Of several maintainers, whatever one of them may have declared at a desk counts as no more than that: a
file of the inbox that declares it again makes it the operator's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

_FILES = """
UPDATE import_file f SET by_desk = true FROM desk_task t
WHERE t.import_file_id = f.id AND t.kind IN ('attach', 'declare') AND f.status = 'loaded'
"""
_DESKS = """
SELECT DISTINCT reseller_id FROM desk_task WHERE kind IN ('attach', 'declare')
  AND (SELECT count(*) FROM reseller WHERE declared) > 1
"""
_ROWS = "UPDATE {table} SET by_desk = true WHERE merchant_id <> 0 AND reseller_id = ANY (:resellers)"


def upgrade() -> None:
    op.add_column("import_file", sa.Column("by_desk", sa.Boolean(), server_default="false", nullable=False))
    op.execute(_FILES)
    resellers = op.get_bind().scalars(sa.text(_DESKS)).all()
    for table in ("contract", "acceptor", "bank_account"):
        op.get_bind().execute(sa.text(_ROWS.format(table=table)), {"resellers": list(resellers)})
