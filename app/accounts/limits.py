"""Limits on attempts, counted in the database before any password or code is looked at.

Strangers must not keep anybody out: a browser that a person has signed in with before (``devices``) has a
count of its own and knows no other bound; all other browsers share those of the account, of their network
and of everybody.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from app.accounts import devices
from app.accounts.journal import Client, Event, record
from app.database.engine import Database
from app.locks import Lock, hold
from app.logs import logger
from app.models import SignInAttempt

_log = logger("limits")


@dataclass(frozen=True)
class Bound:
    """At most so many attempts within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True)
class Limit:
    """The bounds of one kind of attempt: for an account, for a network, for everybody.

    ``by_network``: those of an account hold for each network apart, so that what strangers ask for does
    not use up what its owner may.
    """

    name: str
    account: tuple[Bound, ...]
    network: tuple[Bound, ...] = ()
    everybody: tuple[Bound, ...] = ()
    by_network: bool = False


_MINUTES, _HOUR, _DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
_TOGETHER = (Bound(1000, _MINUTES),)
_CODES = (Bound(5, _MINUTES), Bound(20, _HOUR), Bound(50, _DAY))
SIGN_IN = Limit("sign_in", (Bound(10, _MINUTES),), (Bound(10, _MINUTES),), _TOGETHER)
CODE = Limit("code", _CODES, (Bound(20, _MINUTES),), _TOGETHER)
#: Proving once more who one is, in a session: the account is that session, which no stranger has.
PASSWORD_AGAIN = Limit("password_again", (Bound(10, _MINUTES), Bound(50, _DAY)))
CODE_AGAIN = Limit("code_again", _CODES)
#: Asking for a mail with a link; and using the link, which costs a hash.
ASKED = Limit("asked", (Bound(5, _DAY),), (Bound(20, _HOUR),), _TOGETHER, by_network=True)
LINK = Limit("link", (Bound(10, _MINUTES),), (Bound(20, _MINUTES),), _TOGETHER)

#: An IPv6 subscriber holds a whole /64; a site or a small provider a /48, which is bounded as so many.
_SUBSCRIBER, _SITE, _SUBSCRIBERS_OF_A_SITE = 64, 48, 4
#: One line in the journal for what is refused again and again, in so long.
_SAID_AGAIN = timedelta(minutes=5)


class TooManyAttemptsError(Exception):
    """This account, this network or everybody together tried too often; ``key`` is of which."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def attempt(
    database: Database, limit: Limit, account: str, client: Client, user_id: int | None = None
) -> tuple[int, ...]:
    """Count one attempt in a transaction of its own, so that it counts whatever comes after.

    ``account`` is an address, or anything else that names what is tried; ``user_id`` is the person, where
    it is known. Raises TooManyAttemptsError when a bound is reached.
    """
    try:
        with database.writing() as connection:
            device = client.device if devices.is_known(connection, account, client.device) else None
            return count_attempt(connection, limit, account, client.address, device)
    except TooManyAttemptsError as error:
        with database.writing() as connection:
            _journal(connection, limit, error.key, client, user_id)
        raise


def count_attempt(
    connection: Connection, limit: Limit, account: str, address: str, device: str | None = None
) -> tuple[int, ...]:
    """Count one attempt; returns the ids to forget if it succeeds.

    ``device`` is the key of a browser that is known to be the account's. Raises TooManyAttemptsError,
    before anything is counted, when a bound is reached.
    """
    hold(connection, Lock.ATTEMPTS)
    bounds = _bounds(limit, account, address, device)
    reached = _reached(connection, bounds)
    if reached is not None:
        raise TooManyAttemptsError(reached)
    added = insert(SignInAttempt).values([{"key": key, "at": func.clock_timestamp()} for key in bounds])
    return tuple(connection.scalars(added.returning(SignInAttempt.id)))


def forget_attempts(
    connection: Connection, limit: Limit, account: str, counted: tuple[int, ...] = ()
) -> None:
    """After a success: forget this attempt, and the failures of the account or of its known browser."""
    of_browser = select(SignInAttempt.key).where(
        SignInAttempt.id.in_(counted), SignInAttempt.key.startswith(f"{limit.name}:device:")
    )
    failures = SignInAttempt.key.in_(of_browser) | (SignInAttempt.key == _key(limit, "account", account))
    connection.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(counted) | failures))


def forget_network(connection: Connection, limit: Limit, address: str) -> None:
    """Forget the failures that came from the network of ``address``: somebody there has proved themself."""
    keys = list(_networks(limit, address))
    connection.execute(delete(SignInAttempt).where(SignInAttempt.key.in_(keys)))


def times_untold(connection: Connection, key: str) -> int | None:
    """How often ``key`` was refused since that was last told, this time included; None when it was just now.

    So what anybody can repeat is one line in the journal in five minutes, however often.
    """
    hold(connection, Lock.ATTEMPTS)
    here = SignInAttempt.key == f"refused:{key}"
    again = update(SignInAttempt).where(here, SignInAttempt.at > func.now() - _SAID_AGAIN)
    counted = again.values(count=SignInAttempt.count + 1).returning(SignInAttempt.id)
    if connection.scalars(counted).first() is not None:
        return None
    before = connection.scalars(delete(SignInAttempt).where(here).returning(SignInAttempt.count)).all()
    connection.execute(insert(SignInAttempt).values(key=f"refused:{key}", at=func.clock_timestamp(), count=0))
    return sum(before) + 1


def _bounds(limit: Limit, account: str, address: str, device: str | None) -> Mapping[str, tuple[Bound, ...]]:
    """The bounds that an attempt counts for, by key."""
    if device is not None:
        return {_key(limit, "device", f"{account}:{device}"): limit.account}
    networks = _networks(limit, address)
    counted = f"{account}:{next(iter(networks))}" if limit.by_network else account
    return {
        _key(limit, "account", counted): limit.account,
        **networks,
        **({f"{limit.name}:everybody": limit.everybody} if limit.everybody else {}),
    }


def _reached(connection: Connection, bounds: Mapping[str, tuple[Bound, ...]]) -> str | None:
    """The key that has reached one of its bounds, if any; one statement for each length of time."""
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
                return key
    return None


def _journal(connection: Connection, limit: Limit, key: str, client: Client, user_id: int | None) -> None:
    """A line in the journal for a bound that is reached, once in five minutes; it counts those since."""
    count = times_untold(connection, key)
    if count is None:
        return
    event = Event.TOO_MANY_SIGN_INS if limit is SIGN_IN else Event.TOO_MANY_ATTEMPTS
    record(
        connection,
        event,
        user_id=user_id,
        request_id=client.request_id,
        address=client.address,
        limit=limit.name,
        count=count,
    )
    if key == f"{limit.name}:everybody":
        _log.error("closed_to_unknown_browsers", limit=limit.name)


def _key(limit: Limit, of: str, value: str | bytes) -> str:
    data = value.encode() if isinstance(value, str) else value
    return f"{limit.name}:{of}:" + hashlib.sha256(data).hexdigest()


def _networks(limit: Limit, address: str) -> dict[str, tuple[Bound, ...]]:
    """The keys of the networks that an address is of, the narrowest first, each with its bounds."""
    if not limit.network:
        return {}
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return {f"{limit.name}:network:unknown": limit.network}
    if isinstance(known, ipaddress.IPv4Address):
        return {_key(limit, "network", known.packed): limit.network}
    return {
        _key(limit, "network", _prefix(known, _SUBSCRIBER)): limit.network,
        _key(limit, "site", _prefix(known, _SITE)): tuple(
            Bound(bound.most * _SUBSCRIBERS_OF_A_SITE, bound.within) for bound in limit.network
        ),
    }


def _prefix(address: ipaddress.IPv6Address, length: int) -> bytes:
    return ipaddress.ip_network((address, length), strict=False).network_address.packed
