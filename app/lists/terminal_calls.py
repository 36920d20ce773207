"""The terminals of a day: those that called, and the silent ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Date, FromClause, Label, and_, any_, bindparam, func, literal, select

from app.listing.kinds import Statement
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import Condition, in_scope
from app.lists.silence import ONE_DAY, quiet_terminals
from app.models import NO_OUTLET, Contract, Outlet, Terminal, TerminalDay
from app.wording.days import short_moment
from app.wording.i18n import gettext

_DAY = bindparam("day", type_=Date)


@dataclass(frozen=True)
class TerminalCall:
    """A terminal and its last call on the night of the day or before it, by its own clock.

    ``outlet_called`` says whether any terminal of its outlet called: where none did, the shop may be closed.
    """

    id: int
    outlet_id: int
    name: str
    number: str
    called: datetime
    is_silent: bool
    outlet_called: bool

    def silence(self) -> str:
        """The words of its silence, in the language of the moment."""
        since = short_moment(self.called)
        if self.outlet_called:
            return gettext("No call since %(moment)s; others of the outlet called", moment=since)
        return gettext("No call of the outlet since %(moment)s: closed?", moment=since)


def terminal_calls(scope: Scope, day: date) -> Reading[tuple[TerminalCall, ...]]:
    """The terminals in ``scope`` that called for ``day``, and those that are silent on it."""
    selects = _called(scope.any_such), _quiet(scope.any_such)
    return Reading(selects, lambda called, quiet: tuple(_calls(called, quiet)), {**scope.values, "day": day})


def _calls(on_the_day: Rows, quiet: Rows) -> Iterator[TerminalCall]:
    rows = {row.id: row for row in (*on_the_day, *quiet)}
    several = len({row.outlet_id for row in rows.values()}) > 1
    called = {row.outlet_id for row in rows.values() if not row.is_silent}
    for row in sorted(rows.values(), key=lambda row: (row.key or "", row.label or "", row.number)):
        name = (row.outlet if several else row.label) or row.outlet or ""
        is_open = row.outlet_id in called
        yield TerminalCall(row.id, row.outlet_id, name, row.number, row.called, row.is_silent, is_open)


@cache
def _called(scope: AnyScope) -> Statement:
    """What called on the calendar day itself."""
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
        select(
            *_names(),
            func.max(TerminalDay.last_called).label("called"),
            literal(value=False).label("is_silent"),
        )
        .select_from(_with_outlet(tables))
        .where(*in_scope(TerminalDay.merchant_id, TerminalDay.contract_id, scope), TerminalDay.day == _DAY)
        .group_by(*Terminal.__table__.primary_key)
    )


@cache
def _quiet(scope: AnyScope) -> Statement:
    """What did not call on the calendar day itself; parameters as in :data:`ONE_DAY`.

    It tells of all contracts of a terminal, as the list of terminals does.
    """
    quiet = quiet_terminals(ONE_DAY)
    same = and_(quiet.c.merchant_id == Terminal.merchant_id, quiet.c.terminal_id == Terminal.id)
    of_contract = and_(
        Contract.merchant_id == Terminal.merchant_id, Contract.id == any_(Terminal.contract_ids)
    )
    tables = Terminal.__table__.join(quiet, same).join(Contract.__table__, of_contract)
    facts = quiet.c.last_called.label("called"), quiet.c.is_silent
    return (
        select(*_names(), *facts)
        .select_from(_with_outlet(tables))
        .where(*in_scope(Terminal.merchant_id, Terminal.contract_ids, scope))
        .group_by(*Terminal.__table__.primary_key, *facts)
    )


def _names() -> tuple[Label[Any], ...]:
    """What a terminal is called; a label of its contracts where an outlet has several."""
    return (
        Terminal.id.label("id"),
        func.min(Terminal.outlet_id).label("outlet_id"),
        func.min(Terminal.number).label("number"),
        func.min(Contract.label).label("label"),
        func.min(Outlet.trade_name).label("outlet"),
        func.min(Outlet.trade_name_key).label("key"),
    )


def _with_outlet(tables: FromClause) -> FromClause:
    of_outlet: Condition = and_(Outlet.merchant_id == Terminal.merchant_id, Outlet.id == Terminal.outlet_id)
    return tables.outerjoin(Outlet.__table__, of_outlet)
