"""The terminals of a day: those that called, and the silent ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property, partial
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Label,
    and_,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from app.listing.field import Args
from app.listing.kinds import Statement
from app.listing.period import Days
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.lists.common import BY_OUTLET, place, terminal_name
from app.lists.silence import ONE_DAY, quiet_terminals
from app.models import NO_OUTLET, Contract, Outlet, Terminal, TerminalDay
from app.wording.days import short_moment
from app.wording.i18n import gettext

#: What the list of terminals is asked for to show the silent ones of the last night received.
SILENT: Final[Args] = (("state", "silent"),)
#: Terminals named one by one; of more, only the silent ones are.
MOST_TERMINALS = 4
_DAY = bindparam("day", type_=Date)
_NEXT_DAY = _DAY + literal_column("1", Integer)
_KEYS = Terminal.merchant_id, Terminal.id, Terminal.outlet_id
_COUNTS = frozenset({"are_several", "number_of_all", "number_called", "outlet_number", "outlet_called"})


@dataclass(frozen=True)
class TerminalCall:
    """A terminal and its last call on the night of the day or before it, by its own clock.

    Its ``outlet`` has ``outlet_number`` terminals that day, and ``outlet_called`` of them called: where none
    did, the shop may be closed. ``by_outlet`` and ``by_terminal`` are the groups of sums that it belongs to,
    None where its outlet has no SIRET.
    """

    id: int
    outlet_id: int
    outlet: str
    name: str
    number: str
    called: datetime
    is_silent: bool
    outlet_number: int
    outlet_called: int
    by_outlet: str | None
    by_terminal: str | None
    is_of_last_night: bool

    @property
    def title(self) -> str:
        """What people call it, in the language of the moment."""
        return self.name or self.till

    @property
    def till(self) -> str:
        """What tells it from the others of its outlet, in the language of the moment."""
        return gettext("terminal %(number)s", number=self.number)

    @property
    def listed(self) -> Args:
        """What the list of terminals is asked for: its outlet, or of the last night the silent ones."""
        if self.is_of_last_night:
            return SILENT
        return (("trade_name", self.outlet),) if self.outlet else ()

    def silence(self) -> str:
        """The words of its silence, in the language of the moment."""
        since = short_moment(self.called)
        if self.outlet_called:
            return gettext("No call since %(moment)s; others of the outlet called", moment=since)
        return gettext("No call of the outlet since %(moment)s: closed?", moment=since)


@dataclass(frozen=True)
class TerminalCalls:
    """The terminals of a day: how many, how many of them called, the silent ones; all when they are few.

    Silent ones of open outlets come first.
    """

    number: int
    called: int
    silent: tuple[TerminalCall, ...]
    named: tuple[TerminalCall, ...]

    @cached_property
    def silences(self) -> tuple[TerminalCall, ...]:
        """The silent terminals to name: one alone of an outlet where none called, which may be closed."""
        first = {terminal.outlet_id: terminal for terminal in reversed(self.silent)}
        return tuple(
            terminal
            for terminal in self.silent
            if terminal.outlet_called
            or terminal.outlet_id == NO_OUTLET
            or first[terminal.outlet_id] is terminal
        )


def terminal_calls(scope: Scope, day: date, days: Days) -> Reading[TerminalCalls]:
    """The terminals in ``scope`` that called for ``day``, and those that are silent on it."""
    made = partial(_calls, is_last=day == days.last_night)
    return Reading((_to_name(scope.any_such),), made, {**scope.values, "day": day})


def _calls(rows: Rows, *, is_last: bool) -> TerminalCalls:
    number, called = (rows[0].number_of_all, rows[0].number_called) if rows else (0, 0)
    found = tuple(_call(row, is_last=is_last) for row in rows)
    silent = (terminal for terminal in found if terminal.is_silent)
    open_first = tuple(sorted(silent, key=lambda terminal: not terminal.outlet_called))
    return TerminalCalls(number, called, open_first, found if number <= MOST_TERMINALS else ())


def _call(row: Any, *, is_last: bool) -> TerminalCall:
    """A terminal by the name that tells it from others; one of a silent outlet by that of the outlet."""
    name = (row.outlet if row.are_several else row.label) or row.outlet or ""
    if row.are_several and row.outlet_number > 1 and row.outlet_called:
        name = place({"trade_name": row.outlet, "label": row.label})
    return TerminalCall(
        id=row.id,
        outlet_id=row.outlet_id,
        outlet=row.outlet or "",
        name=name,
        number=row.number,
        called=row.called,
        is_silent=row.is_silent,
        outlet_number=row.outlet_number,
        outlet_called=row.outlet_called,
        by_outlet=row.by_outlet,
        by_terminal=row.by_terminal,
        is_of_last_night=is_last,
    )


@cache
def _to_name(scope: AnyScope) -> Statement:
    """The silent terminals, and the others where all are few, by name, each beside what is counted of all.

    One row at least bears what is counted. Names are read of these rows alone. A terminal whose call wandered
    from another day is told of once, as :func:`_quiet` does.
    """
    quiet = _quiet(scope).cte("quiet_ones")
    others = _called(scope).cte("others")
    rest = select(others).where(others.c.id.not_in(select(quiet.c.id)))
    found = union_all(select(quiet), rest).cte("found")
    has_called = ~found.c.is_silent
    everywhere = _once(
        select(
            (func.min(found.c.outlet_id) != func.max(found.c.outlet_id)).label("are_several"),
            func.count().label("number_of_all"),
            func.count().filter(has_called).label("number_called"),
            func.min(found.c.id).label("first"),
        ).cte("everywhere")
    )
    there = _once(
        select(
            found.c.outlet_id,
            func.count().label("outlet_number"),
            func.count().filter(has_called).label("outlet_called"),
        )
        .group_by(found.c.outlet_id)
        .cte("there")
    )
    counts = (column for part in (everywhere, there) for column in part.c if column.name in _COUNTS)
    are_few = everywhere.c.number_of_all <= MOST_TERMINALS
    told = (
        select(found, *counts)
        .select_from(found.join(everywhere, true()).join(there, there.c.outlet_id == found.c.outlet_id))
        .where(or_(found.c.is_silent, are_few, found.c.id == everywhere.c.first))
    )
    return _named(told.cte("told"))


def _once(counts: CTE) -> CTE:
    """``counts``, made once, however they are joined: nobody knows beforehand of how few they are read."""
    return counts.prefix_with("MATERIALIZED")


def _named(told: CTE) -> Statement:
    """The rows of ``told`` with their names and the first label of their contracts, in order of these."""
    label = (
        select(func.min(Contract.label))
        .where(Contract.merchant_id == Terminal.merchant_id, Contract.id == any_(Terminal.contract_ids))
        .scalar_subquery()
    )
    names: tuple[ColumnElement[Any], ...] = (
        Terminal.number.label("number"),
        label.label("label"),
        Outlet.trade_name.label("outlet"),
        BY_OUTLET.rows.label("by_outlet"),
        terminal_name(Terminal.number).label("by_terminal"),
    )
    order = (func.coalesce(name, "").collate("C") for name in (Outlet.trade_name_key, label, Terminal.number))
    of_terminal = and_(Terminal.merchant_id == told.c.merchant_id, Terminal.id == told.c.id)
    of_outlet = and_(Outlet.merchant_id == Terminal.merchant_id, Outlet.id == Terminal.outlet_id)
    tables = told.join(Terminal.__table__, of_terminal).outerjoin(Outlet.__table__, of_outlet)
    return select(told, *names).select_from(tables).order_by(*order)


@cache
def _called(scope: AnyScope) -> Statement | CompoundSelect[Any]:
    """What called on the calendar day itself.

    Most terminals of a merchant called last on the day that is asked for: nothing is looked up of them.
    For whoever sees some contracts alone, a terminal called when one of these did.
    """
    is_silent = literal(value=False).label("is_silent")
    if scope.contract_ids is not None:
        return _called_for(scope, is_silent)
    own = Terminal.merchant_id == scope.merchant_id
    since = Terminal.last_called >= _DAY
    last = select(*_KEYS, Terminal.last_called.label("called"), is_silent)
    then = (
        select(func.max(TerminalDay.last_called).label("called"))
        .where(
            TerminalDay.merchant_id == Terminal.merchant_id,
            TerminalDay.contract_id == any_(Terminal.contract_ids),
            TerminalDay.terminal_number == Terminal.number,
            TerminalDay.day == _DAY,
        )
        .correlate(Terminal)
        .lateral("then")
    )
    before = select(*_KEYS, then.c.called, is_silent).select_from(Terminal.__table__.join(then, true()))
    return union_all(
        last.where(own, since, Terminal.last_called < _NEXT_DAY),
        before.where(own, Terminal.last_called >= _NEXT_DAY, then.c.called.is_not(None)),
    )


def _called_for(scope: AnyScope, is_silent: Label[bool]) -> Statement:
    """What called for one of the contracts in ``scope``."""
    same = and_(
        Terminal.merchant_id == Contract.merchant_id,
        Terminal.outlet_id == func.coalesce(Contract.outlet_id, NO_OUTLET),
        Terminal.number == TerminalDay.terminal_number,
    )
    of_contract = and_(
        Contract.merchant_id == TerminalDay.merchant_id, Contract.id == TerminalDay.contract_id
    )
    tables = TerminalDay.__table__.join(Contract.__table__, of_contract).join(Terminal.__table__, same)
    return (
        select(*_KEYS, func.max(TerminalDay.last_called).label("called"), is_silent)
        .select_from(tables)
        .where(*in_scope(TerminalDay.merchant_id, TerminalDay.contract_id, scope), TerminalDay.day == _DAY)
        .group_by(*_KEYS)
    )


@cache
def _quiet(scope: AnyScope) -> Statement:
    """What did not call on the calendar day itself; parameters as in :data:`ONE_DAY`.

    It tells of all contracts of a terminal, as the list of terminals does.
    """
    quiet = quiet_terminals(ONE_DAY)
    same = and_(quiet.c.merchant_id == Terminal.merchant_id, quiet.c.terminal_id == Terminal.id)
    return (
        select(*_KEYS, quiet.c.last_called.label("called"), quiet.c.is_silent)
        .select_from(Terminal.__table__.join(quiet, same))
        .where(*in_scope(Terminal.merchant_id, Terminal.contract_ids, scope))
    )
