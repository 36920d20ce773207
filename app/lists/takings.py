"""The chart that Transactions opens with: what each of the last days brought in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from operator import attrgetter

from sqlalchemy import Date, bindparam, case, func, select

from app.listing.criteria import Criteria
from app.listing.kinds import Statement
from app.listing.period import CHART_DAYS, MONTH_DAYS
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.listing.spec import AnswerPart
from app.lists.nights import Bar, every_day
from app.models import ALL_CONTRACTS, TransactionDay

_DAY = timedelta(days=1)
_FIRST, _LAST = bindparam("first_bar", type_=Date), bindparam("last_bar", type_=Date)
_SIGN = case(
    (TransactionDay.type.in_(("debit", "refund_cancellation")), 1),
    (TransactionDay.type.in_(("refund", "cancellation")), -1),
    else_=0,
)


@dataclass(frozen=True)
class Takings:
    """The net of each day of the chart, in minor units of ``currency``.

    ``nets`` has every currency, and the days of the period before; ``counts`` the number of transactions of
    whatever outcome.
    """

    bars: tuple[Bar, ...]
    currency: str
    nets: Mapping[date, Mapping[str, int]]
    counts: Mapping[date, int]


def takings(scope: Scope, criteria: Criteria) -> Reading[Takings | None] | None:
    """The net by day up to the last one asked for; None when ``criteria`` ask for a part of the days."""
    period = criteria.period
    if criteria.filters or period is None or period.days > MONTH_DAYS:
        return None
    last, days = period.last, max(period.days, CHART_DAYS)
    first = last - (days - 1) * _DAY

    def made(rows: Rows) -> Takings | None:
        charted = [row for row in rows if row.day >= first]
        if not charted:
            return None
        currency = max(charted, key=lambda row: row.net).currency
        nets: dict[date, dict[str, int]] = {}
        counts: dict[date, int] = {}
        for row in rows:
            nets.setdefault(row.day, {})[row.currency] = row.net
            counts[row.day] = counts.get(row.day, 0) + row.number
        bars = (Bar(row.day, row.net) for row in charted if row.currency == currency)
        return Takings(every_day(bars, last, days), currency, nets, counts)

    values = {**scope.values, "first_bar": min(first, period.before.first), "last_bar": last}
    return Reading((_nets(scope.any_such),), made, values)


@cache
def _nets(scope: AnyScope) -> Statement:
    daily = TransactionDay
    whole = () if scope.contract_ids is not None else (daily.contract_id == ALL_CONTRACTS,)
    return (
        select(
            daily.day,
            daily.currency,
            func.coalesce(func.sum(daily.amount * _SIGN).filter(daily.outcome == "accepted"), 0).label("net"),
            func.sum(daily.count).label("number"),
        )
        .where(
            *in_scope(daily.merchant_id, daily.contract_id, scope),
            *whole,
            daily.day.between(_FIRST, _LAST),
        )
        .group_by(daily.day, daily.currency)
    )


#: What Transactions opens with.
TAKINGS = AnswerPart(
    read=takings, template="lists/takings.html", nets=attrgetter("nets"), counts=attrgetter("counts")
)
