"""Files as broken transfers, editors and attackers leave them: one honest file, changed at a few places."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

_Mutation = Callable[[bytes, random.Random], bytes]
_ODD = (
    b"\x00",
    b"\xe9",
    b"\xc3\xa9",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b";",
    b"\t",
    b'"',
    b"\n",
    b"\r",
    b"-",
    b"<",
    b"&#0;",
    b"{",
    b"9" * 30,
    b"NaN",
    b"1e9",
    b"\xd9\xa3",
    b"\xe2\x80\xa8",
)
_TAIL, _PIECE = 400, 60


def _place(data: bytes, draw: random.Random) -> int:
    return draw.randrange(len(data) + 1)


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: _place(data, draw)]


def _cut_near_its_end(data: bytes, draw: random.Random) -> bytes:
    return data[: -draw.randint(1, _TAIL)]


def _cut_beginning(data: bytes, draw: random.Random) -> bytes:
    return data[_place(data, draw) :]


def _without_piece(data: bytes, draw: random.Random) -> bytes:
    start = _place(data, draw)
    return data[:start] + data[start + draw.randint(1, _PIECE) :]


def _with_piece_twice(data: bytes, draw: random.Random) -> bytes:
    start = _place(data, draw)
    end = start + draw.randint(1, _PIECE)
    return data[:end] + data[start:]


def _other_byte(data: bytes, draw: random.Random) -> bytes:
    start = _place(data, draw)
    return data[:start] + bytes([draw.randrange(256)]) + data[start + 1 :]


def _odd_text(data: bytes, draw: random.Random) -> bytes:
    start = _place(data, draw)
    return data[:start] + draw.choice(_ODD) + data[start + draw.randint(0, 3) :]


def _lines(change: Callable[[list[bytes], random.Random], None]) -> _Mutation:
    def mutation(data: bytes, draw: random.Random) -> bytes:
        lines = data.split(b"\n")
        change(lines, draw)
        return b"\n".join(lines)

    return mutation


def _double(lines: list[bytes], draw: random.Random) -> None:
    place = draw.randrange(len(lines))
    lines.insert(draw.choice([place, draw.randrange(len(lines))]), lines[place])


def _swap(lines: list[bytes], draw: random.Random) -> None:
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _drop(lines: list[bytes], draw: random.Random) -> None:
    del lines[draw.randrange(len(lines))]


def _join(lines: list[bytes], draw: random.Random) -> None:
    place = draw.randrange(len(lines))
    lines[place : place + 2] = [b"".join(lines[place : place + 2])]


def _other_number(data: bytes, draw: random.Random) -> bytes:
    digits = [place for place, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if not digits:
        return data
    start = draw.choice(digits)
    return data[:start] + draw.choice([b"0", b"9", b"-", b" ", b"99999999999999999999"]) + data[start + 1 :]


def _encoded(name: str) -> _Mutation:
    return lambda data, _draw: data.decode("latin-1").encode(name, "replace")


MUTATIONS: tuple[_Mutation, ...] = (
    _cut,
    _cut_near_its_end,
    _cut_beginning,
    _without_piece,
    _with_piece_twice,
    _other_byte,
    _other_byte,
    _odd_text,
    _odd_text,
    _other_number,
    _other_number,
    _lines(_double),
    _lines(_swap),
    _lines(_drop),
    _lines(_join),
    _encoded("utf-8"),
    _encoded("utf-16"),
    _encoded("cp037"),
)


def mutated(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """``count`` files made from one, the same for each ``seed``; most are changed once, some a few times."""
    draw = random.Random(seed)
    for _ in range(count):
        found = data
        for _ in range(draw.choice([1, 1, 1, 2, 4])):
            found = draw.choice(MUTATIONS)(found, draw)
        yield found
