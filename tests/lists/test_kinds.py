"""How values are shown, in both languages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listing.filters import casings
from app.lists import REMITTANCES, TRANSACTIONS
from app.wording.i18n import speaking

ROW: dict[str, Any] = {
    "date": datetime(2026, 3, 5, 8, 12, 25),
    "amount": -1250,
    "currency": "EUR",
    "bank": "30004",
    "bank_name": "BNP Paribas",
    "response_code": "51",
    "expiry": "0329",
    "application": "CBCLESS",
    "type": "refund",
    "card": "497010******0044",
    "authorisation_asked": True,
    "exchange_rate": Decimal("1.0825"),
    "markup_percent": Decimal("3.50"),
    "cardholder_amount": 1000,
    "cardholder_currency": None,
    "label": "Comptoir",
}


@pytest.mark.parametrize(
    ("name", "french", "english"),
    [
        ("date", "05/03/2026 08:12:25", "5 Mar 2026 08:12:25"),
        ("amount", "\u221212,50\u00a0€", "\u2212€12.50"),
        ("bank", "30004 BNP Paribas", "30004 BNP Paribas"),
        ("expiry", "03/29", "03/29"),
        ("application", "CB Sans Contact", "CB Sans Contact"),
        ("card", "497010******0044", "497010******0044"),
        ("authorisation_asked", "Oui", "Yes"),
        ("exchange_rate", "1,0825", "1.0825"),
        ("markup_percent", "3,50\u00a0%", "3.50\u00a0%"),
        ("cardholder_amount", "", ""),
        ("label", "Comptoir", "Comptoir"),
    ],
)
def test_values_for_the_eye(name: str, french: str, english: str) -> None:
    field = TRANSACTIONS.by_name[name]
    for language, expected in (("fr", french), ("en", english)):
        with speaking(language):
            assert field.show(ROW) == expected


@pytest.mark.parametrize("spec", [REMITTANCES, TRANSACTIONS], ids=lambda spec: spec.name)
def test_what_is_unknown_is_empty(spec: Any) -> None:
    nothing = dict.fromkeys(spec.by_name)
    assert {field.show(nothing) for field in spec.fields} == {""}
    assert {field.explain(nothing) for field in spec.fields} == {None}
    assert {field.json(nothing) for field in spec.fields} == {None}


def test_a_response_code_is_explained_beside_it() -> None:
    field = TRANSACTIONS.by_name["response_code"]
    with speaking("en"):
        assert field.show(ROW) == "51"
        assert field.explain(ROW) == "The balance or the ceiling of the card does not cover the amount"
        assert field.kind.say("51").startswith("51 (The balance")
        assert field.kind.say("ZZ") == "ZZ"


def test_widgets_and_choices() -> None:
    parameters = {**REMITTANCES.parameters, **TRANSACTIONS.parameters}
    assert {name: parameters[name].kind.widget for name in ("label", "type", "count", "amount", "card")} == {
        "label": "text",
        "type": "choice",
        "count": "choice",
        "amount": "amount",
        "card": "card",
    }
    assert [code for code, _ in REMITTANCES.by_name["count"].choices()] == ["with", "without", "silent"]
    assert TRANSACTIONS.by_name["label"].choices() == ()


@given(st.text("abcXYZ0189-", max_size=6))
def test_every_casing_of_a_code(code: str) -> None:
    found = casings(code)
    assert {code, code.upper(), code.lower(), code.swapcase()} <= found
    assert {casing.upper() for casing in found} == {code.upper()}
