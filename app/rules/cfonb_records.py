"""The records of a CFONB 120 file, and the fields in which card numbers are searched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

WIDTH: Final = 120
#: Where the first record of a file stands: a bank, a branch, and a currency or blanks.
FIRST_LINE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*0[1457][0-9]{5}.{4}[0-9]{5}(?:[A-Z]{3}|   )[0-9 ]")

# Records are up to one character longer than they should be; a longer line holds several.
_LONGEST_RECORD = 121
#: The end of a text on systems of old, and the line ends in front of it.
_END_OF_TEXT = b"\x1a\r\n"
#: The bounds of the fields of any record, and of those that a complement has behind them, or another.
_OF_ALL: Final = (
    *((0, 2), (2, 7), (7, 11), (11, 16), (16, 19), (19, 20), (20, 21)),
    *((21, 32), (32, 34), (34, 40), (40, 42), (42, 48)),
)
_OF_COMPLEMENT: Final = ((48, 118), (118, None))
_OF_OTHERS: Final = ((48, 79), (79, 81), (81, 88), (88, 89), (89, 90), (90, 104), (104, None))


def decoded(data: bytes) -> str:
    """The letters of a file: one place each, also where a tool has made UTF-8 of them.

    Systems of old end a file of text with a sign of its own, which is no record.
    """
    data = data.rstrip(_END_OF_TEXT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def records(text: str) -> Iterator[str]:
    """Records, whatever ends them: line ends, some of them, or nothing.

    A line of several records is cut every 120 characters; where this misses their beginnings (some have
    lost their last blank), it is cut where records begin.
    """
    beginning = None
    for line in text.replace("\r", "\n").split("\n"):
        if not line or line.isspace():
            continue
        if len(line) <= _LONGEST_RECORD or len(line.rstrip()) <= _LONGEST_RECORD:
            yield line
            continue
        beginning = beginning or _beginning(text)
        pieces = [line[place : place + WIDTH] for place in range(0, len(line.rstrip()), WIDTH)]
        if not all(map(beginning.match, pieces)):
            places = [match.start() for match in beginning.finditer(line)]
            pieces = [line[a:b] for a, b in zip([0, *places[1:]], [*places[1:], len(line)], strict=True)]
        yield from pieces


def _beginning(text: str) -> re.Pattern[str]:
    """The beginning of a record, in the currency of the file: other capitals may stand inside one."""
    own = re.search(r"^\s*0[1457][0-9]{5}.{4}[0-9]{5}([A-Z]{3})[0-9 ]", text, re.MULTILINE)
    currency = f"(?:{own[1]}|   )" if own else "   "
    return re.compile(rf"0[1457][0-9]{{5}}.{{4}}[0-9]{{5}}{currency}[0-9 ]")


def fields(record: str) -> tuple[str, ...]:
    """The fields of a record, the whole of it where it does not begin as one or is longer."""
    if not FIRST_LINE.match(record.encode("latin-1", "replace")) or len(record) > _LONGEST_RECORD:
        return (record,)
    own = _OF_COMPLEMENT if record.startswith("05") else _OF_OTHERS
    return tuple(record[first:end] for first, end in (*_OF_ALL, *own))
