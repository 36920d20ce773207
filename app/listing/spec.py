"""A list, declared once: what it is called, where it is, what it shows, where it leads, what it prints.

Nothing else decides by the name of a list: a new one is one module of ``app.lists``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from app.listing.dimension import Dimension
from app.listing.field import Args, Field, Parameter, Slot, Tone
from app.listing.kinds import Expression, Row
from app.listing.measures import Measure
from app.listing.missing import NotReceived, all_groups_received, all_received
from app.listing.period import Days, Freshness, Period
from app.listing.reading import Reading, known, together
from app.listing.scope import Scope
from app.listing.source import ListSource
from app.listing.time_dimensions import time_dimensions
from app.tickets import Ticket
from app.wording.i18n import gettext, ngettext

#: Codes to choose from, and their words.
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Noun:
    """The names of one row, and of several: message identifiers that hold ``%(num)s``."""

    one: str
    many: str

    def count(self, number: int, shown: str) -> str:
        """``shown``, the figures of ``number``, with its noun in the language of the moment."""
        return ngettext(self.one, self.many, number, num=shown)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a row: a few words in the language of the moment, and how loudly they are said."""

    words: str
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something about a row that a person should look into: in a few words, and in a sentence.

    ``note`` is what a list says of it beside the row, where no badge does already. ``to_report`` is for what
    the maintainer has to be told: how to reach them stands below.
    """

    words: str
    reason: str
    tone: Tone = "warn"
    note: str = ""
    to_report: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class TicketSpec:
    """The ticket of a list's rows: how it is printed, and mailed.

    ``columns`` are what a ticket needs of the database besides the fields; ``print`` takes such a row.
    ``subject`` and ``opening`` are the words of the mail, in the language of the moment; ``facts`` are the
    fields that stand above the ticket there, as far as they are known.
    """

    columns: Mapping[str, Expression]
    print: Callable[[Row], Ticket]
    subject: Callable[[Row], str]
    opening: Callable[[Row], str]
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class DetailPart:
    """A section of its own on the page of a row: what it reads, and its template (as ``part``).

    ``of`` names its field: who does not see that one does not see this; ``permission`` is needed besides.
    """

    read: Callable[[Connection, Scope, Row], Any]
    template: str
    of: str = ""
    permission: str = "list"


@dataclass(frozen=True)
class PageLink:
    """A way from a list to a page of its own (``endpoint``), in words; ``of`` as in :class:`DetailPart`.

    ``args`` are the parameters of its address, ``count`` the number of things that wait there; ``month`` is
    the parameter of a month that a list hands on, ``spans`` hands it its days; ``short`` is said on a phone.
    """

    endpoint: str
    words: str
    of: str
    count: Callable[[Scope], Reading[int]] | None = None
    args: Args = ()
    month: str = ""
    spans: bool = False
    short: str = ""


def no_days(_answer: Any) -> dict[date, Any]:
    """Nothing about days."""
    return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerPart:
    """The opening of a list, above its rows: what it reads, and its template (as ``answer``).

    ``read`` is given the criteria, and gives None where they ask for what it does not answer. Of whole days
    ``nets`` are the sums, in minor units by currency, ``counts`` the numbers of rows. ``not_received`` stands
    above its rows by place, and ``groups_not_received`` reads what stands above groups, given the criteria.
    """

    read: Callable[[Scope, Any], Reading[Any] | None]
    template: str
    nets: Callable[[Any], Mapping[date, Mapping[str, int]]] = no_days
    counts: Callable[[Any], Mapping[date, int]] = no_days
    not_received: Callable[[Any], tuple[NotReceived, ...]] = all_received
    groups_not_received: Callable[[Scope, Any], Reading[tuple[NotReceived, ...]]] = all_groups_received


@dataclass(frozen=True, kw_only=True, eq=False)
class OrdinaryCase:
    """The case that needs nobody's eye: whether a row is one, its word, and how several are counted."""

    holds: Callable[[Row], bool]
    word: str
    noun: Noun


@dataclass(frozen=True, kw_only=True, eq=False)
class StatementSpec:
    """A statement of debts, drawn from a list.

    ``path`` is its address below that of the list, ``filters`` what it always asks of the rows. ``by`` makes
    one group for each debtor and remittance: of its key ``debtor`` reads who owes, by a table of prefixes of
    cards where the file does not say, and ``line`` the day, the number, the place and whether the bank has
    it. ``debtors`` is what those who owe are called, ``unknown`` one whom nobody named, ``empty`` says that
    nobody owes; ``group`` is the dimension from whose groups one gets here.
    """

    path: str
    title: str
    debtors: str
    unknown: str
    empty: str
    group: str
    filters: Mapping[str, tuple[Any, ...]]
    by: Dimension
    debtor: Callable[[Any, Mapping[str, str]], str | None]
    line: Callable[[Any], tuple[date, str, str, bool]]


@dataclass(frozen=True)
class Heading:
    """The heading of rows, told apart by ``key``; ``note`` is beside it, ``is_place``: it names a place."""

    key: str
    title: str
    note: str = ""
    is_place: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaceSpec:
    """The groups of one day's rows by place, and the order that keeps these together.

    ``order`` puts the exceptions first, then the places by their names. ``terminal`` heads the rows of a
    merchant with one outlet, ``outlet`` those of a chain. ``names`` are the fields that name the place of a
    row where no heading does.
    """

    order: Expression
    terminal: Callable[[Row], Heading]
    outlet: Callable[[Row], Heading]
    names: tuple[str, ...]


def no_choices(_scope: Scope) -> Reading[Mapping[str, Choices]]:
    """No choices but those that the fields know."""
    return known({})


@dataclass(frozen=True, kw_only=True, eq=False)
class FilterNotes:
    """The notes at the filters of a list: what is read for them, and the words made of it, by filter.

    ``words`` may ask the connection for what does not stand beside payments in a statement.
    """

    read: Callable[[Scope], Reading[Any]]
    words: Callable[[Connection, Any], Mapping[str, str]]


NO_FILTER_NOTES = FilterNotes(read=lambda _scope: known(()), words=lambda _connection, _read: {})


def nothing_absent(_scope: Scope) -> Reading[frozenset[str]]:
    """Every merchant has something of every field."""
    return known(frozenset())


def no_notices(_scope: Scope, _criteria: Any) -> Reading[tuple[Alert, ...]]:
    """Nothing to say above the rows."""
    return known(())


def nothing(_row: Row) -> tuple[()]:
    """No alert."""
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class ListSpec:
    """A list.

    ``path`` is its address, ``permission`` what a role needs to see it, ``row_permission`` besides to open
    one row; ``in_menu`` puts the list into the menu. ``measures`` are what is added up, the number of rows
    first; ``dimensions`` what sums can be grouped by besides time. ``see`` is what the button of its filters
    says. ``row_keys`` are the columns that rows carry besides the fields (links, tickets). ``sections`` are
    the titles of all fields on the page of a row, in order; ``row_title`` is what a row is called,
    ``verdict`` what became of it, ``alerts`` what to look into, ``facts`` the fields shown first.
    ``freshness`` tells what has arrived of a period: a day without files must never look like a day without
    sales; ``days`` are those that ``usual_period`` and other relative periods count from. ``offers`` reads
    the choices of filters that a merchant's own rows decide, ``filter_notes`` what is to be said at some.
    ``search`` has the parameters that the search box asks by, the likeliest first, each with the pattern of
    what asks (see :mod:`app.listing.typed`), ``search_choices`` those asked by in the words of their values.

    ``table`` names the fields of each column of the table on a desk, ``subtitle`` those under the name of a
    row on a phone. ``counted`` is what a row adds to the sum of its group, in minor units; ``place`` groups
    and orders the rows of one day; those of several are grouped by day; ``ordinary`` is the case that is said
    in plain words. ``answer`` is what stands above the rows, ``statement`` one of debts. ``absent`` reads the
    names of the fields that nothing of a merchant's fills (see :func:`app.listing.visible.seen_by`).
    ``notices`` reads what stands above the rows of a question, given the criteria, besides days not received.
    """

    name: str
    path: str
    title: str
    noun: Noun
    see: str
    back: str
    empty: str
    permission: str = "list"
    row_permission: str | None = None
    in_menu: bool = True
    source: ListSource
    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...] = ()
    row_keys: Mapping[str, Expression]
    fields: tuple[Field, ...]
    usual_period: str = "last-7-days"
    sections: tuple[str, ...]
    row_title: Callable[[Row], str]
    verdict: Callable[[Row], Verdict] | None = None
    facts: tuple[str, ...] = ()
    alerts: Callable[[Row], Iterable[Alert]] = nothing
    freshness: Callable[[Scope, Period, Days], Reading[Freshness]] | None = None
    days: Callable[[Scope, datetime], Reading[Days]] | None = None
    offers: Callable[[Scope], Reading[Mapping[str, Choices]]] = no_choices
    filter_notes: FilterNotes = NO_FILTER_NOTES
    search: Mapping[str, str] = field(default_factory=dict)
    search_choices: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    subtitle: tuple[str, ...] = ()
    counted: Callable[[Row], int | None] | None = None
    place: PlaceSpec | None = None
    ordinary: OrdinaryCase | None = None
    answer: AnswerPart | None = None
    notices: Callable[[Scope, Any], Reading[tuple[Alert, ...]]] = no_notices
    detail_parts: tuple[DetailPart, ...] = ()
    page_links: tuple[PageLink, ...] = ()
    absent: Callable[[Scope], Reading[frozenset[str]]] = nothing_absent
    ticket: TicketSpec | None = None
    statement: StatementSpec | None = None

    @cached_property
    def adds_up(self) -> bool:
        """Whether its rows add up to an amount, and are not counted alone."""
        return any(measure.sign for measure in self.measures)

    @property
    def printing(self) -> TicketSpec:
        """How its rows are printed. Raises LookupError for a list without tickets."""
        if self.ticket is None:
            raise LookupError(self.name)
        return self.ticket

    @property
    def owing(self) -> StatementSpec:
        """How its debts are stated. Raises LookupError for a list without a statement."""
        if self.statement is None:
            raise LookupError(self.name)
        return self.statement

    @cached_property
    def filters(self) -> tuple[Field, ...]:
        """The fields that can be asked for, in the order of the form."""
        return tuple(field for field in self.fields if field.filter)

    @cached_property
    def groupings(self) -> Mapping[str, Dimension]:
        """All that its sums can be grouped by, by name; time comes first."""
        return {found.name: found for found in (*time_dimensions(self.source), *self.dimensions)}

    @cached_property
    def group_filters(self) -> tuple[Field, ...]:
        """The fields that ask for one group; they have no input in the form."""
        return tuple(found.filter for found in self.groupings.values() if found.filter is not None)

    @cached_property
    def askable(self) -> tuple[Field, ...]:
        """Every field that an address can ask for."""
        return (*self.filters, *self.group_filters)

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of an address by name; the period, the order and the page are apart."""
        return {found.name: found for field in self.askable for found in field.parameters}

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the table: what a card shows comes first, so that it is in sight on a desk too."""
        shown = [field for field in self.fields if field.is_column and field.slot]
        return (*shown, *(field for field in self.fields if field.is_column and field not in shown))

    @cached_property
    def file_fields(self) -> tuple[Field, ...]:
        """The columns of its files for people."""
        return tuple(field for field in self.fields if not field.is_key)

    @cached_property
    def badges(self) -> tuple[Field, ...]:
        """The fields that are badges."""
        return self.card("badge")

    @cached_property
    def table_columns(self) -> tuple[tuple[str, ...], ...]:
        """The fields of each column: the date first, then what a row is called, the amount last."""
        if self.table:
            return self.table
        title, *rest = [field.name for field in self.columns if field.slot == "title"] or ["date"]
        ends = {"date", title, *(field.name for field in self.card("aside"))}
        others = (field.name for field in self.columns if field.name not in ends)
        return (("date",), (title, *rest), *((name,) for name in others), (self.card("aside")[0].name,))

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """The values of ``sort``, the usual one first."""
        names = [field.name for field in self.fields if field.sort]
        return tuple(f"{sign}{name}" for name in names for sign in ("-", ""))

    def arrived(self, scope: Scope, period: Period | None, days: Days) -> Reading[Freshness | None]:
        """What has arrived of ``period``; None in a list whose rows do not arrive day by day."""
        if self.freshness is None or period is None:
            return known(None)
        return together(_or_none, self.freshness(scope, period, days))

    def card(self, slot: Slot) -> tuple[Field, ...]:
        """The fields of a place of the phone card."""
        return tuple(field for field in self.fields if field.slot == slot)

    def section(self, title: str) -> tuple[Field, ...]:
        """The fields of a section of the details."""
        return tuple(field for field in self.fields if field.section == title)

    def sorted_by(self, sort: str) -> Expression | None:
        """What comes before time in the order ``sort``; None in an order by time alone."""
        order = self.by_name[sort.removeprefix("-")].order
        return None if order is self.source.instant else order

    def sort_words(self, sort: str) -> str:
        """The words of one of ``sorts``, in the language of the moment."""
        field = self.by_name[sort.removeprefix("-")]
        falling, rising = field.kind.order_words
        return gettext(falling if sort.startswith("-") else rising, label=field.title)


def _or_none(found: Freshness) -> Freshness | None:
    return found
