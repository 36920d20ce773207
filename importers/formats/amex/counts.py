"""Counts that files of American Express say of themselves, and get wrong even in the vendor's samples."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from app.wording.i18n import N_
from importers.refusals import Notice

_UNPROVEN = N_("%(count)s payments are not the sum of their lines")
_SAYS = N_("says %(said)s records or transactions, has %(found)s")


def wrong(line: int, said: int, found: int) -> Notice:
    """The notice of a count that is not what was found: no reason to refuse a file."""
    return Notice(reason=_SAYS, line=line, params={"said": said, "found": found})


def unproven(payments: pd.DataFrame) -> Iterator[Notice]:
    """The notice of payments that their lines do not make: in the vendor's samples of EPRAW two of five."""
    count = int((~payments["net_proven"]).sum())
    if count:
        yield Notice(reason=_UNPROVEN, params={"count": count})
