"""Limits on attempts to sign in, counted in the database before any password is hashed."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select, text

from app.models import SignInAttempt

WINDOW = timedelta(minutes=5)
PER_KEY = 10
ALTOGETHER = 1000
EVERYBODY = "everybody"
# One attempt is counted at a time, so that the eleventh is refused whoever serves it.
_LOCK = 7251003


class TooManyAttemptsError(Exception):
    """This account, this address or everybody together tried too often in the window."""


def count_attempt(connection: Connection, email: str, address: str) -> tuple[int, ...]:
    """Count one attempt; returns the ids to forget if it succeeds.

    Raises TooManyAttemptsError, before anything is counted, when a limit is reached.
    """
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    limits = {_account_key(email): PER_KEY, _address_key(address): PER_KEY, EVERYBODY: ALTOGETHER}
    recent = dict(
        connection.execute(
            select(SignInAttempt.key, func.count())
            .where(SignInAttempt.key.in_(limits), SignInAttempt.at > func.now() - WINDOW)
            .group_by(SignInAttempt.key)
        ).all()
    )
    if any(recent.get(key, 0) >= limit for key, limit in limits.items()):
        raise TooManyAttemptsError
    added = insert(SignInAttempt).values([{"key": key, "at": func.clock_timestamp()} for key in limits])
    return tuple(connection.scalars(added.returning(SignInAttempt.id)))


def forget_attempts(connection: Connection, email: str, counted: tuple[int, ...]) -> None:
    """After a good sign-in: forget this attempt and the account's failures."""
    connection.execute(
        delete(SignInAttempt).where(
            SignInAttempt.id.in_(counted) | (SignInAttempt.key == _account_key(email))
        )
    )


def _account_key(email: str) -> str:
    return "account:" + hashlib.sha256(email.encode()).hexdigest()


def _address_key(address: str) -> str:
    """The key of a network address; an IPv6 subscriber holds a whole /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "address:unknown"
    if isinstance(known, ipaddress.IPv6Address):
        known = ipaddress.ip_network((known, 64), strict=False).network_address
    return "address:" + hashlib.sha256(known.packed).hexdigest()
