"""Checks of an upload: what of a merchant directory is looked at before anything of it is kept.

Whose it is, that it is one at all, and that no full card number is in it. All the rest is for the
importers to say, who read it as they read any file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from app.refusals import CARD_NUMBER, Refusal
from app.rules import card_lines, directory_columns
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
