"""Delegation: who has an access to a merchant, and giving, changing or taking one within one's own.

Every function takes the :class:`Holder` who acts, read anew for each action: nobody gives or touches more
than he has, nobody changes his own access, and what is not in his merchant does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from app.accounts import invitations, notices, onetime
from app.accounts.grants import EVERYTHING, Grant, grant_of, write_limits
from app.accounts.invitations import granted
from app.accounts.journal import Event, record
from app.accounts.links import Links
from app.accounts.notices import Told
from app.accounts.onetime import Made
from app.accounts.rights import Access
from app.accounts.sessions import end_all_sessions
from app.accounts.users import UserError
from app.i18n import gettext, ngettext
from app.models import (
    Contract,
    Invitation,
    InvitationKind,
    Membership,
    MembershipLimit,
    Merchant,
    Outlet,
    Reseller,
    Role,
    UserAccount,
)

#: How many outlets or contracts are named before they are only counted.
NAMED = 3


class NotYoursError(Exception):
    """No such access or invitation in this merchant, or one that goes beyond the holder's own."""


@dataclass(frozen=True)
class Holder:
    """Who acts: what he holds at the merchant, and the contracts he sees there (None for all)."""

    user_id: int
    merchant_id: int
    grant: Grant
    sight: Collection[int] | None
    request_id: str

    def may_give(self, grant: Grant) -> bool:
        """Whether ``grant`` stays within his own."""
        return self.grant.covers(grant, self.sight)


@dataclass(frozen=True)
class Member:
    """Somebody with an access, as its page shows him; ``id`` is the access's own."""

    id: int
    user_id: int
    email: str
    grant: Grant
    places: str
    is_suspended: bool
    may_change: bool


@dataclass(frozen=True)
class Waiting:
    """An invitation that nobody has used yet."""

    id: int
    email: str
    role: Role
    places: str
    expires_at: datetime
    is_expired: bool


def holder_of(connection: Connection, access: Access, user_id: int, request_id: str) -> Holder:
    """The signed-in person as one who acts on the merchant he looks at. Raises NotYoursError."""
    grant = grant_of(connection, user_id, access.merchant_id)
    if grant is None:
        raise NotYoursError
    return Holder(user_id, access.merchant_id, grant, access.scope.contract_ids, request_id)


def staff_holder(user_id: int, merchant_id: int, request_id: str) -> Holder:
    """A maintainer's staff member as one who acts; the caller knows that the merchant is one of his."""
    return Holder(user_id, merchant_id, EVERYTHING, None, request_id)


def members(connection: Connection, holder: Holder) -> list[Member]:
    """Himself, and everybody at the merchant whose access lies within the holder's, by address."""
    rows = connection.execute(
        select(Membership.id, Membership.user_id, Membership.suspended_at, UserAccount.email)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.merchant_id == holder.merchant_id)
        .order_by(UserAccount.email)
    ).all()
    grants = _grants(connection, holder.merchant_id)
    named = _places(connection, holder.merchant_id, grants.values())
    return [
        Member(
            id=row.id,
            user_id=row.user_id,
            email=row.email,
            grant=grants[row.id],
            places=named[grants[row.id]],
            is_suspended=row.suspended_at is not None,
            may_change=row.user_id != holder.user_id,
        )
        for row in rows
        if row.user_id == holder.user_id or holder.may_give(grants[row.id])
    ]


def member(connection: Connection, holder: Holder, membership_id: int) -> Member:
    """One access that the holder may change. Raises NotYoursError."""
    for found in members(connection, holder):
        if found.id == membership_id and found.may_change:
            return found
    raise NotYoursError


def waiting(connection: Connection, holder: Holder) -> list[Waiting]:
    """The open invitations within the holder's access, newest first, expired ones included."""
    rows = connection.execute(
        _invitations(holder).order_by(Invitation.created_at.desc(), Invitation.id.desc())
    ).all()
    named = _places(connection, holder.merchant_id, [granted(row) for row in rows])
    return [
        Waiting(
            id=row.id,
            email=row.email,
            role=Role(row.role),
            places=named[granted(row)],
            expires_at=row.expires_at,
            is_expired=row.is_expired,
        )
        for row in rows
        if holder.may_give(granted(row))
    ]


def invite(connection: Connection, links: Links, holder: Holder, email: str, grant: Grant) -> Made:
    """Invite somebody within the holder's own rights. Raises NotYoursError, UserError, NoHostError."""
    if not holder.may_give(grant):
        raise NotYoursError
    return invitations.invite(
        connection, links, email, holder.merchant_id, grant, holder.user_id, holder.request_id
    )


def send_again(connection: Connection, links: Links, holder: Holder, invitation_id: int) -> Made:
    """Send an open invitation again; the older link dies. Raises NotYoursError and UserError."""
    found = _invitation(connection, holder, invitation_id)
    return invitations.send_again(connection, links, found, holder.user_id, holder.request_id)


def withdraw(connection: Connection, holder: Holder, invitation_id: int) -> None:
    """Let an open invitation be worth nothing. Raises NotYoursError."""
    email = _invitation(connection, holder, invitation_id).email
    if onetime.revoke(connection, Invitation.id == invitation_id):
        _record(connection, Event.INVITATION_REVOKED, holder, invitation=invitation_id, whom=email)


def change(connection: Connection, links: Links, holder: Holder, membership_id: int, grant: Grant) -> None:
    """Give a member another role or sight; his sessions end, and a mail says so. Raises NotYoursError."""
    user_id = _target(connection, holder, membership_id)
    if not holder.may_give(grant):
        raise NotYoursError
    if grant == grant_of(connection, user_id, holder.merchant_id):
        return
    values = {"role": grant.role.value, "limited": grant.limited}
    connection.execute(update(Membership).where(Membership.id == membership_id).values(values))
    write_limits(connection, membership_id, grant)
    _withdraw_all_of(connection, holder, user_id)
    _ask_to_sign_in(connection, links, holder, membership_id)
    _record(connection, Event.ACCESS_CHANGED, holder, of=user_id, **values)


def suspend(connection: Connection, _links: Links, holder: Holder, membership_id: int) -> None:
    """Close an access for a while; the person's sessions end. Raises NotYoursError."""
    user_id = _target(connection, holder, membership_id)
    membership = update(Membership).where(Membership.id == membership_id, Membership.suspended_at.is_(None))
    connection.execute(membership.values(suspended_at=func.now()))
    _withdraw_all_of(connection, holder, user_id)
    end_all_sessions(connection, user_id)
    _record(connection, Event.ACCESS_SUSPENDED, holder, of=user_id)


def restore(connection: Connection, links: Links, holder: Holder, membership_id: int) -> None:
    """Open a suspended access again; the person's sessions end, and a mail says so. Raises NotYoursError."""
    user_id = _target(connection, holder, membership_id)
    suspended = update(Membership).where(Membership.id == membership_id, Membership.suspended_at.is_not(None))
    if connection.scalar(suspended.values(suspended_at=None).returning(Membership.id)) is None:
        return
    _ask_to_sign_in(connection, links, holder, membership_id)
    _record(connection, Event.ACCESS_RESTORED, holder, of=user_id)


def remove(connection: Connection, _links: Links, holder: Holder, membership_id: int) -> None:
    """Take an access away for good; the person's sessions end. Raises NotYoursError."""
    user_id = _target(connection, holder, membership_id)
    connection.execute(delete(Membership).where(Membership.id == membership_id))
    _withdraw_all_of(connection, holder, user_id)
    end_all_sessions(connection, user_id)
    _record(connection, Event.ACCESS_REMOVED, holder, of=user_id)


def outlets_to_give(connection: Connection, holder: Holder) -> Sequence[Row[int, str, str | None, str]]:
    """The outlets (``id, trade_name, city, siret``) that the holder may let others see."""
    wanted = select(Outlet.id, Outlet.trade_name, Outlet.city, Outlet.siret).where(
        Outlet.merchant_id == holder.merchant_id
    )
    if holder.grant.limited:
        wanted = wanted.where(Outlet.id.in_(holder.grant.outlet_ids))
    return connection.execute(wanted.order_by(Outlet.trade_name, Outlet.siret)).all()


def contracts_named(connection: Connection, holder: Holder, numbers: Iterable[str]) -> frozenset[int]:
    """The contracts in the holder's sight that bear ``numbers``. Raises UserError naming an unknown one."""
    wanted = select(Contract.number, Contract.id).where(
        Contract.merchant_id == holder.merchant_id, Contract.number.in_(list(numbers))
    )
    if holder.sight is not None:
        wanted = wanted.where(Contract.id.in_(list(holder.sight)))
    found = connection.execute(wanted).all()
    known = {row.number for row in found}
    for number in numbers:
        if number not in known:
            raise UserError(gettext("This merchant has no contract %(number)s.", number=number))
    return frozenset(row.id for row in found)


def numbers_of(connection: Connection, holder: Holder, contract_ids: Collection[int]) -> list[str]:
    """The contract numbers of ``contract_ids``, each once."""
    wanted = select(Contract.number).where(
        Contract.merchant_id == holder.merchant_id, Contract.id.in_(list(contract_ids))
    )
    return list(connection.scalars(wanted.distinct().order_by(Contract.number)))


def _target(connection: Connection, holder: Holder, membership_id: int) -> int:
    """The person behind an access that the holder may touch. Raises NotYoursError."""
    user_id = connection.scalar(
        select(Membership.user_id).where(
            Membership.id == membership_id,
            Membership.merchant_id == holder.merchant_id,
            Membership.user_id != holder.user_id,
        )
    )
    held = grant_of(connection, user_id, holder.merchant_id) if user_id else None
    if user_id is None or held is None or not holder.may_give(held):
        raise NotYoursError
    return user_id


def _invitation(connection: Connection, holder: Holder, invitation_id: int) -> Row[Any]:
    found = connection.execute(_invitations(holder).where(Invitation.id == invitation_id)).one_or_none()
    if found is None or not holder.may_give(granted(found)):
        raise NotYoursError
    return found


def _invitations(holder: Holder) -> Any:
    is_expired = (Invitation.expires_at <= func.now()).label("is_expired")
    return select(*Invitation.__table__.columns, is_expired).where(
        Invitation.kind == InvitationKind.INVITE,
        Invitation.merchant_id == holder.merchant_id,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
    )


def _withdraw_all_of(connection: Connection, holder: Holder, user_id: int) -> None:
    """What a person invited while he had other rights is worth nothing any more."""
    onetime.revoke(connection, Invitation.invited_by == user_id, Invitation.merchant_id == holder.merchant_id)


def _ask_to_sign_in(connection: Connection, links: Links, holder: Holder, membership_id: int) -> None:
    """End the sessions of a member whose rights have changed, and tell him why.

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
    told, place = Told(row.user_id, row.email), (row.name, Role(row.role))
    notices.access_changed(connection, links.theme(row.slug), told, place, holder.request_id)


def _grants(connection: Connection, merchant_id: int) -> dict[int, Grant]:
    """What every membership of a merchant gives, in one statement."""
    rows = connection.execute(
        select(
            Membership.id,
            Membership.role,
            Membership.limited,
            func.array_agg(MembershipLimit.outlet_id).label("outlet_ids"),
            func.array_agg(MembershipLimit.contract_id).label("contract_ids"),
        )
        .outerjoin(MembershipLimit, MembershipLimit.membership_id == Membership.id)
        .where(Membership.merchant_id == merchant_id)
        .group_by(Membership.id)
    )
    return {
        row.id: Grant(
            Role(row.role),
            row.limited,
            frozenset(row.outlet_ids) - {None},
            frozenset(row.contract_ids) - {None},
        )
        for row in rows
    }


def _places(connection: Connection, merchant_id: int, grants: Iterable[Grant]) -> dict[Grant, str]:
    """What each grant lets see, in words."""
    grants = set(grants)
    outlet_ids = {each for grant in grants for each in grant.outlet_ids}
    contract_ids = {each for grant in grants for each in grant.contract_ids}
    outlet = select(Outlet.id, Outlet.trade_name).where(
        Outlet.merchant_id == merchant_id, Outlet.id.in_(outlet_ids)
    )
    contract = select(Contract.id, Contract.number).where(
        Contract.merchant_id == merchant_id, Contract.id.in_(contract_ids)
    )
    names = {row.id: row.trade_name for row in connection.execute(outlet)}
    numbers = {row.id: row.number for row in connection.execute(contract)}
    return {grant: _in_words(grant, names, numbers) for grant in grants}


def _in_words(grant: Grant, names: dict[int, str], numbers: dict[int, str]) -> str:
    if not grant.limited:
        return gettext("The whole merchant")
    shops = sorted({names[each] for each in grant.outlet_ids if each in names})
    contracts = sorted({numbers[each] for each in grant.contract_ids if each in numbers})
    said = []
    if shops:
        counted = ngettext("%(num)s outlet", "%(num)s outlets", len(grant.outlet_ids))
        said.append(", ".join(shops) if len(grant.outlet_ids) <= NAMED else counted)
    if contracts:
        counted = ngettext("%(num)s contract", "%(num)s contracts", len(contracts))
        listed = gettext("contract %(numbers)s", numbers=", ".join(contracts))
        said.append(listed if len(contracts) <= NAMED else counted)
    return " · ".join(said) or gettext("Nothing any more")


def _record(connection: Connection, event: Event, holder: Holder, **details: Any) -> None:
    record(
        connection,
        event,
        user_id=holder.user_id,
        merchant_id=holder.merchant_id,
        request_id=holder.request_id,
        **details,
    )
