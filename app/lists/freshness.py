"""Freshness: a day without files must never look like a day without sales."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    FromClause,
    Integer,
    Interval,
    Text,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from app.listing.kinds import Expression, Statement
from app.listing.period import CHART_DAYS, MONTH_DAYS, Days, Freshness, Period, SourceDays
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.lists.contract_kinds import TODAY, contract_kinds
from app.models import ReceivedDay, Source
from app.rules import time_zones

_TITLE, _NOTHING = literal_column("'title'", Text), literal_column("''", Text)
_ONE = literal_column("1", Integer)
_ONE_DAY = literal_column("interval '1 day'", Interval)
_FIRST, _ASKED, _LAST = (bindparam(name, type_=Date) for name in ("first_owed", "first_asked", "last_owed"))
_NOW = bindparam("now", type_=DateTime(timezone=True))
#: What is known of sources, as the columns of a statement that need not read it again.
_SOURCE_COLUMNS: dict[str, TypeEngine[Any]] = {
    "source_id": BigInteger(),
    "time_zone": Text(),
    "since": Date(),
    "until": Date(),
    "delivers": Boolean(),
    "first": Date(),
    "last": Date(),
    "up_to": Date(),
}


def freshness(subject: str, scope: Scope, period: Period, days: Days) -> Reading[Freshness]:
    """What the sources of the scope's contracts have delivered of ``period``.

    ``subject`` is what the files of a day received are about: transactions, remittances. A source owes every
    day from its first one up to yesterday, as long as one of its contracts is valid: today arrives
    tomorrow. Data are up to the last day of the source that is the furthest behind, where it owes the next.
    """
    charted = period.last - timedelta(days=CHART_DAYS - 1)
    first = min(period.first, charted, period.before.first if period.days <= MONTH_DAYS else charted)
    owed = {
        "first_owed": first,
        "first_asked": period.first,
        "last_owed": min(period.last, days.today - timedelta(days=1)),
    }

    def made(rows: Rows) -> Freshness:
        found = rows[0]
        before = tuple(day for day in found.missing if day < period.first)
        missing, late = tuple(found.missing[len(before) :]), found.late if found.several else ()
        return Freshness(found.since, found.up_to, missing, before, tuple(late), found.whole_since)

    if days.sources is None:
        return Reading(
            (_arrived(subject, scope.any_such),), made, {**scope.values, **owed, "today": days.today}
        )
    columns = {f"sources_{name}": [getattr(one, name) for one in days.sources] for name in _SOURCE_COLUMNS}
    return Reading((_arrived(subject, None),), made, {**owed, **columns})


def days(subject: str, scope: Scope, now: datetime) -> Reading[Days]:
    """The days that relative periods count from, for the contracts in ``scope``, at the instant ``now``.

    Today is the earliest day that it is at an outlet, but never one that has been received of another.
    """
    portal_today = time_zones.today(now)

    def made(clocks: Rows, delivered: Rows) -> Days:
        earliest = clocks[0].earliest or portal_today
        sources = tuple(SourceDays(**row._asdict()) for row in delivered)
        last_night = max((source.last for source in sources), default=None)
        return Days(
            today=earliest if last_night is None else max(earliest, last_night + timedelta(days=1)),
            yesterday=earliest - timedelta(days=1),
            last_night=last_night,
            sources=sources,
        )

    values = {**scope.values, "now": now, "today": portal_today}
    return Reading(_last_days(subject, scope.any_such), made, values)


@cache
def _last_days(subject: str, scope: AnyScope) -> tuple[Statement, Statement]:
    """The earliest day that it is at an outlet now; the sources that have delivered."""
    owing = _owing(scope, subject)
    earliest = select(func.min(cast(func.timezone(owing.c.time_zone, _NOW), Date)).label("earliest"))
    sources = _sources(owing, subject)
    return earliest, select(*(sources.c[name] for name in _SOURCE_COLUMNS))


def _furthest_behind(sources: FromClause) -> Expression:
    """The earliest day that sources which still deliver are up to; the latest received when none does."""
    return func.coalesce(func.min(sources.c.up_to).filter(sources.c.delivers), func.max(sources.c.last))


@cache
def _arrived(subject: str, scope: AnyScope | None) -> Statement:
    """What the sources of ``scope`` have delivered; without any, those that are its parameters."""
    sources = _told_sources() if scope is None else _sources(_owing(scope, subject), subject)
    owed = _owed(sources)
    came = exists().where(
        ReceivedDay.source_id == owed.c.source_id, ReceivedDay.day == owed.c.day, *_vouched(subject, owed)
    )
    missing = select(owed.c.day).where(~came).distinct().order_by(owed.c.day)
    title = func.jsonb_extract_path_text(Source.settings, _TITLE)
    told = func.coalesce(func.nullif(title, _NOTHING), Source.name)
    late = select(told).where(
        Source.id.in_(select(owed.c.source_id).where(~came, owed.c.day >= _ASKED)),
    )
    return select(
        select(func.min(sources.c.first)).scalar_subquery().label("since"),
        select(_furthest_behind(sources)).scalar_subquery().label("up_to"),
        # Of the days before its first file nothing is known of a source whose contracts were valid.
        select(func.max(sources.c.first).filter(sources.c.since < sources.c.first))
        .scalar_subquery()
        .label("whole_since"),
        func.array(missing.scalar_subquery(), type_=ARRAY(Date)).label("missing"),
        func.array(late.order_by(told).scalar_subquery(), type_=ARRAY(Text)).label("late"),
        select(func.count(sources.c.source_id.distinct()) > 1).scalar_subquery().label("several"),
    )


def _vouched(subject: str, owing: FromClause) -> list[Expression]:
    """Whether a file vouches for its day on the clock of ``owing``.

    It was made after that day's end, as the last day that had ended by then or one that it catches up.
    """
    made_on = cast(func.timezone(owing.c.time_zone, ReceivedDay.made_at), Date)
    return [
        ReceivedDay.subject == subject,
        ReceivedDay.day < made_on,
        or_(ReceivedDay.caught_up, ReceivedDay.day == made_on - 1),
    ]


def _owing(scope: AnyScope, subject: str) -> CTE:
    """The sources of the scope's contracts by clock, and the first and the last day that each owes.

    ``delivers`` says that one of its contracts is valid today.
    """
    kinds = contract_kinds(scope)
    source, clock = kinds.c[subject].label("source_id"), kinds.c.time_zone
    since, until = func.min(kinds.c.since).label("since"), func.max(kinds.c.until).label("until")
    delivers = func.bool_or(kinds.c.delivers).label("delivers")
    return select(source, clock, since, until, delivers).group_by(source, clock).cte("owing")


def _sources(owing: CTE, subject: str) -> CTE:
    """Those of ``owing`` that have delivered, with the first and the last day received.

    ``up_to`` is the last day of which nothing is owed any more: those before its contracts never were.
    """
    received = select(ReceivedDay.day).where(
        ReceivedDay.source_id == owing.c.source_id, *_vouched(subject, owing)
    )
    # A look at either end of the days, where there may be hundreds of each source.
    first = received.order_by(ReceivedDay.day).limit(_ONE).lateral("first")
    last = received.order_by(ReceivedDay.day.desc()).limit(_ONE).lateral("last")
    up_to = func.greatest(last.c.day, func.least(owing.c.since, TODAY) - _ONE)
    return (
        select(owing, first.c.day.label("first"), last.c.day.label("last"), up_to.label("up_to"))
        .select_from(owing.join(first, true()).join(last, true()))
        .cte("sources")
    )


def _told_sources() -> FromClause:
    """The sources that the parameters of a statement tell."""
    values = (bindparam(f"sources_{name}", type_=ARRAY(type_)) for name, type_ in _SOURCE_COLUMNS.items())
    columns = (column(name, type_) for name, type_ in _SOURCE_COLUMNS.items())
    return func.unnest(*values).table_valued(*columns, name="sources").render_derived()


def _owed(sources: FromClause) -> CTE:
    """Each day of the period that each source owes, by clock."""
    days = func.generate_series(
        func.greatest(sources.c.first, sources.c.since, _FIRST),
        func.least(sources.c.until, _LAST),
        _ONE_DAY,
    )
    return select(sources.c.source_id, sources.c.time_zone, cast(days, Date).label("day")).cte("owed")
