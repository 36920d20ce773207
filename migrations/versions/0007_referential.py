"""The desk has referentials loaded: their text waits with the task, unread by the web, and ends with it.

Somebody who works for several maintainers chooses at whose desk he is, in each session.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


#: Everything but the content: the web hands it over and never sees it again.
def upgrade() -> None:
    op.add_column("desk_task", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("desk_task_content_check"), "desk_task", "content IS NULL OR state = 'waiting'"
    )
    op.drop_constraint(op.f("desk_task_kind_check"), "desk_task")
    op.create_check_constraint(
        op.f("desk_task_kind_check"), "desk_task", "kind IN ('attach', 'declare', 'retry', 'replace')"
    )
    op.add_column("user_session", sa.Column("reseller_id", sa.BigInteger(), nullable=True))
