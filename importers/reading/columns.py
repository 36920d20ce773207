"""The columns of a file: declared once, checked for all its rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.rules import keys
from app.rules.currencies import IN_USE
from app.wording.i18n import N_
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal

#: Text of a file, a line end and a separator excepted; also keeps regular expressions linear (RE2).
ANY_TEXT = "[^;]"
CURRENCY, EXPECTED_CURRENCY = "|".join(IN_USE), N_("expected a currency such as EUR")
TIMES_FROM, TIMES_TO = pd.Timestamp("2000-01-01"), pd.Timestamp("2099-12-31")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: the whole text must match ``pattern`` (RE2); empty means unknown.

    ``expected`` says in words what was expected and is a message identifier filled with ``params``.
    ``is_key`` texts are compared as a whole: their letters are of one width.
    """

    name: str
    label: str
    pattern: str
    expected: str
    params: Mapping[str, Any]
    required: bool = False
    is_key: bool = False

    def faults(self, values: pa.ChunkedArray, lines: NDArray[np.int64]) -> Iterator[Refusal]:
        """The refusals of ``values`` (null where empty), which stand on ``lines``."""
        if not self.required and values.null_count == len(values):
            return  # to prepare its pattern is most of the work on a small file
        bad = pc.invert(pc.match_substring_regex(values, pattern=f"^(?:{self.pattern})$"))
        bad = pc.fill_null(bad, self.required)
        for row in np.flatnonzero(bad.to_numpy())[:MOST_REASONS]:
            empty = not values[int(row)].is_valid
            yield Refusal(
                reason=N_("a value is required") if empty else self.expected,
                line=int(lines[row]),
                column=self.label,
                params={} if empty else self.params,
            )


def digits(name: str, label: str, least: int, most: int, *, required: bool = False) -> Column:
    """``least`` to ``most`` ASCII digits, zeros kept."""
    expected = (
        N_("expected %(least)s to %(most)s digits") if least != most else N_("expected %(least)s digits")
    )
    return Column(
        name=name,
        label=label,
        pattern=f"[0-9]{{{least},{most}}}",
        expected=expected,
        params={"least": least, "most": most},
        required=required,
        is_key=True,
    )


def key(name: str, label: str, most: int, *, required: bool = False) -> Column:
    """1 to ``most`` letters, none of which looks like another one; see :mod:`app.rules.keys`."""
    return Column(
        name=name,
        label=label,
        pattern=f"{keys.LETTER}{{1,{most}}}",
        expected=N_("expected at most %(most)s Latin letters, digits and signs of a keyboard"),
        params={"most": most},
        required=required,
        is_key=True,
    )


def letters(name: str, label: str, most: int, *, required: bool = False) -> Column:
    """1 to ``most`` ASCII letters or digits."""
    return Column(
        name=name,
        label=label,
        pattern=f"[0-9A-Za-z]{{1,{most}}}",
        expected=N_("expected at most %(most)s letters or digits"),
        params={"most": most},
        required=required,
        is_key=True,
    )


def text(name: str, label: str, most: int, *, required: bool = False, is_key: bool = False) -> Column:
    """1 to ``most`` characters."""
    return Column(
        name=name,
        label=label,
        pattern=f"{ANY_TEXT}{{1,{most}}}",
        expected=N_("expected at most %(most)s characters"),
        params={"most": most},
        required=required,
        is_key=is_key,
    )


def shaped(name: str, label: str, pattern: str, expected: str, *, required: bool = False) -> Column:
    """A text that matches ``pattern``; ``expected`` describes it."""
    return Column(name=name, label=label, pattern=pattern, expected=expected, params={}, required=required)


def choice(name: str, label: str, words: Sequence[str], *, required: bool = False) -> Column:
    """One of ``words``."""
    return Column(
        name=name,
        label=label,
        pattern="|".join(words),
        expected=N_("must be %(words)s"),
        params={"words": list(words)},
        required=required,
    )


def currency(name: str, label: str, *, required: bool = False) -> Column:
    """The code of a currency in use (ISO 4217)."""
    return shaped(name, label, CURRENCY, EXPECTED_CURRENCY, required=required)


def moment(name: str, label: str, *, required: bool = False) -> Column:
    """A local wall-clock time; :func:`times` also refuses days that no calendar has."""
    return shaped(
        name,
        label,
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}",
        N_("expected a time such as 2026-03-02T12:31:09"),
        required=required,
    )


def keys_of(columns: Sequence[Column]) -> list[str]:
    """The names of the columns that are keys."""
    return [column.name for column in columns if column.is_key]


def check(table: pa.Table, columns: Sequence[Column], lines: NDArray[np.int64]) -> list[Refusal]:
    """The refusals of a table whose row i stands on ``lines[i]``, in the order of the file."""
    faults = [fault for column in columns for fault in column.faults(table[column.name], lines)]
    return sorted(faults, key=lambda fault: fault.line or 0)


def times(values: pa.ChunkedArray, column: Column, lines: NDArray[np.int64]) -> pd.Series[Any]:
    """Local times of checked texts, to the second. Raises FileRefusedError for a day that no calendar has."""
    read = pd.to_datetime(values.to_pandas(), format="%Y-%m-%dT%H:%M:%S", errors="coerce")
    wrong = (read.isna() & values.is_valid().to_pandas()) | (read < TIMES_FROM) | (read > TIMES_TO)
    if wrong.any():
        raise FileRefusedError(
            Refusal(reason=N_("expected a time that exists"), line=int(line), column=column.label)
            for line in lines[wrong.to_numpy()]
        )
    local: pd.Series[Any] = read.astype("datetime64[s]")
    return local
