"""The alerts: faults that somebody of a reseller's staff has to look at."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ACCOUNTS
from app.models.base import Base, CreatedAt, TextColumn, one_of


class AlertKind(StrEnum):
    """The kind of a fault that is watched for."""

    FILE_REFUSED = "file_refused"
    FILES_LEFT = "files_left"
    NIGHT_MISSING = "night_missing"
    MAIL_STUCK = "mail_stuck"
    DISK_FULL = "disk_full"
    WORKER_SILENT = "worker_silent"
    JOB_GIVEN_UP = "job_given_up"


class StaffAlert(Base):
    """A fault as long as it lasts, for one reseller: its row goes once it is mended.

    ``subject`` tells those of a kind apart (the id of a file, a source); ``details`` fill its words.
    """

    __tablename__ = "alert"
    __privileges__ = ACCOUNTS
    __table_args__ = (PrimaryKeyConstraint("reseller_id", "kind", "subject"), one_of("kind", AlertKind))

    reseller_id: Mapped[int] = mapped_column(ForeignKey("reseller.id"), autoincrement=False)
    kind: Mapped[TextColumn]
    subject: Mapped[TextColumn]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raised_at: Mapped[CreatedAt]
