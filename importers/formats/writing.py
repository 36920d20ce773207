"""Data frames out, the portal's own file formats in: REMISE-TPE and REFERENTIEL.

The other half of the readers, for demo data, for tests and for whoever has to produce such files.
Columns bear the names of :mod:`importers.formats.layout`; values are the model's words (``debit``,
``accepted``, ``contactless``) and leave as the file's. All rows are handled at once, by column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from importers import totals
from importers.formats import layout, merchant_directory
from importers.formats.remise_tpe.columns import (
    COMPLETE,
    HEADER,
    NAME,
    PAYMENTS_ONLY,
    REMITTANCE,
    TICKET,
    TOTALS_ONLY,
    TRANSACTION,
    VERSION,
)
from importers.reading.columns import ANY_TEXT, Column

#: What a text may not hold: separator, control characters, anything that ends a line.
_CHARACTER = r"[^;\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}]"
#: Words of the file for each value of the model, in the columns that have their own.
_WORDS: Mapping[str, Mapping[str, str]] = {
    column: {value: word for word, value in words.items()}
    for column, words in (
        ("type", layout.TYPES),
        ("outcome", layout.OUTCOMES),
        ("status", layout.STATUSES),
        ("transmission", layout.TRANSMISSIONS),
        ("entry_mode", layout.ENTRY_MODES),
    )
}
_UNFIT = "a value is missing or is not what the format holds"
_TOTALS = (*totals.COUNTS, *totals.AMOUNTS, "transaction_count", "net_amount")

Frame = pd.DataFrame
Positions = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a REMISE-TPE file; ``created_at`` bears an offset."""

    source: str
    file_key: str
    created_at: datetime
    content: str = COMPLETE


@dataclass(frozen=True)
class Lines:
    """Remittances and transactions in the words of the file, ready to be written, whole or in part.

    One text for each remittance (its ``REM``), for its totals (``TOT`` and ``FRM``) and for each transaction
    (``TRX``), tickets included; ``parents`` has the place of each transaction's remittance.
    """

    remittances: pa.Array
    totals: pa.Array
    transactions: pa.Array
    parents: Positions

    def part(self, chosen: NDArray[np.bool_]) -> Lines:
        """The ``chosen`` remittances alone, with what is theirs; one flag a remittance."""
        theirs = chosen[self.parents]
        places = np.cumsum(chosen) - 1
        return Lines(
            self.remittances.filter(pa.array(chosen)),
            self.totals.filter(pa.array(chosen)),
            self.transactions.filter(pa.array(theirs)),
            places[self.parents[theirs]],
        )


def write_remise_tpe(
    file: BinaryIO, header: Header, remittances: Frame, transactions: Frame | None = None
) -> None:
    """Write a REMISE-TPE file of version 1 into ``file``.

    ``remittances`` has a unique index, one row a remittance, columns of ``layout.REMITTANCE``;
    ``transactions`` has those of ``layout.TRANSACTION`` and ``remittance``, the index of its
    remittance. Either may have ``ticket``: the printed lines, separated by line feeds. A column that
    is absent is unknown on every row; amounts are integers in minor units. Remittances and, within
    each, transactions keep the order of the frames.

    Totals are those of the transactions. Without any, a ``TELECOLLECTES`` file takes the columns that
    :func:`with_totals` would add.

    Raises ValueError, naming the column, for what the format cannot hold; nothing is written then.
    """
    if transactions is not None or header.content != TOTALS_ONLY:
        transactions = _no_transactions() if transactions is None else transactions
        remittances = with_totals(remittances, transactions)
    write_lines(file, header, prepared(remittances, transactions))


def prepared(remittances: Frame, transactions: Frame | None = None) -> Lines:
    """The lines of such frames, for one or several files; ``remittances`` as :func:`with_totals` gives them.

    Raises ValueError as :func:`write_remise_tpe` does.
    """
    transactions = _no_transactions() if transactions is None else transactions
    return Lines(
        _printed(remittances, "REM", _texts(remittances, REMITTANCE)),
        _total_lines(remittances),
        _printed(transactions, "TRX", _texts(transactions, TRANSACTION)),
        _positions(remittances, transactions),
    )


def write_lines(file: BinaryIO, header: Header, lines: Lines) -> None:
    """Write a file of ``lines``: without their transactions, or their totals, where its content has none.

    Raises ValueError, naming the column, for a header that the format cannot hold.
    """
    heading = _header_line(header)
    own = np.arange(len(lines.remittances))
    blocks = [(own, lines.remittances)]
    count = 0
    if header.content != TOTALS_ONLY:
        blocks.append((lines.parents, lines.transactions))
        count = len(lines.transactions)
    if header.content != PAYMENTS_ONLY:
        blocks.append((own, lines.totals))
    file.write(heading)
    file.write(_interleaved(blocks))
    file.write(f"FIN;{len(own)};{count}\n".encode())


def with_totals(remittances: Frame, transactions: Frame) -> Frame:
    """``remittances`` with the six counts and amounts, ``transaction_count`` and ``net_amount``.

    A pre-authorisation counts in ``transaction_count`` alone. Raises ValueError as
    :func:`write_remise_tpe` does.
    """
    counted = transactions.assign(
        remittance=_positions(remittances, transactions),
        amount=_integers(transactions, "amount"),
        sequence_number="0",  # gaps in the numbering are the reader's business
    )
    received = totals.received(counted, len(remittances))
    return remittances.assign(**{name: received[name].to_numpy() for name in _TOTALS})


def write_referential(file: BinaryIO, contracts: Frame) -> None:
    """Write a REFERENTIEL file: columns of ``layout.REFERENTIAL``, one row a contract, rank and application.

    Raises ValueError, naming the column, for what the format cannot hold; nothing is written then.
    """
    lines = _lines(_texts(contracts, merchant_directory.COLUMNS))
    file.write((";".join(layout.REFERENTIAL) + "\n").encode())
    file.write(_bytes(lines))


def _no_transactions() -> Frame:
    empty = pd.Series([], dtype="int64")
    return pd.DataFrame({"remittance": empty} | dict.fromkeys(layout.TRANSACTION, empty.astype("str")))


def _header_line(header: Header) -> bytes:
    created = header.created_at.isoformat(timespec="seconds")
    values = (NAME, VERSION, header.source, header.file_key, header.content, created)
    for column, value in zip(HEADER, values, strict=True):
        if not (value.isprintable() and re.fullmatch(column.pattern, value)):
            raise ValueError(f"{column.name}: {_UNFIT}")
    return (";".join(("FIC", *values)) + "\n").encode()


def _total_lines(remittances: Frame) -> pa.Array:
    """For each remittance its six ``TOT`` and its ``FRM``, in one text."""
    pieces: list[pa.Array | pa.Scalar] = []
    for code, count, amount in zip(layout.TOTALS, totals.COUNTS, totals.AMOUNTS, strict=True):
        pieces += [_constant(f"TOT;{code};"), _number(remittances, count), _constant(";")]
        pieces += [_number(remittances, amount), _constant("\n")]
    pieces += [_constant("FRM;"), _text(remittances["number"]), _constant(";")]
    pieces += [_number(remittances, "transaction_count"), _constant(";")]
    pieces += [_number(remittances, "net_amount"), _constant("\n")]
    return _joined(pieces, "")


def _printed(frame: Frame, code: str, columns: Iterable[pa.Array]) -> pa.Array:
    """The lines of ``frame``, each followed by its ticket when it has one."""
    lines = _lines([_constant(code), *columns])
    if "ticket" not in frame or not frame["ticket"].notna().any():
        return lines
    ticket = _text(frame["ticket"])
    line = _pattern(TICKET[0])
    _check("ticket", ticket, rf"{line}(?:\n{line})*", required=False)
    split = pc.replace_substring(ticket, "\n", "\nTKT;")
    # A row without a ticket stays null here, and nothing follows its line.
    printed = pc.binary_join_element_wise(_constant("TKT;"), split, _constant("\n"), _constant(""))
    return _joined([lines, printed], "")


def _lines(columns: Iterable[pa.Array | pa.Scalar]) -> pa.Array:
    return _joined([_joined(columns, ";"), _constant("\n")], "")


def _texts(frame: Frame, columns: Sequence[Column]) -> list[pa.Array]:
    """The columns as the file writes them, in order. Raises ValueError for a value that it cannot hold."""
    known = {"remittance", "ticket", *_TOTALS, *(column.name for column in columns)}
    unknown = set(frame.columns) - known
    if unknown:
        raise ValueError(f"columns that the format does not have: {', '.join(sorted(map(str, unknown)))}")
    return [_column(frame, column) for column in columns]


def _column(frame: Frame, column: Column) -> pa.Array:
    if column.name in frame:
        values = _in_file_words(column.name, _text(frame[column.name]))
    else:
        values = pa.nulls(len(frame), pa.large_string())
    _check(column.name, values, _pattern(column), required=column.required)
    return values


def _pattern(column: Column) -> str:
    """What the column may hold. The reader looks for control characters once, in the whole file."""
    return column.pattern.replace(ANY_TEXT, _CHARACTER)


def _check(name: str, values: pa.Array, pattern: str, *, required: bool) -> None:
    fits = pc.match_substring_regex(values, pattern=f"^(?:{pattern}){'' if required else '?'}$")
    if not pc.all(pc.fill_null(fits, not required), min_count=0).as_py():
        raise ValueError(f"{name}: {_UNFIT}")


def _in_file_words(name: str, values: pa.Array) -> pa.Array:
    """Words of the model become words of the file, in the columns that have their own."""
    words = _WORDS.get(name)
    if words is None:
        return values
    encoded = values.dictionary_encode()
    found = [words.get(value) for value in encoded.dictionary.to_pylist()]
    if None in found:
        raise ValueError(f"{name}: expected one of {', '.join(words)}")
    return pa.array(found, pa.large_string()).take(encoded.indices)


def _text(values: pd.Series[Any]) -> pa.Array:
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


def _number(frame: Frame, name: str) -> pa.Array:
    return pa.array(_integers(frame, name)).cast(pa.large_string())


def _integers(frame: Frame, name: str) -> NDArray[np.int64]:
    if name not in frame:
        raise ValueError(f"{name}: the column is required")
    values = frame[name].infer_objects()
    if len(values) and (values.isna().any() or not pd.api.types.is_integer_dtype(values.dtype)):
        raise ValueError(f"{name}: expected whole numbers in minor units")
    return values.to_numpy(dtype=np.int64)


def _positions(remittances: Frame, transactions: Frame) -> Positions:
    """The place of each transaction's remittance."""
    if not remittances.index.is_unique:
        raise ValueError("remittances: the index must be unique")
    positions = remittances.index.get_indexer(pd.Index(transactions["remittance"]))
    if (positions < 0).any():
        raise ValueError("remittance: a transaction refers to a remittance that is not there")
    return positions


def _interleaved(blocks: list[tuple[NDArray[Any], pa.Array]]) -> bytes | memoryview:
    """Texts in the order (position, block, row): each block is its rows' positions and their texts."""
    keys = np.concatenate([positions * len(blocks) + i for i, (positions, _) in enumerate(blocks)])
    lines = pa.concat_arrays([lines for _, lines in blocks])
    return _bytes(lines.take(pa.array(np.argsort(keys, kind="stable"))))


def _bytes(lines: pa.Array) -> bytes | memoryview:
    """All of ``lines`` (fresh, without nulls) one after the other: what Arrow holds already."""
    _, offsets, data = lines.buffers()
    if data is None:
        return b""
    size = int(np.frombuffer(offsets, dtype=np.int64)[len(lines)])
    return memoryview(data)[:size]


def _constant(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _joined(columns: Iterable[pa.Array | pa.Scalar], separator: str) -> pa.Array:
    """Element by element; an unknown value is an empty text."""
    return pc.binary_join_element_wise(
        *columns, _constant(separator), null_handling="replace", null_replacement=""
    )
