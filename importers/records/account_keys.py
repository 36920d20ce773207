"""The key of a bank account: the same from an IBAN, a RIB, CFONB 120 and camt.

Source: shared format page "Money", sections 2 and 5.3.
"""

from __future__ import annotations

import re
from typing import Final

from app.rules.lookalikes import passes_iban

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_FRENCH = ("FR", "MC")
_FRENCH_LENGTH = 27
#: Bank, branch and account number stand in a French IBAN after country and check digits.
_KEY_IN_IBAN: Final = slice(4, 25)


def is_iban(text: str) -> bool:
    """Whether ``text``, without blanks, is an IBAN by its shape and its check digits."""
    return bool(_IBAN.fullmatch(text)) and passes_iban(text)


def of_iban(iban: str) -> str:
    """The key of the account that ``iban`` names: its RIB without key in France and Monaco, else itself."""
    if iban[:2] in _FRENCH and len(iban) == _FRENCH_LENGTH:
        return iban[_KEY_IN_IBAN]
    return iban


def of_other(scheme: str, number: str) -> str:
    """The key of an account that has no IBAN: its bank's scheme, if one is said, and its number."""
    bare = number.replace(" ", "").upper()
    if is_iban(bare):
        return of_iban(bare)
    return f"{scheme}:{bare}" if scheme else bare
