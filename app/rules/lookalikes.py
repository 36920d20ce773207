"""Lookalikes of card numbers, which prove themselves something else: IBAN, EAN-13, SIRET, a date.

Each proof is a check digit, a word or a calendar; what has none of these proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HIDING = "x"
# The length of an IBAN by its country: those of the SEPA area. Source: SWIFT's IBAN registry.
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        ("15", "NO"),
        ("16", "BE"),
        ("18", "DK FI NL"),
        ("19", "MK SI"),
        ("20", "AT BA EE LT LU XK"),
        ("21", "CH HR LI LV"),
        ("22", "BG DE GB GE IE ME RS"),
        ("23", "GI IL AE"),
        ("24", "AD CZ ES MD RO SA SE SK TN"),
        ("25", "PT"),
        ("26", "IS TR"),
        ("27", "FR GR IT MC SM"),
        ("28", "AL AZ BY CY HU LB PL"),
        ("29", "UA"),
        ("31", "MT"),
    )
    for country in countries.split()
}
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: {0,40}[0-9A-Z]){11,27}", re.IGNORECASE)
_IBAN_MODULUS, _IBAN_REMAINDER = 97, 1
_EAN_DIGITS = 13
_SIRET = re.compile(r"(?<![A-Z])SIRET[ :.N°]{0,6}((?:[0-9][ .]?){13}[0-9])(?![0-9])", re.IGNORECASE)
_DAY, _MONTH, _YEAR = "(?:0[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])", "(?:19|20)[0-9]{2}"
_TIME = "(?:[01][0-9]|2[0-3])[:hH.][0-5][0-9](?:[:.][0-5][0-9])?"
_DATE = re.compile(
    rf"(?<![0-9])(?:{_DAY}([/.-]){_MONTH}\1{_YEAR}|{_YEAR}-{_MONTH}-{_DAY})(?:[ T]{{1,3}}{_TIME})?(?![0-9])"
)


def hidden(text: str) -> str:
    """``text`` as long as before, with letters in place of what proves itself no card number."""
    letters = list(text)
    for start, end in _spans(text):
        letters[start:end] = _HIDING * (end - start)
    return "".join(letters)


def passes_ean(group: str) -> bool:
    """Whether a group of digits that nothing interrupts is an EAN-13, its check digit right."""
    if len(group) != _EAN_DIGITS:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(group)) % 10 == 0


def _spans(text: str) -> Iterator[tuple[int, int]]:
    yield from _ibans(text)
    yield from (found.span(1) for found in _SIRET.finditer(text))
    yield from (found.span() for found in _DATE.finditer(text))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """The places of the IBANs, with or without blanks between the groups, whose check digits are right."""
    for found in _IBAN.finditer(text):
        places = [place for place in range(*found.span()) if text[place] != " "]
        places = places[: _IBAN_LENGTHS.get(found[0][:2].upper(), 0)]
        code = "".join(text[place] for place in places).upper()
        if len(code) == _IBAN_LENGTHS.get(code[:2], -1) and passes_iban(code):
            yield places[0], places[-1] + 1


def passes_iban(code: str) -> bool:
    """Whether the check digits of an IBAN, in capitals and without blanks, are right (ISO 13616)."""
    digits = "".join(str(int(letter, 36)) for letter in code[4:] + code[:4])
    return int(digits) % _IBAN_MODULUS == _IBAN_REMAINDER
