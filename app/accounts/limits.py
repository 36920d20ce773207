"""Limits on attempts, counted in the database before any password or code is looked at."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select

from app.accounts.journal import Client, Event, record
from app.database.engine import Database
from app.locks import Lock, hold
from app.models import SignInAttempt


@dataclass(frozen=True)
class Bound:
    """At most so many attempts within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True)
class Limit:
    """The bounds of one kind of attempt: for an account, for a network address, for everybody."""

    name: str
    account: tuple[Bound, ...]
    address: tuple[Bound, ...]
    everybody: tuple[Bound, ...]


_MINUTES, _HOUR, _DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
_TOGETHER = (Bound(1000, _MINUTES),)
SIGN_IN = Limit("sign_in", (Bound(10, _MINUTES),), (Bound(10, _MINUTES),), _TOGETHER)
CODE = Limit(
    "code", (Bound(5, _MINUTES), Bound(20, _HOUR), Bound(50, _DAY)), (Bound(20, _MINUTES),), _TOGETHER
)
#: Asking for a mail with a link; and using the link, which costs a hash.
ASKED = Limit("asked", (Bound(5, _DAY),), (Bound(20, _HOUR),), _TOGETHER)
LINK = Limit("link", (Bound(10, _MINUTES),), (Bound(20, _MINUTES),), _TOGETHER)


class TooManyAttemptsError(Exception):
    """This account, this address or everybody together tried too often."""


def attempt(
    database: Database, limit: Limit, account: str, client: Client, user_id: int | None = None
) -> tuple[int, ...]:
    """Count one attempt in a transaction of its own, so that it counts whatever comes after.

    Raises TooManyAttemptsError, with a line in the journal, when a bound is reached.
    """
    try:
        with database.writing() as connection:
            return count_attempt(connection, limit, account, client.address)
    except TooManyAttemptsError:
        event = Event.TOO_MANY_SIGN_INS if limit is SIGN_IN else Event.TOO_MANY_ATTEMPTS
        with database.writing() as connection:
            record(
                connection,
                event,
                user_id=user_id,
                request_id=client.request_id,
                address=client.address,
                limit=limit.name,
            )
        raise


def count_attempt(connection: Connection, limit: Limit, account: str, address: str) -> tuple[int, ...]:
    """Count one attempt; returns the ids to forget if it succeeds.

    Raises TooManyAttemptsError, before anything is counted, when a bound is reached.
    """
    hold(connection, Lock.ATTEMPTS)
    bounds = {
        _account_key(limit, account): limit.account,
        _address_key(limit, address): limit.address,
        f"{limit.name}:everybody": limit.everybody,
    }
    if _is_reached(connection, bounds):
        raise TooManyAttemptsError
    added = insert(SignInAttempt).values([{"key": key, "at": func.clock_timestamp()} for key in bounds])
    return tuple(connection.scalars(added.returning(SignInAttempt.id)))


def forget_attempts(connection: Connection, limit: Limit, account: str, counted: tuple[int, ...]) -> None:
    """After a success: forget this attempt and the account's failures."""
    connection.execute(
        delete(SignInAttempt).where(
            SignInAttempt.id.in_(counted) | (SignInAttempt.key == _account_key(limit, account))
        )
    )


def _is_reached(connection: Connection, bounds: Mapping[str, tuple[Bound, ...]]) -> bool:
    """Whether any key has reached any of its bounds; one statement for each length of time."""
    for within in {bound.within for several in bounds.values() for bound in several}:
        recent = dict(
            connection.execute(
                select(SignInAttempt.key, func.count())
                .where(SignInAttempt.key.in_(bounds), SignInAttempt.at > func.now() - within)
                .group_by(SignInAttempt.key)
            ).all()
        )
        for key, several in bounds.items():
            if any(recent.get(key, 0) >= bound.most for bound in several if bound.within == within):
                return True
    return False


def _account_key(limit: Limit, account: str) -> str:
    return f"{limit.name}:account:" + hashlib.sha256(account.encode()).hexdigest()


def _address_key(limit: Limit, address: str) -> str:
    """The key of a network address; an IPv6 subscriber holds a whole /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return f"{limit.name}:address:unknown"
    if isinstance(known, ipaddress.IPv6Address):
        known = ipaddress.ip_network((known, 64), strict=False).network_address
    return f"{limit.name}:address:" + hashlib.sha256(known.packed).hexdigest()
