"""The journal of files: what came, when, and what became of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import IMPORTED
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    Instant,
    InstantOrNone,
    LocalId,
    TextColumn,
    TextColumnOrNone,
    one_of,
)


class ImportStatus(StrEnum):
    """The status of a file that was received."""

    LOADED = "loaded"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"


class ImportFile(Base):
    """One attempt at one file; a file is loaded whole or not at all.

    ``counts`` has the number of its records by name; ``sums`` maps a currency to its control sums in minor
    units. ``merchant_ids``, ``first_on`` and
    ``last_on`` bound the rows it brought, so that a replacement finds them without an index.
    ``reseller_ids`` are those a merchant directory declares for; payments follow their source. ``folder`` is
    the one of the inbox that it came in, which tells its source when it is looked at again. ``by_desk``: it
    declares what a maintainer alone says.
    """

    __tablename__ = "import_file"
    __privileges__ = IMPORTED
    __table_args__ = (
        Index(
            "import_file_sha256_key",
            "sha256",
            unique=True,
            postgresql_where=text("status <> 'quarantined'"),
        ),
        Index(
            "import_file_file_key_key",
            "source_id",
            "file_key",
            unique=True,
            postgresql_where=text("status = 'loaded' AND file_key IS NOT NULL"),
        ),
        Index("import_file_received_idx", "received_at", "id"),
        one_of("status", ImportStatus),
    )

    id: Mapped[LocalId]
    sha256: Mapped[TextColumn]
    name: Mapped[TextColumn]
    folder: Mapped[TextColumnOrNone]
    size: Mapped[BigIntColumn]
    format: Mapped[TextColumnOrNone]
    status: Mapped[TextColumn]
    source_id: Mapped[BigIntColumnOrNone]
    file_key: Mapped[TextColumnOrNone]
    content: Mapped[TextColumnOrNone]
    created_at: Mapped[InstantOrNone]
    received_at: Mapped[Instant]
    seconds: Mapped[float]
    lines: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    sums: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    merchant_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    reseller_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    replaced_by_id: Mapped[BigIntColumnOrNone]
    by_desk: Mapped[bool] = mapped_column(default=False, server_default="false")


class ImportRefusal(Base):
    """A reason why a file was quarantined: line, column and reason, never the value.

    ``unit`` is what ``line`` counts (:class:`app.refusals.Unit`).
    ``reason`` is an English message identifier, ``params`` what it is filled with.
    """

    __tablename__ = "import_refusal"
    __privileges__ = IMPORTED

    id: Mapped[LocalId]
    import_file_id: Mapped[int] = mapped_column(ForeignKey("import_file.id", ondelete="CASCADE"), index=True)
    unit: Mapped[TextColumn] = mapped_column(server_default="line")
    line: Mapped[int | None]
    column: Mapped[TextColumnOrNone]
    reason: Mapped[TextColumn]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class ReceivedDay(Base):
    """A day that a file of a source vouches for, in one subject: what tells "no sale" from "not arrived".

    It vouches where the day had ended on the outlet's clock when the file was made (``made_at``) and was
    the last one that had, or ``caught_up``.
    """

    __tablename__ = "received_day"
    __privileges__ = IMPORTED
    __table_args__ = (PrimaryKeyConstraint("source_id", "subject", "day", "import_file_id"),)

    source_id: Mapped[BigIntColumn]
    subject: Mapped[TextColumn]
    day: Mapped[date]
    import_file_id: Mapped[BigIntColumn]
    made_at: Mapped[Instant]
    caught_up: Mapped[bool]
