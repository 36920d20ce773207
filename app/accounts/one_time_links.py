"""The rows of one-time links: written, read, spent once, revoked. Every time is the database's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.links import PATHS, Home, Links, Purpose
from app.models import Invitation, InvitationKind, Merchant

#: How long a link lives, in seconds: 72 hours, and one hour to choose a new password.
SECONDS = {InvitationKind.INVITE: 259_200, InvitationKind.STAFF: 259_200, InvitationKind.RESET: 3_600}
PURPOSES = {
    InvitationKind.INVITE: Purpose.INVITATION,
    InvitationKind.STAFF: Purpose.INVITATION,
    InvitationKind.RESET: Purpose.RESET,
}
_COLUMNS = tuple(Invitation.__table__.columns)
_KEY = ["kind", "email", "reseller_id", "merchant_id"]


class DeadLinkError(Exception):
    """The link was used, withdrawn, replaced, made for elsewhere, or never ours: nobody is told which."""


@dataclass(frozen=True)
class SentLink:
    """A link just made, and when it ends. ``key`` tells this sending from another of the same row."""

    id: int
    url: str
    expires_at: datetime
    key: str


def make(connection: Connection, links: Links, home: Home, values: Mapping[str, Any]) -> SentLink:
    """Write the row of a new link: columns ``values``, with at least ``kind`` and ``email``.

    One that was open for the same person and purpose is replaced: the older link dies.
    """
    kind = InvitationKind(values["kind"])
    token, nonce_hash = links.new(PURPOSES[kind])
    row = {
        **values,
        "nonce_hash": nonce_hash,
        "host": home.host,
        "created_at": func.now(),
        "expires_at": text(f"now() + make_interval(secs => {SECONDS[kind]})"),
    }
    added = upsert(Invitation).values(row)
    statement = added.on_conflict_do_update(
        index_elements=_KEY,
        index_where=text("used_at IS NULL AND revoked_at IS NULL"),
        set_={name: added.excluded[name] for name in row if name not in _KEY},
    ).returning(Invitation.id, Invitation.expires_at)
    written = connection.execute(statement).one()
    url = f"{home.address}{PATHS[PURPOSES[kind]]}/{token}"
    return SentLink(written.id, url, written.expires_at, nonce_hash.hex()[:16])


def find(connection: Connection, links: Links, purpose: Purpose, token: str, host: str) -> Row[Any]:
    """The row of ``token`` (``Invitation`` columns) and ``is_expired``. Raises DeadLinkError.

    An expired link is found, so that its page can offer a new one; it is spent by nobody.
    """
    is_expired = (Invitation.expires_at <= func.now()).label("is_expired")
    found = connection.execute(
        select(*_COLUMNS, is_expired).where(*_is_open(links, purpose, token, host))
    ).one_or_none()
    if found is None:
        raise DeadLinkError
    return cast("Row[Any]", found)


def spend(connection: Connection, links: Links, purpose: Purpose, token: str, host: str) -> Row[Any]:
    """Use a link up, in one statement: of any number at once exactly one succeeds. Raises DeadLinkError."""
    spent = connection.execute(
        update(Invitation)
        .where(*_is_open(links, purpose, token, host), Invitation.expires_at > func.now())
        .values(used_at=func.now())
        .returning(*_COLUMNS)
    ).one_or_none()
    if spent is None:
        raise DeadLinkError
    return spent


def revoke(connection: Connection, *which: ColumnElement[bool]) -> list[int]:
    """Withdraw the open links that meet ``which``; returns their ids."""
    open_ones = (Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), *which)
    statement = update(Invitation).where(*open_ones).values(revoked_at=func.now())
    return list(connection.scalars(statement.returning(Invitation.id)))


def _is_open(links: Links, purpose: Purpose, token: str, host: str) -> tuple[ColumnElement[bool], ...]:
    """Neither used nor withdrawn, on the host it was made for, of a merchant that is not suspended."""
    suspended = exists().where(Merchant.id == Invitation.merchant_id, Merchant.suspended_at.is_not(None))
    return (
        Invitation.nonce_hash == links.hash_in(purpose, token),
        Invitation.kind.in_([kind for kind, meant in PURPOSES.items() if meant == purpose]),
        Invitation.host == host,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        ~suspended,
    )
