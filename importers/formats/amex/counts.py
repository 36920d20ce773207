"""Counts that files of American Express say of themselves, and get wrong even in the vendor's samples."""

from __future__ import annotations

from app.wording.i18n import N_
from importers.files.refusals import Notice

_SAYS = N_("says %(said)s records or transactions, has %(found)s")


def wrong(line: int, said: int, found: int) -> Notice:
    """The notice of a count that is not what was found: no reason to refuse a file."""
    return Notice(reason=_SAYS, line=line, params={"said": said, "found": found})
