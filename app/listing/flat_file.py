"""Rows of no list, as files by the rules of the lists': CSV for software, XLSX for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Literal

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.listing.export import BOM
from app.listing.kinds import guarded_text, protected_text
from app.listing.xlsx import (
    DAY_FORMAT,
    LONGEST_WIDTH,
    SheetHeading,
    Styles,
    set_height,
    set_up,
    width_of,
    write_amount,
    write_headings,
)
from app.wording import money
from app.wording.i18n import gettext, speaking

_LANGUAGE = "fr"
#: Letters of what is written as a date or a number.
_WIDTHS: Mapping[str, int] = {"day": 12, "amount": 14}


@dataclass(frozen=True)
class FileColumn:
    """A column: its name in JSON, its heading (a message identifier), its value of a row.

    ``kind`` is ``words``, ``number`` (an identifier, whose zeros stay), ``day`` or ``amount`` (minor units
    of the row's ``currency``).
    """

    name: str
    heading: str
    read: Callable[[Any], Any]
    kind: Literal["words", "number", "day", "amount"] = "words"


def write_flat_csv(columns: Sequence[FileColumn], rows: Sequence[Any], file: BinaryIO) -> int:
    """Write the rows in French: UTF-8 with BOM, ``;``, CRLF; returns their number."""
    with speaking(_LANGUAGE):
        lines = [";".join(gettext(column.heading) for column in columns)]
        lines += [";".join(_csv_cell(column, row) for column in columns) for row in rows]
    file.write((BOM + "".join(f"{line}\r\n" for line in lines)).encode())
    return len(rows)


def write_flat_xlsx(columns: Sequence[FileColumn], rows: Sequence[Any], title: str, file: BinaryIO) -> int:
    """Write one sheet in French, each value in its own type; returns the number of rows."""
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles = Styles(book)
        sheet = book.add_worksheet(gettext(title))
        headings = [_heading(column, rows) for column in columns]
        write_headings(sheet, headings, styles)
        set_up(sheet, [heading.width for heading in headings])
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(rows, start=1):
            set_height(sheet, line, _words(columns, headings, row))
            for place, column in enumerate(columns):
                _write_flat_cell(sheet, (line, place), column, row, styles)
    return len(rows)


def _heading(column: FileColumn, rows: Sequence[Any]) -> SheetHeading:
    """What stands above a column that is as wide as its words need; the longest take several lines."""
    words = gettext(column.heading)
    if column.kind in _WIDTHS:
        return SheetHeading(words, max(_WIDTHS[column.kind], width_of(words)), of_figures=True)
    longest = max((len(_text(column, row)) + 1 for row in rows), default=0)
    return SheetHeading(words, min(max(longest, width_of(words)), LONGEST_WIDTH))


def _words(
    columns: Sequence[FileColumn], headings: Sequence[SheetHeading], row: Any
) -> Iterator[tuple[str, int]]:
    """The words of a row, each with the letters of a line of its column."""
    for column, heading in zip(columns, headings, strict=True):
        if not heading.of_figures:
            yield _text(column, row), heading.width


def _text(column: FileColumn, row: Any) -> str:
    value = column.read(row)
    return "" if value is None else str(value)


def as_json(columns: Sequence[FileColumn], row: Any) -> dict[str, Any]:
    """A row for programs: days as ISO, amounts in minor units."""
    values = {column.name: column.read(row) for column in columns}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _csv_cell(column: FileColumn, row: Any) -> str:
    value = column.read(row)
    if value is None or value == "":
        return ""
    if column.kind == "day":
        return f"{value:%d/%m/%Y}"
    if column.kind == "amount":
        return money.plain(value, row.currency)
    text = (protected_text if column.kind == "number" else guarded_text)(str(value))
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _write_flat_cell(
    sheet: Worksheet, place: tuple[int, int], column: FileColumn, row: Any, styles: Styles
) -> None:
    value = column.read(row)
    if value is None or value == "":
        return
    if column.kind == "day":
        sheet.write_datetime(*place, value, styles[DAY_FORMAT])
    elif column.kind == "amount":
        write_amount(sheet, place, value, row.currency, styles)
    else:
        sheet.write_string(*place, str(value), styles.words)
