"""Checks of an upload: what of a merchant directory is looked at before anything of it is kept.

Whose it is, that it is one at all, and that no full card number is in it. All the rest is for the
importers to say, who read it as they read any file.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from app.refusals import CARD_NUMBER, Refusal
from app.rules import amex_records, card_lines, cards, cfonb_records, directory_columns
from app.rules.card_lines import Candidate
from app.rules.directory_columns import BYTE_ORDER_MARK, FIRST_LINE, HEADINGS, NAMES
from app.wording.i18n import N_

#: The largest file: a chain of 500 shops with 14 applications each takes about 1 MB.
MOST_BYTES: Final = 8 * 1024 * 1024
#: Lines of the largest: what is read of each takes a hundred times the bytes of an empty one.
MOST_LINES: Final = 100_000
#: Reasons given for one file: enough to mend it, few enough to read.
MOST_REASONS: Final = 20

#: Found in no particular order: enough of them to name the first lines of any honest mistake.
_CARDS_LOOKED_AT: Final = 1000
#: Headings of references that payment providers give to payments: those of Adyen have 16 digits.
_REFERENCES: Final = frozenset({b"psp reference", b"modification reference"})
_SIGNS: Final = (b",", b";", b"\t", b"|")
#: So many of them make a first line the heading of a table.
_FEWEST_SIGNS: Final = 2
# How the files of Excel begin: of today (a zip) and of old.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

EMPTY = N_("The file is empty.")
NO_LINE = N_("The file has its heading and nothing below it.")
TOO_LARGE = N_("The file is too large: %(most)s MB at most.")
TOO_MANY = N_("The file has too many lines: %(most)s at most.")
WORKBOOK = N_(
    "This is an Excel workbook. In Excel, save it as “CSV UTF-8 (comma delimited)”, and choose that file."
)
NOT_UTF8 = N_(
    "its letters are not UTF-8: in Excel, save the file as “CSV UTF-8 (comma delimited)”, not as plain “CSV”"
)
NOT_SEMICOLONS = N_("semicolons must stand between the columns")
QUOTED_HEADING = N_("save the file without quotation marks around cells of text")
NO_HEADING = N_("this must be the heading of a contract file, exactly as in the model")
EXAMPLE = N_("the line of the example: take it away")
FOREIGN = N_("expected %(slug)s: this desk declares for nobody else")
QUOTED = N_(
    "a value in quotation marks: take out the semicolon or quotation mark that made the spreadsheet add them"
)


@dataclass(frozen=True)
class Summary:
    """The sums of a sound merchant directory; ``merchant_code`` when it is of one merchant alone."""

    outlets: int
    merchants: int
    merchant_code: str | None

    def details(self) -> dict[str, Any]:
        """As a task keeps it."""
        return {"outlets": self.outlets, "merchants": self.merchants, "merchant_code": self.merchant_code}


def refusals(data: bytes, slug: str) -> tuple[Refusal, ...]:
    """Why the reseller ``slug`` may not have ``data`` loaded; nothing when they may.

    Reasons name line and column, never a value.
    """
    fault = _not_text(data)
    if fault:
        return (fault,)
    data = data.removeprefix(BYTE_ORDER_MARK)
    lines = _lines(data)
    for found in (_heading(lines[0]), _cards(data), _faults(lines[1:], slug)):
        reasons = tuple(islice(found, MOST_REASONS))
        if reasons:
            return reasons
    return () if len(lines) > 1 else (Refusal(reason=NO_LINE),)


def summary(data: bytes) -> Summary:
    """What the lines of ``data``, in which nothing was refused, declare."""
    merchant, siret = NAMES.index("merchant_code"), NAMES.index("siret")
    rows = [line.split(";") for line in _lines(data.removeprefix(BYTE_ORDER_MARK))[1:]]
    named = {(row[merchant], row[siret]) for row in rows if len(row) == len(NAMES)}
    codes = {code for code, _ in named}
    return Summary(len(named), len(codes), codes.pop() if len(codes) == 1 else None)


def line_with_card(sample: bytes) -> int | None:
    """The line of a sample that holds what looks like a card number, from 1; None where there is none.

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
        if any(map(holds, parts)):
            return number
    return None


def _references(headings: list[bytes]) -> Callable[[Candidate, bytes], bool]:
    """Whether a number is one of those references of payments that look like a card's by design."""
    names = [name.strip(b' "').lower() for name in headings]
    places = {place for place, name in enumerate(names) if name in _REFERENCES}

    def belongs(candidate: Candidate, line: bytes) -> bool:
        # A quotation mark may hide a sign between columns: then nobody knows which column it is.
        is_whole = candidate.cell.strip() == candidate.digits and b'"' not in line
        return is_whole and candidate.column in places

    return belongs


def too_large() -> Refusal:
    """Why what is larger than an upload may be was not even read."""
    return Refusal(reason=TOO_LARGE, params={"most": MOST_BYTES // 1024**2})


def _not_text(data: bytes) -> Refusal | None:
    if not data.strip():
        return Refusal(reason=EMPTY)
    if len(data) > MOST_BYTES:
        return too_large()
    if data.count(b"\n") > MOST_LINES:
        return Refusal(reason=TOO_MANY, params={"most": MOST_LINES})
    if data.startswith(_WORKBOOKS):
        return Refusal(reason=WORKBOOK)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Refusal(reason=NOT_UTF8, line=line)
    return None


def _lines(data: bytes) -> list[str]:
    """The lines as the importers count them, without their ends."""
    lines = [line.removesuffix("\r") for line in data.decode("utf-8").split("\n")]
    return lines if lines[-1] else lines[:-1]


def _heading(line: str) -> Iterator[Refusal]:
    if line == FIRST_LINE:
        return
    spoken = line.replace('"', "")
    if spoken == FIRST_LINE:
        reason = QUOTED_HEADING
    elif spoken.replace(",", ";").replace("\t", ";") == FIRST_LINE:
        reason = NOT_SEMICOLONS
    else:
        reason = NO_HEADING
    yield Refusal(reason=reason, line=1)


def _cards(data: bytes) -> Iterator[Refusal]:
    found = card_lines.find(data, lambda candidate, _line: directory_columns.is_siret_column(candidate))
    some = islice(found, _CARDS_LOOKED_AT)
    places = sorted({(card.line, min(card.column, len(NAMES) - 1)) for card in some})
    return (Refusal(reason=CARD_NUMBER, line=line, column=HEADINGS[column].label) for line, column in places)


def _faults(lines: list[str], slug: str) -> Iterator[Refusal]:
    example = ";".join(directory_columns.example(slug).values())
    for number, line in enumerate(lines, start=2):
        cells = line.split(";")
        quoted = next((place for place, cell in enumerate(cells[: len(NAMES)]) if cell.startswith('"')), None)
        if quoted is not None:
            yield Refusal(reason=QUOTED, line=number, column=HEADINGS[quoted].label)
        elif line == example:
            yield Refusal(reason=EXAMPLE, line=number)
        elif cells[0].lower() != slug and any(cells):
            yield Refusal(reason=FOREIGN, line=number, column=HEADINGS[0].label, params={"slug": slug})
