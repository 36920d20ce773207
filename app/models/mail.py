"""Mails on their way: one row for each recipient, written with the request and kept up by the worker."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ACCOUNTS, READ, Privileges, TablePrivilege
from app.models.base import (
    Base,
    BigIntColumn,
    BigIntColumnOrNone,
    CreatedAt,
    Instant,
    InstantOrNone,
    LocalId,
    TextColumn,
    TextColumnOrNone,
    one_of,
)

#: How long a delivery is tried, counted from its request.
TRIED_FOR = "72 hours"


class MailKind(StrEnum):
    """The subject of a mail."""

    TICKET = "ticket"
    INVITATION = "invitation"
    RESET = "reset"
    NOTICE = "notice"
    REPORT = "report"


class DeliveryState(StrEnum):
    """The state of a delivery: waiting, being tried, taken by the mail server, put off, given up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"


#: The states of a delivery that is still to be made.
OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRYING)


class Fault(StrEnum):
    """The fault that kept a mail from being taken, in the order of a conversation with a server."""

    NO_FOLDER = "no_folder"
    HOST_UNKNOWN = "host_unknown"
    CONNECTION_REFUSED = "connection_refused"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    CERTIFICATE = "certificate"
    TLS = "tls"
    STARTTLS_MISSING = "starttls_missing"
    GREETING = "greeting"
    AUTHENTICATION = "authentication"
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    MESSAGE_REFUSED = "message_refused"


#: What the web renews of a delivery that failed, and what only the worker writes besides.
RENEWED = ("state", "next_try_at", "deadline")
KEPT_BY_WORKER = (
    "id",
    *RENEWED,
    "attempts",
    "last_fault",
    "last_reply",
    "handed_over_at",
    "uncertain_tries",
    "created_at",
    "sent_at",
)


class Delivery(Base):
    """One mail to one recipient.

    ``message`` is the composed mail (RFC 5322 bytes), erased once it is sent; the web may not read it.
    ``recipient`` is erased 30 days after. ``handed_over_at`` is committed just before the dot that ends
    the message: set in a row that is not sent, it says that the server may have taken that try.
    ``uncertain_tries`` counts the tries begun after such a moment: only these can double a mail.
    ``list_name`` and ``row_id`` say which row of which list a ticket is of. ``merchant_id`` bears no foreign
    key (citus.md R8).
    """

    __tablename__ = "delivery"
    __privileges__ = Privileges(
        web=(
            # A composed mail may hold a link that lets somebody in: it is written, and never read again.
            TablePrivilege("SELECT", but=("message",)),
            TablePrivilege("INSERT", but=KEPT_BY_WORKER),
            TablePrivilege("UPDATE", columns=RENEWED),
        ),
        importer=(READ, TablePrivilege("UPDATE")),
    )
    __table_args__ = (
        one_of("kind", MailKind),
        one_of("state", DeliveryState),
        one_of("last_fault", Fault),
        Index("delivery_request_idx", text("coalesce(user_id, 0)"), "request_key", "recipient", unique=True),
        Index("delivery_open_idx", "next_try_at", postgresql_where=text("state NOT IN ('sent', 'failed')")),
        Index("delivery_user_idx", "user_id", "created_at"),
        Index("delivery_recipient_idx", "recipient", "created_at"),
        Index("delivery_merchant_idx", "merchant_id", "created_at"),
        Index("delivery_row_idx", "merchant_id", "list_name", "row_id"),
    )

    id: Mapped[LocalId]
    kind: Mapped[TextColumn]
    reseller_slug: Mapped[TextColumn]
    merchant_id: Mapped[BigIntColumnOrNone]
    user_id: Mapped[BigIntColumnOrNone]
    request_key: Mapped[TextColumn]
    list_name: Mapped[TextColumnOrNone]
    row_id: Mapped[BigIntColumnOrNone]
    sender: Mapped[TextColumn]
    recipient: Mapped[TextColumnOrNone]
    message_id: Mapped[str] = mapped_column(unique=True)
    message: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[TextColumn] = mapped_column(server_default=DeliveryState.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    deadline: Mapped[Instant] = mapped_column(server_default=text(f"(now() + '{TRIED_FOR}'::interval)"))
    last_fault: Mapped[TextColumnOrNone]
    last_reply: Mapped[TextColumnOrNone]
    handed_over_at: Mapped[InstantOrNone]
    uncertain_tries: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[InstantOrNone]


class FileKind(StrEnum):
    """The kind of a file that goes with a mail."""

    CSV = "csv"
    XLSX = "xlsx"


class DailyMail(Base):
    """A person's wish for the daily mail of a merchant, with a file of ``file_kind``.

    ``also_empty``: on days with nothing to say too. ``language`` is that in which it was asked for,
    ``sent_on`` the last day on which it was posted.
    """

    __tablename__ = "daily_mail"
    __privileges__ = ACCOUNTS
    __table_args__ = (
        UniqueConstraint("user_id", "merchant_id", name="daily_mail_natural_key"),
        one_of("file_kind", FileKind),
    )

    id: Mapped[LocalId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    merchant_id: Mapped[BigIntColumn]
    file_kind: Mapped[TextColumn]
    also_empty: Mapped[bool] = mapped_column(server_default="false")
    language: Mapped[TextColumn] = mapped_column(server_default="fr")
    sent_on: Mapped[date | None]
