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
_RIB = re.compile(r"[0-9]{10}[0-9A-Z]{11}[0-9]{2}", re.ASCII)
_KEY_LENGTH, _RIB_MODULUS = 21, 97
_RIB_DIGITS: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


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


def of_declared(text: str) -> str | None:
    """The key of the account that a person wrote as an IBAN or a RIB; None when it proves to be neither."""
    bare = text.replace(" ", "").upper()
    if is_iban(bare):
        return of_iban(bare)
    proven = _RIB.fullmatch(bare) and rib_key(bare) == bare[_KEY_LENGTH:]
    return bare[:_KEY_LENGTH] if proven else None


def rib_key(rib: str) -> str:
    """The two check digits of a RIB, its letters as digits: A to I, J to R, S to Z."""
    digits = rib.translate(_RIB_DIGITS)
    bank, branch, account = int(digits[:5]), int(digits[5:10]), int(digits[10:_KEY_LENGTH])
    return f"{_RIB_MODULUS - (89 * bank + 15 * branch + 3 * account) % _RIB_MODULUS:02d}"
