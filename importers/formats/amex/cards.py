"""Card fields of American Express: full numbers by contract, masked on reading or refused.

They are told by their field, not by their look: one file masks them, another does not.
"""

from __future__ import annotations

import re
from typing import Final

from app.models import CardNumbers
from app.refusals import CARD_IN_ITS_FIELD
from app.rules.amex_records import is_full_number
from importers.refusals import FileRefusedError, refuse

#: Who pays, as :class:`importers.card_lines.LabelPatterns` names them.
PAYER: Final = "AMERICAN EXPRESS"

_LAST4 = re.compile(r"[0-9]{4}$", re.ASCII)


def last4(field: str, allowed: CardNumbers, *, line: int) -> str:
    """The last four digits of a card field, empty where it has none.

    Raises FileRefusedError for a full number.
    """
    card = field.strip()
    if allowed is CardNumbers.REFUSE and is_full_number(card):
        raise refuse_card(line)
    found = _LAST4.search(card)
    return found[0] if found else ""


def refuse_card(line: int) -> FileRefusedError:
    """The refusal of a full card number in its own field."""
    return refuse(CARD_IN_ITS_FIELD, line=line)
