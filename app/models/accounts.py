"""Who may enter, and what they may see."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Big,
    BigOrNone,
    CreatedAt,
    Instant,
    InstantOrNone,
    LocalId,
    Words,
    WordsOrNone,
    one_of,
)


class Role(StrEnum):
    """What a person may do within a merchant."""

    OWNER = "owner"
    FLEET = "fleet"
    FINANCE = "finance"
    VIEWER = "viewer"


class UserAccount(Base):
    """A person; ``email`` is kept in lower case. No default account exists."""

    __tablename__ = "user_account"

    id: Mapped[LocalId]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[WordsOrNone]
    disabled_at: Mapped[InstantOrNone]
    created_at: Mapped[CreatedAt]


class Membership(Base):
    """A person's role within a merchant: over the whole of it, or over chosen outlets or contracts.

    Without any :class:`MembershipLimit` the whole merchant is in sight. ``merchant_id`` bears no
    foreign key: accounts stay apart from the tables that may be distributed (citus.md R8).
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "merchant_id"), one_of("role", Role))

    id: Mapped[LocalId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    merchant_id: Mapped[Big]
    role: Mapped[Words]
    limited: Mapped[bool] = mapped_column(default=False, server_default="false")


class MembershipLimit(Base):
    """One outlet or one contract that a limited membership may see."""

    __tablename__ = "membership_limit"

    id: Mapped[LocalId]
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id", ondelete="CASCADE"), index=True)
    outlet_id: Mapped[BigOrNone]
    contract_id: Mapped[BigOrNone]


class UserSession(Base):
    """One signed-in browser. The cookie holds a random key of which only the hash is stored."""

    __tablename__ = "user_session"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    merchant_id: Mapped[BigOrNone]
    host: Mapped[Words]
    user_agent: Mapped[WordsOrNone]
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]


class SignInAttempt(Base):
    """A failed sign-in, counted before any hashing; ``key`` is a hash of the account or address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("sign_in_attempt_key_idx", "key", "at"),)

    id: Mapped[LocalId]
    key: Mapped[Words]
    at: Mapped[Instant]


class JournalEntry(Base):
    """Something a person did that others may ask about: a sign-in, an export, a refusal."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("journal_entry_merchant_idx", "merchant_id", "at"),
        Index("journal_entry_user_idx", "user_id", "at"),
        Index("journal_entry_at_idx", "at", "id"),
    )

    id: Mapped[LocalId]
    at: Mapped[Instant]
    event: Mapped[Words]
    user_id: Mapped[BigOrNone]
    merchant_id: Mapped[BigOrNone]
    request_id: Mapped[WordsOrNone]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
