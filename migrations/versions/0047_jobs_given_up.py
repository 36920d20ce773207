"""What the staff are told of a job over which the worker has died too often."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"

KINDS = (
    "'file_refused', 'files_left', 'night_missing', 'mail_stuck', 'disk_full', 'worker_silent',"
    " 'job_given_up'"
)


def upgrade() -> None:
    op.drop_constraint(op.f("alert_kind_check"), "alert")
    op.create_check_constraint(op.f("alert_kind_check"), "alert", f"kind IN ({KINDS})")
