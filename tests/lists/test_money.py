"""Money: exact in both directions, whatever the currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wording import formats, money
from app.wording.i18n import speaking

CURRENCIES = st.sampled_from(("EUR", "USD", "JPY", "XPF", "TND", "CLF"))


def read(text: str, currency: str) -> int:
    return money.minor_units(money.decimal(text), money.exponent(currency))


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_what_is_shown_in_french_reads_back(minor: int, currency: str) -> None:
    number = formats.money(minor, currency).rpartition("\u00a0")[0]
    assert read(number, currency) == minor


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_value_error(text: str) -> None:
    try:
        amount = money.decimal(text)
    except ValueError:
        return
    assert amount.is_finite()
    assert all(letter.isascii() or letter in "\u00a0\u202f\u2212€" or letter.isspace() for letter in text)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12,50", 1250),
        ("12.50", 1250),
        ("12,5", 1250),
        ("-12,50", -1250),
        ("−12,50\u00a0€", -1250),
        ("1 234,56 €", 123456),
        ("7", 700),
    ],
)
def test_amounts_as_people_write_them(text: str, minor: int) -> None:
    assert read(text, "EUR") == minor


@pytest.mark.parametrize("text", ["", "12,", "1,2,3", "1e5", "NaN", "１２", "٣", "12,50,", "--1", "1" * 14])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money.decimal(text)


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    assert money.minor_units(Decimal("12.50"), 3) == 12500
    with pytest.raises(ValueError, match="more decimals"):
        money.minor_units(Decimal("12.505"), 2)
    with pytest.raises(ValueError, match="more decimals"):
        read("0,5", "JPY")


@pytest.mark.parametrize(
    ("minor", "currency", "french", "english"),
    [
        (713961, "EUR", "7\u202f139,61\u00a0€", "€7,139.61"),
        (-5, "EUR", "\u22120,05\u00a0€", "\u2212€0.05"),
        (1200, "JPY", "1\u202f200\u00a0JPY", "¥1,200"),
        (1500, "TND", "1,500\u00a0TND", "TND\u00a01.500"),
        (0, "EUR", "0,00\u00a0€", "€0.00"),
    ],
)
def test_amounts_for_the_eye(minor: int, currency: str, french: str, english: str) -> None:
    assert formats.money(minor, currency) == french
    with speaking("en"):
        assert formats.money(minor, currency) == english
