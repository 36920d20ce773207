"""The answer that Remises opens with: did the telecollections of a day pass, and for how much.

What reached the bank is added up; what did not is named beside it and never added to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from app.listing.criteria import Criteria
from app.listing.kinds import Expression, Statement
from app.listing.period import CHART_DAYS
from app.listing.reading import Reading, Rows, together
from app.listing.scope import AnyScope, Scope
from app.listing.source import Condition, in_scope
from app.lists.common import place
from app.lists.terminal_calls import TerminalCall, TerminalCalls, terminal_calls
from app.models import ALL_CONTRACTS, Contract, Outlet, Remittance, RemittanceDay
from app.rules.payments import awaited, remitted, uncaptured
from app.wording import applications
from app.wording.i18n import N_, gettext, ngettext

#: The telecollections whose payments are at the bank: what their payments are marked by too.
REMITTED = remitted(Remittance.seal, Remittance.status, Remittance.transmission)
#: Why a telecollection is not at the bank, the gravest first.
UNCAPTURED = uncaptured(Remittance.seal, Remittance.status)
REASON = case(
    (UNCAPTURED, "uncaptured"),
    (Remittance.status == "rejected", "rejected"),
    (Remittance.status == "incomplete", "interrupted"),
    (Remittance.transmission == "failed", "untransmitted"),
    (awaited(Remittance.seal), "awaiting"),
    else_="gap",
)
REASONS = {
    "rejected": N_("%(what)s rejected"),
    "interrupted": N_("%(what)s: call interrupted"),
    "untransmitted": N_("%(what)s: transmission failed"),
    "awaiting": N_("%(what)s: not received yet"),
    "uncaptured": N_("%(what)s: not captured yet"),
    "gap": N_("%(what)s: payments missing"),
}
#: Declined and abandoned payments of a platform: nobody waits for them.
_NOTHING_TO_CAPTURE = and_(UNCAPTURED, Remittance.debit_count + Remittance.refund_count == 0)
_IS_TROUBLED = or_(~REMITTED, Remittance.missing_sequences > 0, Remittance.seal == "differs")
#: What one can wait for, rather than see to.
_PATIENT = frozenset({"awaiting", "uncaptured", "gap"})
#: No money is in it, whatever became of it.
_IS_EMPTY = and_(Remittance.transaction_count == 0, Remittance.net_amount == 0)
#: Strips on the page: with more, the first rows of a phone would be out of sight.
MOST_STRIPS = 2
#: Written out: a plan that is kept takes a parameter for a tenth of the rows, and reads all contracts.
_FEW = literal_column(str(MOST_STRIPS), Integer)
_DAY = timedelta(days=1)
_FIRST_BAR, _NIGHT = bindparam("first_bar", type_=Date), bindparam("day", type_=Date)


@dataclass(frozen=True)
class Trouble:
    """A telecollection that did not reach the bank, or not whole; ``net`` in minor units."""

    id: int
    reason: str
    application: str
    trade_name: str | None
    label: str | None
    count: int
    net: int
    currency: str

    def words(self) -> str:
        """What it is and what became of it, in the language of the moment."""
        return gettext(REASONS[self.reason], what=applications.label(self.application))

    def place(self, sole: frozenset[str]) -> str:
        """Where it is of, without what is ``sole`` in all that a person sees; "" where that is all."""
        names = {"trade_name": self.trade_name, "label": self.label}
        return place({**names, **dict.fromkeys(sole)})

    @property
    def is_patient(self) -> bool:
        """Whether time alone may mend it, or there is no money in it."""
        return self.reason in _PATIENT or not (self.count or self.net)


@dataclass(frozen=True)
class CurrencySum:
    """The sum that reached the bank in one currency, in minor units, and the number of its payments."""

    currency: str
    net: int
    payments: int


@dataclass(frozen=True)
class Bar:
    """A day of the chart: what reached the bank, and what did not, in minor units."""

    day: date
    net: int = 0
    apart: int = 0


@dataclass(frozen=True)
class Night:
    """A day's telecollections: how many passed, have not been received yet, were empty, are in trouble.

    Of those of platforms, ``uncaptured`` wait to be captured. Of those that were received and did not
    reach the bank, ``failed`` concern money and ``failed_empty`` none.
    ``troubles`` are the gravest ones alone. ``currency`` is the one of the chart, None while there is no row.
    """

    day: date
    count: int
    passed: int
    awaited: int
    uncaptured: int
    failed: int
    failed_empty: int
    empty: int
    troubled: int
    sums: tuple[CurrencySum, ...]
    troubles: tuple[Trouble, ...]
    terminals: TerminalCalls
    bars: tuple[Bar, ...]
    currency: str | None

    @property
    def silent(self) -> tuple[TerminalCall, ...]:
        """The terminals that did not call, though they usually do."""
        return self.terminals.silent

    @property
    def tone(self) -> str:
        """How the day went, as a class: good, warn, bad; plain when nothing came."""
        if self.silent or self.failed:
            return "bad"
        return "warn" if self.troubled else "good" if self.count else "plain"

    def verdict(self) -> str:
        """How the day went, in words of the moment's language."""
        if self.failed:
            return ngettext(
                "%(num)s telecollection of %(all)s did not pass",
                "%(num)s telecollections of %(all)s did not pass",
                self.failed,
                all=self.count,
            )
        if self.silent:
            return ngettext(
                "%(num)s terminal of %(all)s did not call",
                "%(num)s terminals of %(all)s did not call",
                len(self.silent),
                all=self.terminals.number,
            )
        return self._awaited() or self._passed()

    def _awaited(self) -> str:
        """What has not been received or captured yet, in words; "" for nothing."""
        if self.awaited:
            return ngettext(
                "%(num)s batch of %(all)s awaits its telecollection",
                "%(num)s batches of %(all)s await their telecollection",
                self.awaited,
                all=self.count,
            )
        if self.uncaptured:
            return ngettext(
                "%(num)s batch of %(all)s is not captured yet",
                "%(num)s batches of %(all)s are not captured yet",
                self.uncaptured,
                all=self.count,
            )
        return ""

    def _passed(self) -> str:
        """That all that is money passed, in words."""
        if self.failed_empty:
            return ngettext(
                "%(num)s call without payments did not pass, of %(all)s",
                "%(num)s calls without payments did not pass, of %(all)s",
                self.failed_empty,
                all=self.count,
            )
        if self.troubled:
            return gettext("Everything passed, some payments are missing")
        return gettext("The telecollection passed") if self.count else gettext("No terminal called")


def night(scope: Scope, criteria: Criteria) -> Reading[Night | None] | None:
    """The night that ``criteria`` ask for, None where nothing called or is missed.

    There is none to read when they ask for several days or for a part of one.
    """
    period = criteria.period
    if criteria.filters or period is None or period.days != 1:
        return None
    day = period.last
    selects = _sums(scope.any_such), _troubles(scope.any_such), _bars(scope.any_such)
    values = {**scope.values, "day": day, "first_bar": day - (CHART_DAYS - 1) * _DAY}
    rows = Reading(selects, _NightRows, values)
    return together(partial(_night, day), rows, terminal_calls(scope, day, criteria.days))


@dataclass(frozen=True)
class _NightRows:
    """The rows that a night is made of."""

    sums: Rows
    troubles: Rows
    bars: Rows


def _night(day: date, found: _NightRows, terminals: TerminalCalls) -> Night | None:
    sums, bars = found.sums, found.bars
    if not sums and not terminals.number:
        return None
    largest = max(bars, key=lambda row: row.net, default=None)
    currency = largest.currency if largest else None
    shown = (Bar(row.day, row.net, row.apart) for row in bars if row.currency == currency)
    return Night(
        day=day,
        count=sum(row.rows for row in sums),
        passed=sum(row.passed for row in sums),
        awaited=sum(row.awaited for row in sums),
        uncaptured=sum(row.uncaptured for row in sums),
        failed=sum(row.failed for row in sums),
        failed_empty=sum(row.failed_empty for row in sums),
        empty=sum(row.empty for row in sums),
        troubled=sum(row.troubled for row in sums),
        sums=tuple(CurrencySum(row.currency, row.net, row.payments) for row in sums if _is_told(row)),
        troubles=tuple(Trouble(**row._asdict()) for row in found.troubles),
        terminals=terminals,
        bars=every_day(shown, day, CHART_DAYS),
        currency=currency,
    )


def _is_told(row: Any) -> bool:
    """Whether it is known what reached the bank in a currency: nothing only where nothing is awaited."""
    return bool(row.passed or not (row.awaited or row.uncaptured))


def _on_the_night(scope: AnyScope) -> tuple[Condition, ...]:
    """True for the telecollections of the night."""
    mine = in_scope(Remittance.merchant_id, Remittance.contract_id, scope)
    return (*mine, Remittance.collected_on == _NIGHT, ~_NOTHING_TO_CAPTURE)


@cache
def _sums(scope: AnyScope) -> Statement:
    """What is counted of each currency: of what is alike first, so that each row is looked at once."""
    facts = (
        Remittance.currency,
        REMITTED.label("is_remitted"),
        case((_IS_TROUBLED, REASON)).label("trouble"),
        _IS_EMPTY.label("is_empty"),
        (Remittance.transaction_count == 0).label("has_none"),
    )
    alike = (
        select(
            *facts,
            func.count().label("rows"),
            func.sum(Remittance.transaction_count).label("payments"),
            func.sum(Remittance.net_amount).label("net"),
        )
        .where(*_on_the_night(scope))
        .group_by(*(literal_column(str(place)) for place, _ in enumerate(facts, 1)))
        .subquery("alike")
        .c
    )
    is_failed = and_(~alike.is_remitted, alike.trouble.not_in(("awaiting", "uncaptured")))
    return (
        select(
            alike.currency,
            func.sum(alike.rows).label("rows"),
            _sum(alike.rows, alike.is_remitted).label("passed"),
            _sum(alike.rows, alike.trouble == "awaiting").label("awaited"),
            _sum(alike.rows, alike.trouble == "uncaptured").label("uncaptured"),
            _sum(alike.rows, and_(is_failed, ~alike.is_empty)).label("failed"),
            _sum(alike.rows, and_(is_failed, alike.is_empty)).label("failed_empty"),
            _sum(alike.rows, alike.has_none).label("empty"),
            _sum(alike.rows, alike.trouble.is_not(None)).label("troubled"),
            _sum(alike.net, alike.is_remitted).label("net"),
            _sum(alike.payments, alike.is_remitted).label("payments"),
        )
        .group_by(alike.currency)
        .order_by(alike.currency)
    )


def _sum(column: Expression, where: Condition) -> Expression:
    return func.coalesce(func.sum(column).filter(where), 0)


@cache
def _troubles(scope: AnyScope) -> Statement:
    """The rows to look into that the page has room for, the largest of the gravest first, at their places."""
    troubled = (
        select(
            Remittance.merchant_id,
            Remittance.id,
            Remittance.contract_id,
            Remittance.currency,
            Remittance.transaction_count.label("count"),
            Remittance.net_amount.label("net"),
            REASON.label("reason"),
            _IS_EMPTY.label("is_empty"),
        )
        .where(*_on_the_night(scope), _IS_TROUBLED)
        .subquery("troubled")
    )
    gravest = select(troubled).order_by(*_gravest_first(troubled)).limit(_FEW).subquery("gravest")
    return (
        select(
            gravest.c.id,
            gravest.c.reason,
            Contract.application,
            Outlet.trade_name,
            Contract.label,
            gravest.c["count"],
            gravest.c.net,
            gravest.c.currency,
        )
        .select_from(with_places(gravest))
        .order_by(*_gravest_first(gravest))
    )


def _gravest_first(rows: FromClause) -> tuple[ColumnElement[Any], ...]:
    """Where there is no money in it, behind all the others: the verdict does not speak of it either."""
    gravity = case({reason: place for place, reason in enumerate(REASONS)}, value=rows.c.reason)
    return rows.c.is_empty, gravity, func.abs(rows.c.net).desc(), rows.c.id


def with_places(remittance: FromClause = Remittance.__table__) -> FromClause:
    """Remittances with their contracts and outlets."""
    contract, outlet = Contract.__table__, Outlet.__table__
    of_contract = and_(
        contract.c.merchant_id == remittance.c.merchant_id, contract.c.id == remittance.c.contract_id
    )
    of_outlet = and_(outlet.c.merchant_id == contract.c.merchant_id, outlet.c.id == contract.c.outlet_id)
    return remittance.join(contract, of_contract).outerjoin(outlet, of_outlet)


@cache
def _bars(scope: AnyScope) -> Statement:
    """From the daily sums, which know what reached the bank."""
    daily = RemittanceDay
    net = daily.debit - daily.cancelled - daily.refund + daily.refund_cancelled
    whole = () if scope.contract_ids is not None else (daily.contract_id == ALL_CONTRACTS,)
    return (
        select(
            daily.day,
            daily.currency,
            _sum(net, daily.remitted.is_(True)).label("net"),
            _sum(net, daily.remitted.is_(False)).label("apart"),
        )
        .where(
            *in_scope(daily.merchant_id, daily.contract_id, scope),
            *whole,
            daily.day.between(_FIRST_BAR, _NIGHT),
        )
        .group_by(daily.day, daily.currency)
    )


def every_day(bars: Iterable[Bar], last: date, days: int) -> tuple[Bar, ...]:
    """The bars of the ``days`` up to ``last``; a day that has none among ``bars`` has an empty one."""
    known = {bar.day: bar for bar in bars}
    each = (last - back * _DAY for back in range(days - 1, -1, -1))
    return tuple(known.get(day) or Bar(day) for day in each)
