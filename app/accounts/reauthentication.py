"""Proving once more who one is: before what an unattended or stolen session must not do."""

from __future__ import annotations

from app.accounts import resets
from app.accounts.journal import Client, Event, record
from app.accounts.limits import CODE_AGAIN, attempt, forget_attempts
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.accounts.resets import OwnAccount
from app.accounts.rights import Rights
from app.accounts.second_factor import passes
from app.accounts.sessions import rotate
from app.accounts.sign_in import BadSignInError
from app.database.engine import Database


def reauthenticate(
    database: Database, links: Links, person: Rights, account: OwnAccount, given: str, client: Client
) -> str:
    """Prove who one is: with a code for whoever has an app, with the password for all others.

    Returns the session's new key. Raises TooManyAttemptsError before anything is hashed or compared, and
    BadSignInError.
    """
    if person.has_second_factor:
        good = _code_is_good(database, links, account, given, client)
    else:
        good = resets.is_own(database, account, given, client)
    event = Event.IDENTITY_PROVED if good else Event.PROOF_REFUSED
    with database.writing() as connection:
        record(
            connection, event, user_id=account.user_id, request_id=client.request_id, address=client.address
        )
        if good:
            return rotate(connection, account.key, proved=True)
    raise BadSignInError


def _code_is_good(database: Database, links: Links, account: OwnAccount, code: str, client: Client) -> bool:
    counted = attempt(database, CODE_AGAIN, account.key, client, account.user_id)
    with database.writing() as connection:
        person = Recipient(account.user_id, account.email)
        good = passes(connection, links, person, code, client)
        if good:
            forget_attempts(connection, CODE_AGAIN, account.key, counted)
    return good
