"""Card numbers in the lines of a file: where each stands, and the file without those that may be left out.

Lines that cannot hold one are passed over by a search that does not look at each of them in Python.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from app.rules import cards, separators

# Thirteen digits, the first of them one that a brand begins with, with no letter or digit between two.
_THIRTEEN = r"[2-68](?:[^;0-9A-Za-z\n]*[0-9]){12}"
# The same with separators that are written out, for lines that may hold one: to prepare this pattern takes
# many times as long, and would be most of the work on a small file.
_THIRTEEN_WRITTEN = rf"[2-68](?:(?:[^;0-9A-Za-z\n]|{separators.WRITTEN})*[0-9]){{12}}"
_MAY_BE_WRITTEN = f"[{re.escape(separators.WRITTEN_FIRST)}]"


class Treatment(StrEnum):
    """The treatment of a number that looks like a card's, by what its column is."""

    REFUSE = "refuse"
    LEAVE_OUT = "leave out"
    MASK_IF_VOUCHED = "mask if vouched"


@dataclass(frozen=True)
class Candidate:
    """A number that looks like a card's: its place in the file and its digits (never shown).

    ``line`` is counted from 1, ``column`` from 0 between semicolons; ``place`` and ``end`` are bytes of the
    line, from 0, ``start`` the byte of the file where that line begins. ``record`` is what stands in the
    first column, ``cell`` in its own, between the bytes ``cell_bounds`` of the file. Where the format says,
    ``name`` is that of the column and ``treatment`` what may be done.
    """

    line: int
    column: int
    place: int
    end: int
    start: int
    record: bytes
    digits: str
    cell: str
    cell_bounds: tuple[int, int]
    name: str = ""
    treatment: Treatment = Treatment.REFUSE


def find(data: bytes, belongs: Callable[[Candidate, bytes], bool]) -> Iterator[Candidate]:
    """Card numbers in ``data`` (lines of ``;`` columns), in their order.

    ``belongs(candidate, line)`` is asked about each: true when that place holds such a number by design.
    Yields the others.
    """
    for number, start, line in _suspects(data):
        for candidate in _in_line(number, start, line):
            if not belongs(candidate, line):
                yield candidate


def redacted(data: bytes, candidates: Iterable[Candidate]) -> bytes:
    """``data`` without the cells of the candidates to leave out, and with stars for digits of the others."""
    cells = {candidate.cell_bounds: candidate.treatment for candidate in candidates}
    kept, after = [], 0
    for (start, end), treatment in sorted(cells.items()):
        text, encoding = _decoded(data[start:end])
        cell = "" if treatment is Treatment.LEAVE_OUT else cards.masked(text)
        kept += [data[after:start], cell.encode(encoding)]
        after = end
    return b"".join([*kept, data[after:]])


@cache
def _scripts() -> str:
    """A pattern of bytes of the digits of every other script."""
    written: defaultdict[bytes, list[int]] = defaultdict(list)
    # No plane of Unicode beyond the first two has digits.
    for digit in re.findall(r"\d", "".join(map(chr, range(0x80, 0x20000)))):
        *start, last = digit.encode()
        written[bytes(start)].append(last)
    return "|".join(
        _bytes_of(start) + f"[\\x{min(last):02x}-\\x{max(last):02x}]" for start, last in written.items()
    )


def _bytes_of(start: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in start)


def _suspects(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The lines that may hold a card number: number from 1, place in the file, bytes without the end, folded.

    The semicolon of ``&nbsp;`` parts no columns.
    """
    import numpy as np  # noqa: PLC0415 - the web needs them only when a file is handed over
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if not data:
        return
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    starts = np.concatenate([[0], ends + 1, [len(data)]]).astype(np.int64)
    lines = pa.Array.from_buffers(
        pa.large_binary(), len(starts) - 1, [None, pa.py_buffer(starts), pa.py_buffer(data)]
    )
    found = np.flatnonzero(pc.match_substring_regex(lines, f"{_THIRTEEN}|{_MAY_BE_WRITTEN}|{_scripts()}"))
    if len(found) and any(first in data for first in separators.WRITTEN_FIRST.encode()):
        again = lines.take(pa.array(found))
        found = found[np.flatnonzero(pc.match_substring_regex(again, f"{_THIRTEEN_WRITTEN}|{_scripts()}"))]
    for row in found.tolist():
        start, end = int(starts[row]), int(starts[row + 1])
        yield row + 1, start, separators.folded_bytes(data[start:end].rstrip(b"\r\n"))


def _in_line(number: int, start: int, line: bytes) -> Iterator[Candidate]:
    record = line.split(b";", 1)[0]
    place = 0
    for column, cell in enumerate(line.split(b";")):
        text, encoding = _decoded(cell)
        bounds = (start + place, start + place + len(cell))
        for card, first, last in _in_bytes(text, encoding):
            yield Candidate(
                number, column, place + first, place + last, start, record, card.digits, text, bounds
            )
        place += len(cell) + 1


def _in_bytes(text: str, encoding: str) -> Iterator[tuple[cards.CardNumber, int, int]]:
    """The card numbers of a cell with the bytes at which they begin and end; they begin in order."""
    at = before = 0
    for card in cards.find(text):
        before += len(text[at : card.start].encode(encoding))
        at = card.start
        yield card, before, before + len(text[at : card.end].encode(encoding))


def _decoded(cell: bytes) -> tuple[str, str]:
    """A cell as text, and how it is written: files of banks are not always UTF-8."""
    try:
        return cell.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return cell.decode("latin-1"), "latin-1"


def treated(candidate: Candidate, name: str, treatment: Treatment) -> Candidate:
    """``candidate`` with what its format says of its column."""
    return replace(candidate, name=name, treatment=treatment)
