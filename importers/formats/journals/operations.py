"""JO: what was done to the transactions of a platform."""

from __future__ import annotations

from datetime import date

import pandas as pd

from importers.formats.journals import columns
from importers.formats.journals.settlements import Wire
from importers.reading.fields import Fields
from importers.records.operations import OPERATION, Operations

#: Our name of each operation that the platform names; any other is kept as "other", with its own word.
NAMES = {
    "CAPTURE": "capture",
    "CANCEL": "cancel",
    "CANCELLATION": "cancel",
    "ANNULATION": "cancel",
    "CREDIT": "refund",
    "REFUND": "refund",
    "REMBOURSEMENT": "refund",
    "VALIDATE": "validate",
    "VALIDATION": "validate",
    "MODIFY": "modify",
    "MODIFICATION": "modify",
    "DUPLICATE": "duplicate",
    "DUPLICATION": "duplicate",
}


def read(table: Fields, _made_on: date, _wire: Wire) -> Operations:
    """The operations of a JO. Raises FileRefusedError, naming line and heading."""
    said = table.text("operation").str.upper()
    frame = pd.DataFrame(
        {
            "name": said.map(NAMES).fillna("other"),
            "said": said,
            "amount": table.whole_numbers("operation_amount").astype("int64"),
            "currency": columns.currency(table),
            "operated_on": table.days("operation_date"),
            "origin": table.text("origin"),
            "contract_number": table.first_of("contract", "merchant_id"),
            "sold_on": table.days("payment_date"),
            "sale_number": columns.sale_number(table),
            "sequence": table.text("sequence"),
        }
    )
    return Operations(operations=frame[list(OPERATION)])
