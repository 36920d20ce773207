"""A mapping: how the columns of a CSV of others become records, saved as data.

Source: shared format page "Money", sections 3.6 and 5.2. Ours stand in ``mappings``; a reseller's own
is a text of the same form, in a file or in the profile of a source.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from app.models import SourceSettings
from app.rules import time_zones
from app.wording.i18n import N_
from importers.reading.headings import SourceColumn, Use, bare, understood
from importers.refusals import refuse

_SETTLEMENTS, _STATEMENTS = "settlements", "statements"
#: Columns of amounts: those of a list are added up; ``-`` takes one off, ``=`` takes it off without its sign.
AMOUNTS: Final = frozenset({"gross", "fee", "net", "amount", "balance"})
_OTHERS = {
    _SETTLEMENTS: {
        "kind",
        "payee",
        "number",
        "day",
        "paid_on",
        "currency",
        "id",
        "reference",
        "merchant_reference",
        "time",
        "card",
        "authorisation",
        "scheme",
    },
    _STATEMENTS: {"day", "value_day", "label", "details", "reference", "currency"},
}
#: Without one of each group, no row says anything.
_NEEDED: Final = {
    _SETTLEMENTS: (("kind",), ("day",), ("gross", "net")),
    _STATEMENTS: (("day",), ("amount",)),
}
_SIGNS = "-="
#: Words of rows that tell of a payment itself, apart from the payout that it is part of.
PAYMENT_WORDS: Final = ("payment", "payment_refund", "declined", "abandoned")
#: The parts of a day, in an order that a mapping says.
_DAY = "ymd"
_NO_MAPPING: Final = N_("not a mapping: expected name, record, recognised_by and columns")


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """A mapping: how a kind of file is recognised and read.

    ``payer`` is who pays, as banks name them. ``time_zone`` is the clock of days with a time beside them.
    ``columns`` maps a field to headings; ``words`` the texts of ``kind`` to kinds of line (``ignored`` and
    ``announced`` are none, nor are :data:`PAYMENT_WORDS`); ``directions`` a column of amounts to the column
    that says CR or DR; ``rows`` is a heading, the values of its column in rows that count, and those of rows
    that say how many these are.
    """

    name: str
    record: str
    recognised_by: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    payer: str = ""
    decimal: str = "."
    thousands: str = ""
    days: str = "ymd"
    time_zone: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Any] = field(default_factory=dict)

    def is_sound(self) -> bool:
        """Whether its parts are what they are declared to be, for a mapping is written by hand."""
        return (
            _are_texts(
                [self.name, self.record, self.payer, self.decimal, self.thousands, self.days, self.time_zone]
            )
            and sorted(self.days) == sorted(_DAY)
            and _are_texts([*self.recognised_by, *(one for found in self.columns.values() for one in found)])
            and _is_of_texts(self.words)
            and _is_of_texts(self.directions)
            and (not self.rows or self._says_rows())
        )

    def _says_rows(self) -> bool:
        return (
            isinstance(self.rows, dict)
            and {"column", "values"} <= self.rows.keys() <= {"column", "values", "counted_by"}
            and isinstance(self.rows["column"], str)
            and _are_texts(self.rows["values"])
            and _are_texts(self.rows.get("counted_by", []))
        )

    def claims(self, headings: Iterable[str]) -> bool:
        """Whether a row of headings is of this kind of file."""
        there = {bare(heading) for heading in headings}
        return all(bare(heading) in there for heading in self.recognised_by)

    def kind_of(self, text: str) -> str:
        """What a text of ``kind`` means: its own word, else the longest with ``*`` that fits; "" for none."""
        if text in self.words:
            return self.words[text]
        fitting = [word for word in self.words if "*" in word and fnmatchcase(text, word)]
        return self.words[max(fitting, key=len)] if fitting else ""

    def headings(self) -> dict[str, tuple[str, ...]]:
        """Bare headings by field, without what is done to their amounts."""
        return {
            name: tuple(bare(heading.lstrip(_SIGNS) if name in AMOUNTS else heading) for heading in headings)
            for name, headings in self.columns.items()
        }

    def used(self, headings: list[str]) -> tuple[SourceColumn, ...]:
        """What becomes of each column of a file: the field it becomes, or why it becomes none."""
        fields: dict[str, str] = {}
        for name, places in (*self.headings().items(), ("direction", map(bare, self.directions.values()))):
            for heading in places:
                fields[heading] = f"{fields[heading]}, {name}" if heading in fields else name
        found = understood(headings, fields)
        return tuple(
            SourceColumn(one.text, fields[bare(one.text)], Use.KEPT) if bare(one.text) in fields else one
            for one in found
        )

    def twice(self, headings: list[str]) -> tuple[str, ...]:
        """The headings that stand above several columns, of which nobody knows which one is meant."""
        above = Counter(bare(one.text) for one in self.used(headings) if one.field)
        return tuple(heading for heading in dict.fromkeys(headings) if above[bare(heading)] > 1)

    def numbers(self, headings: Iterable[str]) -> frozenset[int]:
        """The places of columns whose references are numbers by design."""
        known = self.headings()
        names = {*known.get("id", ()), *known.get("reference", ()), *known.get("number", ())}
        return frozenset(place for place, heading in enumerate(headings) if bare(heading) in names)

    def missing(self, headings: Iterable[str]) -> tuple[str, ...]:
        """The fields that no column of a file becomes, though no row says anything without them."""
        there, known = {bare(heading) for heading in headings}, self.headings()
        groups = _NEEDED[self.record]
        fields = [
            " / ".join(names)
            for names in groups
            if not any(there & set(known.get(name, ())) for name in names)
        ]
        counting = self.rows.get("column")
        return (*fields, *([counting] if counting and bare(counting) not in there else []))

    def likeness(self, headings: Iterable[str]) -> float:
        """The share of its fields that some heading of a file becomes, 1 for all of them."""
        there, fields = {bare(heading) for heading in headings}, self.headings().values()
        return sum(not there.isdisjoint(known) for known in fields) / len(fields)

    def lacked(self, headings: Iterable[str]) -> tuple[str, ...]:
        """The headings that tell its files, and that a file does not have."""
        there = {bare(heading) for heading in headings}
        return tuple(heading for heading in self.recognised_by if bare(heading) not in there)

    def adapted(self, aliases: Mapping[str, str], words: Mapping[str, str]) -> ColumnMapping:
        """The mapping with headings and words that a source has besides: these headings tell its files.

        Raises FileRefusedError for a field that there is not.
        """
        if set(aliases.values()) - AMOUNTS - _OTHERS[self.record]:
            raise refuse(N_("a mapping of unknown records or fields"))
        columns = dict(self.columns)
        for heading, name in aliases.items():
            columns[name] = (*columns.get(name, ()), heading)
        named = tuple(heading.lstrip(_SIGNS) for heading in aliases) or self.recognised_by
        return replace(self, columns=columns, words={**self.words, **words}, recognised_by=named)


def saved(path: Path) -> str:
    """The text of a mapping that somebody has saved. Raises FileRefusedError when it is none."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise refuse(_NO_MAPPING) from None
    of_text(text)
    return text


@cache
def ours() -> tuple[ColumnMapping, ...]:
    """The mappings that come with the portal."""
    folder = files(__package__) / "mappings"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(of_text(one.read_text("utf-8")) for one in found)


def of_settings(settings: SourceSettings) -> ColumnMapping | None:
    """The mapping that the profile of a source says, with its own headings and words; None without any.

    Raises FileRefusedError where it is none.
    """
    if not settings.mapping:
        return None
    found = next((one for one in ours() if one.name == settings.mapping), None)
    return (found or of_text(settings.mapping)).adapted(settings.aliases, settings.words)


def of_text(text: str) -> ColumnMapping:
    """A mapping as it is written. Raises FileRefusedError when it is none."""
    try:
        written = tomllib.loads(text)
        columns = {name: tuple(headings) for name, headings in written.pop("columns").items()}
        recognised_by = tuple(written.pop("recognised_by"))
        found = ColumnMapping(columns=columns, recognised_by=recognised_by, **written)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise refuse(_NO_MAPPING) from None
    if not found.is_sound():
        raise refuse(_NO_MAPPING)
    if found.record not in _OTHERS or found.columns.keys() - AMOUNTS - _OTHERS[found.record]:
        raise refuse(N_("a mapping of unknown records or fields"))
    if found.time_zone and found.time_zone not in time_zones.known():
        raise refuse(N_("expected a time zone such as UTC"))
    return found


def _are_texts(values: Any) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(one, str) for one in values)


def _is_of_texts(pairs: Any) -> bool:
    return isinstance(pairs, dict) and _are_texts([*pairs.values()])
