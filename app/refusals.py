"""Reasons why a file is quarantined: written by the importers, read on their report and on the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.wording.i18n import N_, gettext

#: Reasons that decide what can be done about a file.
CARD_NUMBER: Final = N_("a full card number: the file is refused and nothing of it is kept")
CARD_IN_ITS_FIELD: Final = N_(
    "a full card number in a field made for it: the file is refused and nothing of it is kept, unless its "
    "source says: bordereau source NAME --cards mask"
)
CARD_OR_REFERENCE: Final = N_(
    "what looks like a full card number: the file is refused and nothing of it is kept. "
    "If this column of this source never holds one, say so with: %(command)s"
)
KNOWN_FILE_ID: Final = N_(
    "this file id was already loaded with another content: load it with --replace to correct it"
)
OTHER_STATEMENT: Final = N_(
    "another statement of this account and day is known: load it with --replace to correct it"
)
OTHER_ROW: Final = N_("this entry is known with another content: load it with --replace to correct it")
OTHER_SETTLEMENT: Final = N_("another content of this payment is known: load it with --replace to correct it")
OTHER_FORMAT: Final = N_(
    "this payment is known from a file of %(format)s: have it sent in one format, or load this with --replace"
)
OTHER_LINE: Final = N_(
    "this line of a payment is known with another content: load it with --replace to correct it"
)
#: Those that a person may overrule: the file takes the place of what it contradicts.
REPLACING: Final = frozenset(
    {KNOWN_FILE_ID, OTHER_STATEMENT, OTHER_ROW, OTHER_SETTLEMENT, OTHER_FORMAT, OTHER_LINE}
)


class Unit(StrEnum):
    """The unit that a file is counted in: its format says which."""

    LINE = "line"
    RECORD = "record"
    STATEMENT = "statement"
    ENTRY = "entry"
    SETTLEMENT = "settlement"


_PLACES: Final = {
    Unit.LINE: N_("line %(number)s"),
    Unit.RECORD: N_("record %(number)s"),
    Unit.STATEMENT: N_("statement %(number)s"),
    Unit.ENTRY: N_("entry %(number)s"),
    Unit.SETTLEMENT: N_("settlement %(number)s"),
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason. ``reason`` is a message identifier, ``params`` fills it; neither holds file data.

    ``line`` is the ordinal, from 1, of the line at fault, or of the ``unit`` that the format is made of.
    """

    reason: str
    unit: str = Unit.LINE
    line: int | None = None
    column: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_card_number(self) -> bool:
        """Whether not even a copy of the file may be kept."""
        return self.reason in (CARD_NUMBER, CARD_OR_REFERENCE, CARD_IN_ITS_FIELD)

    def text(self) -> str:
        """The reason in the language of the moment, with its place in front."""
        place = self._place() if self.line is not None else self.column and gettext(self.column)
        return gettext("%(place)s: %(reason)s", place=place, reason=self.words()) if place else self.words()

    def _place(self) -> str:
        place = gettext(_PLACES[Unit(self.unit)], number=self.line)
        if self.column is None:
            return place
        return gettext("%(place)s, column “%(column)s”", place=place, column=gettext(self.column))

    def words(self) -> str:
        """The reason alone, in the language of the moment."""
        return gettext(self.reason, **{name: _spoken(value) for name, value in self.params.items()})


def _spoken(value: Any) -> Any:
    """A value in the language of the moment; several are a choice between them."""
    if isinstance(value, (list, tuple)):
        *others, last = map(str, value)
        return gettext("%(others)s or %(last)s", others=", ".join(others), last=last) if others else last
    return gettext(value) if isinstance(value, str) and value else value
