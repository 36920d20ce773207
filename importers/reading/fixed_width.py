"""Records of fixed places, as banks and acquirers write them: columns for all records at once.

Places are counted from 1 and both ends belong to a field, as the specifications print them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.refusals import Unit
from importers.reading import calendar_days
from importers.reading.calendar_days import Days, Numbers
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal

Truths = NDArray[np.bool_]
Texts = NDArray[np.str_]

_ZERO = ord("0")
_BLANK = ord(" ")
_NOT_A_DIGIT = 255


class PlaceRange(NamedTuple):
    """A field of a record: its label in refusals, its first and its last place."""

    label: str
    first: int
    last: int


_SPELLINGS = (
    (1, "0123456789"),
    (1, "{ABCDEFGHI"),
    (1, "{abcdefghi"),
    (1, "é"),
    (-1, "}JKLMNOPQR"),
    (-1, "}jklmnopqr"),
    (-1, "è"),
)


def _overpunch() -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """Digit and sign of the last character of a signed amount, by its byte.

    ``{ A-I`` are 0 to 9 with a plus, ``} J-R`` with a minus, in either case; French seven-bit sets print
    ``é`` for the first brace and ``è`` for the second; a plain digit is positive.
    """
    digits = np.full(256, _NOT_A_DIGIT, dtype=np.uint8)
    signs = np.ones(256, dtype=np.int8)
    for sign, spelling in _SPELLINGS:
        for digit, letter in enumerate(spelling.encode("latin-1")):
            digits[letter], signs[letter] = digit, sign
    return digits, signs


_DIGIT_OF, _SIGN_OF = _overpunch()


def texts(block: NDArray[np.uint8]) -> Texts:
    """A text a row of latin-1 bytes, which are the code points of its letters."""
    wide = np.ascontiguousarray(block.astype("<u4"))
    return wide.view(f"<U{block.shape[1]}")[:, 0]


@dataclass(frozen=True)
class FixedWidth:
    """Records of one width.

    ``places`` has one row a record and one latin-1 byte a place; ``numbers`` are the ordinals of the
    records in their file, from 1, which refusals name.
    """

    places: NDArray[np.uint8]
    numbers: Numbers

    @classmethod
    def of(cls, lines: Sequence[str], width: int) -> FixedWidth:
        """Records of ``lines``: padded with blanks to ``width``, and cut there."""
        text = "".join([line if len(line) == width else line.ljust(width)[:width] for line in lines])
        places = np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)
        return cls(places.reshape(-1, width), np.arange(1, len(lines) + 1))

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, rows: Truths | Numbers) -> FixedWidth:
        """Some of the records."""
        return FixedWidth(self.places[rows], self.numbers[rows])

    def block(self, field: PlaceRange) -> NDArray[np.uint8]:
        """The bytes of a field, a row a record."""
        return self.places[:, field.first - 1 : field.last]

    def text(self, field: PlaceRange) -> Texts:
        """The field without the blanks around it."""
        return np.strings.strip(self.raw(field))

    def raw(self, field: PlaceRange) -> Texts:
        """The field as it stands."""
        return texts(self.block(field))

    def is_blank(self, field: PlaceRange) -> Truths:
        """Where the field holds nothing but blanks."""
        return np.asarray((self.block(field) == _BLANK).all(axis=1))

    def whole_number(self, field: PlaceRange) -> tuple[Numbers, Truths]:
        """The field as a whole number without sign, and where it is one; blanks may stand in front."""
        return _number(self.block(field))

    def overpunched(self, field: PlaceRange) -> tuple[Numbers, Truths]:
        """The field as a number whose last character carries its sign, and where it is one."""
        block = self.block(field)
        ahead, known = _number(block[:, :-1], may_be_blank=True)
        last = _DIGIT_OF[block[:, -1]]
        return (ahead * 10 + last) * _SIGN_OF[block[:, -1]], known & (last != _NOT_A_DIGIT)

    def days_ddmmyy(self, field: PlaceRange) -> Days:
        """Days written JJMMAA; NaT where there is none."""
        day, month, year = self._parts(field, 2, 2, 2)
        return calendar_days.of_months(calendar_days.full_years(year), month, day)

    def days_yyyymmdd(self, field: PlaceRange) -> Days:
        """Days written AAAAMMJJ; NaT where there is none."""
        return calendar_days.of_months(*self._parts(field, 4, 2, 2))

    def days_iso(self, field: PlaceRange) -> Days:
        """Days written AAAA-MM-JJ; NaT where there is none."""
        year, _, month, _, day = self._parts(field, 4, 1, 2, 1, 2)
        return calendar_days.of_months(year, month, day)

    def days_julian(self, field: PlaceRange) -> Days:
        """Days written AAAADDD, the day counted from the first of January; NaT where there is none."""
        return calendar_days.of_years(*self._parts(field, 4, 3))

    def _parts(self, field: PlaceRange, *widths: int) -> list[Numbers]:
        """Neighbouring numbers of a field, 0 where a part is none."""
        parts, first = [], field.first
        for width in widths:
            values, known = self.whole_number(PlaceRange(field.label, first, first + width - 1))
            parts.append(np.where(known, values, 0))
            first += width
        return parts

    def refusals(self, wrong: Truths, field: PlaceRange, reason: str, **params: object) -> list[Refusal]:
        """A refusal for each record where ``wrong`` holds, as many as are kept of one file."""
        return [
            Refusal(reason=reason, unit=Unit.RECORD, line=int(number), column=field.label, params=params)
            for number in self.numbers[wrong][:MOST_REASONS]
        ]

    def require(self, known: Truths, field: PlaceRange, reason: str) -> None:
        """Raises FileRefusedError, naming the records where ``known`` does not hold."""
        if not known.all():
            raise FileRefusedError(self.refusals(~known, field, reason))


def _number(block: NDArray[np.uint8], *, may_be_blank: bool = False) -> tuple[Numbers, Truths]:
    blank = block == _BLANK
    digits = np.where(blank, 0, block - _ZERO)
    inner_blank = (blank[:, 1:] & ~blank[:, :-1]).any(axis=1)
    known = (digits <= 9).all(axis=1) & ~inner_blank  # noqa: PLR2004 - the ten digits
    if not may_be_blank:
        known &= ~blank[:, -1]
    powers = 10 ** np.arange(block.shape[1] - 1, -1, -1, dtype=np.int64)
    return digits.astype(np.int64) @ powers, known


def first_refused(*refusals: Iterable[Refusal]) -> None:
    """Raises FileRefusedError with all of ``refusals``, in the order of the file, if there are any."""
    found = sorted((one for some in refusals for one in some), key=lambda one: one.line or 0)
    if found:
        raise FileRefusedError(found)
