"""Separators between the digits of a number: blanks, dashes and points, however they are written.

The ``&nbsp;`` and ``<br>`` of HTML, ``%20`` in an address and the escapes of JSON are blanks to their reader.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

#: What may stand between the groups of a number, besides white space, dashes and what nobody sees.
SIGNS: Final = " .,-/_'·’\u2212"
#: The one sign that parts columns as well.
TAB: Final = "\t"
_BLANK_CATEGORIES = frozenset({"Zs", "Pd", "Cf", "Cc"})
#: What is left of a written separator behind its blank: nothing, so that each digit keeps its place.
NOTHING: Final = "\x1f"
_TAGS = "br|wbr|nobr|span|b|i|u|em|strong|small|font|code|tt|p|div|li|td|th|tr"
#: What may be a separator that is written out, as a pattern for any library.
WRITTEN: Final = (
    rf"(?i:</?(?:{_TAGS})(?:[ /][^<>\n]{{0,80}})?>"
    r"|&#?[0-9a-z]{2,8};|(?:%[0-9a-f]{2})+|\\(?:[nrt]|u[0-9a-f]{4}))"
)
#: What each of these begins with: a text without any of it holds none.
WRITTEN_FIRST: Final = "<&%\\"
_WRITTEN = re.compile(WRITTEN)
_WRITTEN_BYTES = re.compile(WRITTEN.encode())


def is_blank(letter: str) -> bool:
    """Whether ``letter`` is a dash or something that nobody sees."""
    return unicodedata.category(letter) in _BLANK_CATEGORIES


def folded(text: str) -> str:
    """``text`` as long as before, with a blank and nothing else for each separator that is written out."""
    return _WRITTEN.sub(lambda found: _fold(found[0]), text) if _may_hold(text) else text


def folded_bytes(data: bytes) -> bytes:
    """Bytes of any encoding that has ASCII as it is: see :func:`folded`."""
    return _WRITTEN_BYTES.sub(lambda found: _fold(found[0].decode("latin-1")).encode("latin-1"), data)


def _may_hold(text: str) -> bool:
    return any(sign in text for sign in WRITTEN_FIRST)


def _fold(written: str) -> str:
    meant = _meaning(written)
    if not all(letter in SIGNS or is_blank(letter) for letter in meant):
        return written
    return " ".ljust(len(written), NOTHING)


def _meaning(written: str) -> str:
    """What a reader sees of what is written."""
    match written[0]:
        case "<":
            return " "
        case "&":
            return html.unescape(written)
        case "%":
            return unquote(written)
        case _:
            return str(json.loads(f'"{written.lower()}"'))
