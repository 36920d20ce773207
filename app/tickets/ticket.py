"""The data of a ticket, before any face of it: blocks of items, and the marks that it bears.

Every text of an item is on one line and made of characters that any face can show: see :func:`clean`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.payments import Completeness
from app.wording import applications, money
from app.wording.i18n import gettext

#: What a ticket is printed from: the fields of a row by name, its outlet's address, the printed lines.
Row = Mapping[Any, Any]

DUPLICATE = "DUPLICATA"
#: Stands before the last four digits of a card, however long its number and whatever else is known.
CARD_MASK = "############"
LAST_DIGITS = 4
#: The Basic Multilingual Plane ends here: what lies beyond (pictograms) has no place in the font of the PDF.
_LAST_PRINTABLE = 0xFFFF
_UNPRINTABLE = "\ufffd"


@dataclass(frozen=True)
class Centred:
    """Words in the middle of the paper; ``strong`` ones catch the eye."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Words:
    """Words from the left edge."""

    text: str


@dataclass(frozen=True)
class Labelled:
    """A label and its value; ``right`` sets the value against the right edge."""

    label: str
    value: str
    right: bool = False


@dataclass(frozen=True)
class Amount:
    """Money: ``minor`` units of ``currency`` (ISO 4217), set against the right edge."""

    label: str
    minor: int
    currency: str
    strong: bool = False

    @property
    def value(self) -> str:
        """Such as ``39,00 EUR``."""
        return f"{money.plain(self.minor, self.currency)} {self.currency}"


@dataclass(frozen=True)
class AsPrinted:
    """A line as the terminal printed it, spaces included: it keeps its own width."""

    text: str


Item = Centred | Words | Labelled | Amount | AsPrinted
Block = tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket: ``blocks`` stand apart from each other, ``marks`` above them.

    ``title`` names the document in words, ``name`` a file of it (without its ending, ASCII alone).
    """

    title: str
    name: str
    blocks: tuple[Block, ...]
    marks: tuple[str, ...] = (DUPLICATE,)


def why_no_ticket(row: Row) -> str | None:
    """Why the payment or remittance ``row`` has no ticket, in the language of the moment; None if it has."""
    code = row["application"]
    if row.get("seal") == Completeness.NO_TOTALS:
        return gettext("A platform made this batch: no terminal called, and there is no ticket of it.")
    if row.get("seal") == Completeness.NO_PAYMENTS:
        return gettext("The acquirer tells the sum of this batch alone: there is no ticket of it.")
    if row.get("seal") == Completeness.AWAITING_TOTALS:
        return gettext("This telecollection has not been received yet: its ticket will come with it.")
    if code is not None and applications.has_tickets(code):
        return None
    if code is None:
        return gettext("The application of this contract is not known: its tickets cannot be printed again.")
    return gettext(
        "Tickets of the application %(application)s cannot be printed again. Those of these can: %(others)s.",
        application=applications.label(code),
        others=", ".join(found.label for found in applications.APPLICATIONS.values() if found.has_tickets),
    )


def refuse_unknown(row: Row) -> None:
    """Raise ValueError for a row that :func:`why_no_ticket` has words about."""
    if why_no_ticket(row) is not None:
        raise ValueError("no ticket for this application")


def blocks(*parts: Iterable[Item]) -> tuple[Block, ...]:
    """The parts that hold anything."""
    return tuple(block for part in parts if (block := tuple(part)))


def labelled(label: str, value: str | None, *, right: bool = False) -> Iterable[Item]:
    """A label and its value, or nothing when the value is unknown."""
    if value and (known := clean(value).strip()):
        yield Labelled(label, known, right)


def words(*values: str | None) -> Iterable[Item]:
    """Each of the values that is known, from the left edge."""
    for value in values:
        if value and (known := clean(value).strip()):
            yield Words(known)


def outlet(row: Row) -> Iterable[Item]:
    """Who sold: trade name and address, as far as they are known."""
    yield from words(row["trade_name"], row["address"])
    yield from words(" ".join(part for part in (row["postcode"], row["city"]) if part))


def moment(row: Row) -> Item:
    """When, by the terminal's own clock: exactly as wide as the paper."""
    return Words(f"{row['date']:le %d/%m/%Y à %H:%M:%S}")


def clean(text: str) -> str:
    """``text`` on one line: composed accents, one kind of space, nothing invisible."""
    return "".join(_printable(letter) for letter in unicodedata.normalize("NFC", text))


def _printable(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    if category in ("Cf", "Cs"):  # marks that turn the direction of a line, halves of a character
        return ""
    return letter if ord(letter) <= _LAST_PRINTABLE else _UNPRINTABLE
