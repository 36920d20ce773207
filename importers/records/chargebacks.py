"""Chargebacks: announced, debited or reversed, from journals, acquirers, platforms and banks.

Source: shared format page "Money", section 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from importers.files.refusals import Notice

#: ``amount`` in minor units, without sign; ``stage`` is notice, debit or reversal.
CHARGEBACK = (
    "stage",
    "case_key",
    "amount",
    "currency",
    "contract_number",
    "noticed_on",
    "sold_on",
    "sale_number",
    "sale_amount",
    "card_last4",
    "reason_code",
    "reason_text",
    "due_on",
)


@dataclass(frozen=True, kw_only=True)
class Chargebacks:
    """The chargebacks of a file: ``cases`` has the columns of :data:`CHARGEBACK`, a row a case and stage."""

    cases: pd.DataFrame
    notices: tuple[Notice, ...] = ()
