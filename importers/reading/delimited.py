"""Text files of others: their encoding, their delimiter, their rows with the numbers of their lines.

The portal's own formats are stricter and faster (:mod:`importers.reading.separated`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from app.wording.i18n import N_
from importers.refusals import refuse

DELIMITERS = (";", "\t", ",", "|")
#: Bytes that tell the delimiter of a file: its first lines.
_SAMPLE = 4096
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a text file. ``numbers`` are the lines on which they stand, from 1."""

    cells: list[list[str]]
    numbers: list[int]
    encoding: str
    delimiter: str

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return zip(self.numbers, self.cells, strict=True)


def decoded(data: bytes, encoding: str = "") -> tuple[str, str]:
    """The text and its encoding: ``encoding``, or else UTF-8 or Windows-1252. Raises FileRefusedError."""
    if encoding:
        return _decoded_as(data, encoding), encoding
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse(N_("expected UTF-8 or Windows-1252 text"), line=line) from None


def _decoded_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse(N_("expected text in %(encoding)s"), line=line, encoding=encoding) from None


def lines_in(text: str) -> list[str]:
    """The lines of a text: a character that ends one elsewhere, such as U+2028, stands within a field."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def first_rows(text: str, delimiter: str) -> list[list[str]]:
    """The rows at the beginning of a text, which may break off anywhere; all until the first fault."""
    cells: list[list[str]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        cells.extend(reader)
    except csv.Error:
        return cells
    return cells


def rows(data: bytes, delimiter: str | None = None, encoding: str = "") -> Rows:
    """The rows of a file without its empty lines; ``delimiter`` and ``encoding`` are found when not given.

    Raises FileRefusedError.
    """
    text, encoding = decoded(data, encoding)
    control = _CONTROL.search(text)
    if control:
        raise refuse(N_("a control character"), line=text.count("\n", 0, control.start()) + 1)
    delimiter = delimiter or delimiter_of(text[:_SAMPLE])
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cells, numbers, number = [], [], 1
    try:
        for row in reader:
            if any(row):
                cells.append(row)
                numbers.append(number)
            number = reader.line_num + 1
    except csv.Error:
        raise refuse(N_("quotes that do not match"), line=reader.line_num) from None
    return Rows(cells=cells, numbers=numbers, encoding=encoding, delimiter=delimiter)


def delimiter_of(sample: str) -> str:
    """The delimiter that stands most often in the first line that has any; ``;`` when none has."""
    for line in lines_in(sample):
        counts = {delimiter: line.count(delimiter) for delimiter in DELIMITERS}
        best = max(counts, key=lambda one: counts[one])
        if counts[best]:
            return best
    return DELIMITERS[0]
