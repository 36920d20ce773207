"""The currency of a contract binds its files, and those that are there bind what may be declared of it."""

from __future__ import annotations

import pytest

from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, directory

CURRENCY = "SELECT merchant_id <> 0, currency FROM contract ORDER BY 1"


def night(currency: str, number: str = "1") -> File:
    rems = (Rem(contract="7654322", number="9"), Rem(currency=currency, number=number))
    return File(remittances=rems, key=currency + number)


def test_a_file_in_another_currency_than_declared_is_refused_with_its_line(operator: Operator) -> None:
    operator.declare({"currency": "EUR"}, {"contract": "7654322"})
    refused = operator.deliver(night("XPF"))
    assert refused.status is Status.QUARANTINED
    (refusal,) = refused.refusals
    assert (refusal.column, refusal.line) == ("currency", 2 + len(Rem().lines("COMPLET")))
    assert operator.rows("SELECT count(*) FROM remittance") == [(0,)]
    assert operator.deliver(night("EUR")).status is Status.LOADED


@pytest.mark.parametrize("first_declared", [True, False])
def test_a_directory_that_contradicts_rows_is_refused(operator: Operator, *, first_declared: bool) -> None:
    if first_declared:
        operator.declare({"currency": ""})
    operator.deliver(File(remittances=(Rem(currency="XPF"),)))
    refused = operator.deliver(directory({"contract": "1234567"}, {"currency": "EUR"}))
    assert refused.status is Status.QUARANTINED
    (refusal,) = refused.refusals
    assert (refusal.column, refusal.line) == ("currency", 3)
    operator.declare({"currency": "XPF"})


def test_a_contract_without_a_currency_takes_that_of_its_rows(operator: Operator) -> None:
    operator.deliver(File(remittances=(Rem(currency="XPF"),)))
    assert operator.rows(CURRENCY) == [(False, "XPF")]
    operator.declare({"currency": ""})
    assert (True, "XPF") in operator.rows(CURRENCY)
    assert operator.deliver(File(remittances=(Rem(number="2"),), key="later")).status is Status.QUARANTINED


def test_a_contract_without_rows_may_be_declared_anew(operator: Operator) -> None:
    operator.declare({"currency": "EUR"})
    operator.declare({"currency": "XPF"})
    assert operator.rows(CURRENCY) == [(True, "XPF")]
