"""The sums of a list by group, beside those of the period before: what page, CSV and XLSX of them show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from app.listing.criteria import Criteria
from app.listing.dimension import NET, Dimension
from app.listing.measures import COUNT, Measure
from app.listing.notes import GroupNote
from app.listing.period import Period
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.summed import CurrencyTotals, Group, GroupLine, Totals
from app.listing.sums import series


@dataclass(frozen=True)
class CurrencyTable:
    """The groups of one currency in their order, and what they add up to.

    ``weight`` is the measure that they are ordered and shared out by.
    """

    currency: str
    lines: tuple[GroupLine, ...]
    total: GroupLine
    weight: str

    @cached_property
    def longest(self) -> int:
        """The largest figure of a line, 1 at least: what bars are drawn against."""
        return max(1, *(weighed(line.now, self.weight) for line in self.lines), 1)

    def share(self, line: GroupLine) -> Decimal | None:
        """The part of ``line`` in the total, 1 for all of it; None where there is nothing to share."""
        whole = weighed(self.total.now, self.weight)
        return Decimal(weighed(line.now, self.weight)) / whole if whole > 0 else None

    def change(self, line: GroupLine) -> Decimal | None:
        """How much ``line`` grew since the period before, 0.1 for a tenth; None without a figure then."""
        return grown(line, self.weight)


@dataclass(frozen=True)
class GroupedSums:
    """The groups of ``by``, by currency; ``before`` is the period compared with, if there is one."""

    by: Dimension
    before: Period | None
    tables: tuple[CurrencyTable, ...]

    @property
    def count(self) -> int:
        """How many lines its tables have."""
        return sum(len(table.lines) for table in self.tables)

    @property
    def totals(self) -> Totals:
        """What all groups add up to."""
        lines = tuple(table.total.now for table in self.tables if table.total.now.count)
        return Totals(sum(line.count for line in lines), lines)

    def noted(self, further: Sequence[GroupNote]) -> tuple[GroupNote, ...]:
        """The note of each table, in the language of the moment, and those that were read besides."""
        say = self.by.said
        own = [say(table.lines) for table in self.tables] if say else []
        return (*(note for note in own if note), *further)


def grouping(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, *, compared: bool = True
) -> GroupedSums:
    """The sums by the dimension of ``criteria``; days that have not arrived are compared with nothing."""
    by = spec.groupings[criteria.by]
    before = _complete_before(connection, spec, scope, criteria) if compared else None
    now = series(connection, spec, scope, criteria, by)
    then = () if before is None else _earlier(connection, scope, criteria.over(before), by)
    return GroupedSums(by, before if then else None, tuple(_tables(spec, by, now, then)))


def _complete_before(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria
) -> Period | None:
    """The period before, if a file tells of all of its days, and of those of the period itself."""
    period = criteria.period
    if period is None:
        return None
    before = period.before
    both = Period(before.first, period.last)
    fresh = spec.arrived(scope, both, criteria.days).read(connection)
    if fresh is None:
        return before
    return before if fresh.is_whole(both, criteria.days.today) else None


def _earlier(connection: Connection, scope: Scope, criteria: Criteria, by: Dimension) -> tuple[Group, ...]:
    """The groups of the period before; of days, which are others then, the total alone."""
    return series(connection, criteria.spec, scope, criteria, None if by.span is not None else by)


def _tables(
    spec: ListSpec, by: Dimension, now: Iterable[Group], then: Iterable[Group]
) -> Iterable[CurrencyTable]:
    current, earlier = _by_currency(now), _by_currency(then)
    for currency in sorted(current.keys() | earlier.keys()):
        mine, theirs = current.get(currency, {}), earlier.get(currency, {})
        total = GroupLine(
            None, _added(spec, currency, mine.values()), _added(spec, currency, theirs.values())
        )
        weight = next((name for name in (by.weight, COUNT) if weighed(total.now, name)), by.weight)
        keys = mine.keys() if by.span is not None else {**mine, **theirs}
        nothing = _added(spec, currency, ())
        lines = (GroupLine(key, mine.get(key, nothing), theirs.get(key, nothing)) for key in keys)
        yield CurrencyTable(currency, tuple(_ordered(lines, by, weight)), total, weight)


def _ordered(lines: Iterable[GroupLine], by: Dimension, weight: str) -> list[GroupLine]:
    if by.in_order:
        return sorted(lines, key=lambda line: (line.key is None, line.key))
    return sorted(lines, key=lambda line: (-weighed(line.now, weight), line.key is None, str(line.key)))


def _by_currency(groups: Iterable[Group]) -> Mapping[str, dict[Any, CurrencyTotals]]:
    found: dict[str, dict[Any, CurrencyTotals]] = {}
    for group in groups:
        for line in group.totals.lines:
            found.setdefault(line.currency, {})[group.key] = line
    return found


def _added(spec: ListSpec, currency: str, lines: Iterable[CurrencyTotals]) -> CurrencyTotals:
    """What ``lines`` add up to; nothing at all for none of them."""
    every = tuple(lines)
    sums = {measure.name: sum(line[measure.name] for line in every) for measure in spec.measures}
    return CurrencyTotals(currency, sums, sum(line.net for line in every))


def grown(line: GroupLine, weight: str = NET) -> Decimal | None:
    """How much a measure of ``line`` grew since the period before; None without a figure then."""
    then = weighed(line.before, weight)
    return Decimal(weighed(line.now, weight) - then) / then if then > 0 else None


def weighed(totals: CurrencyTotals, weight: str) -> int:
    """The net, or another measure."""
    return totals.net if weight == NET else totals[weight]


def shown_measures(spec: ListSpec, grouping: GroupedSums) -> tuple[Measure, ...]:
    """The measures that have a column: those of the net first; rare ones only where there is something.

    What is the net of one of the groups, or of several, has none: their lines say it.
    """
    totals = [table.total.now for table in grouping.tables]
    say = grouping.by.measure
    told = {say(line.key) for table in grouping.tables for line in table.lines} if say else set()
    labelled = [measure for measure in spec.measures if measure.label and measure.group not in told]
    used = [
        measure
        for measure in labelled
        if not (measure.optional or measure.apart) or any(line[measure.name] for line in totals)
    ]
    return tuple(sorted(used, key=lambda measure: measure.apart))
