"""Words from data made fit for a header: one line, nothing hidden, nothing that decodes to something else.

Python before 3.13 decodes an encoded word (``=?utf-8?q?=0AEvil=3A_x?=``) that it finds in a plain
subject and writes the line end that comes out of it (CVE-2024-6923). Merchants' labels come from files:
they are made harmless here, whatever the interpreter, and app/mail/compose.py reads each mail back.
"""

from __future__ import annotations

import re
import unicodedata

#: A subject or a name longer than this helps nobody to read it.
LONGEST = 200

_SPACES = re.compile(r"\s{2,}|\t")
# Cc controls, Zl and Zp line ends, Cs halves of a pair, Cn and Co nobody can read: a space keeps words apart.
_TO_SPACE = {"Cc", "Zl", "Zp", "Cs", "Cn", "Co"}
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def header_words(text: str) -> str:
    """``text`` on one line, without control, invisible or direction-changing characters, at most LONGEST."""
    shown = "".join(_fit(character) for character in unicodedata.normalize("NFC", text))
    line = _SPACES.sub(" ", shown).strip()
    while "=?" in line:  # what would begin an encoded word
        line = line.replace("=?", "= ?")
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def file_name(text: str) -> str:
    """``text`` as the name of an attachment: plain ASCII letters, digits, ``.``, ``_`` and ``-``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_PLAIN.sub("-", plain).strip("-.")[-100:] or "document"


def _fit(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # direction marks, zero widths, tags, soft hyphens
        return ""
    return " " if category in _TO_SPACE else character
