"""The rights of a person at a place, read from the database each time in two statements.

The first knows accounts, the second the merchants and resellers that it found: these may one day lie on other
nodes than people do (research/citus.md R26). Rights are worked out from the person: alike for a session, a
token or a schedule. Nothing is remembered between requests: disabling a person, narrowing a membership or
moving a contract acts on the very next click.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

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
    func,
    literal,
    or_,
    select,
)

from app.accounts.place import UNNAMED, Place
from app.accounts.roles import LOOKING, PERMISSIONS, Level, Permission
from app.accounts.sessions import OpenSession, hash_of, is_alive
from app.accounts.sessions import columns as session_columns
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

    Without a ``role`` they are no member: they look at it as the reseller's staff. The scope of one with
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
    """A reseller that a person works for."""

    reseller_id: int
    reseller_slug: str
    reseller_name: str

    @property
    def isolation(self) -> Isolation:
        """The rows of all the reseller's merchants, and those that wait for one."""
        return Isolation(reseller_id=self.reseller_id)


@dataclass(frozen=True)
class Rights:
    """The rights of a person: what they may see and do at ``place``.

    ``access`` is that to the merchant which the place names; where it names none, to the one used last.
    ``desk`` is where they work for a reseller: the one that the place names, or that of the merchant looked
    at; where it names none, the one they were at last, else that of the host, else their first.
    ``may_view_as`` tells whether the merchant named is one that they could look at as its reseller;
    ``has_second_factor`` tells whether an app is proved.
    """

    user_id: int
    email: str
    place: Place = UNNAMED
    access: Access | None = None
    accesses: tuple[Access, ...] = ()
    desk: Staff | None = None
    staff: tuple[Staff, ...] = ()
    may_view_as: Staff | None = None
    has_second_factor: bool = False

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
        """Whether the place named is not theirs."""
        if self.place.reseller_id is not None:
            return self.desk is None
        return self.place.merchant_id is not None and self.access is None

    @property
    def is_viewing_as(self) -> bool:
        """Whether they look at somebody else's data as the reseller's staff."""
        return self.access is not None and self.access.is_view_as

    def may(self, needed: Permission | Level) -> bool:
        """Whether this person may do it, at the merchant of this place, or stands where it asks."""
        if isinstance(needed, Level):
            return needed is Level.PERSON or bool(self.staff)
        return self.access is not None and self.access.allows(needed)


def rights_of(connection: Connection, user_id: int, place: Place = UNNAMED) -> Rights | None:
    """The rights of a person at ``place`` in this instant; None for whoever is disabled."""
    rows = connection.execute(_of_user(), {"user": user_id}).all()
    return _rights(connection, rows, place) if rows else None


def rights_in_session(
    connection: Connection, key: str, place: Place = UNNAMED, host_slug: str = ""
) -> tuple[OpenSession, Rights] | None:
    """The living session of ``key``, read with its person, and their rights.

    A session tells besides where they were last and what they look at; ``host_slug`` is the reseller whose
    host they came by.
    """
    rows = connection.execute(_of_session(), {"key": hash_of(key)}).all()
    if not rows:
        return None
    session = OpenSession.of(rows[0])
    return session, _rights(connection, rows, place, session, host_slug)


def _rights(
    connection: Connection,
    rows: Sequence[Row[Any]],
    place: Place,
    session: OpenSession | None = None,
    host_slug: str = "",
) -> Rights:
    first = rows[0]
    parties = _parties(connection, rows, place)
    merchants = {party.id: party for party in parties if party.id is not None}
    accesses = tuple(_accesses(rows, merchants))
    staff = tuple(_staff(parties, first.staff))
    viewed = merchants.get(place.merchant_id) if place.merchant_id != UNCLAIMED_MERCHANT else None
    maintainer = next((one for one in staff if viewed and one.reseller_id == viewed.reseller_id), None)
    here = _access_at(place, accesses, session) or (_view_as(viewed, session) if maintainer else None)
    return Rights(
        user_id=first.user_id,
        email=first.email,
        place=place,
        access=_in_sight(connection, here) if here and here.limits else here,
        accesses=accesses,
        desk=maintainer if here and here.is_view_as else _desk_at(place, staff, session, host_slug),
        staff=staff,
        may_view_as=maintainer,
        has_second_factor=first.has_second_factor,
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


def _access_at(place: Place, accesses: Sequence[Access], session: OpenSession | None) -> Access | None:
    """The access to the merchant of ``place``; at no place, to the one used last; at a desk, none."""
    if place.reseller_id is not None:
        return None
    wanted = place if place.merchant_id is not None or session is None else session.last
    found = next((access for access in accesses if access.merchant_id == wanted.merchant_id), None)
    return found if place.merchant_id is not None else found or next(iter(accesses), None)


def _view_as(viewed: Row[Any] | None, session: OpenSession | None) -> Access | None:
    """The whole of a merchant, for staff who have said in this session that they look at it."""
    if viewed is None or session is None or viewed.id not in session.viewed_merchant_ids:
        return None
    return Access(viewed.id, viewed.name, viewed.slug, None, Scope(viewed.id))


def _desk_at(
    place: Place, staff: Sequence[Staff], session: OpenSession | None, host_slug: str
) -> Staff | None:
    """The desk that ``place`` names; else the one they were at last, that of the host, or their first."""
    by_id = {one.reseller_id: one for one in staff}
    if place.reseller_id is not None:
        return by_id.get(place.reseller_id)
    last = by_id.get(session.last.reseller_id) if session and session.last.reseller_id else None
    of_host = (one for one in staff if one.reseller_slug == host_slug)
    return last or next(of_host, None) or next(iter(staff), None)


def _accesses(memberships: Sequence[Row[Any]], merchants: Mapping[int, Row[Any]]) -> Iterator[Access]:
    """The accesses to merchants that are not suspended, in alphabetical order."""
    held = {row.merchant_id: row for row in memberships}
    for merchant in sorted(merchants.values(), key=lambda found: (found.name_key, found.id)):
        membership = held.get(merchant.id)
        if membership is None or merchant.suspended_at is not None:
            continue
        yield Access(
            merchant_id=merchant.id,
            merchant_name=merchant.name,
            reseller_slug=merchant.slug,
            role=Role(membership.role),
            scope=Scope(merchant.id, () if membership.limited else None),
            limits=Limits(*membership.limits) if membership.limited else None,
        )


def _staff(parties: Sequence[Row[Any]], reseller_ids: Sequence[int]) -> Iterator[Staff]:
    """The resellers ``reseller_ids``, in alphabetical order."""
    found = {party.reseller_id: party for party in parties}
    ours = (found[reseller_id] for reseller_id in reseller_ids if reseller_id in found)
    for party in sorted(ours, key=lambda one: one.reseller_key):
        yield Staff(party.reseller_id, party.slug, party.reseller_name)


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
def _of_user() -> Select[Any]:
    """The person ``user``; built once, as the next."""
    return _people().where(UserAccount.id == bindparam("user"))


@cache
def _of_session() -> Select[Any]:
    """The living session of the hash ``key``, and its person: each request asks for it."""
    opened = _people().add_columns(*session_columns())
    mine = UserSession.user_id == UserAccount.id
    return opened.join(UserSession, mine).where(UserSession.key_hash == bindparam("key"), *is_alive())


def _people() -> Select[Any]:
    """People who are not disabled, and their memberships: one row a membership."""
    return (
        select(
            UserAccount.id.label("user_id"),
            UserAccount.email,
            _staff_of_user().label("staff"),
            _second_factor_of_user().label("has_second_factor"),
            Membership.role,
            Membership.merchant_id,
            Membership.limited,
            case((Membership.limited, _limits())).label("limits"),
        )
        .outerjoin(Membership, (Membership.user_id == UserAccount.id) & Membership.suspended_at.is_(None))
        .where(UserAccount.disabled_at.is_(None))
    )


def _parties(connection: Connection, rows: Sequence[Row[Any]], place: Place) -> Sequence[Row[Any]]:
    """The merchants of a person's rows and of ``place``, and the resellers of these and of their desks.

    One row a merchant with its reseller, and one for each reseller of whose merchants none is named.
    """
    named = {row.merchant_id for row in rows} | {place.merchant_id}
    values = {"merchants": [one for one in named if one is not None], "resellers": list(rows[0].staff)}
    return connection.execute(_parties_named(), values).all()


@cache
def _parties_named() -> Select[Any]:
    merchants, resellers = (bindparam(name, type_=ARRAY(BigInteger)) for name in ("merchants", "resellers"))
    wanted = (Merchant.reseller_id == Reseller.id) & (Merchant.id == any_(merchants))
    return (
        select(
            Merchant.id,
            Merchant.name,
            Merchant.name_key,
            Merchant.suspended_at,
            Reseller.id.label("reseller_id"),
            Reseller.slug,
            Reseller.name.label("reseller_name"),
            func.fold(Reseller.name).label("reseller_key"),
        )
        .select_from(Reseller)
        .outerjoin(Merchant, wanted)
        .where(or_(Merchant.id.is_not(None), Reseller.id == any_(resellers)))
    )


def _staff_of_user() -> ScalarSelect[Any]:
    """The resellers that a person works for: an array of their ids."""
    ids = func.coalesce(func.array_agg(StaffMember.reseller_id), literal([], ARRAY(BigInteger)))
    return select(ids).where(StaffMember.user_id == UserAccount.id).correlate(UserAccount).scalar_subquery()


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
