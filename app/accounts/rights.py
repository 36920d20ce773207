"""What a person may do and see, read from the database at each request in one statement.

Nothing is remembered between requests: disabling a person, ending a session, narrowing a
membership or moving a contract acts on the very next click.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
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
from app.wording.i18n import N_, gettext


class Permission(StrEnum):
    """What a role allows within a merchant."""

    LIST = "list"
    EXPORT = "export"
    TICKET = "ticket"
    SEND = "send"
    TERMINAL = "terminal"
    INVITE = "invite"
    JOURNAL = "journal"


class Standing(StrEnum):
    """What a person may be asked to be, whatever the merchant: signed in, or a maintainer's staff."""

    PERSON = "person"
    STAFF = "staff"


#: Whoever of a merchant may see tickets may send them; finance works with lists and exports.
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.FLEET: frozenset({Permission.LIST, Permission.TERMINAL, Permission.TICKET, Permission.SEND}),
    Role.FINANCE: frozenset({Permission.LIST, Permission.EXPORT}),
    Role.VIEWER: frozenset({Permission.LIST, Permission.TICKET, Permission.SEND}),
}
#: What a maintainer's staff may do at a merchant they look at: read, and nothing else.
LOOKING = frozenset({Permission.LIST, Permission.EXPORT, Permission.TICKET})


ROLE_NAMES: Mapping[Role, str] = {
    Role.OWNER: N_("owner"),
    Role.FLEET: N_("fleet manager"),
    Role.FINANCE: N_("finance"),
    Role.VIEWER: N_("viewer"),
}


ROLE_DUTIES: Mapping[Role, str] = {
    Role.OWNER: N_("everything, accesses included"),
    Role.FLEET: N_("lists, terminals and tickets"),
    Role.FINANCE: N_("lists and exports"),
    Role.VIEWER: N_("lists and tickets"),
}


def role_name(role: Role) -> str:
    """A role in the language of the moment."""
    return gettext(ROLE_NAMES[role])


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
    def is_look(self) -> bool:
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
    """A signed-in person, as flask-login wants a user. ``access`` is None without a merchant.

    ``staff`` names the maintainers he works for, ``desk_id`` the one he has chosen among several;
    ``has_second_factor`` tells whether an app is proved, ``proved_lately`` whether he has just given his
    password or a code in this session.
    """

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    user_id: int
    email: str
    host: str
    seen_lately: bool
    access: Access | None
    accesses: tuple[Access, ...]
    staff: tuple[Staff, ...] = ()
    desk_id: int | None = None
    has_second_factor: bool = False
    proved_lately: bool = False

    @property
    def must_enrol(self) -> bool:
        """Whether a second factor is needed before anything else: staff see many merchants."""
        return bool(self.staff) and not self.has_second_factor

    def may(self, needed: Permission | Standing) -> bool:
        """Whether this person may do it, at the merchant he looks at, or stands where it asks."""
        if isinstance(needed, Standing):
            return needed is Standing.PERSON or bool(self.staff)
        return self.access is not None and self.access.allows(needed)

    @property
    def is_looking(self) -> bool:
        """Whether he looks at somebody else's data as the maintainer's staff."""
        return self.access is not None and self.access.is_look

    def desk(self, host_slug: str) -> Staff:
        """The maintainer whose desk he is at: the one he chose, else that of the host, else the first.

        Raises IndexError for somebody who works for none.
        """
        chosen = (one for one in self.staff if one.reseller_id == self.desk_id)
        here = (one for one in self.staff if one.reseller_slug == host_slug)
        return next(chosen, None) or next(here, None) or self.staff[0]

    def belongs_to(self, merchant_id: int) -> bool:
        """Whether he has a membership there."""
        return any(access.merchant_id == merchant_id for access in self.accesses)


def visitor_of(connection: Connection, key: str) -> Visitor | None:
    """The person of the session ``key``, with his rights of this instant; one statement."""
    rows = connection.execute(_statement(), {"key": hash_of(key)}).all()
    if not rows:
        return None
    first = rows[0]
    accesses = tuple(_access(row) for row in rows if row.merchant_id is not None)
    chosen = next((a for a in accesses if a.merchant_id == first.chosen_id), None)
    here = chosen or _look(first.looked_at) or next(iter(accesses), None)
    return Visitor(
        user_id=first.user_id,
        email=first.email,
        host=first.host,
        seen_lately=first.seen_lately,
        access=_in_sight(connection, here) if here and here.limits else here,
        accesses=accesses,
        staff=tuple(Staff(*row) for row in first.staff),
        desk_id=first.desk_id,
        has_second_factor=first.has_second_factor,
        proved_lately=first.proved_lately,
    )


def _look(merchant: Sequence[Any] | None) -> Access | None:
    """The whole of a merchant that staff have chosen to look at."""
    if merchant is None:
        return None
    merchant_id, name, slug = merchant
    return Access(merchant_id, name, slug, None, Scope(merchant_id))


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
            UserSession.merchant_id.label("chosen_id"),
            UserSession.reseller_id.label("desk_id"),
            (UserSession.last_seen_at > func.now() - SEEN_EVERY).label("seen_lately"),
            func.coalesce(UserSession.proved_at > func.now() - PROOF, false()).label("proved_lately"),
            UserAccount.email,
            _staff_of_user().label("staff"),
            _looked_at().label("looked_at"),
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


def _looked_at() -> ScalarSelect[Any]:
    """(id, name, slug) of the session's merchant, suspended or not, when it is of the person's maintainer."""
    looked, maintainer = aliased(Merchant), aliased(Reseller)
    return (
        select(func.json_build_array(looked.id, looked.name, maintainer.slug))
        .join(maintainer, maintainer.id == looked.reseller_id)
        .join(StaffMember, StaffMember.reseller_id == looked.reseller_id)
        .where(looked.id == UserSession.merchant_id, StaffMember.user_id == UserSession.user_id)
        .where(looked.id != UNCLAIMED_MERCHANT)
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
