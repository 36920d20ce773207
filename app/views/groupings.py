"""The sums of a list by group: a table with its chart, each line of which leads to its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from app.listing.criteria import BY, Criteria
from app.listing.dimension import BETWEEN, NET, Dimension
from app.listing.filters import InvalidValueError
from app.listing.grouping import CurrencyTable, GroupedSums, grown, shown_measures, weighed
from app.listing.measures import COUNT, Measure
from app.listing.missing import NotReceived
from app.listing.notes import GroupNote
from app.listing.parameter_fault import ParameterFault
from app.listing.period import Period
from app.listing.spec import ListSpec
from app.listing.summed import GroupLine
from app.listing.time_dimensions import TimeKind
from app.rules.time_zones import today
from app.views.cells import address
from app.views.chart import Chart, ChartColumn, drawn
from app.views.missing_lines import ShownNotReceived, shown_line
from app.wording import formats
from app.wording.days import capital, days_in_words, in_a_sentence
from app.wording.i18n import N_, gettext, ngettext

#: Lines of one table on a page; its file has all of them.
MOST_LINES = 1000
#: Sums that stand beside each other; of more, the rare ones are folded.
MOST_SUMS = 8
#: Bars of a chart; with more of them there is none.
MOST_BARS = 92
_DAY_BY_DAY = "day"
#: The dimensions that a desk has as tabs above the table.
_OFTEN = frozenset({"day", "outlet", "application", "issuer"})
#: What the bars of a chart, and the shares, are of.
_WEIGHTS = {NET: N_("net"), COUNT: N_("number")}


@dataclass(frozen=True)
class GroupFact:
    """An amount of a group under its heading; ``is_nothing`` says that it is 0, ``is_rare`` that it folds."""

    heading: str
    text: str
    is_nothing: bool
    is_rare: bool


class GroupHeading(NamedTuple):
    """The heading of a sum; ``is_rare`` says that it folds."""

    words: str
    is_rare: bool


@dataclass(frozen=True)
class ShownGroup:
    """A line: its name and what stands beside it, its address ("" for none), and its figures.

    ``width`` is that of its bar, from 0 to 100. ``missing`` is what did not come of it, None as a rule;
    nothing came at all where ``count`` is "".
    """

    title: str
    note: str
    href: str
    count: str
    facts: tuple[GroupFact, ...]
    net: str
    share: str
    width: float
    change: str
    missing: ShownNotReceived | None = None


@dataclass(frozen=True)
class GroupTable:
    """The lines of one currency. ``chart`` is None where there is none.

    ``total`` is None where nothing came of any group.
    """

    currency: str
    headings: tuple[GroupHeading, ...]
    groups: tuple[ShownGroup, ...]
    total: ShownGroup | None
    left_out: int
    chart: Chart | None
    weight: str
    has_changes: bool

    @property
    def often(self) -> int:
        """How many sums stand beside the net before the rare ones are unfolded."""
        return sum(not heading.is_rare for heading in self.headings)


@dataclass(frozen=True)
class GroupPage:
    """The page of groups in place of the rows, and the sentences about what all of them add up to.

    ``compared`` are those about the period before, ``said`` those of its notes.
    """

    grouping: GroupedSums
    tables: tuple[GroupTable, ...]
    compared: tuple[str, ...]
    said: tuple[str, ...]

    @classmethod
    def of(
        cls,
        criteria: Criteria,
        grouping: GroupedSums,
        untold: Collection[date],
        missing: Sequence[NotReceived] = (),
        notes: Sequence[GroupNote] = (),
    ) -> GroupPage:
        """The page of ``grouping``, which ``criteria`` asked for; no file tells of the days ``untold``.

        What is ``missing`` of groups comes first.
        """
        tables = tuple(
            _table(criteria, grouping, table, untold, tuple(_placed(grouping, table, missing)))
            for table in grouping.tables
        )
        if missing and not tables:
            tables = (_nothing_came(criteria.spec, grouping.by, missing),)
        said = tuple(note.sentence for note in grouping.noted(notes))
        return cls(grouping, tables, tuple(_compared(criteria.period, grouping)), said)


class GroupChoice(NamedTuple):
    """A way to group in the menu: the value of ``by``, its words, and whether it is in use."""

    value: str
    text: str
    is_current: bool


class GroupTab(NamedTuple):
    """A way to group that is one press away on a desk: its words, its address, and whether it is in use."""

    text: str
    href: str
    is_current: bool


def tabs(criteria: Criteria) -> Iterator[GroupTab]:
    """The rows themselves, the ways that are asked for most, and the one that is in use."""
    groupings, spec = criteria.spec.groupings, criteria.spec
    for name in ("", *(name for name in groupings if name in _OFTEN or name == criteria.by)):
        by = gettext("By %(dimension)s", dimension=groupings[name].title.lower()) if name else ""
        args = criteria.grouped(name).to_args()
        yield GroupTab(by or gettext("Row by row"), address(spec.name, args), name == criteria.by)


def choices(criteria: Criteria) -> Iterator[GroupChoice]:
    """The rows themselves, then every dimension of the list."""
    yield GroupChoice("", gettext("Not grouped"), not criteria.by)
    for name, dimension in criteria.spec.groupings.items():
        yield GroupChoice(name, dimension.title, name == criteria.by)


def with_group_fault(criteria: Criteria, texts: Sequence[str], *, needed: bool = False) -> Criteria:
    """``criteria``, with a fault where the values of ``by`` name no dimension of the list, or several.

    ``needed`` says that there must be one.
    """
    given = {text for text in texts if text.strip()}
    if given == {criteria.by} or not (given or needed):
        return criteria
    refused = InvalidValueError(N_("This list cannot be grouped so"))
    return replace(criteria, faults={**criteria.faults, BY: ParameterFault.of(refused)})


#: What did not come, and the line of what did come of its group; None where nothing did.
_Placed = tuple[NotReceived, GroupLine | None]


def _placed(grouping: GroupedSums, table: CurrencyTable, missing: Iterable[NotReceived]) -> Iterator[_Placed]:
    """What is missing in ``table``. That of which nothing came in any currency stands in the first one."""
    lines = {line.key: line for line in table.lines if line.now.count}
    others = (each for each in grouping.tables if each is not table)
    elsewhere = {line.key for each in others for line in each.lines if line.now.count}
    is_first = table is grouping.tables[0]
    for one in missing:
        line = None if one.key is None else lines.pop(one.key, None)
        if line or (is_first and (one.key is None or one.key not in elsewhere)):
            yield one, line


def _table(
    criteria: Criteria,
    grouping: GroupedSums,
    table: CurrencyTable,
    untold: Collection[date],
    missing: Sequence[_Placed],
) -> GroupTable:
    spec, by = criteria.spec, grouping.by
    measures = shown_measures(spec, grouping)
    folds = len(measures) > MOST_SUMS
    has_changes = grouping.before is not None and by.span is None
    line = partial(_line, criteria, grouping, table, measures)
    above = (
        _not_received(by, one) if some is None else replace(line(some), missing=shown_line(one))
        for one, some in missing
    )
    apart = {one.key for one, _ in missing} - {None}
    others = [each for each in table.lines if each.key not in apart]
    return GroupTable(
        currency=table.currency if len(grouping.tables) > 1 else "",
        headings=tuple(GroupHeading(gettext(each.label), folds and each.rare) for each in measures),
        groups=(*above, *map(line, others[:MOST_LINES])),
        total=replace(line(table.total), title=gettext("Total"), note="", width=0.0),
        left_out=max(0, len(others) - MOST_LINES),
        chart=_chart(criteria, by, table, untold),
        weight=_weight_words(spec, table.weight),
        has_changes=has_changes,
    )


def _nothing_came(spec: ListSpec, by: Dimension, missing: Iterable[NotReceived]) -> GroupTable:
    """The table of a day of which nothing came at all."""
    return GroupTable(
        currency="",
        headings=(),
        groups=tuple(_not_received(by, one) for one in missing),
        total=None,
        left_out=0,
        chart=None,
        weight=_weight_words(spec, by.weight),
        has_changes=False,
    )


def _not_received(by: Dimension, one: NotReceived) -> ShownGroup:
    """The line of a group of which nothing came."""
    words = one.title if one.key is None else by.say(one.key)
    title, _, note = words.partition(BETWEEN)
    missing = shown_line(one)
    return ShownGroup(
        title=capital(title),
        note=note,
        href=missing.href,
        count="",
        facts=(),
        net=gettext("not received"),
        share="",
        width=0.0,
        change="",
        missing=missing,
    )


def _line(
    criteria: Criteria,
    grouping: GroupedSums,
    table: CurrencyTable,
    measures: Sequence[Measure],
    line: GroupLine,
) -> ShownGroup:
    title, _, note = grouping.by.say(line.key).partition(BETWEEN)
    share = table.share(line)
    change = table.change(line) if grouping.before is not None else None
    return ShownGroup(
        title=capital(title),
        note=note,
        href=_address(criteria, line) if line.now.count and line is not table.total else "",
        count=formats.number(line.now.count),
        facts=tuple(_facts(measures, line)),
        net=formats.money(line.now.net, table.currency),
        share="" if share is None else formats.percent(float(share), in_column=True),
        width=round(max(weighed(line.now, table.weight), 0) / table.longest * 100, 1),
        change="" if change is None else signed_percent(change, in_column=True),
    )


def _address(criteria: Criteria, line: GroupLine) -> str:
    return address(criteria.spec.name, criteria.of_group(line.key).to_args())


def _facts(measures: Sequence[Measure], line: GroupLine) -> Iterator[GroupFact]:
    folds = len(measures) > MOST_SUMS
    for measure in measures:
        minor = (measure.sign or 1) * line.now[measure.name]
        words = formats.money(minor, line.now.currency)
        yield GroupFact(gettext(measure.label), words, not minor, folds and measure.rare)


def _weight_words(spec: ListSpec, weight: str) -> str:
    """What the bars are of, in the language of the moment."""
    labels = {measure.name: measure.label for measure in spec.measures}
    return gettext(_WEIGHTS.get(weight) or labels[weight])


def change_in_words(change: Decimal, period: Period, day: date) -> str:
    """How much something grew since the period before ``period``, as people say it on ``day``."""
    before = period.before
    said = {
        "change": signed_percent(change),
        "days": in_a_sentence(days_in_words(before.first, before.last, day)),
    }
    if before.last + timedelta(days=1) < period.first:
        return gettext("%(change)s on the same days of the month before (%(days)s)", **said)
    return ngettext(
        "%(change)s on the day before (%(days)s)",
        "%(change)s on the %(num)s days before (%(days)s)",
        before.days,
        **said,
    )


def signed_percent(part: Decimal, *, in_column: bool = False) -> str:
    """``+5,6 %``."""
    return f"{'+' if part > 0 else ''}{formats.percent(float(part), in_column=in_column)}"


def _compared(period: Period | None, grouping: GroupedSums) -> Iterator[str]:
    """How the net of all changed since the period before, by currency."""
    for table in grouping.tables:
        change = None if grouping.before is None else grown(table.total)
        if change is not None and period is not None:
            words = change_in_words(change, period, today())
            yield words if len(grouping.tables) == 1 else f"{table.currency} {words}"


def _chart(criteria: Criteria, by: Dimension, table: CurrencyTable, untold: Collection[date]) -> Chart | None:
    """Bars of groups that follow each other in time; others have theirs in the table."""
    kind = by.kind
    columns = [*_columns(criteria.period, by, kind, table, untold)] if isinstance(kind, TimeKind) else []
    return drawn(columns, partial(_written, table)) if 1 < len(columns) <= MOST_BARS else None


def _columns(
    period: Period | None, by: Dimension, kind: TimeKind, table: CurrencyTable, untold: Collection[date]
) -> Iterator[ChartColumn]:
    """A column for each group, and for those between them without rows."""
    amounts = {line.key: weighed(line.now, table.weight) for line in table.lines}
    every: Sequence[Any] = by.values or tuple(amounts)
    if by.name == _DAY_BY_DAY and period is not None:
        every = tuple(period.each_day)
    for key in every:
        yield ChartColumn(
            name=kind.show(key, {}),
            brief=kind.brief(key),
            briefest=kind.briefest(key),
            amount=amounts.get(key, 0),
            is_told=key not in untold,
        )


def _written(table: CurrencyTable, amount: int) -> str:
    is_number = table.weight == COUNT
    return formats.number(amount) if is_number else formats.money(amount, table.currency)
