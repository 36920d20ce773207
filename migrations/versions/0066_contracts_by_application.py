"""Statistics of the applications of contracts as filters compare them: in capitals.

Of an expression the database knows nothing by itself: it took the contracts of an application for a handful,
and looked up the sums of each, where a chain has hundreds of them.
"""

from __future__ import annotations

from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    op.execute("CREATE STATISTICS contract_application ON (upper(application)) FROM contract")
    op.execute("ANALYZE contract")
