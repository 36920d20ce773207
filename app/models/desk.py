"""The tasks of the reseller's desk, done by the worker: the web itself never writes payments."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ADD, READ, Privileges, TablePrivilege
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    CreatedAt,
    InstantOrNone,
    LocalId,
    TextColumn,
    one_of,
)


class DeskTaskKind(StrEnum):
    """The kind of a task: on contracts, a merchant directory, a file, a proposed credit, or a source.

    DELIVER moves a contract to another source of payments.
    """

    ATTACH = "attach"
    DECLARE = "declare"
    RETRY = "retry"
    REPLACE = "replace"
    DECIDE = "decide"
    SOURCE = "source"
    TRY = "try"
    DELIVER = "deliver"


class DeskTaskState(StrEnum):
    """The state of a task."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class DeskTask(Base):
    """One thing asked for by somebody of a reseller, done by the worker with its own rights.

    ``details`` holds what the kind needs (see ``app.desk.tasks``); ``refusals`` says why it failed, as
    the fields of :class:`app.refusals.Refusal`. Keys of other tables bear no foreign key. ``content`` is
    the text of a merchant directory to load, or of a file to try: the web writes it and never reads it, and
    it ends with the task. ``answer`` is what the worker has to say of it, in lines.
    """

    __tablename__ = "desk_task"
    __privileges__ = Privileges(
        web=(TablePrivilege("SELECT", but=("content",)), ADD), importer=(READ, TablePrivilege("UPDATE"))
    )
    __table_args__ = (
        Index("desk_task_reseller_idx", "reseller_id", "kind", "id"),
        one_of("kind", DeskTaskKind),
        one_of("state", DeskTaskState),
        CheckConstraint("content IS NULL OR state = 'waiting'", name="content"),
    )

    id: Mapped[LocalId]
    reseller_id: Mapped[BigIntColumn]
    user_id: Mapped[BigIntColumn]
    kind: Mapped[TextColumn]
    state: Mapped[TextColumn] = mapped_column(
        default=DeskTaskState.WAITING, server_default=DeskTaskState.WAITING
    )
    asked_at: Mapped[CreatedAt]
    finished_at: Mapped[InstantOrNone]
    merchant_id: Mapped[BigIntColumnOrNone]
    import_file_id: Mapped[BigIntColumnOrNone]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    refusals: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    answer: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
