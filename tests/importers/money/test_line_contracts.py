"""Contracts that lines of statements name anywhere in their label, whichever came first."""

from __future__ import annotations

import pytest

from app.models import MovementKind
from importers.load import Status
from tests.examples import in_few_orders
from tests.importers.money.test_bank_statements_stored import a_bank, declaration, deliver, statement
from tests.importers.money.test_cfonb120 import MovementLine
from tests.importers.money.test_credits_stored import FIRST, credits_of, night
from tests.importers.money.test_credits_stored import statement as statement_after

CONTRACT = "7654321"
FEE = MovementLine(-40, code="62", label=f"COM CB CONTRAT {CONTRACT} MARS")
CREDIT = MovementLine(3900, label=f"REMISE CARTE CTR {CONTRACT} BRUT")


@pytest.fixture
def operator(prepared):
    return prepared(a_bank)


def named(operator) -> list[tuple]:
    return operator.rows("SELECT kind, contract_number FROM bank_movement ORDER BY rank")


def test_a_number_of_ours_in_a_label_names_its_contract(operator):
    operator.deliver(declaration(operator))
    other = MovementLine(-50, code="62", label="COM CB CONTRAT 76543210")
    assert deliver(operator, statement(FEE, CREDIT, other)).status is Status.LOADED
    assert named(operator) == [
        (MovementKind.FEE, CONTRACT),
        (MovementKind.REMITTANCE, CONTRACT),
        (MovementKind.FEE, ""),
    ]


@in_few_orders(("accounts", "night", "bank"))
def test_a_credit_is_found_by_it_whatever_came_first(operator, order):
    for kind in order:
        if kind == "accounts":
            operator.deliver(declaration(operator))
        elif kind == "night":
            operator.deliver(night(1, 3900))
        else:
            deliver(operator, statement_after(1, CREDIT))
    assert [state for _, state, *_ in credits_of(operator)] == ["credited"]
    assert operator.value("SELECT rule FROM credit_link") == "contract_day"


def test_what_looks_like_a_contract_and_is_none_of_the_merchant_keeps_no_credit_back(operator):
    """The pattern of CIC finds "9999999" here; the number of the remittance tells whose credit it is."""
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement_after(0, MovementLine(3900, label="REMCB000417 NB0001 CBD999999901")))
    assert credits_of(operator) == [("000417", "credited", str(FIRST.replace(day=3)), 0)]
    assert operator.value("SELECT rule FROM credit_link") == "remittance_number"
