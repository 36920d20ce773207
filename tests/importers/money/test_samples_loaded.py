"""Every public sample through the loader: loaded where its list says so, set aside where it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.models import CardNumbers
from importers.formats.amex import eptrn
from importers.load import Result, Status
from tests.importers.conftest import Operator
from tests.importers.money.samples import content, expected, stand_beside_the_checkout

COLLECTIONS = ("cfonb120", "camt", "journals", "amex", "sumup")
#: Payments: their source says that it delivers some.
PAYMENTS = "jt_"
#: A shop that they name by a number of the platform's.
SHOP = "099999999800019"


def a_merchant_of_all_samples(operator: Operator) -> None:
    """A portal whose sources of money have folders of their own, and may hold masked cards."""
    operator.declare({}, *({"contract": number, "application": "AMEX"} for number in payees()))
    code = operator.value("SELECT code FROM merchant WHERE id <> 0")
    for name in COLLECTIONS:
        operator.bind(name, role="money", merchant=code, cards=CardNumbers.MASK)
    operator.bind(PAYMENTS, role="payments", application="CBVAD", contracts={SHOP: "7654321"})


@pytest.fixture
def operator(prepared):
    return prepared(a_merchant_of_all_samples)


def payees() -> set[str]:
    """Whom the payment files of fixed places name: the currency of their contracts is that of the files."""
    files = (content(name) for name in expected() if "EPRAW" in name or "eptrn" in name)
    found = (eptrn.read(data, CardNumbers.MASK).settlements.settlements["payee"] for data in files)
    return {number for numbers in found for number in numbers}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_each_sample_is_loaded_or_set_aside_as_its_list_says(operator, collection):
    stand_beside_the_checkout()
    named = [name for name in expected() if name.startswith(f"{collection}/")]
    assert named
    other = {}
    for name in named:
        result = delivered(operator, collection, name)
        if (result.status in (Status.LOADED, Status.KNOWN)) is (expected()[name]["verdict"] == "refuse"):
            other[name] = (result.status.value, [one.text() for one in result.refusals])
    assert other == {}


def delivered(operator: Operator, collection: str, name: str) -> Result:
    base = Path(name).name
    folder = PAYMENTS if base.startswith(PAYMENTS) else collection
    return operator.deliver_to(folder, content(name), base)
