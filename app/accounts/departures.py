"""The way out: staff who leave a reseller, accounts that are suspended or erased, by command and at the desk.

An erased account takes with it the password, the app, recovery codes, browsers, sessions, accesses and open
links. Views that it shared are handed on to a colleague. What it did stays in the journal for 12 months, by
number alone: merchants can go on reading what was done at theirs. The line of the erasure itself names the
address as long, so that whoever has the right to ask can be told who it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from app.accounts.journal import Event, record
from app.accounts.one_time_links import revoke
from app.accounts.saved_views import hand_on
from app.accounts.sessions import end_all_sessions
from app.accounts.users import UserError, normal_email
from app.models import Invitation, Membership, Merchant, Reseller, StaffMember, UserAccount
from app.wording.i18n import gettext


@dataclass(frozen=True)
class Decider:
    """Whoever decides on an account: somebody at their reseller's desk, or the operator, who has none."""

    user_id: int | None = None
    reseller_id: int | None = None
    request_id: str | None = None


OPERATOR = Decider()


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


def suspend(connection: Connection, email: str, by: Decider = OPERATOR) -> None:
    """Let somebody sign in no longer; their sessions and open links end at once. Raises UserError."""
    found = _account(connection, email, by)
    values = {"disabled_at": func.coalesce(UserAccount.disabled_at, func.now())}
    connection.execute(update(UserAccount).where(UserAccount.id == found.id).values(values))
    _shut(connection, found)
    _record(connection, Event.ACCOUNT_SUSPENDED, found, by)


def restore(connection: Connection, email: str, by: Decider = OPERATOR) -> None:
    """Let a suspended account sign in again, with what it had. Raises UserError."""
    found = _account(connection, email, by)
    connection.execute(update(UserAccount).where(UserAccount.id == found.id).values(disabled_at=None))
    _record(connection, Event.ACCOUNT_RESTORED, found, by)


def erase(connection: Connection, email: str, by: Decider = OPERATOR) -> None:
    """Erase an account with all that hangs on it, but for what the module says. Raises UserError."""
    found = _account(connection, email, by)
    hand_on(connection, Membership.user_id == found.id, by.user_id, by.request_id)
    _shut(connection, found)
    _record(connection, Event.ACCOUNT_ERASED, found, by, whom=found.email)
    connection.execute(delete(UserAccount).where(UserAccount.id == found.id))


def remove_staff(connection: Connection, email: str, reseller_id: int, by: Decider = OPERATOR) -> None:
    """Let somebody work for a reseller no longer, from their next click on. Raises UserError.

    What they invited people to for that reseller and nobody has accepted is withdrawn; their accesses to
    merchants, if any, stay.
    """
    found = _account(connection, email, by)
    there = delete(StaffMember).where(StaffMember.user_id == found.id, StaffMember.reseller_id == reseller_id)
    if connection.scalar(there.returning(StaffMember.id)) is None:
        raise UserError(gettext("%(email)s does not work for this maintainer.", email=found.email))
    end_all_sessions(connection, found.id)
    revoke(connection, Invitation.invited_by == found.id, Invitation.reseller_id == reseller_id)
    by = replace(by, reseller_id=reseller_id)
    _record(connection, Event.STAFF_REMOVED, found, by, whom=found.email)


def _shut(connection: Connection, found: Row[int, str]) -> None:
    end_all_sessions(connection, found.id)
    revoke(connection, or_(Invitation.email == found.email, Invitation.invited_by == found.id))


def _account(connection: Connection, email: str, by: Decider) -> Row[int, str]:
    """The account that ``by`` may decide on: somebody else's, when their turn comes. Raises UserError."""
    if by.reseller_id is not None:
        _take_turn(connection, by)
    wanted = select(UserAccount.id, UserAccount.email).where(UserAccount.email == normal_email(email))
    found = connection.execute(wanted).one_or_none()
    if found is None or found.id == by.user_id:
        raise UserError(gettext("Nobody here has the address %(email)s.", email=normal_email(email)))
    return found


def _take_turn(connection: Connection, by: Decider) -> None:
    """One decision at a time at a desk, each by somebody who works there still. Raises UserError.

    Of two colleagues who remove each other at once, the first one stays.
    """
    staff = select(StaffMember.user_id).where(StaffMember.reseller_id == by.reseller_id)
    connection.execute(staff.order_by(StaffMember.id).with_for_update())
    works = staff.join(UserAccount, UserAccount.id == StaffMember.user_id).where(
        StaffMember.user_id == by.user_id, UserAccount.disabled_at.is_(None)
    )
    if connection.scalar(works) is None:
        raise UserError(gettext("You do not work for this maintainer any more."))


def _record(
    connection: Connection, event: Event, found: Row[int, str], by: Decider, whom: str | None = None
) -> None:
    record(
        connection,
        event,
        user_id=by.user_id,
        request_id=by.request_id,
        whom=whom,
        of=found.id,
        **({} if by.reseller_id is None else {"reseller_id": by.reseller_id}),
    )
