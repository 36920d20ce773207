"""Columns of texts under the fields they become, and what each may hold: all rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.refusals import NO_HEADING
from app.wording.i18n import N_
from importers.reading.headings import SourceColumn
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal

_FIRST_YEAR, _AFTER_LAST_YEAR = 2000, 2100
_EXPECTED_DAY = N_("expected a day that exists")


@dataclass(frozen=True)
class Fields:
    """Rows of texts, stripped, by field; empty where a row has none.

    ``lines`` are the lines on which the rows stand; ``labels`` the headings of the fields.
    """

    texts: pd.DataFrame
    lines: NDArray[np.int64]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, headings: tuple[SourceColumn, ...], rows: Iterable[tuple[int, list[str]]]) -> Fields:
        """The kept columns of rows, which may be shorter than the headings."""
        kept = [(place, heading) for place, heading in enumerate(headings) if heading.field]
        lines, cells = [], []
        for line, row in rows:
            lines.append(line)
            cells.append([row[place].strip() if place < len(row) else "" for place, _ in kept])
        texts = pd.DataFrame(cells, columns=[str(heading.field) for _, heading in kept], dtype=object)
        return cls(texts, np.array(lines, dtype=np.int64), {str(one.field): one.text for _, one in kept})

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.texts.columns

    def where(self, rows: NDArray[np.bool_]) -> Fields:
        """Some of the rows."""
        return Fields(self.texts[rows].reset_index(drop=True), self.lines[rows], self.labels)

    def text(self, name: str) -> pd.Series[Any]:
        """The texts of a field; empty ones where the file has no such column."""
        if name in self:
            return self.texts[name]
        return pd.Series([""] * len(self), dtype=object)

    def first_of(self, *names: str) -> pd.Series[Any]:
        """The first of several fields that is not empty."""
        found = self.text(names[0])
        for name in names[1:]:
            found = found.where(found != "", self.text(name))
        return found

    def read(
        self, name: str, reader: Callable[[str], Any], expected: str, *, required: bool = True
    ) -> list[Any]:
        """What ``reader`` makes of each text, None for an empty one; a text is read once.

        Raises FileRefusedError where it raises ValueError, or where a required one is empty.
        """
        self._require(name, required=required)
        known: dict[str, Any] = {} if required else {"": None}
        wrong: set[str] = set()
        texts = self.text(name)
        for text in texts.unique():
            if text in known:
                continue
            try:
                known[text] = reader(text)
            except ValueError:
                wrong.add(text)
        if wrong:
            self.refuse(texts.isin(wrong).to_numpy(), name, expected)
        return [known[text] for text in texts]

    def whole_numbers(self, name: str, *, required: bool = True) -> pd.Series[Any]:
        """Whole numbers, with or without sign."""
        values = self.read(name, whole_number, N_("expected a whole number"), required=required)
        return pd.Series(pd.array(values, dtype="Int64"))

    def days(self, name: str, *, required: bool = True) -> pd.Series[Any]:
        """Days in any of the forms of :func:`day`."""
        values = self.read(name, day, _EXPECTED_DAY, required=required)
        return pd.Series(
            pd.array([np.datetime64(one, "s") if one else None for one in values], dtype="datetime64[s]")
        )

    def words(self, name: str, codes: Mapping[str, str], *, required: bool = True) -> list[Any]:
        """The code of each word; a word that is none of them is named in the refusal: it is no data."""
        self._require(name, required=required)
        texts = self.text(name).str.upper()
        unknown = ~texts.isin(list(codes)) & ((texts != "") | required)
        if unknown.any():
            first = int(np.flatnonzero(unknown.to_numpy())[0])
            raise FileRefusedError(
                [
                    Refusal(
                        reason=N_("not one of the words of this column: %(words)s"),
                        line=int(self.lines[first]),
                        column=self.labels.get(name, name),
                        params={"words": ", ".join(codes)},
                    )
                ]
            )
        return [codes.get(text) for text in texts]

    def _require(self, name: str, *, required: bool) -> None:
        """Raises FileRefusedError where rows need a field that no column has become."""
        if required and len(self) and name not in self:
            alias = {"alias": f"HEADING={name}"}
            first = int(self.lines[0])
            raise FileRefusedError([Refusal(reason=NO_HEADING, line=first, column=name, params=alias)])

    def refuse(self, wrong: NDArray[np.bool_], name: str, reason: str, **params: Any) -> None:
        """Raises FileRefusedError, naming lines and heading, where ``wrong`` holds anywhere."""
        if wrong.any():
            raise FileRefusedError(
                Refusal(reason=reason, line=int(line), column=self.labels.get(name, name), params=params)
                for line in self.lines[wrong][:MOST_REASONS]
            )


def whole_number(text: str) -> int:
    """ASCII digits with or without a sign. Raises ValueError."""
    bare = text.removeprefix("-")
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 18):  # noqa: PLR2004 - 64 bits
        raise ValueError("not a whole number")
    return int(text)


def day(text: str) -> date:
    """A day written 20260302, 260302, 26/03/02, 02/03/2026 or in ISO 8601. Raises ValueError."""
    digits = "".join(letter for letter in text[:10] if letter.isdigit())
    if "/" in text and len(digits) == 8 and text[2] == "/":  # noqa: PLR2004 - day and month stand first
        digits = digits[4:] + digits[2:4] + digits[:2]
    if len(digits) == 6:  # noqa: PLR2004 - a year of two digits
        digits = "20" + digits
    if len(digits) != 8:  # noqa: PLR2004 - year, month and day
        raise ValueError("not a day")
    return day_of(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def day_of(year: int, month: int, number: int) -> date:
    """A day that the portal keeps: of this century. Raises ValueError."""
    if not _FIRST_YEAR <= year < _AFTER_LAST_YEAR:
        raise ValueError("not a day of this century")
    return date(year, month, number)


def clock_time(text: str) -> time:
    """A time of day written 123109 or 12:31:09. Raises ValueError."""
    digits = text.replace(":", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):  # noqa: PLR2004 - two digits each
        raise ValueError("not a time")
    return time(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
