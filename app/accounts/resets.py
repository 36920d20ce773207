"""Another password: for a forgotten one, by a link good for one hour; or changed by who knows their own.

Asking for a link tells nobody who has an account.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select, update

from app.accounts import messages, notices, one_time_links, passwords
from app.accounts.invitations import WeakPasswordError
from app.accounts.journal import Client, Event, record
from app.accounts.limits import (
    ASKED,
    CODE,
    LINK,
    PASSWORD_AGAIN,
    SIGN_IN,
    attempt,
    forget_attempts,
    forget_network,
)
from app.accounts.links import Home, Links, Purpose
from app.accounts.maintainers import maintainer_of
from app.accounts.notices import Recipient
from app.accounts.one_time_links import DeadLinkError
from app.accounts.sessions import end_all_sessions, rotate
from app.accounts.users import normal_email
from app.database.engine import Database
from app.mail import Kind, MailError, MailRequest, post, sender_of
from app.models import DEFAULT_TIME_ZONE, Invitation, InvitationKind, Reseller, UserAccount
from app.wording import formats

#: Every answer takes this long, in seconds, longer than writing and posting a mail does.
ANSWER_SECONDS = 0.3


def ask(database: Database, links: Links, slug: str, email: str, client: Client) -> None:
    """Mail a link to ``email`` if somebody of that address, known to the reseller, may sign in.

    Known or not, the caller learns nothing: same answer, same time. ``slug`` names the reseller whose
    portal was asked; that of no reseller mails whom any of them knows. Raises TooManyAttemptsError, which
    counts for unknown addresses as well, and for each network apart: how many mails leave is bounded by
    ``app.mail.quotas``.
    """
    with _steady(ANSWER_SECONDS):
        email = normal_email(email)
        attempt(database, ASKED, email, client)
        with database.writing() as connection:
            person = _person(connection, email) if email.isprintable() else None
            if person is not None and maintainer_of(connection, slug, person.id) != slug:
                person = None
            user_id = person.id if person else None
            record(connection, Event.RESET_ASKED, user_id=user_id, request_id=client.request_id)
            if person is not None:
                _send(connection, links, slug, person)


def peek(connection: Connection, links: Links, token: str, host: str) -> str:
    """The address whose password the link changes. Raises DeadLinkError, an expired one included."""
    found = one_time_links.find(connection, links, Purpose.RESET, token, host)
    if found.is_expired:
        raise DeadLinkError
    return str(found.email)


def choose(database: Database, links: Links, slug: str, token: str, password: str, client: Client) -> None:
    """Spend the link and replace the password; every session ends, every other such link dies.

    Raises TooManyAttemptsError before any hash, DeadLinkError, WeakPasswordError (nothing is spent).
    """
    attempt(database, LINK, token, client)
    with database.reading() as connection:
        email = peek(connection, links, token, client.host)
    fault = passwords.fault(password, [email, links.theme(slug).name])
    if fault:
        raise WeakPasswordError(fault)
    chosen = passwords.hashed(password)
    with database.writing() as connection:
        spent = one_time_links.spend(connection, links, Purpose.RESET, token, client.host)
        person = _person(connection, spent.email)
        if person is None:  # disabled since
            raise DeadLinkError
        set_password(connection, person.id, spent.email, chosen)
        _clear_attempts(connection, spent.email, client)
        record(connection, Event.PASSWORD_RESET, user_id=person.id, request_id=client.request_id)
        notices.password_changed(connection, links, Recipient(person.id, spent.email), client)


def _clear_attempts(connection: Connection, email: str, client: Client) -> None:
    """Whoever has the mailbox and a new password is not kept out by what was tried before."""
    for limit in (SIGN_IN, CODE):
        forget_attempts(connection, limit, email)
        forget_network(connection, limit, client.address)


@dataclass(frozen=True)
class OwnAccount:
    """A person who changes their own password, in the session of ``key``, on the portal of ``slug``."""

    user_id: int
    email: str
    key: str
    slug: str


def is_own(database: Database, account: OwnAccount, password: str, client: Client) -> bool:
    """Whether ``password`` is the person's; asked before what a stolen session must not do.

    Counts for the session alone: nobody else can use up its attempts. Raises TooManyAttemptsError before any
    hash.
    """
    counted = attempt(database, PASSWORD_AGAIN, account.key, client, account.user_id)
    with database.reading() as connection:
        stored = connection.scalar(select(UserAccount.password_hash).where(UserAccount.id == account.user_id))
    if not passwords.matches(stored, password):
        return False
    with database.writing() as connection:
        forget_attempts(connection, PASSWORD_AGAIN, account.key, counted)
    return True


def change(database: Database, links: Links, account: OwnAccount, password: str, client: Client) -> str:
    """Replace one's own password; every other session ends. Returns this session's new key.

    The caller has asked for the current one. Raises WeakPasswordError.
    """
    fault = passwords.fault(password, [account.email, links.theme(account.slug).name])
    if fault:
        raise WeakPasswordError(fault)
    chosen = passwords.hashed(password)
    with database.writing() as connection:
        set_password(connection, account.user_id, account.email, chosen, keep=account.key)
        record(connection, Event.PASSWORD_CHANGED, user_id=account.user_id, request_id=client.request_id)
        notices.password_changed(connection, links, Recipient(account.user_id, account.email), client)
        return rotate(connection, account.key, proved=True)


def set_password(
    connection: Connection, user_id: int, email: str, password_hash: str, keep: str | None = None
) -> None:
    """Replace a password: every session of the person ends but ``keep``, and every link to change it."""
    account = update(UserAccount).where(UserAccount.id == user_id)
    connection.execute(account.values(password_hash=password_hash))
    end_all_sessions(connection, user_id, keep)
    one_time_links.revoke(connection, Invitation.kind == InvitationKind.RESET, Invitation.email == email)


def send(connection: Connection, links: Links, slug: str, email: str) -> bool:
    """Mail a link to somebody known, asked for by their reseller's staff; False when nobody may have it."""
    person = _person(connection, email)
    return person is not None and _send(connection, links, slug, person)


def _send(connection: Connection, links: Links, slug: str, person: Row[int, str]) -> bool:
    """Write and mail the link; a mail held back by the limits of the day leaves no link behind."""
    home = links.home(slug)
    reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == slug))
    values = {
        "kind": InvitationKind.RESET,
        "email": person.email,
        "reseller_id": reseller_id,
        "merchant_id": None,
    }
    try:
        with connection.begin_nested():
            _post(connection, home, slug, person, one_time_links.make(connection, links, home, values))
    except MailError:
        return False
    return True


def _post(
    connection: Connection, home: Home, slug: str, person: Row[int, str], made: one_time_links.SentLink
) -> None:
    message = messages.reset(home, made.url, formats.spoken_moment(made.expires_at, DEFAULT_TIME_ZONE))
    mail_request = MailRequest(
        kind=Kind.RESET,
        reseller_slug=slug,
        merchant_id=None,
        user_id=person.id,
        request_key=f"reset-{made.id}-{made.key}",
    )
    post(connection, message, [person.email], mail_request, sender_of(home.theme))


def _person(connection: Connection, email: str) -> Row[int, str] | None:
    """Who may be sent a link: whoever is not disabled, a first password included."""
    return connection.execute(
        select(UserAccount.id, UserAccount.email).where(
            UserAccount.email == email, UserAccount.disabled_at.is_(None)
        )
    ).one_or_none()


@contextmanager
def _steady(seconds: float) -> Iterator[None]:
    """Let the block take ``seconds`` at least, whatever it does, errors included."""
    ends = time.monotonic() + seconds
    try:
        yield
    finally:
        time.sleep(max(0.0, ends - time.monotonic()))
