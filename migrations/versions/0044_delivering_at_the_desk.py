"""Delivering at the desk: a task that moves a contract to another source."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"

TASKS = "'attach', 'declare', 'retry', 'replace', 'decide', 'source', 'try', 'deliver'"


def upgrade() -> None:
    op.drop_constraint(op.f("desk_task_kind_check"), "desk_task")
    op.create_check_constraint(op.f("desk_task_kind_check"), "desk_task", f"kind IN ({TASKS})")
