"""The way out: staff who leave a reseller, accounts that are suspended or erased.

An erased account takes with it the password, the app, recovery codes, browsers, sessions, accesses and open
links. What it did stays in the journal for 12 months, by number alone: merchants can go on reading what was
done at theirs. The line of the erasure itself names the address as long, so that whoever has the right to ask
can be told who it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from app.accounts.journal import Event, record
from app.accounts.one_time_links import revoke
from app.accounts.sessions import end_all_sessions
from app.accounts.users import UserError, normal_email
from app.models import Invitation, Membership, Merchant, Reseller, StaffMember, UserAccount
from app.wording.i18n import gettext


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as the operator lists it: its merchants with the role held there, its resellers."""

    email: str
    created_at: datetime
    signed_in_at: datetime | None
    is_suspended: bool
    merchants: Sequence[tuple[str, str]]
    maintainers: Sequence[str]


def accounts(connection: Connection, search: str = "") -> list[Account]:
    """The accounts whose address has ``search`` in it, by address; three statements whatever their number."""
    wanted = select(
        UserAccount.id,
        UserAccount.email,
        UserAccount.created_at,
        UserAccount.signed_in_at,
        UserAccount.disabled_at,
    ).where(func.strpos(UserAccount.email, normal_email(search)) > 0)
    rows = connection.execute(wanted.order_by(UserAccount.email)).all()
    ids = [row.id for row in rows]
    held = connection.execute(
        select(Membership.user_id, Merchant.code, Membership.role)
        .join(Merchant, Merchant.id == Membership.merchant_id)
        .where(Membership.user_id.in_(ids))
        .order_by(Merchant.code)
    ).all()
    works = connection.execute(
        select(StaffMember.user_id, Reseller.slug)
        .join(Reseller, Reseller.id == StaffMember.reseller_id)
        .where(StaffMember.user_id.in_(ids))
        .order_by(Reseller.slug)
    ).all()
    return [
        Account(
            email=row.email,
            created_at=row.created_at,
            signed_in_at=row.signed_in_at,
            is_suspended=row.disabled_at is not None,
            merchants=[(each.code, each.role) for each in held if each.user_id == row.id],
            maintainers=[each.slug for each in works if each.user_id == row.id],
        )
        for row in rows
    ]


def suspend(connection: Connection, email: str) -> None:
    """Let somebody sign in no longer; their sessions and open links end at once. Raises UserError."""
    found = _account(connection, email)
    values = {"disabled_at": func.coalesce(UserAccount.disabled_at, func.now())}
    connection.execute(update(UserAccount).where(UserAccount.id == found.id).values(values))
    _shut(connection, found)
    record(connection, Event.ACCOUNT_SUSPENDED, user_id=found.id)


def restore(connection: Connection, email: str) -> None:
    """Let a suspended account sign in again, with what it had. Raises UserError."""
    found = _account(connection, email)
    connection.execute(update(UserAccount).where(UserAccount.id == found.id).values(disabled_at=None))
    record(connection, Event.ACCOUNT_RESTORED, user_id=found.id)


def erase(connection: Connection, email: str) -> None:
    """Erase an account with all that hangs on it, but for what the module says. Raises UserError."""
    found = _account(connection, email)
    _shut(connection, found)
    record(connection, Event.ACCOUNT_ERASED, user_id=found.id, whom=found.email)
    connection.execute(delete(UserAccount).where(UserAccount.id == found.id))


def remove_staff(
    connection: Connection, email: str, reseller_id: int, by: int | None = None, request_id: str | None = None
) -> None:
    """Let somebody work for a reseller no longer, from their next click on. Raises UserError.

    ``by`` is the colleague who asks, None the operator. What they invited people to for that reseller and
    nobody has accepted is withdrawn; their accesses to merchants, if any, stay.
    """
    found = _account(connection, email)
    there = delete(StaffMember).where(StaffMember.user_id == found.id, StaffMember.reseller_id == reseller_id)
    if connection.scalar(there.returning(StaffMember.id)) is None:
        raise UserError(gettext("%(email)s does not work for this maintainer.", email=found.email))
    end_all_sessions(connection, found.id)
    revoke(connection, Invitation.invited_by == found.id, Invitation.reseller_id == reseller_id)
    record(
        connection,
        Event.STAFF_REMOVED,
        user_id=by,
        request_id=request_id,
        whom=found.email,
        of=found.id,
        reseller_id=reseller_id,
    )


def _shut(connection: Connection, found: Row[int, str]) -> None:
    end_all_sessions(connection, found.id)
    revoke(connection, or_(Invitation.email == found.email, Invitation.invited_by == found.id))


def _account(connection: Connection, email: str) -> Row[int, str]:
    wanted = select(UserAccount.id, UserAccount.email).where(UserAccount.email == normal_email(email))
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise UserError(gettext("Nobody here has the address %(email)s.", email=normal_email(email)))
    return found
