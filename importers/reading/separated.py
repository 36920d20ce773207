"""Bytes into lines and columns, strictly, without a loop over the lines.

A file is UTF-8, ``;`` between columns, LF or CRLF at the end of each line; a line holds no control
character. Lines are counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from app.wording.i18n import N_
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal, refuse

Lines = NDArray[np.int64]
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_LINE = 4096
_CONTROL = 32
_DELETE = 127
# What a reader would obey without seeing it, beside its first byte: C1 controls; line and paragraph
# separators and marks of writing direction.
_INVISIBLE = (
    (0xC2, re.compile(rb"\xc2[\x80-\x9f]")),
    (0xE2, re.compile(rb"\xe2(?:\x80[\x8e\x8f\xa8-\xae]|\x81[\xa6-\xa9])")),
)
# Marks without width, which nobody sees: soft hyphens, spaces, joiners and fillers of none, and a byte order
# mark in the middle.
_NO_WIDTH = tuple(
    mark.encode()
    for mark in "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064"
    "\u3164\ufeff\uffa0"
)
# What makes two cells of what looks like one text: blanks at an edge or several together, blanks of another
# kind, accents apart from their letters (U+0300 to U+037F begin with these two bytes).
_ANY_BLANKS = r"\p{Zs}+"
_OTHER_BLANKS = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_UNTIDY = (
    *(edge.encode() for edge in ("; ", " ;", "\n ", " \n", "  ")),
    *(chr(blank).encode() for blank in _OTHER_BLANKS),
    *(b"\xcc", b"\xcd"),
)
_WRONG_COLUMNS = N_("expected %(expected)s columns, found %(found)s")


def cleaned(data: bytes) -> bytes:
    """``data`` with LF line ends, no byte order mark, and a line end after the last line.

    Raises FileRefusedError when it is not UTF-8 text free of control characters.
    """
    data = data.removeprefix(BYTE_ORDER_MARK).replace(b"\r\n", b"\n")
    for mark in _NO_WIDTH:
        if mark[0] in data:  # one byte is found many times faster than three
            data = data.replace(mark, b"")
    if not data:
        raise refuse(N_("the file is empty"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse(N_("expected UTF-8 text"), line=line) from None
    _refuse_controls(data)
    return data if data.endswith(b"\n") else data + b"\n"


def _refuse_controls(data: bytes) -> None:
    buffer = np.frombuffer(data, dtype=np.uint8)
    places = [
        found.start()
        for lead, pattern in _INVISIBLE
        if lead in data and (found := pattern.search(data)) is not None
    ]
    low = np.count_nonzero(buffer < _CONTROL)
    if low != data.count(b"\n") or _DELETE in data:
        control = ((buffer < _CONTROL) & (buffer != ord("\n"))) | (buffer == _DELETE)
        places.append(int(np.argmax(control)))
    if places:
        line = data.count(b"\n", 0, min(places)) + 1
        raise refuse(N_("a control character"), line=line)


@dataclass(frozen=True)
class Text:
    """Cleaned text, with the place of each line."""

    data: bytes

    @cached_property
    def buffer(self) -> NDArray[np.uint8]:
        """The bytes as numbers."""
        return np.frombuffer(self.data, dtype=np.uint8)

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """Place of each line end."""
        return np.flatnonzero(self.buffer == ord("\n"))

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Place of the first byte of each line."""
        return np.concatenate([[0], self.ends[:-1] + 1])

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def widths(self) -> NDArray[np.intp]:
        """Number of columns of each line."""
        separators = np.flatnonzero(self.buffer == ord(";"))
        return np.diff(np.searchsorted(separators, np.append(self.starts, len(self.buffer)))) + 1

    def codes(self) -> NDArray[np.uint32]:
        """The first three bytes of each line as one number (see :func:`code`); 0 for any other line."""
        # Beyond the end stands its line end once more, which is no separator.
        places = (self.buffer.take(self.starts + further, mode="clip") for further in range(4))
        first, second, third, separator = (place.astype(np.uint32) for place in places)
        packed = (first << 16) | (second << 8) | third
        return np.where(separator == ord(";"), packed, 0)

    def table(
        self, rows: Lines, names: Sequence[str], *, keys: Sequence[str] = (), as_printed: bool = False
    ) -> pa.Table:
        """The lines at ``rows`` (from 0, ascending) as a table of strings, null where empty.

        Blanks around a value are no part of it, and those inside are one plain blank between words, unless it
        stands ``as_printed``. Those of ``keys`` are in letters of one width.
        Raises FileRefusedError when a line has another number of columns than there are names.
        """
        if not len(rows):
            return pa.table({name: pa.array([], pa.string()) for name in names})
        lines = self._lines.take(pa.array(rows)).buffers()[-1].to_pybytes()
        try:
            table = _read(lines, names)
        except pa.ArrowInvalid:
            self._refuse_uneven(rows, len(names))
            raise
        if as_printed:
            return table
        tidied = _tidied(table) if _may_be_untidy(lines) else table
        return tidied if lines.isascii() else _of_one_width(tidied, keys)

    def _refuse_uneven(self, rows: Lines, expected: int) -> None:
        found = self.widths[rows]
        wrong = np.flatnonzero(found != expected)[:MOST_REASONS]
        if len(wrong):
            raise FileRefusedError(
                Refusal(
                    reason=_WRONG_COLUMNS,
                    line=int(rows[row]) + 1,
                    params={"expected": expected, "found": int(found[row])},
                )
                for row in wrong
            )

    @cached_property
    def _lines(self) -> pa.LargeBinaryArray:
        """The lines with their line ends, over the same bytes."""
        bounds = np.concatenate([[0], self.ends + 1])
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self.data)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self), buffers)


def _read(lines: bytes, names: Sequence[str]) -> pa.Table:
    return pacsv.read_csv(
        pa.BufferReader(lines),
        read_options=pacsv.ReadOptions(column_names=list(names), block_size=1 << 24),
        parse_options=pacsv.ParseOptions(
            delimiter=";", quote_char=False, escape_char=False, ignore_empty_lines=False
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )


def _may_be_untidy(lines: bytes) -> bool:
    """Whether a cell may be one that :func:`_tidied` changes; one byte is found much faster than two."""
    return any(mark[0] in lines and mark in lines for mark in _UNTIDY)


def _tidied(table: pa.Table) -> pa.Table:
    """The same with one way to write what looks alike: plain blanks between words, letters with accents."""
    columns = []
    for values in table.columns:
        spaced = pc.replace_substring_regex(values, _ANY_BLANKS, " ")
        bare = pc.utf8_normalize(pc.utf8_trim(spaced, characters=" "), form="NFC")
        columns.append(pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare))
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _of_one_width(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The same with what stands for a letter in keys as that letter: full-width ones, ligatures."""
    for name in keys:
        values = table[name]
        if not pc.all(pc.string_is_ascii(values)).as_py():
            place = table.column_names.index(name)
            table = table.set_column(place, name, pc.utf8_normalize(values, form="NFKC"))
    return table


def text(data: bytes) -> Text:
    """The lines of a file's bytes. Raises FileRefusedError when they are not clean text."""
    clean = Text(cleaned(data))
    long = np.flatnonzero(clean.ends - clean.starts > LONGEST_LINE)[:1]
    if len(long):
        raise refuse(
            N_("expected at most %(most)s characters on a line"), line=int(long[0]) + 1, most=LONGEST_LINE
        )
    return clean


def code(letters: str) -> int:
    """A record code of three letters as the number that :meth:`Text.codes` gives."""
    return int.from_bytes(letters.encode("ascii"), "big")
