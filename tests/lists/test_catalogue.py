"""The two catalogues: nothing stored is forgotten, and every filter of the design is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column
from sqlalchemy.sql import visitors

from app.listing.kinds import Money
from app.lists import BANK_CREDITS, REMITTANCES, TRANSACTIONS, bank_credits, remittances, transactions
from app.models import (
    ChargebackState,
    Completeness,
    Credit,
    EntryMode,
    MovementKind,
    Outcome,
    RemittanceStatus,
    TransactionType,
    Transmission,
)
from app.rules.payments import Reversal
from app.wording import applications, response_codes
from app.wording.i18n import speaking

if TYPE_CHECKING:
    from types import ModuleType

    from app.listing.spec import ListSpec

BOTH = pytest.mark.parametrize("spec", [REMITTANCES, TRANSACTIONS], ids=lambda spec: spec.name)

ASKED = {
    "remittances": "application contract label rank amount amount_from amount_to status count bank serial"
    " manufacturer number file_number trade_name siret terminal transmission seal credit"
    " credit_proposal credited_on credited_on_from credited_on_to"
    " group_weekday group_hour group_outlet group_terminal group_contract group_credit_reason",
    "transactions": "state application contract label rank bank amount amount_from amount_to type outcome"
    " reversal chargeback response_code reason card expiry authorisation issuer product remittance"
    " file_number dossier serial manufacturer trade_name siret terminal entry_mode scheme order_reference"
    " captured_on group_weekday group_hour group_outlet group_terminal group_contract group_scheme"
    " group_issuer group_reason group_response_code",
}


@pytest.mark.parametrize(
    ("spec", "module"),
    [(REMITTANCES, remittances), (TRANSACTIONS, transactions), (BANK_CREDITS, bank_credits)],
    ids=["remises", "transactions", "credits"],
)
def test_every_stored_column_is_a_field_or_internal(spec: ListSpec, module: ModuleType) -> None:
    table = spec.source.table
    shown = {
        element.name
        for field in spec.fields
        for element in visitors.iterate(field.column.expression)
        if isinstance(element, Column) and element.table.name == table.name
    }
    # What is looked up beside a row reads its key.
    assert shown & module.INTERNAL <= {"merchant_id", "id"}
    assert shown | module.INTERNAL == {column.name for column in table.columns if column.computed is None}


@BOTH
def test_every_filter_of_the_design_has_its_parameter(spec: ListSpec) -> None:
    assert list(spec.parameters) == ASKED[spec.name].split()
    assert spec.filters[0].name == "date"


@BOTH
def test_names_and_french_labels_are_unique_and_fit_for_a_heading(spec: ListSpec) -> None:
    assert len(spec.by_name) == len(spec.fields)
    with speaking("fr"):
        for labels in ([one.title for one in spec.fields], [one.full_title for one in spec.fields]):
            assert len(set(labels)) == len(labels)
            assert not any(letter in label for label in labels for letter in ';"\r\n')


@BOTH
def test_the_phone_card_has_its_places(spec: ListSpec) -> None:
    assert [field.name for field in spec.card("title")] == ["application"]
    assert [field.name for field in spec.card("aside")] == ["amount"]
    assert {field.name for field in spec.card("meta")} >= {"date"}
    assert spec.card("badge")


@BOTH
def test_every_amount_finds_its_currency_in_the_row(spec: ListSpec) -> None:
    for field in spec.fields:
        if isinstance(field.kind, Money):
            assert field.kind.currency_field in spec.by_name


def test_every_stored_code_has_words() -> None:
    words = {
        name: TRANSACTIONS.by_name[name].kind.labels
        for name in ("type", "outcome", "entry_mode", "reversal", "chargeback")
    }
    words |= {"kind": BANK_CREDITS.by_name["kind"].kind.labels}
    words |= {
        name: REMITTANCES.by_name[name].kind.labels for name in ("status", "seal", "transmission", "credit")
    }
    stored = {
        "type": TransactionType,
        "outcome": Outcome,
        "entry_mode": EntryMode,
        "reversal": Reversal,
        "chargeback": ChargebackState,
        "status": RemittanceStatus,
        "seal": Completeness,
        "credit": Credit,
        "transmission": Transmission,
        "kind": MovementKind,
    }
    assert {name: set(labels) for name, labels in words.items()} == {
        name: {str(code) for code in codes} for name, codes in stored.items()
    }


def test_the_fourteen_applications_have_tickets() -> None:
    with_tickets = {code for code in applications.APPLICATIONS if applications.has_tickets(code)}
    assert with_tickets == {
        *("CBEMV", "CBCLESS", "CBVAD", "PLBS", "PLBS+", "PLBSGCB", "AMEX", "AMEXCLESS", "DCCPLBS"),
        *("QUASI CASH", "CONECS", "CONECSLESS", "JCBEMV", "JCBVAD"),
    }
    assert applications.label("CBCLESS") == "CB Sans Contact"
    assert applications.label("NOUVELLE") == "NOUVELLE"
    assert not applications.has_tickets("NOUVELLE")


def test_every_refusal_has_a_kind_of_reason_and_words_for_it() -> None:
    assert set(response_codes.DECLINE_REASONS) == set(response_codes.DeclineReason)
    refuses_nothing = {code for code, (_, reason) in response_codes.CODES.items() if reason is None}
    assert refuses_nothing == {"00", "08", "10"}
    listed = [code for codes in response_codes.CODES_OF.values() for code in codes]
    assert sorted(listed) == sorted(set(response_codes.CODES) - refuses_nothing)


def test_no_response_code_accuses_the_cardholder() -> None:
    plain = response_codes.meaning("05")
    assert plain
    for code in ("04", "07", "34", "41", "43", "59", "76"):
        assert response_codes.meaning(code) == plain
        assert code in response_codes.CODES_OF[response_codes.DeclineReason.OPPOSED]
    assert response_codes.meaning("ZZ") is None
