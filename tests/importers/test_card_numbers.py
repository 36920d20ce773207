"""No full card number gets past the door, wherever it hides; honest numbers do."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.cards import looks_like_card, passes_luhn
from importers.files.refusals import CARD_NUMBER, Refused
from importers.formats import recognise
from importers.load import _refuse_card_numbers
from tests.importers.files import File, Rem, Trx, referential

# Published test numbers of the brands: nobody's card.
NUMBERS = (
    "4111111111111111",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "36227206271667",
    "3566002020360505",
    "6011000990139424",
    "4222222222222",
    "4000000000000000006",
    "6200000000000005",
    "6200000000000000000",
    "5018000000000009",
    "6304000000000000000",
)


def faults(data: bytes) -> list[int | None]:
    try:
        _refuse_card_numbers(data, recognise("night.txt", data))
    except Refused as refused:
        return [refusal.line for refusal in refused.refusals if refusal.reason == CARD_NUMBER]
    return []


def of(**columns: object) -> bytes:
    return File(remittances=(Rem(transactions=(Trx(**columns),)),)).data()  # type: ignore[arg-type]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_found_in_every_column_that_could_hold_it(number: str) -> None:
    assert faults(of(card=number)) == [3]
    assert faults(of(order=f"CDE {number} B")) == [3]
    assert faults(of(dossier=number)) == [3]
    assert faults(of(issuer=number)) == [3]
    assert faults(of(ticket=(f"CARTE {number}",))) == [4]
    assert faults(File(remittances=(Rem(serial=number),)).data()) == [2]
    assert faults(File(remittances=(Rem(status_text=number),)).data()) == [2]
    assert faults(referential({"label": f"TPE {number}"})) == [2]


@pytest.mark.parametrize(
    "shown",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "3782 822463 10005",
        "3622 720627 1667",
        "4111111111111111=28121010000",
        "4111111111111111D28121010000",
        "5A084111111111111111",
        "57134111111111111111D2812101",
        "9F6B134111111111111111D28121",
    ],
)
def test_a_number_is_found_as_cards_and_chips_write_it(shown: str) -> None:
    assert faults(of(ticket=(shown,))) == [4]


def test_honest_numbers_pass() -> None:
    siret = "44306184100047"  # a public SIRET, which passes the Luhn check
    rem = Rem(
        siret=siret, transactions=(Trx(ticket=(f"SIRET {siret}", "7654321 001 000417", "02/03/26 12:31")),)
    )
    assert faults(File(remittances=(rem,)).data()) == []
    assert faults(referential({"siret": "30000000000006"})) == []


def test_a_cryptogram_of_digits_passes_unless_it_is_the_card_of_its_line() -> None:
    luhn = next(n for n in (f"497010000000{i:04}" for i in range(10)) if looks_like_card(n))
    assert faults(of(certificate=luhn, card="513111******9999")) == []
    assert faults(of(certificate=luhn, card=f"497010******{luhn[-4:]}")) == [3]
    assert faults(of(certificate=luhn, card=f"************{luhn[-4:]}")) == [3]


def test_truncated_cards_pass() -> None:
    assert faults(File().data()) == []


@given(st.integers(0, 2**32))
def test_random_cards_of_every_brand_are_found(seed: int) -> None:
    draw = random.Random(seed)
    prefix, length = draw.choice([("4", 16), ("51", 16), ("2223", 16), ("34", 15), ("36", 14), ("3530", 16)])
    body = prefix + "".join(draw.choice("0123456789") for _ in range(length - len(prefix) - 1))
    number = next(body + check for check in "0123456789" if passes_luhn(body + check))
    around = draw.choice(["", "N ", "carte:", "REF-X"])
    assert faults(of(order=around + number)) == [3]
