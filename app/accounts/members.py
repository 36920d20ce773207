"""Delegation: who has an access to a merchant, and giving, changing or taking one within one's own.

Every function takes the :class:`Actor` who acts, read anew for each action: nobody gives or touches more
than they have, nobody changes their own access, and what is not in their merchant does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, delete, func, select, update

from app.accounts import invitations, notices, one_time_links
from app.accounts.grants import EVERYTHING, Actor, Grant, NotYoursError, grant_of, write_limits
from app.accounts.invitations import granted
from app.accounts.journal import Event, record
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.accounts.one_time_links import SentLink
from app.accounts.rights import Access
from app.accounts.saved_views import hand_on
from app.accounts.sessions import end_all_sessions
from app.models import (
    Invitation,
    InvitationKind,
    Membership,
    MembershipLimit,
    Merchant,
    Reseller,
    Role,
    UserAccount,
)

#: How many people, and how many invitations, a page shows.
PAGE = 50
T = TypeVar("T")


@dataclass(frozen=True)
class MemberSearch:
    """A search for people: part of an address, behind the access or invitation of id ``after``."""

    email: str = ""
    after: int | None = None


@dataclass(frozen=True)
class Listed(Generic[T]):
    """A page; ``next_after`` is the id after which the following one starts, if any."""

    rows: list[T]
    next_after: int | None


@dataclass(frozen=True)
class Member:
    """Somebody with an access, as its page shows them; ``id`` is the access's own."""

    id: int
    user_id: int
    email: str
    grant: Grant
    is_suspended: bool
    may_change: bool


@dataclass(frozen=True)
class PendingInvitation:
    """An invitation that nobody has used yet."""

    id: int
    email: str
    grant: Grant
    expires_at: datetime
    is_expired: bool


def actor_of(connection: Connection, access: Access, user_id: int, request_id: str) -> Actor:
    """The signed-in person as one who acts on the merchant they look at. Raises NotYoursError."""
    grant = grant_of(connection, user_id, access.merchant_id)
    if grant is None:
        raise NotYoursError
    return Actor(user_id, access.merchant_id, grant, access.scope.contract_ids, request_id)


def staff_actor(user_id: int, merchant_id: int, request_id: str) -> Actor:
    """A reseller's staff member as one who acts; the caller knows that the merchant is one of theirs."""
    return Actor(user_id, merchant_id, EVERYTHING, None, request_id, is_staff=True)


def members(connection: Connection, actor: Actor, search: MemberSearch) -> Listed[Member]:
    """A page of the actor and everybody at the merchant whose access lies within the actor's, by address."""
    found = _members(connection, actor, search.email)
    within = [row for row in found if _is_in_sight(actor, row)]
    rows, next_after = _page(within, search.after)
    return Listed(_as_members(actor, rows), next_after)


def people_in_sight(connection: Connection, actor: Actor) -> frozenset[int]:
    """The accounts of the actor and of everybody at the merchant whose access lies within theirs."""
    found = _members(connection, actor)
    return frozenset(row.user_id for row in found if _is_in_sight(actor, row))


def _is_in_sight(actor: Actor, row: Row[Any]) -> bool:
    return row.user_id == actor.user_id or actor.may_give(granted(row))


def member(connection: Connection, actor: Actor, membership_id: int) -> Member:
    """One access that the actor may change. Raises NotYoursError."""
    rows = _members(connection, actor, membership_id=membership_id)
    found = [each for each in _as_members(actor, rows) if each.may_change and actor.may_give(each.grant)]
    if not found:
        raise NotYoursError
    return found[0]


def waiting(connection: Connection, actor: Actor, search: MemberSearch) -> Listed[PendingInvitation]:
    """A page of the open invitations within the actor's access, newest first, expired ones included."""
    wanted = _invitations(actor).where(func.strpos(Invitation.email, search.email.lower()) > 0)
    found = connection.execute(wanted.order_by(Invitation.created_at.desc(), Invitation.id.desc()))
    rows, next_after = _page([row for row in found if actor.may_give(granted(row))], search.after)
    listed = [
        PendingInvitation(
            id=row.id,
            email=row.email,
            grant=granted(row),
            expires_at=row.expires_at,
            is_expired=row.is_expired,
        )
        for row in rows
    ]
    return Listed(listed, next_after)


def invite(connection: Connection, links: Links, actor: Actor, email: str, grant: Grant) -> SentLink:
    """Invite somebody within the actor's own rights. Raises NotYoursError, UserError, NoHostError."""
    if not actor.may_give(grant):
        raise NotYoursError
    return invitations.invite(
        connection, links, email, actor.merchant_id, grant, actor.user_id, actor.request_id
    )


def send_again(connection: Connection, links: Links, actor: Actor, invitation_id: int) -> SentLink:
    """Send an open invitation again; the older link dies. Raises NotYoursError and UserError."""
    found = _invitation(connection, actor, invitation_id)
    return invitations.send_again(connection, links, found, actor.user_id, actor.request_id)


def withdraw(connection: Connection, actor: Actor, invitation_id: int) -> None:
    """Let an open invitation be worth nothing. Raises NotYoursError."""
    email = _invitation(connection, actor, invitation_id).email
    if one_time_links.revoke(connection, Invitation.id == invitation_id):
        _record(connection, Event.INVITATION_REVOKED, actor, invitation=invitation_id, whom=email)


def change(connection: Connection, links: Links, actor: Actor, membership_id: int, grant: Grant) -> None:
    """Give a member another role or sight; their sessions end, and a mail says so. Raises NotYoursError."""
    user_id = _target(connection, actor, membership_id)
    if not actor.may_give(grant):
        raise NotYoursError
    if grant == grant_of(connection, user_id, actor.merchant_id):
        return
    values = {"role": grant.role.value, "limited": grant.limited}
    connection.execute(update(Membership).where(Membership.id == membership_id).values(values))
    write_limits(connection, membership_id, grant)
    _withdraw_all_of(connection, actor, user_id)
    _ask_to_sign_in(connection, links, actor, membership_id)
    _record(connection, Event.ACCESS_CHANGED, actor, of=user_id, **values)


def suspend(connection: Connection, _links: Links, actor: Actor, membership_id: int) -> None:
    """Close an access for a while; the person's sessions end. Raises NotYoursError."""
    user_id = _target(connection, actor, membership_id)
    membership = update(Membership).where(Membership.id == membership_id, Membership.suspended_at.is_(None))
    connection.execute(membership.values(suspended_at=func.now()))
    _withdraw_all_of(connection, actor, user_id)
    end_all_sessions(connection, user_id)
    _record(connection, Event.ACCESS_SUSPENDED, actor, of=user_id)


def restore(connection: Connection, links: Links, actor: Actor, membership_id: int) -> None:
    """Open a suspended access again; the person's sessions end, and a mail says so. Raises NotYoursError."""
    user_id = _target(connection, actor, membership_id)
    suspended = update(Membership).where(Membership.id == membership_id, Membership.suspended_at.is_not(None))
    if connection.scalar(suspended.values(suspended_at=None).returning(Membership.id)) is None:
        return
    _ask_to_sign_in(connection, links, actor, membership_id)
    _record(connection, Event.ACCESS_RESTORED, actor, of=user_id)


def remove(connection: Connection, _links: Links, actor: Actor, membership_id: int) -> None:
    """Take an access away for good; sessions end, shared views are handed on. Raises NotYoursError."""
    user_id = _target(connection, actor, membership_id)
    hand_on(connection, Membership.id == membership_id, actor.user_id, actor.request_id)
    connection.execute(delete(Membership).where(Membership.id == membership_id))
    _withdraw_all_of(connection, actor, user_id)
    end_all_sessions(connection, user_id)
    _record(connection, Event.ACCESS_REMOVED, actor, of=user_id)


def _target(connection: Connection, actor: Actor, membership_id: int) -> int:
    """The person behind an access that the actor may touch. Raises NotYoursError.

    One change at a time at a merchant, each by what its actor still has when its turn comes: of two owners
    who suspend each other at once, the first one stays.
    """
    wanted = select(Membership.id).where(Membership.merchant_id == actor.merchant_id)
    connection.execute(wanted.order_by(Membership.id).with_for_update())
    if not _still_holds(connection, actor):
        raise NotYoursError
    user_id = connection.scalar(
        select(Membership.user_id).where(
            Membership.id == membership_id,
            Membership.merchant_id == actor.merchant_id,
            Membership.user_id != actor.user_id,
        )
    )
    held = grant_of(connection, user_id, actor.merchant_id) if user_id else None
    if user_id is None or held is None or not actor.may_give(held):
        raise NotYoursError
    return user_id


def _still_holds(connection: Connection, actor: Actor) -> bool:
    if actor.is_staff:
        return True
    open_now = select(Membership.id).where(
        Membership.user_id == actor.user_id,
        Membership.merchant_id == actor.merchant_id,
        Membership.suspended_at.is_(None),
    )
    is_open = connection.scalar(open_now) is not None
    return is_open and grant_of(connection, actor.user_id, actor.merchant_id) == actor.grant


def _invitation(connection: Connection, actor: Actor, invitation_id: int) -> Row[Any]:
    found = connection.execute(_invitations(actor).where(Invitation.id == invitation_id)).one_or_none()
    if found is None or not actor.may_give(granted(found)):
        raise NotYoursError
    return found


def _invitations(actor: Actor) -> Any:
    is_expired = (Invitation.expires_at <= func.now()).label("is_expired")
    return select(*Invitation.__table__.columns, is_expired).where(
        Invitation.kind == InvitationKind.INVITE,
        Invitation.merchant_id == actor.merchant_id,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
    )


def _withdraw_all_of(connection: Connection, actor: Actor, user_id: int) -> None:
    """What a person invited while they had other rights is worth nothing any more."""
    one_time_links.revoke(
        connection, Invitation.invited_by == user_id, Invitation.merchant_id == actor.merchant_id
    )


def _ask_to_sign_in(connection: Connection, links: Links, actor: Actor, membership_id: int) -> None:
    """End the sessions of a member whose rights have changed, and tell them why.

    A new key for them would not do: it would go to whoever comes first with the old one.
    """
    row = connection.execute(
        select(Membership.user_id, Membership.role, UserAccount.email, Merchant.name, Reseller.slug)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(Merchant, Merchant.id == Membership.merchant_id)
        .join(Reseller, Reseller.id == Merchant.reseller_id)
        .where(Membership.id == membership_id)
    ).one()
    end_all_sessions(connection, row.user_id)
    told, place = Recipient(row.user_id, row.email), (row.name, Role(row.role))
    notices.access_changed(connection, links.theme(row.slug), told, place, actor.request_id)


def _members(
    connection: Connection, actor: Actor, email: str = "", membership_id: int | None = None
) -> Sequence[Row[Any]]:
    """The memberships of a merchant by address, each with its limits, in one statement."""
    wanted = (
        select(
            Membership.id,
            Membership.user_id,
            Membership.role,
            Membership.limited,
            Membership.suspended_at,
            UserAccount.email,
            func.array_remove(func.array_agg(MembershipLimit.outlet_id), None).label("outlet_ids"),
            func.array_remove(func.array_agg(MembershipLimit.contract_id), None).label("contract_ids"),
        )
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .outerjoin(MembershipLimit, MembershipLimit.membership_id == Membership.id)
        .where(Membership.merchant_id == actor.merchant_id)
        .where(func.strpos(UserAccount.email, email.lower()) > 0)
        .group_by(Membership.id, UserAccount.email)
        .order_by(UserAccount.email)
    )
    if membership_id is not None:
        wanted = wanted.where(Membership.id == membership_id)
    return connection.execute(wanted).all()


def _as_members(actor: Actor, rows: Sequence[Row[Any]]) -> list[Member]:
    return [
        Member(
            id=row.id,
            user_id=row.user_id,
            email=row.email,
            grant=granted(row),
            is_suspended=row.suspended_at is not None,
            may_change=row.user_id != actor.user_id,
        )
        for row in rows
    ]


def _page(rows: Sequence[Row[Any]], after: int | None) -> tuple[Sequence[Row[Any]], int | None]:
    """The rows behind the row of id ``after``, and the id after which the following page starts."""
    start = next((index for index, row in enumerate(rows, start=1) if row.id == after), 0)
    page = rows[start : start + PAGE]
    return page, page[-1].id if len(rows) > start + PAGE else None


def _record(connection: Connection, event: Event, actor: Actor, **details: Any) -> None:
    record(
        connection,
        event,
        user_id=actor.user_id,
        merchant_id=actor.merchant_id,
        request_id=actor.request_id,
        **details,
    )
