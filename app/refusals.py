"""Reasons why a file is quarantined: written by the importers, read on their report and on the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.wording.i18n import N_, gettext

#: Reasons that decide what can be done about a file.
CARD_NUMBER: Final = N_("a full card number: the file is refused and nothing of it is kept")
CARD_BESIDES: Final = N_(
    "a full card number, which its source masks: no copy is kept, and the file stays where it is until the "
    "reason above is settled"
)
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
FUTURE_FILE: Final = N_(
    "a file made more than a day later than now: load it with --trust-clock if that is so"
)
AFTER_FILE: Final = N_("a time more than a day later than the file: load it with --trust-clock if that is so")
TOO_OLD: Final = N_(
    "a time more than %(months)s months before its call or its file: load it with --trust-clock if that is so"
)
OTHERS_FOLDER: Final = N_(
    "this folder, or what came in it, is not yours alone: whoever runs the portal says whose with "
    "bordereau source"
)
NO_SOURCE: Final = N_(
    "its folder and name belong to no source, and no maintainer alone declares its accounts: declare them, "
    "or say whose the folder is with: bordereau source NAME --reseller SLUG --inbox FOLDER"
)
NOT_OF_FOLDER: Final = N_(
    "it came in a folder of %(names)s, and names what is not known as theirs: whoever runs the portal says "
    "it is with bordereau source NAME --reseller SLUG, or drops it elsewhere"
)
SEVERAL_SOURCES: Final = N_("its folder and name belong to several sources: %(names)s")
NO_ACCOUNT: Final = N_(
    "it names no account: say whose it is in the profile of its source, "
    "or with: bordereau source NAME --account IBAN"
)
NO_APPLICATION: Final = N_(
    "payments that no terminal delivers: say that its source does, and under which application, with: "
    "bordereau source NAME --application CODE"
)
NO_CONTRACT: Final = N_(
    "no contract, and a shop that is not known: say which contract it has with: "
    "bordereau source NAME --shop SHOP=CONTRACT"
)
NO_HEADING: Final = N_(
    "no heading of the file stands for it: say which one does with: bordereau source NAME --alias %(alias)s"
)
NEARLY_MAPPED: Final = N_(
    "a CSV with most headings of “%(mapping)s”, but not with %(headings)s: say what stands for them with: "
    'bordereau source NAME --mapping "%(mapping)s" --alias HEADING=FIELD'
)
NO_MAPPING: Final = N_(
    "a CSV whose headings no mapping knows: say the one it is of, and what its headings stand for, with: "
    "bordereau source NAME --mapping MAPPING --alias HEADING=FIELD; the mappings are %(mappings)s, "
    "or a text of your own"
)
#: Those that a person may overrule: the file takes the place of what it contradicts.
REPLACING: Final = frozenset(
    {KNOWN_FILE_ID, OTHER_STATEMENT, OTHER_ROW, OTHER_SETTLEMENT, OTHER_FORMAT, OTHER_LINE}
)
_LET_IT_REPLACE: Final = N_("%(reason)s: if this one is right, let it replace the former one")
#: What a desk is told to do instead of a command: its people have no shell.
_AT_DESK: Final[Mapping[str, str]] = {
    CARD_IN_ITS_FIELD: N_(
        "a full card number in a field made for it: the file is refused and nothing of it is kept. Where "
        "American Express sends it, choose under Bank, in the profile of its source, that full card numbers "
        "be masked: the worker takes it then"
    ),
    CARD_OR_REFERENCE: N_(
        "what looks like a full card number: the file is refused and nothing of it is kept. If this column "
        "of this source never holds one, ask whoever runs the portal to say so"
    ),
    KNOWN_FILE_ID: N_("this file id was already loaded with another content"),
    OTHER_STATEMENT: N_("another statement of this account and day is known"),
    OTHER_ROW: N_("this entry is known with another content"),
    OTHER_SETTLEMENT: N_("another content of this payment is known"),
    OTHER_FORMAT: N_("this payment is known from a file of %(format)s, and should come in one format"),
    OTHER_LINE: N_("this line of a payment is known with another content"),
    FUTURE_FILE: N_(
        "a file made more than a day later than now: if that is so, ask whoever runs the portal to load it"
    ),
    AFTER_FILE: N_(
        "a time more than a day later than the file: if that is so, ask whoever runs the portal to load it"
    ),
    TOO_OLD: N_(
        "a time more than %(months)s months before its call or its file: if that is so, ask whoever runs the "
        "portal to load it"
    ),
    OTHERS_FOLDER: N_(
        "this folder, or what came in it, is not yours alone: ask whoever runs the portal whose it is"
    ),
    NO_SOURCE: N_(
        "its folder and name belong to no source, and no maintainer alone declares its accounts: under Bank, "
        "declare the account, or add a source with this folder"
    ),
    NOT_OF_FOLDER: N_(
        "it came in one of your folders, and names what is not known as yours: ask whoever runs the portal "
        "to say whose it is"
    ),
    SEVERAL_SOURCES: N_(
        "its folder and name belong to several sources: %(names)s. Under Bank, give all but one of them "
        "another folder or pattern of names, or say of each which format it delivers"
    ),
    NO_ACCOUNT: N_("it names no account: say under Bank, in the profile of its source, whose it is"),
    NO_APPLICATION: N_(
        "payments that no terminal delivers: say under Bank, in the profile of its source, that payments are "
        "its role, and their application"
    ),
    NO_CONTRACT: N_(
        "no contract, and a shop that is not known: say under Bank, in the profile of its source, which "
        "contract that shop has"
    ),
    NEARLY_MAPPED: N_(
        "a CSV with most headings of “%(mapping)s”, but not with %(headings)s: say under Bank, in the "
        "profile of its source, this mapping and what the headings of the file stand for"
    ),
    NO_MAPPING: N_(
        "a CSV whose headings no mapping knows: say under Bank, in the profile of its source, the one it is "
        "of and what its headings stand for; the mappings are %(mappings)s, or a text of your own"
    ),
    NO_HEADING: N_(
        "no heading of the file stands for it: say under Bank, in the profile of its source, which one does: "
        "%(alias)s"
    ),
}


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
        return self.reason in (CARD_NUMBER, CARD_BESIDES, CARD_OR_REFERENCE, CARD_IN_ITS_FIELD)

    def text(self, *, at_desk: bool = False) -> str:
        """The reason in the language of the moment, with its place in front.

        ``at_desk``: what is to be done is said as people do it there, who have no commands.
        """
        place = self._place() if self.line is not None else self.column and gettext(self.column)
        words = self.words(at_desk=at_desk)
        return gettext("%(place)s: %(reason)s", place=place, reason=words) if place else words

    def _place(self) -> str:
        place = gettext(_PLACES[Unit(self.unit)], number=self.line)
        if self.column is None:
            return place
        return gettext("%(place)s, column “%(column)s”", place=place, column=gettext(self.column))

    def words(self, *, at_desk: bool = False) -> str:
        """The reason alone, in the language of the moment."""
        reason = _AT_DESK.get(self.reason, self.reason) if at_desk else self.reason
        said = gettext(reason, **{name: _spoken(value) for name, value in self.params.items()})
        return gettext(_LET_IT_REPLACE, reason=said) if at_desk and self.reason in REPLACING else said


def _spoken(value: Any) -> Any:
    """A value in the language of the moment; several are a choice between them."""
    if isinstance(value, (list, tuple)):
        *others, last = map(str, value)
        return gettext("%(others)s or %(last)s", others=", ".join(others), last=last) if others else last
    return gettext(value) if isinstance(value, str) and value else value
