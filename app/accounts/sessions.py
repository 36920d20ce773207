"""Sessions are rows. The browser holds a random key of which only the hash is stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, false, func, insert, select, update

from app.accounts.journal import Client
from app.accounts.place import UNNAMED, Place
from app.models import Membership, StaffMember, UserSession
from app.wording.i18n import gettext


@dataclass(frozen=True)
class Lifetime:
    """The life of a session without a visit, and in all."""

    idle: timedelta
    absolute: timedelta


MERCHANT = Lifetime(idle=timedelta(hours=2), absolute=timedelta(hours=12))
#: Staff see many merchants.
STAFF = Lifetime(idle=timedelta(minutes=30), absolute=timedelta(hours=12))
#: Between the password and the second factor.
PENDING = Lifetime(idle=timedelta(minutes=10), absolute=timedelta(minutes=10))
#: How long the password or a code, once given, speaks for a person who changes the accesses of others.
PROOF = timedelta(minutes=10)
#: How often a visit is written down: reading a page must not cost a write.
SEEN_EVERY = timedelta(minutes=1)
MAXIMUM_AGENT = 300

# The first mark found decides: most browsers also name those they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class SeenSession:
    """A session as its owner sees it."""

    id: int
    device: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class OpenSession:
    """A living session, as a request finds it.

    ``last`` holds the merchant and the desk that its person used last, ``viewed_merchant_ids`` the merchants
    that they have said they look at as staff; ``seen_lately`` tells whether its use is written down already,
    ``proved_lately`` whether they have just given their password or a code.
    """

    host: str
    last: Place
    viewed_merchant_ids: frozenset[int]
    seen_lately: bool
    proved_lately: bool

    @classmethod
    def of(cls, row: Row[Any]) -> OpenSession:
        """The session in a row that holds its :func:`columns`."""
        return cls(
            host=row.host,
            last=Place(row.last_merchant_id, row.last_reseller_id),
            viewed_merchant_ids=frozenset(row.viewed_merchant_ids),
            seen_lately=row.seen_lately,
            proved_lately=row.proved_lately,
        )


def new_key() -> str:
    """A fresh key of 256 random bits."""
    return secrets.token_urlsafe(32)


def is_key(text: str) -> bool:
    """Whether ``text`` has the shape of a key."""
    return _KEY.fullmatch(text) is not None


def hash_of(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def open_session(connection: Connection, user_id: int, client: Client, *, pending: bool = False) -> str:
    """Open a session for a person who has just proved who they are; returns its new key.

    A ``pending`` one opens nothing but the second step of signing in.
    """
    key = new_key()
    lifetime = PENDING if pending else _lifetime(connection, user_id)
    connection.execute(
        insert(UserSession).values(
            key_hash=hash_of(key),
            user_id=user_id,
            host=client.host,
            user_agent=client.agent[:MAXIMUM_AGENT],
            pending=pending,
            idle=lifetime.idle,
            created_at=func.now(),
            last_seen_at=func.now(),
            expires_at=func.now() + lifetime.absolute,
            proved_at=func.now(),
        )
    )
    return key


def columns() -> tuple[Any, ...]:
    """What :meth:`OpenSession.of` is made of, in a statement that reads something else of the person too."""
    return (
        UserSession.host,
        UserSession.last_merchant_id,
        UserSession.last_reseller_id,
        UserSession.viewed_merchant_ids,
        (UserSession.last_seen_at > func.now() - SEEN_EVERY).label("seen_lately"),
        func.coalesce(UserSession.proved_at > func.now() - PROOF, false()).label("proved_lately"),
    )


def is_alive() -> tuple[ColumnElement[bool], ...]:
    """The conditions of a session that is neither over nor before its second step."""
    return (
        ~UserSession.pending,
        UserSession.expires_at > func.now(),
        UserSession.last_seen_at > func.now() - UserSession.idle,
    )


def _lifetime(connection: Connection, user_id: int) -> Lifetime:
    works = connection.scalar(select(exists().where(StaffMember.user_id == user_id)))
    return STAFF if works else MERCHANT


def end_session(connection: Connection, key: str) -> None:
    """End the session of ``key``, if there is one."""
    connection.execute(delete(UserSession).where(UserSession.key_hash == hash_of(key)))


def end_all_sessions(connection: Connection, user_id: int, keep: str | None = None) -> None:
    """End every session of a person, but that of the key ``keep``: their password or their rights changed."""
    kept = hash_of(keep) if keep else b""
    connection.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.key_hash != kept)
    )


def end_sessions_at(connection: Connection, merchant_id: int) -> None:
    """End every session of everybody with an access to a merchant: it was suspended, or opened again."""
    people = select(Membership.user_id).where(Membership.merchant_id == merchant_id)
    connection.execute(delete(UserSession).where(UserSession.user_id.in_(people)))


def shorten_sessions(connection: Connection, user_id: int) -> None:
    """Let the open sessions of a person live as those of staff: they have just become one."""
    mine = update(UserSession).where(UserSession.user_id == user_id)
    connection.execute(mine.values(idle=STAFF.idle))


def sessions_of(connection: Connection, user_id: int, key: str) -> list[SeenSession]:
    """The living sessions of a person, the last used first; ``key`` is that of the one they look with."""
    rows = connection.execute(
        select(UserSession)
        .with_only_columns(
            UserSession.id,
            UserSession.user_agent,
            UserSession.created_at,
            UserSession.last_seen_at,
            (UserSession.key_hash == hash_of(key)).label("is_this"),
        )
        .where(UserSession.user_id == user_id, *is_alive())
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
    )
    return [
        SeenSession(row.id, device(row.user_agent or ""), row.created_at, row.last_seen_at, row.is_this)
        for row in rows
    ]


def end_own_session(connection: Connection, user_id: int, session_id: int) -> bool:
    """End one of a person's own sessions; returns whether it was theirs."""
    mine = delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
    return connection.scalar(mine.returning(UserSession.id)) is not None


def device(agent: str) -> str:
    """What a browser says it is, in a few words: ``Chrome · Android``."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part) or gettext("Unknown device")


def rotate(connection: Connection, key: str, *, proved: bool = False) -> str:
    """Give the session of ``key`` another key, as rights changed; the old one is worth nothing.

    ``proved``: its person has just given their password or a code.
    """
    fresh = new_key()
    proof = {"proved_at": func.now()} if proved else {}
    session = update(UserSession).where(UserSession.key_hash == hash_of(key))
    connection.execute(session.values(key_hash=hash_of(fresh), **proof))
    return fresh


def mark_seen(connection: Connection, key: str, place: Place = UNNAMED) -> None:
    """Write down that the session of ``key`` is in use, and at which place, if at one."""
    last = {"last_merchant_id": place.merchant_id, "last_reseller_id": place.reseller_id}
    named = {column: place_id for column, place_id in last.items() if place_id is not None}
    session = update(UserSession).where(UserSession.key_hash == hash_of(key))
    connection.execute(session.values(last_seen_at=func.now(), **named))


def begin_viewing(connection: Connection, key: str, merchant_id: int) -> None:
    """Let staff look at a merchant in this session, beside those they look at already."""
    others = func.array_remove(UserSession.viewed_merchant_ids, merchant_id)
    _view(connection, key, func.array_append(others, merchant_id))


def stop_viewing(connection: Connection, key: str, merchant_id: int) -> None:
    """Let staff look at a merchant no more in this session."""
    _view(connection, key, func.array_remove(UserSession.viewed_merchant_ids, merchant_id))


def _view(connection: Connection, key: str, merchant_ids: ColumnElement[list[int]]) -> None:
    session = update(UserSession).where(UserSession.key_hash == hash_of(key))
    connection.execute(session.values(viewed_merchant_ids=merchant_ids))
