"""Profiles of sources: ids of lines, the folder that a file came in, tasks of the desk about sources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

TASKS = "'attach', 'declare', 'retry', 'replace', 'decide', 'source', 'try'"


def upgrade() -> None:
    op.add_column("settlement_line", sa.Column("line_id", sa.Text(), nullable=True))
    op.add_column("import_file", sa.Column("folder", sa.Text(), nullable=True))
    op.add_column("desk_task", sa.Column("answer", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.drop_constraint(op.f("desk_task_kind_check"), "desk_task")
    op.create_check_constraint(op.f("desk_task_kind_check"), "desk_task", f"kind IN ({TASKS})")
