"""What a full card number looks like: the door and the filters refuse the same ones."""

from __future__ import annotations

from functools import lru_cache


def looks_like_card(digits: str) -> bool:
    """Whether ``digits`` (13 to 19) falls in a brand's ranges for its length and passes the Luhn check."""
    return _is_of_a_brand(digits) and passes_luhn(digits)


@lru_cache(maxsize=100_000)
def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of its two digits
    return total % 10 == 0


# Brand ranges as (first, last, lengths) over the six first digits.
_BRANDS = (
    (400000, 499999, {13, 16, 19}),  # Visa
    (510000, 559999, {16}),  # Mastercard
    (222100, 272099, {16}),  # Mastercard
    (340000, 349999, {15}),  # American Express
    (370000, 379999, {15}),
    (300000, 305999, {14, 16}),  # Diners
    (360000, 369999, {14, 16, 19}),
    (380000, 399999, {14, 16, 19}),
    (352800, 358999, {16, 17, 18, 19}),  # JCB
    (601100, 601199, {16, 19}),  # Discover
    (644000, 659999, {16, 19}),
    (620000, 629999, {16, 17, 18, 19}),  # UnionPay
    (500000, 509999, {16, 18, 19}),  # Maestro and national schemes
    (560000, 589999, {16, 18, 19}),
    (600000, 699999, {16, 19}),
)


def _is_of_a_brand(digits: str) -> bool:
    head = int(digits[:6])
    return any(first <= head <= last and len(digits) in lengths for first, last, lengths in _BRANDS)
