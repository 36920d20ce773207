"""A list, declared once: what it is called, where it is, what it shows, where it leads, what it prints.

Nothing else decides by the name of a list: a new one is one module of ``app.lists``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from app.listing.field import Field, Link, Parameter, Slot
from app.listing.kinds import Expression, Row
from app.listing.scope import Scope
from app.models import Remittance, Transaction
from app.tickets import Ticket
from app.wording.i18n import gettext, ngettext


@dataclass(frozen=True)
class Noun:
    """What one row, and several, are called: message identifiers that hold ``%(num)s``."""

    one: str
    many: str

    def count(self, number: int, shown: str) -> str:
        """``shown``, the figures of ``number``, with its noun in the language of the moment."""
        return ngettext(self.one, self.many, number, num=shown)


@dataclass(frozen=True)
class Alert:
    """Something about a row that a person should look into: in a word or two, and in a sentence."""

    words: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class TicketSpec:
    """How the rows of a list are printed, and mailed.

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
    """A section of its own on the page of a row: what it reads, and its template (as ``part``)."""

    read: Callable[[Connection, Scope, Row], Any]
    template: str


def nothing(_row: Row) -> tuple[()]:
    """No link, no alert."""
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class ListSpec:
    """A list.

    ``path`` is its address, ``permission`` what a role needs to see it; ``in_menu`` puts it into the menu.
    ``day`` is the local day that the period and the partitions go by, ``instant`` what orders the rows,
    ``amount`` the amount without sign, ``row_keys`` the columns that rows carry besides the fields (links,
    tickets). ``usual_filters`` are in sight, all others under "more filters". ``sections`` are the titles
    of the details in order. ``row_title`` is what a row is called, ``links`` where one goes from it.
    """

    name: str
    path: str
    title: str
    noun: Noun
    back: str
    empty: str
    permission: str = "list"
    in_menu: bool = True
    model: type[Remittance | Transaction]
    day: Expression
    instant: Expression
    amount: Expression
    row_keys: Mapping[str, Expression]
    fields: tuple[Field, ...]
    usual_filters: tuple[str, ...]
    sections: tuple[str, ...]
    row_title: Callable[[Row], str]
    links: Callable[[Row], Iterable[Link]] = nothing
    alerts: Callable[[Row], Iterable[Alert]] = nothing
    detail_part: DetailPart | None = None
    ticket: TicketSpec | None = None

    @property
    def printing(self) -> TicketSpec:
        """How its rows are printed. Raises LookupError for a list without tickets."""
        if self.ticket is None:
            raise LookupError(self.name)
        return self.ticket

    @cached_property
    def filters(self) -> tuple[Field, ...]:
        """The fields that can be asked for, in the order of the form."""
        return tuple(field for field in self.fields if field.filter)

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of an address by name; the period, the order and the page are apart."""
        return {found.name: found for field in self.filters for found in field.parameters()}

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
    def sorts(self) -> tuple[str, ...]:
        """The values of ``sort``, the usual one first."""
        names = [field.name for field in self.fields if field.sort]
        return tuple(f"{sign}{name}" for name in names for sign in ("-", ""))

    def card(self, slot: Slot) -> tuple[Field, ...]:
        """The fields of a place of the phone card."""
        return tuple(field for field in self.fields if field.slot == slot)

    def section(self, title: str) -> tuple[Field, ...]:
        """The fields of a section of the details."""
        return tuple(field for field in self.fields if field.section == title)

    def sort_words(self, sort: str) -> str:
        """The words of one of ``sorts``, in the language of the moment."""
        field = self.by_name[sort.removeprefix("-")]
        falling, rising = field.kind.order_words
        return gettext(falling if sort.startswith("-") else rising, label=field.title)
