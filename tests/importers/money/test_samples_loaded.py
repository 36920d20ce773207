"""Every public sample through the loader: loaded where its list says so, set aside where it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.database.engine import DatabaseRole
from app.models import CardNumbers
from importers.files import profiles, sources
from importers.formats.amex import eptrn
from importers.load import Result, Status, load_file
from tests.importers.conftest import Operator
from tests.importers.money.samples import ABSENT, content, expected

COLLECTIONS = ("cfonb120", "camt", "journals", "amex", "sumup")
#: Payments: their source says that it delivers some.
PAYMENTS = "jt_"
#: A shop that they name by a number of the platform's.
SHOP = "099999999800019"
#: A second notification of an account and day, without a balance that would join it to the first.
SECOND_OF_ITS_DAY = "200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179.xml"


@pytest.fixture
def operator(operator: Operator) -> Operator:
    """A portal whose sources of money have folders of their own, and may hold masked cards."""
    operator.declare({}, *({"contract": number, "application": "AMEX"} for number in payees()))
    slug, code = operator.rows(
        "SELECT r.slug, m.code FROM merchant m JOIN reseller r ON r.id = m.reseller_id WHERE m.id <> 0"
    )[0]
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        for name in COLLECTIONS:
            sources.bind(connection, name, slug)
            profiles.change(connection, name, inbox=name, role="money", merchant=code, cards=CardNumbers.MASK)
        sources.bind(connection, PAYMENTS, slug)
        profiles.change(connection, PAYMENTS, inbox=PAYMENTS, role="payments", application="CBVAD")
        profiles.change(connection, PAYMENTS, contracts={SHOP: "7654321"})
    return operator


def payees() -> set[str]:
    """Whom the payment files of fixed places name: the currency of their contracts is that of the files."""
    files = (content(name) for name in expected() if "EPRAW" in name or "eptrn" in name)
    found = (eptrn.read(data, CardNumbers.MASK)[0].settlements["payee"] for data in files)
    return {number for numbers in found for number in numbers}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_each_sample_is_loaded_or_set_aside_as_its_list_says(operator, collection):
    named = [name for name in expected() if name.startswith(f"{collection}/")]
    if not named:
        pytest.skip(ABSENT)
    other = {}
    for name in named:
        result = delivered(operator, collection, name)
        should_load = expected()[name]["verdict"] != "refuse" and not name.endswith(SECOND_OF_ITS_DAY)
        if (result.status in (Status.LOADED, Status.KNOWN)) is not should_load:
            other[name] = (result.status.value, [one.text() for one in result.refusals])
    assert other == {}


def delivered(operator: Operator, collection: str, name: str) -> Result:
    base = Path(name).name
    folder = operator.folder / (PAYMENTS if base.startswith(PAYMENTS) else collection)
    folder.mkdir(exist_ok=True)
    path = folder / base
    path.write_bytes(content(name))
    return load_file(operator.database, path, operator.data)
