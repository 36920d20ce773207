"""Operations on remote payments: captures, cancellations, refunds, as a platform's journal says them.

Source: shared format page "Money", section 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from importers.files.refusals import Notice

#: ``amount`` in minor units; ``said`` is the platform's word, ``name`` ours; the sale is named by its
#: merchant, day and number, which repeats every day.
OPERATION = (
    "name",
    "said",
    "amount",
    "currency",
    "operated_on",
    "origin",
    "contract_number",
    "merchant_id",
    "sold_on",
    "sale_number",
    "sequence",
)


@dataclass(frozen=True, kw_only=True)
class Operations:
    """The operations of a file: ``operations`` has the columns of :data:`OPERATION`."""

    operations: pd.DataFrame
    notices: tuple[Notice, ...] = ()
