"""Card numbers in a file whose reader has not looked for them: of any kind, whole or broken.

A sample that somebody tries, or a file that was refused: no copy is kept of one that holds a full number.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

from app.rules import amex_records, card_lines, cards, cfonb_records
from app.rules.card_lines import Candidate
from app.rules.directory_columns import BYTE_ORDER_MARK

#: Headings of references that payment providers give to payments: those of Adyen have 16 digits.
_REFERENCES: Final = frozenset({b"psp reference", b"modification reference"})
_SIGNS: Final = (b",", b";", b"\t", b"|")
#: So many of them make a first line the heading of a table.
_FEWEST_SIGNS: Final = 2


def line_with_card(sample: bytes) -> int | None:
    """The line of a file that holds what looks like a card number, from 1; None where there is none.

    Of a table each cell is searched by itself, of a statement of fixed places each field: amounts beside each
    other are no number, nor are an account and the day behind it.
    """
    sample = _in_single_bytes(sample)
    records = amex_records.cells(sample)
    if records is not None:
        return next((line for line, cell in records if _is_card(cell)), None)
    if cfonb_records.FIRST_LINE.match(sample):
        return _record_with_card(sample)
    heading = sample.removeprefix(BYTE_ORDER_MARK).split(b"\n", 1)[0].strip()
    sign = max(_SIGNS, key=heading.count)
    is_table = heading.count(sign) >= _FEWEST_SIGNS
    found = next(
        card_lines.find(sample.replace(sign, b";") if is_table else sample, _references(heading.split(sign))),
        None,
    )
    return found.line if found else None


def _is_card(cell: amex_records.Cell) -> bool:
    """Whether a piece of a line holds a full number; what is no record is searched as a whole."""
    if cell.is_card:
        return amex_records.is_full_number(cell.text)
    return cards.holds_card_number(cell.text) if cell.is_record else cards.holds_card(cell.text)


def _in_single_bytes(sample: bytes) -> bytes:
    """A sample in UTF-16 or UTF-32 as UTF-8: without its marks, as long as the letters are Latin."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        sample = sample.decode("utf-16", "replace").encode("utf-8", "replace")
    return sample.replace(b"\0", b"")


def _record_with_card(statement: bytes) -> int | None:
    """The ordinal of the record of a statement that holds what looks like a card number, as a load finds it.

    What is no record is searched as a whole.
    """
    for number, record in enumerate(cfonb_records.records(cfonb_records.decoded(statement)), start=1):
        parts = cfonb_records.fields(record)
        holds = cards.holds_card if len(parts) == 1 else cards.holds_card_number
        if any(_has_room(part) and holds(part) for part in parts):
            return number
    return None


def _has_room(part: str) -> bool:
    """Whether a number may stand in a field at all: no number begins with a zero, as most amounts do."""
    return len(part.lstrip("0")) >= cards.FEWEST_DIGITS


def _references(headings: list[bytes]) -> Callable[[Candidate, bytes], bool]:
    """Whether a number is one of those references of payments that look like a card's by design."""
    names = [name.strip(b' "').lower() for name in headings]
    places = {place for place, name in enumerate(names) if name in _REFERENCES}

    def belongs(candidate: Candidate, line: bytes) -> bool:
        # A quotation mark may hide a sign between columns: then nobody knows which column it is.
        is_whole = candidate.cell.strip() == candidate.digits and b'"' not in line
        return is_whole and candidate.column in places

    return belongs
