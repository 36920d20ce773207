"""Telling a person when a browser that is not known to be theirs has opened their account.

A browser is known by a random key that it keeps as a cookie. What it says of itself would not do: half of
all shopkeepers say "Chrome, Android". Nor would the network it comes from: a French phone on 4G shares its
address with thousands and changes it within the day, so that its owner would soon read no such mail. Who
clears their cookies or browses in private is told without need, and so only a few times a day.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts import notices
from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.accounts.sessions import device
from app.models import KNOWN_FOR, KnownDevice, UserAccount

#: Mails of this kind to one person in a day.
MOST_TOLD = 3


def recognise(connection: Connection, links: Links, user_id: int, client: Client) -> None:
    """Remember the browser of somebody who has just signed in; if it is new, tell them by mail.

    The first time ever says nothing: they have just accepted an invitation.
    """
    person = connection.execute(
        select(UserAccount.email, UserAccount.signed_in_at).where(UserAccount.id == user_id)
    ).one()
    is_known = _remember(connection, user_id, _hash(user_id, client.device))
    connection.execute(update(UserAccount).where(UserAccount.id == user_id).values(signed_in_at=func.now()))
    if person.signed_in_at is not None and not is_known and _new_today(connection, user_id) <= MOST_TOLD:
        told = Recipient(user_id, person.email)
        notices.signed_in_elsewhere(connection, links, told, device(client.agent), client)


def is_known(connection: Connection, email: str, key: str) -> bool:
    """Whether the browser of ``key`` has lately been signed in with by the account of ``email``."""
    known = (
        select(KnownDevice.user_id)
        .join(UserAccount, UserAccount.id == KnownDevice.user_id)
        .where(
            UserAccount.email == email,
            KnownDevice.key_hash == func.sha256(func.convert_to(_keyed(key), "UTF8")),
            KnownDevice.seen_at > func.now() - KNOWN_FOR,
        )
    )
    return email.isprintable() and connection.scalar(known) is not None


def _keyed(key: str) -> ColumnElement[str]:
    """What ``_hash`` makes a hash of, in SQL."""
    return cast(KnownDevice.user_id, Text) + f":{key}"


def _remember(connection: Connection, user_id: int, key_hash: bytes) -> bool:
    """Write down that this browser has come; returns whether it was known."""
    here = (KnownDevice.user_id == user_id, KnownDevice.key_hash == key_hash)
    again = (
        update(KnownDevice)
        .where(*here, KnownDevice.seen_at > func.now() - KNOWN_FOR)
        .values(seen_at=func.now())
    )
    if connection.scalar(again.returning(KnownDevice.user_id)) is not None:
        return True
    now = {"created_at": func.now(), "seen_at": func.now()}
    added = upsert(KnownDevice).values(user_id=user_id, key_hash=key_hash, **now)
    anew = {name: added.excluded[name] for name in now}
    connection.execute(added.on_conflict_do_update(index_elements=["user_id", "key_hash"], set_=anew))
    return False


def _new_today(connection: Connection, user_id: int) -> int:
    lately = KnownDevice.created_at > func.now() - timedelta(days=1)
    counted = select(func.count()).select_from(KnownDevice).where(KnownDevice.user_id == user_id, lately)
    return connection.execute(counted).scalar_one()


def _hash(user_id: int, key: str) -> bytes:
    return hashlib.sha256(f"{user_id}:{key}".encode()).digest()
