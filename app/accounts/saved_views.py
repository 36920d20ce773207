"""The views of lists that members keep: a name, and what an address of the list asks.

A view opens nothing: its keeper, and a colleague it is shared with, see by their own rights what that address
shows them. It is the membership's: a private one goes with that, a shared one is handed on to who stays, for
colleagues have come to work by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

from app.accounts.journal import Event, record
from app.accounts.users import UserError
from app.listing.field import Args
from app.listing.reading import Reading
from app.models import Membership, Role, SavedView, UserAccount
from app.rules.cards import holds_card
from app.wording.i18n import gettext

#: Of one member over all lists, and shared ones of a merchant on one list.
MOST_KEPT: Final = 20
MOST_SHARED: Final = 40
LONGEST_NAME: Final = 40
#: In all texts of a view together: a list's address can hold it.
LONGEST_ASKED: Final = 4000


@dataclass(frozen=True)
class Keeper:
    """A member at a merchant, whose views these are. Staff who look at it are none and keep none there."""

    user_id: int
    merchant_id: int


@dataclass(frozen=True)
class KeptView:
    """A view: the parameters of its address, its keeper's mail address, whose it is, who sees it."""

    id: int
    list_name: str
    name: str
    args: Args
    keeper: str
    is_own: bool
    is_shared: bool


def views_of(reader: Keeper, list_name: str) -> Reading[tuple[KeptView, ...]]:
    """The views of a list for a reader: their own by name, then those that others share."""
    values = {"user_id": reader.user_id, "merchant_id": reader.merchant_id, "list_name": list_name}
    return Reading((_in_sight(),), lambda rows: tuple(_view(row) for row in rows), values)


@cache
def _in_sight() -> Select[Any]:
    """The views of ``list_name`` that ``user_id`` finds at ``merchant_id``."""
    own = Membership.user_id == bindparam("user_id")
    return (
        _views(own)
        .where(
            Membership.merchant_id == bindparam("merchant_id"),
            SavedView.list_name == bindparam("list_name"),
            or_(own, SavedView.is_shared),
        )
        .order_by(own.desc(), func.lower(SavedView.name), SavedView.id)
    )


def own_view(connection: Connection, keeper: Keeper, view_id: int) -> KeptView:
    """A view of one's own. Raises LookupError for any other."""
    own = Membership.user_id == keeper.user_id
    wanted = _views(own).where(SavedView.id == view_id, *_is(keeper))
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise LookupError(view_id)
    return _view(found)


def keep_view(
    connection: Connection, keeper: Keeper, list_name: str, args: Args, name: str, *, is_shared: bool
) -> None:
    """Keep a view under ``name``. Raises UserError, and LookupError for whoever is no member."""
    membership_id = _membership(connection, keeper)
    kept = _tidy(name)
    _check_size(connection, membership_id, args)
    _check_free(connection, membership_id, list_name, kept)
    if is_shared:
        _check_room(connection, keeper, list_name)
    values = {"list_name": list_name, "name": kept, "asked": [list(pair) for pair in args]}
    connection.execute(insert(SavedView).values(membership_id=membership_id, is_shared=is_shared, **values))


def change_view(
    connection: Connection, keeper: Keeper, view_id: int, name: str, *, is_shared: bool
) -> KeptView:
    """Give a view of one's own another name, or share it or no longer. Raises UserError, LookupError."""
    membership_id = _membership(connection, keeper)
    view = own_view(connection, keeper, view_id)
    kept = _tidy(name)
    _check_free(connection, membership_id, view.list_name, kept, but=view_id)
    if is_shared and not view.is_shared:
        _check_room(connection, keeper, view.list_name)
    changed = update(SavedView).where(SavedView.id == view_id).values(name=kept, is_shared=is_shared)
    connection.execute(changed)
    return own_view(connection, keeper, view_id)


def remove_view(connection: Connection, keeper: Keeper, view_id: int) -> KeptView:
    """Remove a view of one's own. Raises LookupError."""
    view = own_view(connection, keeper, view_id)
    connection.execute(delete(SavedView).where(SavedView.id == view_id))
    return view


def hand_on(
    connection: Connection,
    leaving: ColumnElement[bool],
    by_user_id: int | None = None,
    request_id: str | None = None,
) -> None:
    """Give what the memberships ``leaving`` share to somebody who stays at the merchant; it is journalled.

    That is an owner before anybody else, and of several the one who has been there longest; whoever may not
    sign in comes last. Where nobody stays, nobody misses anything.
    """
    places = select(Membership.merchant_id).where(leaving)
    connection.execute(
        select(Membership.id)
        .where(Membership.merchant_id.in_(places))
        .order_by(Membership.id)
        .with_for_update()
    )
    shared = (
        select(SavedView.id, SavedView.list_name, SavedView.name, Membership.merchant_id)
        .join(Membership, Membership.id == SavedView.membership_id)
        .where(leaving, SavedView.is_shared)
        .order_by(SavedView.id)
    )
    for view in connection.execute(shared).all():
        heir = connection.execute(_heirs(view.merchant_id, leaving)).first()
        if heir is None:
            continue
        name = _free_name(connection, heir.id, view.list_name, view.name)
        given = update(SavedView).where(SavedView.id == view.id)
        connection.execute(given.values(membership_id=heir.id, name=name))
        record(
            connection,
            Event.VIEW_HANDED_ON,
            user_id=by_user_id,
            merchant_id=view.merchant_id,
            request_id=request_id,
            of=heir.user_id,
            list=view.list_name,
            name=name,
        )


def _heirs(merchant_id: int, leaving: ColumnElement[bool]) -> Select[int, int]:
    """The memberships of a merchant that stay, whoever comes first as heir first."""
    may_enter = and_(Membership.suspended_at.is_(None), UserAccount.disabled_at.is_(None))
    return (
        select(Membership.id, Membership.user_id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.merchant_id == merchant_id, not_(leaving))
        .order_by(may_enter.desc(), (Membership.role == Role.OWNER).desc(), Membership.id)
        .limit(1)
    )


def _free_name(connection: Connection, membership_id: int, list_name: str, name: str) -> str:
    """``name``, with a number where a view of the list that the membership keeps bears it already."""
    free, number = name, 1
    while _named(connection, membership_id, list_name, free) is not None:
        number += 1
        end = f" ({number})"
        free = name[: LONGEST_NAME - len(end)].rstrip() + end
    return free


def _views(is_own: ColumnElement[bool]) -> Select[Any]:
    """The rows of views as :func:`_view` takes them."""
    return (
        select(
            SavedView.id,
            SavedView.list_name,
            SavedView.name,
            SavedView.asked,
            SavedView.is_shared,
            UserAccount.email,
            is_own.label("is_own"),
        )
        .join(Membership, Membership.id == SavedView.membership_id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
    )


def _view(row: Any) -> KeptView:
    args = tuple((str(name), str(text)) for name, text in row.asked)
    return KeptView(row.id, row.list_name, row.name, args, row.email, bool(row.is_own), row.is_shared)


def _is(keeper: Keeper) -> tuple[Any, ...]:
    return Membership.user_id == keeper.user_id, Membership.merchant_id == keeper.merchant_id


def _membership(connection: Connection, keeper: Keeper) -> int:
    """The membership of a keeper, held so that no other request of theirs comes between."""
    found = connection.scalar(select(Membership.id).where(*_is(keeper)).with_for_update())
    if found is None:
        raise LookupError(keeper)
    return found


def _tidy(name: str) -> str:
    """A name as it is kept. Raises UserError."""
    kept = " ".join(name.split())
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable():
        raise UserError(gettext("Give the view a name of %(most)d characters at most.", most=LONGEST_NAME))
    if holds_card(kept):
        raise UserError(gettext("A name holds no card number."))
    return kept


def _check_size(connection: Connection, membership_id: int, args: Args) -> None:
    """Raise UserError for one view too many, or one that asks too much."""
    if sum(len(name) + len(text) for name, text in args) > LONGEST_ASKED:
        raise UserError(gettext("This view has too many filters to be kept."))
    kept = select(func.count()).where(SavedView.membership_id == membership_id)
    if (connection.scalar(kept) or 0) >= MOST_KEPT:
        raise UserError(gettext("You keep %(most)d views already: remove one first.", most=MOST_KEPT))


def _check_room(connection: Connection, keeper: Keeper, list_name: str) -> None:
    """Raise UserError where as many views of the list are shared as anybody can look through."""
    shared = (
        select(func.count())
        .select_from(SavedView)
        .join(Membership, Membership.id == SavedView.membership_id)
        .where(
            Membership.merchant_id == keeper.merchant_id,
            SavedView.list_name == list_name,
            SavedView.is_shared,
        )
    )
    if (connection.scalar(shared) or 0) >= MOST_SHARED:
        raise UserError(
            gettext(
                "%(most)d views of this list are shared already: keep this one for yourself.",
                most=MOST_SHARED,
            )
        )


def _check_free(
    connection: Connection, membership_id: int, list_name: str, name: str, but: int | None = None
) -> None:
    """Raise UserError where another of one's views of the list has the name."""
    if _named(connection, membership_id, list_name, name) not in (None, but):
        raise UserError(gettext("You keep a view of this name already."))


def _named(connection: Connection, membership_id: int, list_name: str, name: str) -> int | None:
    """The view of the list that a membership keeps under ``name``, if any."""
    same = select(SavedView.id).where(
        SavedView.membership_id == membership_id,
        SavedView.list_name == list_name,
        func.lower(SavedView.name) == func.lower(name),
    )
    return connection.scalar(same)
