"""Signing in and out. Every failure has the same answer, in words and in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, select, update

from app.accounts import passwords
from app.accounts.devices import recognise
from app.accounts.journal import Client, Event, record
from app.accounts.limits import CODE, SIGN_IN, attempt, forget_attempts
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.accounts.second_factor import is_enrolled, passes
from app.accounts.sessions import end_session, hash_of, open_session
from app.accounts.users import normal_email
from app.database.engine import Database
from app.models import UserAccount, UserSession


class BadSignInError(Exception):
    """Unknown, wrong, without a password or disabled: nobody is told which."""


class By(StrEnum):
    """The last proof of a sign-in: the journal keeps it."""

    PASSWORD = "password"  # noqa: S105 - a word
    CODE = "code"
    INVITATION = "invitation"


@dataclass(frozen=True)
class Opened:
    """The key of a new session; while it ``awaits_code`` it opens nothing but the second step."""

    key: str
    awaits_code: bool


def sign_in(database: Database, links: Links, email: str, password: str, client: Client) -> Opened:
    """Prove who one is: by the password, and then by a code for whoever has an app.

    Raises BadSignInError, or TooManyAttemptsError before any password is hashed.
    """
    email = normal_email(email)
    counted = attempt(database, SIGN_IN, email, client)
    with database.reading() as connection:
        person = _person(connection, email) if email.isprintable() else None
    good = passwords.matches(person.password_hash if person else None, password)
    if person is None or not good or person.disabled_at is not None:
        _refuse(database, Event.SIGN_IN_REFUSED, person.id if person else None, client)
        raise BadSignInError
    with database.writing() as connection:
        forget_attempts(connection, SIGN_IN, email, counted)
        if passwords.is_outdated(person.password_hash):
            _renew_hash(connection, person.id, password)
        if is_enrolled(connection, person.id):
            return Opened(open_session(connection, person.id, client, pending=True), awaits_code=True)
        return Opened(enter(connection, links, person.id, client, By.PASSWORD), awaits_code=False)


def awaited(connection: Connection, key: str, host: str) -> int | None:
    """The person whose second step the session of ``key`` awaits."""
    return connection.scalar(
        select(UserSession.user_id)
        .join(UserAccount, UserAccount.id == UserSession.user_id)
        .where(
            UserSession.key_hash == hash_of(key),
            UserSession.pending,
            UserSession.host == host,
            UserSession.expires_at > func.now(),
            UserAccount.disabled_at.is_(None),
        )
    )


def second_step(database: Database, links: Links, key: str, code: str, client: Client) -> str:
    """Sign in with a code of the app, or a recovery code; returns the key of the session that opens.

    Raises LookupError when nothing is awaited, TooManyAttemptsError before any code is looked at,
    BadSignInError for a wrong one.
    """
    with database.reading() as connection:
        user_id = awaited(connection, key, client.host)
        email = connection.scalar(select(UserAccount.email).where(UserAccount.id == user_id))
    if user_id is None or email is None:
        raise LookupError("nothing is awaited")
    counted = attempt(database, CODE, email, client, user_id)
    with database.writing() as connection:
        if passes(connection, links, Recipient(user_id, email), code, client):
            forget_attempts(connection, CODE, email, counted)
            end_session(connection, key)
            return enter(connection, links, user_id, client, By.CODE)
    _refuse(database, Event.SECOND_FACTOR_REFUSED, user_id, client)
    raise BadSignInError


def enter(
    connection: Connection,
    links: Links,
    user_id: int,
    client: Client,
    by: By,
) -> str:
    """Open a session for a person who has just proved who they are; returns its key.

    A browser that is new is told to them by mail.
    """
    key = open_session(connection, user_id, client)
    recognise(connection, links, user_id, client)
    record(
        connection,
        Event.SIGNED_IN,
        user_id=user_id,
        request_id=client.request_id,
        address=client.address,
        by=by.value,
    )
    return key


def sign_out(database: Database, key: str, user_id: int, client: Client) -> None:
    """End the session of ``key``."""
    with database.writing() as connection:
        end_session(connection, key)
        record(connection, Event.SIGNED_OUT, user_id=user_id, request_id=client.request_id)


def _refuse(database: Database, event: Event, user_id: int | None, client: Client) -> None:
    with database.writing() as connection:
        record(
            connection,
            event,
            user_id=user_id,
            request_id=client.request_id,
            address=client.address,
        )


def _person(connection: Connection, email: str) -> Row[int, str | None, datetime | None] | None:
    return connection.execute(
        select(UserAccount.id, UserAccount.password_hash, UserAccount.disabled_at).where(
            UserAccount.email == email
        )
    ).one_or_none()


def _renew_hash(connection: Connection, user_id: int, password: str) -> None:
    connection.execute(
        update(UserAccount).where(UserAccount.id == user_id).values(password_hash=passwords.hashed(password))
    )
