"""The page of a list as its templates take it: whatever they read is here, or in what is named here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from app.accounts.saved_views import LONGEST_NAME
from app.listing.criteria import Chip, Criteria
from app.listing.field import Args
from app.listing.measures import Measure
from app.listing.nearby import NearAmount
from app.listing.period import Freshness, Period
from app.listing.query import PAGE_SIZE, Page
from app.listing.spec import Alert, PageLink
from app.listing.summed import CurrencyTotals, Totals
from app.listing.table_columns import TableColumns
from app.lists.letterhead import Letterhead
from app.lists.nights import Bar
from app.views import cells, groupings, periods
from app.views.column_form import ColumnForm
from app.views.filter_form import FilterForm
from app.views.groupings import MOST_SUMS, GroupChoice, GroupPage, GroupTab
from app.views.missing_lines import ShownNotReceived
from app.views.period_summary import period_summary
from app.views.periods import AdjacentPeriods, QuickPeriod
from app.views.rows import FEW, RowGroup
from app.views.shown_pages import MOST_PAGES, ShownPages
from app.views.view_menu import ViewMenu
from app.web.context import principal
from app.wording.days import days_in_words
from app.wording.i18n import gettext


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """The page of a list, whole or the part of it that htmx fetches.

    ``found`` are its rows and ``groups`` the same as shown, in ``table``, below what is ``not_received``;
    ``near`` are amounts near the one that is asked for and has none;
    ``grouped`` are sums in their place. None of them where something is not understood: ``form`` says what.
    ``totals`` are those of the whole filter; ``fresh`` is what has arrived of the period, None in a list
    without one, and ``notices`` what else is to be known of it. ``sole`` are the fields of a place that do
    not differ in all that a person sees. ``answer`` is what the list opens with, for its own template;
    ``ways`` lead to pages of their own, each with the number of things that wait there, None where they are
    not counted. ``letterhead`` is for paper, None in a part of the page. ``files`` are the periods of its
    files with their parameters, when one file cannot hold all.
    """

    criteria: Criteria
    found: Page | None
    near: tuple[NearAmount, ...]
    shown: ShownPages
    table: TableColumns | None
    groups: tuple[RowGroup, ...]
    grouped: GroupPage | None
    not_received: tuple[ShownNotReceived, ...]
    totals: Totals | None
    fresh: Freshness | None
    notices: tuple[Alert, ...]
    sole: frozenset[str]
    answer: Any
    ways: tuple[tuple[PageLink, int | None], ...]
    letterhead: Letterhead | None
    form: FilterForm
    column_form: ColumnForm
    views: ViewMenu
    files: tuple[tuple[Period, Args], ...]

    longest_view_name = LONGEST_NAME

    @cached_property
    def days(self) -> str:
        """The days that it shows, in words; the title of a list that has no period."""
        period = self.criteria.period
        if period is None:
            return gettext(self.criteria.spec.title)
        return days_in_words(period.first, period.last, self.criteria.days.today)

    def address(self, args: Args = (), page: str = "index") -> str:
        """The address of a page of this list."""
        if page == "index":
            return cells.asked_at(self._path, args)
        return cells.address(self.criteria.spec.name, args, page=page)

    @cached_property
    def _path(self) -> str:
        """The address that two dozen ways of a page begin with."""
        return cells.address(self.criteria.spec.name)

    @cached_property
    def has_rows(self) -> bool:
        """Whether there is any row on it."""
        return self.found is not None and bool(self.found.rows)

    @cached_property
    def has_groups(self) -> bool:
        """Whether there is any group on it."""
        return self.grouped is not None and bool(self.grouped.tables)

    @cached_property
    def untold(self) -> tuple[str, ...]:
        """What no file can tell of its period, in sentences."""
        period, days = self.criteria.period, self.criteria.days
        if period is None or self.fresh is None:
            return ()
        return tuple(periods.untold(period, self.fresh, days.today))

    @cached_property
    def is_untold(self) -> bool:
        """Whether it is empty because no file can tell of any of its days."""
        period, fresh = self.criteria.period, self.fresh
        if self.has_rows or self.has_groups or period is None or fresh is None or fresh.since is None:
            return False
        return period.last < fresh.since or period.first >= fresh.to_come(self.criteria.days.today)

    @cached_property
    def untold_days(self) -> frozenset[date]:
        """The days of its chart that no file tells of: these have no bar, not even that of nothing."""
        return periods.untold_days(self.criteria, self.fresh)

    @cached_property
    def summary(self) -> str:
        """What its period was beside the one before, in a line; "" where the sums of days do not tell."""
        part, period = self.criteria.spec.answer, self.criteria.period
        if part is None or not self.answer or self.fresh is None or period is None:
            return ""
        return period_summary(period, self.fresh, part.nets(self.answer), self.criteria.days.today)

    def charted(self, bars: Sequence[Bar]) -> str:
        """The days of its chart in words: the last ones that can be there, or which."""
        first, last, days = bars[0].day, bars[-1].day, self.criteria.days
        if last == days.end:
            return gettext("last %(days)s days", days=len(bars))
        return days_in_words(first, last, days.today)

    @cached_property
    def chips(self) -> tuple[Chip, ...]:
        """The active filters."""
        return tuple(self.criteria.chips()) if self.criteria.filters else ()

    @property
    def is_of_one_kind(self) -> bool:
        """Whether all rows are asked for as what would make each stand out: declined payments alone."""
        filters, badges = self.criteria.filters, self.criteria.spec.badges
        asked = ((field.tones, filters.get(field.name, ())) for field in badges)
        return any(len(values) == 1 and tones.get(values[0]) == "bad" for tones, values in asked)

    @property
    def may_keep(self) -> bool:
        """Whether whoever looks may keep what it shows: the list as it opens is there without."""
        return bool(self.views.asked) and not self.criteria.faults and not principal().is_viewing_as

    @cached_property
    def is_at_hand(self) -> bool:
        """Whether the answers are so few that each has the way to send its ticket in words."""
        if self.found is None or self.criteria.after:
            return False
        return len(self.found.rows) <= FEW and bool(self.criteria.filters)

    def parts(self, totals: CurrencyTotals) -> tuple[list[Measure], list[Measure]]:
        """The sums that stand below a net, its own parts first, and of many the rare ones, to be folded."""
        told = (each for each in self.criteria.spec.measures if each.label)
        used = [measure for measure in told if totals[measure.name] or not measure.optional]
        used.sort(key=lambda measure: measure.apart)
        folds = len(used) > MOST_SUMS
        usual = [measure for measure in used if not (folds and measure.rare)]
        return usual, [measure for measure in used if folds and measure.rare]

    @property
    def beside(self) -> AdjacentPeriods | None:
        """The periods before and after the one shown."""
        return periods.step(self.criteria, self.criteria.period) if self.criteria.period else None

    def quick_periods(self) -> Iterator[QuickPeriod]:
        """The usual periods."""
        return periods.quick_periods(self.criteria)

    @property
    def group_choices(self) -> tuple[GroupChoice, ...]:
        """What its sums can be grouped by."""
        return tuple(groupings.choices(self.criteria))

    @property
    def group_tabs(self) -> tuple[GroupTab, ...]:
        """Those of them that are one press away on a desk."""
        return tuple(groupings.tabs(self.criteria))

    @property
    def most(self) -> int:
        """How many lines can stand below each other, for paper."""
        return PAGE_SIZE * MOST_PAGES

    @property
    def at_most(self) -> str:
        """The address that shows as many."""
        return self.address(replace(self.shown, pages=MOST_PAGES).address_args())

    @property
    def from_the_start(self) -> str:
        """The address of its first page."""
        return self.address(periods.from_the_start(self.criteria))

    @property
    def over_all(self) -> str:
        """The address of the same question over all that is kept; "" when it is already."""
        args = periods.over_all(self.criteria)
        return "" if args is None else self.address(args)

    @property
    def without_last(self) -> str:
        """The address without the filter that was added last."""
        return self.address(periods.without_last(self.criteria))

    @property
    def only_period(self) -> str:
        """The address of its period without any filter."""
        return self.address(periods.only_period(self.criteria))

    @property
    def below(self) -> str:
        """The address of what follows below; "" when it is a page of its own, or nothing."""
        args = self.shown.below_args(self.found) if self.found else None
        return "" if args is None else self.address(args)
