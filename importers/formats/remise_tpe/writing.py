"""Data frames out as REMISE-TPE: the other half of the reader, for demo data and whoever makes files.

Columns bear the names of :mod:`importers.formats.layout`; values are the model's words (``debit``,
``accepted``, ``contactless``) and leave as the file's. All rows are handled at once, by column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.rules.payments import AMOUNTS, COUNTS
from importers import totals
from importers.formats import layout, texts
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
from importers.formats.texts import Frame

_WORDS: texts.Words = {
    column: {value: word for word, value in words.items()}
    for column, words in (
        ("type", layout.TYPES),
        ("outcome", layout.OUTCOMES),
        ("status", layout.STATUSES),
        ("transmission", layout.TRANSMISSIONS),
        ("entry_mode", layout.ENTRY_MODES),
    )
}
_TOTALS = (*COUNTS, *AMOUNTS, "transaction_count", "net_amount")
#: What the frames have besides the columns of their lines.
_BESIDES = ("remittance", "ticket", *_TOTALS)

Positions = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class FileHeader:
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


def write(file: BinaryIO, header: FileHeader, remittances: Frame, transactions: Frame | None = None) -> None:
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

    Raises ValueError as :func:`write` does.
    """
    transactions = _no_transactions() if transactions is None else transactions
    return Lines(
        _printed(remittances, "REM", texts.written(remittances, REMITTANCE, _WORDS, _BESIDES)),
        _total_lines(remittances),
        _printed(transactions, "TRX", texts.written(transactions, TRANSACTION, _WORDS, _BESIDES)),
        _positions(remittances, transactions),
    )


def write_lines(file: BinaryIO, header: FileHeader, lines: Lines) -> None:
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
    :func:`write` does.
    """
    counted = transactions.assign(
        remittance=_positions(remittances, transactions),
        amount=texts.integers(transactions, "amount"),
        sequence_number="0",  # gaps in the numbering are the reader's business
    )
    received = totals.received(counted, len(remittances))
    return remittances.assign(**{name: received[name].to_numpy() for name in _TOTALS})


def _no_transactions() -> Frame:
    empty = pd.Series([], dtype="int64")
    return pd.DataFrame({"remittance": empty} | dict.fromkeys(layout.TRANSACTION, empty.astype("str")))


def _header_line(header: FileHeader) -> bytes:
    created = header.created_at.isoformat(timespec="seconds")
    values = (NAME, VERSION, header.source, header.file_key, header.content, created)
    for column, value in zip(HEADER, values, strict=True):
        if not (value.isprintable() and re.fullmatch(column.pattern, value)):
            raise ValueError(f"{column.name}: {texts.UNFIT}")
    return (";".join(("FIC", *values)) + "\n").encode()


def _total_lines(remittances: Frame) -> pa.Array:
    """For each remittance its six ``TOT`` and its ``FRM``, in one text."""
    pieces: list[pa.Array | pa.Scalar] = []
    for code, count, amount in zip(layout.TOTALS, COUNTS, AMOUNTS, strict=True):
        pieces += [texts.constant(f"TOT;{code};"), texts.number(remittances, count), texts.constant(";")]
        pieces += [texts.number(remittances, amount), texts.constant("\n")]
    pieces += [texts.constant("FRM;"), texts.text(remittances["number"]), texts.constant(";")]
    pieces += [texts.number(remittances, "transaction_count"), texts.constant(";")]
    pieces += [texts.number(remittances, "net_amount"), texts.constant("\n")]
    return texts.joined(pieces, "")


def _printed(frame: Frame, code: str, columns: Iterable[pa.Array]) -> pa.Array:
    """The lines of ``frame``, each followed by its ticket when it has one."""
    lines = texts.lines([texts.constant(code), *columns])
    if "ticket" not in frame or not frame["ticket"].notna().any():
        return lines
    ticket = texts.text(frame["ticket"])
    line = texts.pattern(TICKET[0])
    texts.check("ticket", ticket, rf"{line}(?:\n{line})*", required=False)
    split = pc.replace_substring(ticket, "\n", "\nTKT;")
    # A row without a ticket stays null here, and nothing follows its line.
    first, end, nothing = texts.constant("TKT;"), texts.constant("\n"), texts.constant("")
    printed = pc.binary_join_element_wise(first, split, end, nothing)
    return texts.joined([lines, printed], "")


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
    return texts.bytes_of(lines.take(pa.array(np.argsort(keys, kind="stable"))))
