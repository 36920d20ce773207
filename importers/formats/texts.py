"""Data frames into the text of a format: what the writers of all formats share, by column.

Values are the model's words and leave as the file's. What a column may hold is what its reader takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from importers.reading.columns import ANY_TEXT, Column

#: What a text may not hold: separator, control characters, anything that ends a line.
_CHARACTER = r"[^;\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"
UNFIT = "a value is missing or is not what the format holds"

Frame = pd.DataFrame
#: Words of a file for each value of the model, in the columns that have their own.
Words = Mapping[str, Mapping[str, str]]
_NO_WORDS: Words = {}


def lines(columns: Iterable[pa.Array | pa.Scalar]) -> pa.Array:
    """Columns as lines, ``;`` between them."""
    return joined([joined(columns, ";"), constant("\n")], "")


def written(
    frame: Frame, columns: Sequence[Column], words: Words = _NO_WORDS, besides: Collection[str] = ()
) -> list[pa.Array]:
    """The columns as the file writes them, in order; ``besides`` are those that the frame has for others.

    Raises ValueError for a value that the file cannot hold.
    """
    unknown = set(frame.columns) - {column.name for column in columns} - set(besides)
    if unknown:
        raise ValueError(f"columns that the format does not have: {', '.join(sorted(map(str, unknown)))}")
    return [_column(frame, column, words.get(column.name)) for column in columns]


def _column(frame: Frame, column: Column, words: Mapping[str, str] | None) -> pa.Array:
    if column.name in frame:
        values = text(frame[column.name])
        values = _in_file_words(column.name, values, words) if words else values
    else:
        values = pa.nulls(len(frame), pa.large_string())
    check(column.name, values, pattern(column), required=column.required)
    return values


def pattern(column: Column) -> str:
    """What the column may hold. The reader looks for control characters once, in the whole file."""
    return column.pattern.replace(ANY_TEXT, _CHARACTER)


def check(name: str, values: pa.Array, pattern: str, *, required: bool) -> None:
    """Raises ValueError for a value that does not match ``pattern``, or is missing where it is required."""
    fits = pc.match_substring_regex(values, pattern=f"^(?:{pattern}){'' if required else '?'}$")
    if not pc.all(pc.fill_null(fits, not required), min_count=0).as_py():
        raise ValueError(f"{name}: {UNFIT}")


def _in_file_words(name: str, values: pa.Array, words: Mapping[str, str]) -> pa.Array:
    """Words of the model become words of the file."""
    encoded = values.dictionary_encode()
    found = [words.get(value) for value in encoded.dictionary.to_pylist()]
    if None in found:
        raise ValueError(f"{name}: expected one of {', '.join(words)}")
    return pa.array(found, pa.large_string()).take(encoded.indices)


def text(values: pd.Series[Any]) -> pa.Array:
    """A column as text, null where unknown. Times to the second; numbers in plain digits, never floats."""
    if pd.api.types.is_object_dtype(values.dtype):
        values = values.map(_plain, na_action="ignore").astype("str")
    array = pa.array(values, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_floating(array.type) and array.null_count < len(array):
        raise ValueError(f"{values.name}: floating-point numbers are not exact")
    if pa.types.is_timestamp(array.type):
        array = pc.strftime(array.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%S")
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    return array.cast(pa.large_string())


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def number(frame: Frame, name: str) -> pa.Array:
    """A column of whole numbers as text."""
    return pa.array(integers(frame, name)).cast(pa.large_string())


def integers(frame: Frame, name: str) -> NDArray[np.int64]:
    """A column of whole numbers. Raises ValueError when one is missing or is none."""
    if name not in frame:
        raise ValueError(f"{name}: the column is required")
    values = frame[name].infer_objects()
    if len(values) and (values.isna().any() or not pd.api.types.is_integer_dtype(values.dtype)):
        raise ValueError(f"{name}: expected whole numbers in minor units")
    return values.to_numpy(dtype=np.int64)


def bytes_of(lines: pa.Array) -> bytes | memoryview:
    """All of ``lines`` (fresh, without nulls) one after the other: what Arrow holds already."""
    _, offsets, data = lines.buffers()
    if data is None:
        return b""
    size = int(np.frombuffer(offsets, dtype=np.int64)[len(lines)])
    return memoryview(data)[:size]


def constant(text: str) -> pa.Scalar:
    """The same text in each line."""
    return pa.scalar(text, pa.large_string())


def joined(columns: Iterable[pa.Array | pa.Scalar], separator: str) -> pa.Array:
    """Element by element; an unknown value is an empty text."""
    return pc.binary_join_element_wise(
        *columns, constant(separator), null_handling="replace", null_replacement=""
    )
