"""The people of a reseller: its staff, and whoever has an access to one of its merchants."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    ScalarSelect,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from app.desk.paging import AnyRow, KeysetOrder, KeysetPage, page
from app.models import Membership, Merchant, StaffMember, UserAccount
from app.wording.searching import tidy

#: Of all people, those who work for the reseller, and those who can no longer sign in.
STAFF, SUSPENDED = "staff", "suspended"
STATES: Final[Collection[str]] = (STAFF, SUSPENDED)
#: The usual order of the list.
BY_ADDRESS = "email"
_LAST_SIGN_IN = func.coalesce(
    UserAccount.signed_in_at, literal_column("timestamptz '-infinity'", DateTime(timezone=True))
)
#: The orders of the list: by address; or whoever never signed in first, then the longest ago.
ORDERS: Final = {
    BY_ADDRESS: KeysetOrder((UserAccount.email,), UserAccount.id),
    "last_sign_in": KeysetOrder((_LAST_SIGN_IN, UserAccount.id), UserAccount.id),
}


def people(
    connection: Connection,
    reseller_id: int,
    state: str = "",
    search: str = "",
    after: int | None = None,
    *,
    by: str = BY_ADDRESS,
) -> KeysetPage:
    """People: ``id``, ``email``, ``signed_in_at``, ``disabled_at``, ``is_staff``, ``merchants``.

    ``merchants`` are the names of the reseller's own that they have an access to; ``state`` is one of
    :data:`STATES` or empty, ``search`` a part of an address, ``by`` one of :data:`ORDERS`.
    """
    visible, order = [_is_of(reseller_id)], ORDERS[by]
    wanted = [*visible, *_in_state(reseller_id, state)]
    if words := tidy(search).lower():
        wanted.append(func.strpos(UserAccount.email, words) > 0)
    statement = select(*_facts(reseller_id)).where(*wanted, *order.behind(after, visible))
    return page(connection, statement, order)


def person(connection: Connection, reseller_id: int, user_id: int) -> AnyRow | None:
    """One of them, as :func:`people` gives them, and ``serves_others``; None for somebody of others.

    The account of one who ``serves_others``, another reseller or a merchant of theirs, is not for this one to
    close.
    """
    facts = (*_facts(reseller_id), _serves_others(reseller_id).label("serves_others"))
    found = select(*facts).where(_is_of(reseller_id), UserAccount.id == user_id)
    return connection.execute(found).one_or_none()


def _facts(reseller_id: int) -> tuple[Any, ...]:
    return (
        UserAccount.id,
        UserAccount.email,
        UserAccount.signed_in_at,
        UserAccount.disabled_at,
        _works(StaffMember.reseller_id == reseller_id).label("is_staff"),
        _merchants(reseller_id).label("merchants"),
    )


def _is_of(reseller_id: int) -> ColumnElement[bool]:
    return or_(_works(StaffMember.reseller_id == reseller_id), _belongs(Merchant.reseller_id == reseller_id))


def _serves_others(reseller_id: int) -> ColumnElement[bool]:
    return or_(_works(StaffMember.reseller_id != reseller_id), _belongs(Merchant.reseller_id != reseller_id))


def _works(where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(StaffMember.user_id == UserAccount.id, where).correlate(UserAccount)


def _belongs(where: ColumnElement[bool]) -> ColumnElement[bool]:
    held = exists().where(Membership.user_id == UserAccount.id, Merchant.id == Membership.merchant_id, where)
    return held.correlate(UserAccount)


def _merchants(reseller_id: int) -> ScalarSelect[Any]:
    named = (
        select(Merchant.name)
        .join(Membership, Membership.merchant_id == Merchant.id)
        .where(Membership.user_id == UserAccount.id, Merchant.reseller_id == reseller_id)
        .order_by(Merchant.name_key, Merchant.id)
        .correlate(UserAccount)
    )
    return select(func.array(named.scalar_subquery())).scalar_subquery()


def _in_state(reseller_id: int, state: str) -> list[ColumnElement[bool]]:
    if state == STAFF:
        return [_works(StaffMember.reseller_id == reseller_id)]
    return [UserAccount.disabled_at.is_not(None)] if state == SUSPENDED else []
