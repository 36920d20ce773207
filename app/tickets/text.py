"""A ticket as lines of text: what the page, the PDF and the mail all show, line for line.

Nothing is cut: what is wider than the paper goes on below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from app.tickets.ticket import Amount, AsPrinted, Block, Centred, Item, Labelled, Ticket, Words

#: Columns of the paper of a terminal, and the most that a file's own lines may have.
COLUMNS = 24
MOST_COLUMNS = 48
#: What French sets apart from the word before it, but never begins a line with.
_TRAILING = frozenset(":;!?")


@dataclass(frozen=True)
class Line:
    """A line without spaces at its end; ``strong`` ones catch the eye."""

    text: str
    strong: bool = False

    @property
    def is_rule(self) -> bool:
        """Whether it only separates: nothing to be read aloud."""
        return not any(letter.isalnum() for letter in self.text)


def lines(ticket: Ticket) -> tuple[str, ...]:
    """The lines of ``ticket``, none wider than :func:`columns`."""
    return tuple(line.text for line in laid_out(ticket))


def text(ticket: Ticket) -> str:
    """The lines of ``ticket`` as one text."""
    return "".join(f"{line}\n" for line in lines(ticket))


def columns(ticket: Ticket) -> int:
    """The width of ``ticket``: 24, or that of the widest line that a terminal printed (up to 48)."""
    printed = (len(item.text) for item in chain(*ticket.blocks) if isinstance(item, AsPrinted))
    return min(max(COLUMNS, *printed, COLUMNS), MOST_COLUMNS)


def laid_out(ticket: Ticket) -> tuple[Line, ...]:
    """The lines of ``ticket`` with what a page needs to dress them; blocks stand a line apart."""
    width = columns(ticket)
    marks: Block = tuple(Centred(mark, strong=True) for mark in ticket.marks)
    return tuple(_apart((marks, *ticket.blocks), width))


def _apart(blocks: tuple[Block, ...], width: int) -> Iterator[Line]:
    for place, block in enumerate(blocks):
        if place:
            yield Line("")
        for item in block:
            yield from _lines(item, width)


def _lines(item: Item, width: int) -> Iterator[Line]:
    match item:
        case Centred(text, strong):
            yield from (Line(_centred(part, width), strong) for part in wrapped(text, width))
        case Words(text):
            yield from map(Line, wrapped(text, width))
        case AsPrinted(text):
            yield from map(Line, [text] if len(text) <= width else wrapped(text, width))
        case Labelled(label, value, right):
            yield from map(Line, _pair(label, value, width, right=right))
        case Amount():
            pair = _pair(item.label, item.value, width, right=True)
            yield from (Line(part, item.strong) for part in pair)


def _centred(part: str, width: int) -> str:
    return " " * ((width - len(part)) // 2) + part


def _pair(label: str, value: str, width: int, *, right: bool) -> Iterator[str]:
    """On one line where both fit, otherwise the value below, against the right edge."""
    head = f"{label} :"
    if len(head) + 1 + len(value) <= width:
        yield head + (value.rjust(width - len(head)) if right else f" {value}")
        return
    yield from wrapped(head, width)
    yield from (part.rjust(width) for part in wrapped(value, width))


def wrapped(text: str, width: int) -> Iterator[str]:
    """``text`` in lines of at most ``width`` columns, broken between words, or within one that is wider."""
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) <= width:
            line += f" {word}"
            continue
        kept, _, last = line.rpartition(" ")
        if kept and word in _TRAILING:
            yield kept
            line = f"{last} {word}"
            continue
        if line:
            yield line
        whole = (len(word) - 1) // width * width
        yield from (word[start : start + width] for start in range(0, whole, width))
        line = word[whole:]
    if line:
        yield line
