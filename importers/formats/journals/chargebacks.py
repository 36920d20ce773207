"""JRI: chargebacks that the acquirer has told the platform of."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from app.wording.i18n import N_
from importers.formats.journals import columns
from importers.formats.journals.settlements import Wire
from importers.reading.fields import Fields
from importers.records.chargebacks import CHARGEBACK, Chargebacks

STAGES = {"D": "debit", "C": "reversal"}


def read(table: Fields, made_on: date, _wire: Wire) -> Chargebacks:
    """The chargebacks of a JRI, noticed on the day of the file.

    Raises FileRefusedError, naming line and heading.
    """
    amount = table.whole_numbers("source_amount").astype("int64")
    table.refuse((amount < 0).to_numpy(), "source_amount", N_("expected an amount without sign"))
    sold_on = table.days("payment_date")
    contract = table.first_of("contract", "merchant_id")
    numbers = columns.sale_number(table)
    frame = pd.DataFrame(
        {
            "stage": table.words("type", STAGES),
            "amount": amount,
            "currency": columns.currency(table),
            "contract_number": contract,
            "noticed_on": np.datetime64(made_on, "s"),
            "sold_on": sold_on,
            "sale_number": numbers,
            "sale_amount": pd.array([None] * len(table), dtype="Int64"),
            "card_last4": "",
            "reason_code": table.text("reason"),
            "reason_text": "",
            "due_on": np.datetime64("NaT", "s"),
        }
    )
    key = ["contract_number", "sold_on", "sale_number", "stage", "amount"]
    ordinal = frame.groupby(key).cumcount().astype(str)
    days = sold_on.dt.strftime("%Y%m%d")
    letters = table.text("type").str.upper()
    frame["case_key"] = (
        contract + "|" + days + "|" + numbers + "|" + letters + "|" + amount.astype(str) + "|" + ordinal
    )
    return Chargebacks(cases=frame[list(CHARGEBACK)])
