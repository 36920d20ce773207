"""The tables of accounts: people, memberships, links, sessions, attempts, the journal."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Interval,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.privileges import ACCOUNTS, ADD, READ, Privileges
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

#: A browser that a person has not signed in with for so long is new again: they were
#: away themselves, perhaps.
KNOWN_FOR = timedelta(days=90)


class Role(StrEnum):
    """The role of a person within a merchant."""

    OWNER = "owner"
    FLEET = "fleet"
    FINANCE = "finance"
    VIEWER = "viewer"


class UserAccount(Base):
    """A person; ``email`` is kept in lower case. No default account exists.

    ``signed_in_at`` is None until they sign in for the first time.
    """

    __tablename__ = "user_account"
    __privileges__ = ACCOUNTS

    id: Mapped[LocalId]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[TextColumnOrNone]
    disabled_at: Mapped[InstantOrNone]
    signed_in_at: Mapped[InstantOrNone]
    created_at: Mapped[CreatedAt]


class Membership(Base):
    """A person's role within a merchant: over the whole of it, or over chosen outlets or contracts.

    Unless ``limited`` the whole merchant is in sight; otherwise only what its :class:`MembershipLimit` rows
    name, which is nothing without any. ``merchant_id`` bears no foreign key: accounts stay apart from
    the tables that may be distributed (citus.md R8).
    """

    __tablename__ = "membership"
    __privileges__ = ACCOUNTS
    __table_args__ = (UniqueConstraint("user_id", "merchant_id"), one_of("role", Role))

    id: Mapped[LocalId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    merchant_id: Mapped[BigIntColumn]
    role: Mapped[TextColumn]
    limited: Mapped[bool] = mapped_column(default=False, server_default="false")
    suspended_at: Mapped[InstantOrNone]


class StaffMember(Base):
    """A person who works for a reseller: sees all of its merchants and gives accesses to them."""

    __tablename__ = "staff_member"
    __privileges__ = ACCOUNTS
    __table_args__ = (UniqueConstraint("user_id", "reseller_id"),)

    id: Mapped[LocalId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    reseller_id: Mapped[int] = mapped_column(ForeignKey("reseller.id"))
    created_at: Mapped[CreatedAt]


class MembershipLimit(Base):
    """One outlet or one contract that a limited membership may see."""

    __tablename__ = "membership_limit"
    __privileges__ = ACCOUNTS

    id: Mapped[LocalId]
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id", ondelete="CASCADE"), index=True)
    outlet_id: Mapped[BigIntColumnOrNone]
    contract_id: Mapped[BigIntColumnOrNone]


class SavedView(Base):
    """A view of a list that a member keeps: ``asked`` are the parameters of its address, pairs in order.

    It is the membership's own, and goes with it; ``is_shared`` offers it to the merchant's other members, to
    one of whom it is handed on.
    """

    __tablename__ = "saved_view"
    __privileges__ = ACCOUNTS
    __table_args__ = (UniqueConstraint("membership_id", "list_name", "name"),)

    id: Mapped[LocalId]
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id", ondelete="CASCADE"))
    list_name: Mapped[TextColumn]
    name: Mapped[TextColumn]
    asked: Mapped[list[Any]] = mapped_column(JSONB)
    is_shared: Mapped[bool]
    created_at: Mapped[CreatedAt]


class InvitationKind(StrEnum):
    """The purpose of a one-time link."""

    INVITE = "invite"
    STAFF = "staff"
    RESET = "reset"


class Invitation(Base):
    """A one-time link sent by mail. It holds a random nonce of which only the hash is stored here.

    At most one is open for the same person and purpose: sending again replaces its nonce, and so ends
    the older link. An invitation to a merchant says what it will give: ``role`` and limits, over the
    whole merchant unless ``limited``. ``host`` is the only one where the link is worth anything.
    """

    __tablename__ = "invitation"
    __privileges__ = ACCOUNTS
    __table_args__ = (
        UniqueConstraint("nonce_hash"),
        one_of("kind", InvitationKind),
        one_of("role", Role),
        Index(
            "invitation_open_key",
            "kind",
            "email",
            "reseller_id",
            "merchant_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("used_at IS NULL AND revoked_at IS NULL"),
        ),
        Index("invitation_merchant_idx", "merchant_id"),
    )

    id: Mapped[LocalId]
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[TextColumn]
    email: Mapped[TextColumn]
    host: Mapped[TextColumn]
    reseller_id: Mapped[int | None] = mapped_column(ForeignKey("reseller.id"))
    merchant_id: Mapped[BigIntColumnOrNone]
    role: Mapped[TextColumnOrNone]
    limited: Mapped[bool] = mapped_column(default=False, server_default="false")
    outlet_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    contract_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    invited_by: Mapped[BigIntColumnOrNone]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    used_at: Mapped[InstantOrNone]
    revoked_at: Mapped[InstantOrNone]


class SecondFactor(Base):
    """A person's authenticator app (RFC 6238), proved by a first code.

    ``salt`` is not the secret: that is derived from it with the portal's secret key, so that a copy of
    the database opens nothing. ``cover`` (20 bytes) is what the secret differs by from the derived one:
    zeros, until the portal's key has changed. ``last_step`` is the newest time step accepted: none serves
    twice.
    """

    __tablename__ = "second_factor"
    __privileges__ = ACCOUNTS

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    cover: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("decode(repeat('00', 20), 'hex')"))
    last_step: Mapped[BigIntColumn] = mapped_column(default=0, server_default="0")
    confirmed_at: Mapped[CreatedAt]


class RecoveryCode(Base):
    """A code that replaces the app once, of which only the hash is stored; gone when used."""

    __tablename__ = "recovery_code"
    __privileges__ = ACCOUNTS
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[LocalId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)


class UserSession(Base):
    """One signed-in browser. The cookie holds a random key of which only the hash is stored.

    ``id`` names a session on its owner's page. While ``pending``, the password was good and the second
    factor is awaited: nothing else is open. ``idle`` is how long it lives without a visit; ``proved_at``
    is when the password or a code was last given in it. ``last_merchant_id`` and ``last_reseller_id`` are
    the places used last, where addresses lead that name none; ``viewed_merchant_ids`` are the merchants that
    staff have said they look at.
    """

    __tablename__ = "user_session"
    __privileges__ = ACCOUNTS
    __table_args__ = (UniqueConstraint("id"),)

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity())
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    last_merchant_id: Mapped[BigIntColumnOrNone]
    last_reseller_id: Mapped[BigIntColumnOrNone]
    viewed_merchant_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}"
    )
    host: Mapped[TextColumn]
    user_agent: Mapped[TextColumnOrNone]
    pending: Mapped[bool] = mapped_column(default=False, server_default="false")
    idle: Mapped[timedelta] = mapped_column(Interval, server_default=text("'02:00:00'::interval"))
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    proved_at: Mapped[InstantOrNone]


class KnownDevice(Base):
    """A browser that a person has signed in with: the hash of a random key that it keeps as a cookie.

    The hash is the person's own: two who share a browser have nothing in common here.
    """

    __tablename__ = "known_device"
    __privileges__ = ACCOUNTS

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[CreatedAt]
    seen_at: Mapped[CreatedAt]


class ColumnChoice(Base):
    """The columns that a person has chosen for the table of a list: names of its fields."""

    __tablename__ = "column_choice"
    __privileges__ = ACCOUNTS

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    list_name: Mapped[str] = mapped_column(Text, primary_key=True)
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SignInAttempt(Base):
    """A failed sign-in, counted before any hashing; ``key`` is a hash of the account or network.

    A bound that is reached has one as well, which counts how often since it was last said.
    """

    __tablename__ = "sign_in_attempt"
    __privileges__ = ACCOUNTS
    __table_args__ = (Index("sign_in_attempt_key_idx", "key", "at"),)

    id: Mapped[LocalId]
    key: Mapped[TextColumn]
    at: Mapped[Instant]
    count: Mapped[BigIntColumn] = mapped_column(default=1, server_default="1")


class JournalEntry(Base):
    """Something a person did that others may ask about: a sign-in, an export, a refusal.

    What they did at no merchant in particular names those they belonged to then, in ``merchant_ids``: their
    owners go on reading it when they have left, and never what came before them or after.
    """

    __tablename__ = "journal_entry"
    __privileges__ = Privileges(web=(READ, ADD), importer=(READ, ADD))
    __table_args__ = (
        Index("journal_entry_merchant_idx", "merchant_id", "at"),
        Index("journal_entry_merchants_idx", "merchant_ids", postgresql_using="gin"),
        Index("journal_entry_user_idx", "user_id", "at"),
        Index("journal_entry_at_idx", "at", "id"),
    )

    id: Mapped[LocalId]
    at: Mapped[Instant]
    event: Mapped[TextColumn]
    user_id: Mapped[BigIntColumnOrNone]
    merchant_id: Mapped[BigIntColumnOrNone]
    merchant_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    request_id: Mapped[TextColumnOrNone]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
