"""Dimensions that sums can be grouped by, declared beside the fields of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, or_

from app.listing.field import Args, Field
from app.listing.filters import CARD_TEXT, LONGEST, Filter, InvalidValueError, clean
from app.listing.kinds import Expression, Kind
from app.listing.notes import GroupNote
from app.listing.period import Period
from app.listing.reading import Reading, known
from app.listing.scope import Scope
from app.listing.summed import GroupLine
from app.rules.cards import holds_card
from app.wording.i18n import N_, gettext

#: What rows without a value are called: nobody said it.
UNKNOWN = N_("not communicated")
#: What the parameters that ask for one group begin with, such as ``group_issuer``.
GROUP = "group_"
#: The measure that most groups are weighed by.
NET = "net"
#: What stands between the parts of a value, such as the name and the SIRET of an outlet.
BETWEEN = " · "
_NOTHING = "~"
_LONGEST_KEY = 2 * LONGEST
#: So many keys that were looked at are known: the contracts of a chain.
_MOST_KNOWN = 4096


def no_notes(_scope: Scope, _criteria: Any, _names: Mapping[str, str]) -> Reading[tuple[GroupNote, ...]]:
    """Nothing to say beside the groups."""
    return known(())


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownPart:
    """The part of a dimension that the daily sums know.

    ``daily`` is its value over the daily sums that meet ``of_days``; ``of_rows`` says which rows are not in
    these.
    """

    daily: Expression
    of_days: ColumnElement[bool]
    of_rows: ColumnElement[bool]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dimension:
    """A way to group: by day, by outlet, by application.

    ``name`` is the value of ``by`` in an address, ``rows`` the value of each row, ``kind`` shows it.
    ``daily`` is the same over the daily sums, where these know it; what ``rows`` reads of contracts alone,
    they know anyway. ``known`` is what they know of it where that is a part. Groups are ordered, drawn and
    shared out by the measure ``weight``; those that are ``in_order`` keep the order of their values.
    ``values`` are all that there are, where these are few.
    ``span`` makes a period of a value, where the list's own period asks for a group, ``parameter`` names the
    filter that does; other groups have a filter of their own. ``parts`` are the labels of what a value is
    made of, where it has several parts with ``BETWEEN`` them; ``unknown`` says what rows without a value are.
    ``measure`` is the place in JSON of the sum that a group is a part of: its lines say it, without a column.
    ``said`` is the note of all groups of a currency, None where there is nothing to say; ``notes`` reads
    further ones, given the scope, the criteria and the names of debtors by prefix of cards.
    """

    name: str
    label: str
    rows: Expression
    kind: Kind
    daily: Expression | None = None
    known: KnownPart | None = None
    weight: str = NET
    in_order: bool = False
    values: tuple[str, ...] = ()
    span: Callable[[date], Period] | None = None
    parameter: str | None = None
    parts: tuple[str, ...] = ()
    unknown: str = UNKNOWN
    measure: Callable[[Any], tuple[str, str]] | None = None
    said: Callable[[Sequence[GroupLine]], GroupNote | None] | None = None
    notes: Callable[[Scope, Any, Mapping[str, str]], Reading[tuple[GroupNote, ...]]] = no_notes

    @property
    def title(self) -> str:
        """The label in the language of the moment."""
        return gettext(self.label)

    @cached_property
    def filter(self) -> Field | None:
        """The field that asks for one group exactly; None where the list has another way to."""
        if self.span is not None or self.parameter is not None:
            return None
        return Field(
            name=f"{GROUP}{self.name}",
            label=self.label,
            kind=GroupKey(shown=self.kind, values=self.values, unknown=self.unknown),
            column=self.rows,
            daily=self.daily,
            filter=True,
        )

    def say(self, key: object) -> str:
        """The words of a group in the language of the moment."""
        return self.kind.show(key, {}) if key is not None else gettext(self.unknown)

    def columns(self) -> tuple[str, ...]:
        """The headings of its columns in a file, in the language of the moment."""
        return tuple(gettext(label) for label in self.parts or (self.label,))

    def cells(self, key: object) -> tuple[str, ...]:
        """The words of a group, one for each of its columns."""
        words = self.say(key)
        if not self.parts:
            return (words,)
        said = tuple(words.rsplit(BETWEEN, len(self.parts) - 1)) if key is not None else (words,)
        return (*said, *("" for _ in self.parts[len(said) :]))


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupKey(Filter):
    """A value of a dimension, exactly as it is stored; "" asks for the rows that have none."""

    shown: Kind
    values: tuple[str, ...] = ()
    unknown: str = UNKNOWN

    def parse(self, text: str) -> str:
        _look_at(text)
        value = text.removeprefix(_NOTHING)
        if self.values and value not in self.values:
            raise InvalidValueError(N_("Choose one of the values of the list"))
        return value

    def unparse(self, value: str) -> str:
        return value if value and not value.startswith(_NOTHING) else _NOTHING + value

    def say(self, value: str) -> str:
        return self.shown.show(value, {}) if value else gettext(self.unknown)

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        known = [value for value in values if value]
        alternatives = [column.in_(known)] if known else []
        return or_(*alternatives, *([column.is_(None)] if "" in values else []))


@lru_cache(maxsize=_MOST_KNOWN)
def _look_at(text: str) -> None:
    """Refuse what no key can be: letter by letter once, for a chain names the same hundreds on each page."""
    # Contract and rank beside one another are digits that may pass for a card's: each is read alone.
    if any(holds_card(part) for part in text.split(BETWEEN)):
        raise InvalidValueError(CARD_TEXT, secret=True)
    clean(text, _LONGEST_KEY)


def group_args(dimension: Dimension, key: object) -> Args:
    """The parameter that asks for the group ``key`` of a dimension that no period stands for."""
    if dimension.filter is None:
        return ((dimension.parameter or "", str(key)),)
    text = GroupKey(shown=dimension.kind).unparse("" if key is None else str(key))
    return ((dimension.filter.name, text),)
