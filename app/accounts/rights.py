"""What a person may do and see, read from the database at each request in one statement.

Nothing is remembered between requests: disabling a person, ending a session, narrowing a
membership or moving a contract acts on the very next click.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    any_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.accounts.place import UNNAMED, Place
from app.accounts.roles import LOOKING, PERMISSIONS, Level, Permission
from app.accounts.sessions import PROOF, SEEN_EVERY, hash_of
from app.database.isolation import Isolation
from app.listing.scope import Scope
from app.models import (
    UNCLAIMED_MERCHANT,
    Contract,
    Membership,
    MembershipLimit,
    Merchant,
    Reseller,
    Role,
    SecondFactor,
    StaffMember,
    UserAccount,
    UserSession,
)

#: How many owners are named to somebody who lacks a right.
MOST_OWNERS_NAMED = 3


@dataclass(frozen=True)
class Limits:
    """The outlets and contracts that a membership is limited to."""

    outlet_ids: Sequence[int] = ()
    contract_ids: Sequence[int] = ()


@dataclass(frozen=True)
class Access:
    """A person's membership in one merchant; ``scope`` is what they see of it.

    Without a ``role`` they are no member: they look at it as the maintainer's staff. The scope of one with
    ``limits`` is worked out for the merchant of the moment alone, and shows nothing elsewhere.
    """

    merchant_id: int
    merchant_name: str
    reseller_slug: str
    role: Role | None
    scope: Scope
    limits: Limits | None = None

    @property
    def is_view_as(self) -> bool:
        """Whether this is staff looking at somebody else's data."""
        return self.role is None

    def allows(self, permission: Permission) -> bool:
        """Whether the role, or a look, includes ``permission``."""
        return permission in (LOOKING if self.role is None else PERMISSIONS[self.role])


@dataclass(frozen=True)
class Staff:
    """A maintainer that a person works for."""

    reseller_id: int
    reseller_slug: str
    reseller_name: str

    @property
    def isolation(self) -> Isolation:
        """The rows of all the maintainer's merchants, and those that wait for one."""
        return Isolation(reseller_id=self.reseller_id)


@dataclass(frozen=True)
class Visitor:
    """A signed-in person at a place, as flask-login wants a user.

    ``access`` is that to the merchant which the address names; where it names no place, the one used last.
    ``staff`` names the maintainers they work for, ``last_desk_id`` the one at whose desk they were last;
    ``may_view_as`` tells whether the merchant named is one that they could look at as its maintainer;
    ``has_second_factor`` tells whether an app is proved, ``proved_lately`` whether they have just given their
    password or a code in this session.
    """

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    user_id: int
    email: str
    host: str
    seen_lately: bool
    place: Place
    access: Access | None
    accesses: tuple[Access, ...]
    staff: tuple[Staff, ...] = ()
    last_desk_id: int | None = None
    may_view_as: Staff | None = None
    has_second_factor: bool = False
    proved_lately: bool = False

    @property
    def must_enrol(self) -> bool:
        """Whether a second factor is needed before anything else: staff see many merchants."""
        return bool(self.staff) and not self.has_second_factor

    @property
    def belongs_nowhere(self) -> bool:
        """Whether nothing is left to them: no merchant, no desk."""
        return not self.accesses and not self.staff

    @property
    def is_astray(self) -> bool:
        """Whether the address names a place that is not theirs."""
        if self.place.reseller_id is not None:
            return all(one.reseller_id != self.place.reseller_id for one in self.staff)
        return self.place.merchant_id is not None and self.access is None

    def may(self, needed: Permission | Level) -> bool:
        """Whether this person may do it, at the merchant of this place, or stands where it asks."""
        if isinstance(needed, Level):
            return needed is Level.PERSON or bool(self.staff)
        return self.access is not None and self.access.allows(needed)

    @property
    def is_viewing_as(self) -> bool:
        """Whether they look at somebody else's data as the maintainer's staff."""
        return self.access is not None and self.access.is_view_as

    def desk(self, host_slug: str) -> Staff | None:
        """The desk that the address names, or that of the merchant looked at.

        Where it names none: the one they were at last, else that of the host, else their first, if any.
        """
        if self.place.reseller_id is not None:
            return next((one for one in self.staff if one.reseller_id == self.place.reseller_id), None)
        if self.access is not None and self.access.is_view_as:
            host_slug = self.access.reseller_slug
        elif (
            last := next((one for one in self.staff if one.reseller_id == self.last_desk_id), None)
        ) is not None:
            return last
        here = (one for one in self.staff if one.reseller_slug == host_slug)
        return next(here, None) or next(iter(self.staff), None)


def visitor_of(connection: Connection, key: str, place: Place = UNNAMED) -> Visitor | None:
    """The person of the session ``key`` at ``place``, with their rights of this instant; one statement."""
    rows = connection.execute(_statement(), {"key": hash_of(key), "merchant": place.merchant_id}).all()
    if not rows:
        return None
    first = rows[0]
    accesses = tuple(_access(row) for row in rows if row.merchant_id is not None)
    here = _access_at(place, accesses, first)
    return Visitor(
        user_id=first.user_id,
        email=first.email,
        host=first.host,
        seen_lately=first.seen_lately,
        place=place,
        access=_in_sight(connection, here) if here and here.limits else here,
        accesses=accesses,
        staff=tuple(Staff(*row) for row in first.staff),
        last_desk_id=first.last_reseller_id,
        may_view_as=Staff(*first.viewed["maintainer"]) if first.viewed else None,
        has_second_factor=first.has_second_factor,
        proved_lately=first.proved_lately,
    )


def owners_of(connection: Connection, merchant_id: int) -> Sequence[str]:
    """The addresses of those who may give somebody of a merchant more: a few of its owners without limits."""
    owners = (
        select(UserAccount.email)
        .join(Membership, Membership.user_id == UserAccount.id)
        .where(
            Membership.merchant_id == merchant_id,
            Membership.role == Role.OWNER,
            ~Membership.limited,
            Membership.suspended_at.is_(None),
            UserAccount.disabled_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(MOST_OWNERS_NAMED)
    )
    return connection.scalars(owners).all()


def _access_at(place: Place, accesses: Sequence[Access], session: Row[Any]) -> Access | None:
    """The access to the merchant of ``place``; at no place, the one used last; at a desk, none."""
    if place.reseller_id is not None:
        return None
    wanted = place.merchant_id if place.merchant_id is not None else session.last_merchant_id
    found = next((access for access in accesses if access.merchant_id == wanted), None)
    if place.merchant_id is not None:
        return found or _view_as(session.viewed)
    return found or next(iter(accesses), None)


def _view_as(viewed: Mapping[str, Any] | None) -> Access | None:
    """The whole of a merchant, for staff who have said that they look at it."""
    if viewed is None or not viewed["is_open"]:
        return None
    return Access(viewed["id"], viewed["name"], viewed["maintainer"][1], None, Scope(viewed["id"]))


def _access(row: Row[Any]) -> Access:
    return Access(
        merchant_id=row.merchant_id,
        merchant_name=row.merchant_name,
        reseller_slug=row.slug,
        role=Role(row.role),
        scope=Scope(row.merchant_id, () if row.limited else None),
        limits=Limits(*row.limits) if row.limited else None,
    )


def _in_sight(connection: Connection, access: Access) -> Access:
    """A limited access with the contracts that its limits name, by themselves or by their outlet."""
    limits = access.limits or Limits()
    access.scope.isolation.enter(connection)
    named = or_(
        _is_one_of(Contract.id, limits.contract_ids), _is_one_of(Contract.outlet_id, limits.outlet_ids)
    )
    wanted = select(Contract.id).where(Contract.merchant_id == access.merchant_id, named)
    contracts = connection.scalars(wanted.order_by(Contract.id))
    return replace(access, scope=Scope(access.merchant_id, tuple(contracts)))


def _is_one_of(column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(BigInteger)))
    return found


@cache
def _statement() -> Select[Any]:
    """Session, person, memberships and the contracts in sight: one row a membership.

    Built once: each request asks for its session, by the hash ``key``.
    """
    return (
        select(
            UserSession.user_id,
            UserSession.host,
            UserSession.last_merchant_id,
            UserSession.last_reseller_id,
            (UserSession.last_seen_at > func.now() - SEEN_EVERY).label("seen_lately"),
            func.coalesce(UserSession.proved_at > func.now() - PROOF, false()).label("proved_lately"),
            UserAccount.email,
            _staff_of_user().label("staff"),
            _viewed().label("viewed"),
            _second_factor_of_user().label("has_second_factor"),
            Membership.role,
            Merchant.id.label("merchant_id"),
            Merchant.name.label("merchant_name"),
            Reseller.slug,
            Membership.limited,
            case((Membership.limited, _limits())).label("limits"),
        )
        .join(UserAccount, UserAccount.id == UserSession.user_id)
        .outerjoin(Membership, (Membership.user_id == UserAccount.id) & Membership.suspended_at.is_(None))
        .outerjoin(Merchant, (Merchant.id == Membership.merchant_id) & Merchant.suspended_at.is_(None))
        .outerjoin(Reseller, Reseller.id == Merchant.reseller_id)
        .where(*_is_alive())
        .order_by(Merchant.name, Merchant.id)
    )


def _is_alive() -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.key_hash == bindparam("key"),
        ~UserSession.pending,
        UserSession.expires_at > func.now(),
        UserSession.last_seen_at > func.now() - UserSession.idle,
        UserAccount.disabled_at.is_(None),
    )


def _staff_of_user() -> ScalarSelect[Any]:
    """The maintainers a person works for: a JSON list of (id, slug, name)."""
    maintainer = aliased(Reseller)
    each = func.json_build_array(maintainer.id, maintainer.slug, maintainer.name)
    listed = func.json_agg(aggregate_order_by(each, maintainer.name))
    return (
        select(func.coalesce(listed, func.json_build_array()))
        .select_from(StaffMember)
        .join(maintainer, maintainer.id == StaffMember.reseller_id)
        .where(StaffMember.user_id == UserAccount.id)
        .correlate(UserAccount)
        .scalar_subquery()
    )


def _viewed() -> ScalarSelect[Any]:
    """The merchant ``merchant``, suspended or not, when it is of a maintainer that the person works for.

    ``is_open`` tells whether they have said in this session that they look at it.
    """
    viewed, maintainer = aliased(Merchant), aliased(Reseller)
    document = func.json_build_object(
        "id", viewed.id,
        "name", viewed.name,
        "maintainer", func.json_build_array(maintainer.id, maintainer.slug, maintainer.name),
        "is_open", viewed.id == any_(UserSession.viewed_merchant_ids),
    )  # fmt: skip
    return (
        select(document)
        .join(maintainer, maintainer.id == viewed.reseller_id)
        .join(StaffMember, StaffMember.reseller_id == viewed.reseller_id)
        .where(
            viewed.id == bindparam("merchant", type_=BigInteger), StaffMember.user_id == UserSession.user_id
        )
        .where(viewed.id != UNCLAIMED_MERCHANT)
        .correlate(UserSession)
        .scalar_subquery()
    )


def _second_factor_of_user() -> ColumnElement[bool]:
    return exists().where(SecondFactor.user_id == UserAccount.id).correlate(UserAccount)


def _limits() -> ScalarSelect[Any]:
    """The outlets and the contracts that a membership is limited to: a JSON list of the two lists."""
    outlets, contracts = (
        func.coalesce(func.json_agg(column).filter(column.is_not(None)), func.json_build_array())
        for column in (MembershipLimit.outlet_id, MembershipLimit.contract_id)
    )
    return (
        select(func.json_build_array(outlets, contracts))
        .where(MembershipLimit.membership_id == Membership.id)
        .correlate(Membership)
        .scalar_subquery()
    )
