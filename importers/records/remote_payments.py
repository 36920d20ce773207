"""Remote payments: the transactions of a platform, which no terminal delivers.

Source: shared format page "Money", sections 5.5 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from importers.files.refusals import Notice

#: ``amount`` and ``requested_amount`` in minor units; ``occurred`` is the time that the file writes, in the
#: zone of its source; the sale is named by its contract (or merchant), day and number.
REMOTE_PAYMENT = (
    "contract_number",
    "merchant_id",
    "sale_number",
    "occurred",
    "captured_on",
    "type",
    "outcome",
    "amount",
    "requested_amount",
    "currency",
    "scheme",
    "card_last4",
    "authorisation_number",
    "response_code",
    "order_reference",
    "three_ds",
    "card_country",
)


@dataclass(frozen=True, kw_only=True)
class RemotePayments:
    """The payments of a file: ``payments`` has the columns of :data:`REMOTE_PAYMENT`."""

    payments: pd.DataFrame
    notices: tuple[Notice, ...] = ()
