"""The key of a bank account: the same from an IBAN, a RIB, CFONB 120 and camt.

Source: shared format page "Money", sections 2 and 5.3.
"""

from __future__ import annotations

import re
from typing import Final

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_FRENCH = ("FR", "MC")
_FRENCH_LENGTH = 27
_CHECK_MODULUS = 97
#: Bank, branch and account number stand in a French IBAN after country and check digits.
_KEY_IN_IBAN: Final = slice(4, 25)


def is_iban(text: str) -> bool:
    """Whether ``text``, without blanks, is an IBAN by its shape and its check digits (ISO 13616)."""
    if not _IBAN.fullmatch(text):
        return False
    digits = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    return int(digits) % _CHECK_MODULUS == 1


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
