"""No full card number gets past a door, the importers' or the desk's: find them in the raw bytes of a file.

A run of 13 to 19 digits, plain or grouped as cards are printed, that falls in a card brand's
ranges and passes the Luhn check. SIRET numbers pass Luhn too and ticket cryptograms may be all
digits, so the caller says which place of which record holds such a thing by design
(research/security-reliability.md traps 2 and item 70).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.rules.cards import looks_like_card

SHORTEST, LONGEST = 13, 19
_DIGIT_0, _DIGIT_9 = ord("0"), ord("9")
_STRIDE = 6
_GROUP = 4  # digits of the first group, whatever the brand
Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]
# As printed on cards: 4-4-4-4(-3), American Express 4-6-5, Diners 4-6-4.
_GROUPED = re.compile(
    rb"(?<!\d)(?:\d{4}([ .-])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ .-])\d{6}\2\d{4,5})(?!\d)"
)
# What may stand before a number in a dump of a chip's data: EMV tag 5A (number), 57 and 9F6B (track 2).
# Each with the digits to skip: the length, and for 57 the tag itself, which is digits too.
_TAGS = ((b"5A", 2), (b"9F6B", 2), (b"", 4))


@dataclass(frozen=True)
class Candidate:
    """A number that looks like a card's: its place in the file and its digits (never shown).

    ``line`` is counted from 1, ``column`` from 0 between semicolons, ``place`` is the byte of the line,
    from 0, where it begins.
    """

    line: int
    column: int
    place: int
    record: bytes
    digits: str


def find(data: bytes, belongs: Callable[[Candidate, bytes], bool]) -> Iterator[Candidate]:
    """Card numbers in ``data`` (lines of ``;`` columns).

    ``belongs(candidate, line)`` is asked about each: true when that place holds such a number by
    design. Yields the others, in no particular order.
    """
    buffer = np.frombuffer(data, dtype=np.uint8)
    starts, ends = _digit_runs(buffer)
    for place, digits in (*_plain(data, buffer, starts, ends), *_tagged(data, buffer, starts, ends)):
        if looks_like_card(digits):
            candidate, line = _located(data, place, digits)
            if not belongs(candidate, line):
                yield candidate
    yield from _printed(data, buffer)


def _digit_runs(buffer: Bytes) -> tuple[Places, Places]:
    """Start and end of each run of digits that is long enough to matter.

    A run of 13 or more covers two neighbouring multiples of 6, so only those are looked at first:
    most of a file is then never read again.
    """
    digit = np.zeros(len(buffer) + 1, dtype=np.bool_)
    np.less(buffer - np.uint8(_DIGIT_0), 10, out=digit[:-1])
    sampled = digit[::_STRIDE]
    starts = np.flatnonzero(sampled[:-1] & sampled[1:]) * _STRIDE
    for offset in range(1, _STRIDE):
        starts = starts[digit[starts + offset]]
    ends = starts + _STRIDE
    for _ in range(LONGEST + 4):
        starts = starts - ((starts > 0) & digit[starts - 1])
        ends = ends + digit[ends]
    starts, first = np.unique(starts, return_index=True)
    ends = ends[first]
    long = (ends - starts >= SHORTEST) & (ends - starts <= LONGEST + 4)
    return starts[long], ends[long]


def _plain(data: bytes, buffer: Bytes, starts: Places, ends: Places) -> Iterator[tuple[int, str]]:
    """Runs that begin like a card number: with 2 to 6."""
    first = buffer[starts]
    branded = (first >= ord("2")) & (first <= ord("6")) & (ends - starts <= LONGEST)
    for start, end in zip(starts[branded].tolist(), ends[branded].tolist(), strict=True):
        yield start, data[start:end].decode("ascii")


def _tagged(data: bytes, buffer: Bytes, starts: Places, ends: Places) -> Iterator[tuple[int, str]]:
    """Runs that an EMV tag and its length stand in front of."""
    long = ends - starts >= SHORTEST + 2
    starts, ends = starts[long], ends[long]
    one, two = buffer[np.maximum(starts - 1, 0)], buffer[np.maximum(starts - 2, 0)]
    tagged = ((one == ord("A")) & (two == ord("5"))) | (one == ord("B")) | (ends - starts > LONGEST)
    for start, end in zip(starts[tagged].tolist(), ends[tagged].tolist(), strict=True):
        for tag, skipped in _TAGS:
            if data[max(start - len(tag), 0) : start] == tag:
                yield start + skipped, data[start + skipped : end].decode("ascii")


def _printed(data: bytes, buffer: Bytes) -> Iterator[Candidate]:
    """Numbers in groups, as cards and tickets show them."""
    inner = np.flatnonzero((buffer == ord(" ")) | (buffer == ord(".")) | (buffer == ord("-")))
    inner = inner[(inner >= _GROUP) & (inner < len(buffer) - _GROUP)]
    for offset in (*range(-_GROUP, 0), *range(1, _GROUP + 1)):
        near = buffer[inner + offset]
        inner = inner[(near >= _DIGIT_0) & (near <= _DIGIT_9)]
    for place in inner.tolist():
        start, line = _line_at(data, place)
        for match in _GROUPED.finditer(line):
            digits = re.sub(rb"\D", b"", match.group()).decode("ascii")
            if looks_like_card(digits):
                yield _located(data, start + match.start(), digits)[0]


def _line_at(data: bytes, place: int) -> tuple[int, bytes]:
    start = data.rfind(b"\n", 0, place) + 1
    end = data.find(b"\n", place)
    return start, data[start : end if end >= 0 else len(data)]


def _located(data: bytes, place: int, digits: str) -> tuple[Candidate, bytes]:
    start, line = _line_at(data, place)
    number = data.count(b"\n", 0, start) + 1
    record = line.split(b";", 1)[0]
    return Candidate(number, data.count(b";", start, place), place - start, record, digits), line
