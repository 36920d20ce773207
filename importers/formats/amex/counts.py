"""Counts that files of American Express say of themselves, and get wrong even in the vendor's samples."""

from __future__ import annotations

import pandas as pd

from app.wording.i18n import N_, NN_
from importers.refusals import Notice

_UNPROVEN = NN_(
    "%(num)s payment is not the sum of its lines", "%(num)s payments are not the sum of their lines"
)
_SAYS = N_("says %(said)s records or transactions, has %(found)s")


def wrong(line: int, said: int, found: int) -> Notice:
    """The notice of a count that is not what was found: no reason to refuse a file."""
    return Notice(reason=_SAYS, line=line, params={"said": said, "found": found})


def unproven(payments: pd.DataFrame) -> tuple[Notice, ...]:
    """The notice of payments that their lines do not make: in the vendor's samples of EPRAW two of five."""
    return Notice.counted(_UNPROVEN, int((~payments["net_proven"]).sum()))
