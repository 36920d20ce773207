"""What new rows add to sums, values and calls is what reading all rows again would give."""

from __future__ import annotations

from random import Random

import pandas as pd
import pytest
from sqlalchemy import Connection, text

from app.database.engine import DatabaseRole
from importers import daily_sums, derived
from importers.load import Status
from importers.staging import grouped
from tests import factories
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

TOUCH_ALL = """
INSERT INTO touched_day
SELECT DISTINCT 'remittance', merchant_id, contract_id, collected_on FROM remittance
UNION SELECT DISTINCT 'transaction', merchant_id, contract_id, occurred_on FROM transaction
"""
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")


def a_payment(chance: Random, number: int, day: str) -> Trx:
    return Trx(
        sequence=f"{number:06}",
        at=f"{chance.choice([before for before in DAYS if before <= day])}T12:31:{number:02}",
        operation=chance.choice(("DEBIT", "DEBIT", "CREDIT", "ANNULATION", "PREAUTO")),
        outcome=chance.choice(("ACCEPTEE", "ACCEPTEE", "REFUSEE", "ABANDON")),
        amount=chance.randint(1, 9999),
        issuer=chance.choice(("LCL", "EDENRED", "")),
    )


def a_call(chance: Random, number: int) -> Rem:
    """A call of one of three contracts; the last of them is nobody's."""
    day = chance.choice(DAYS)
    count = chance.choice((0, 1, 3, 6))
    return Rem(
        rank=f"{chance.randint(1, 3):03}",
        number=f"{number:06}",
        terminal=chance.choice(("", "001", "002")),
        serial=chance.choice(("", "219300290018", "219300290019")),
        opened="",
        collected=f"{day}T{chance.randint(20, 23)}:{chance.randint(0, 59):02}:00",
        status=chance.choice(("CORRECTE", "CORRECTE", "REJETEE")),
        transmission=chance.choice(("REUSSIE", "ECHOUEE", "")),
        transactions=tuple(a_payment(chance, place, day) for place in range(1, count + 1)),
    )


def test_the_last_of_several_is_the_last_there_is() -> None:
    rows = pd.DataFrame(
        {"key": [1, 1, 2], "number": ["A", None, None], "none": pd.Series([None] * 3, dtype=object)}
    )
    found = grouped(rows, ["key"], {"number": "last", "none": "last"}).astype(object)
    assert found.where(found.notna(), None).values.tolist() == [[1, "A", None], [2, None, None]]


def read_all_again(connection: Connection) -> None:
    """Derive sums, terminals and values from all rows that belong to somebody."""
    connection.execute(text("TRUNCATE transaction_day, remittance_day"))
    factories.keep_what_is_derived(connection)
    connection.execute(text(TOUCH_ALL))
    daily_sums.recompute(connection)


@pytest.mark.parametrize("seed", range(4))
def test_added_is_what_all_rows_give(operator: Operator, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Night by night, each contract calling again on days that earlier files have brought."""
    monkeypatch.setattr(derived, "FEW_ROWS", 0)
    chance = Random(seed)
    operator.declare({}, {"rank": "002"})
    for night in range(4):
        calls = tuple(a_call(chance, 10 * night + number) for number in range(1, 9))
        content = chance.choice(("COMPLET", "COMPLET", "TELECOLLECTES", "TRANSACTIONS"))
        loaded = operator.deliver(
            File(
                remittances=calls, key=f"night-{night}", content=content, created="2026-03-05T02:00:00+01:00"
            )
        )
        assert loaded.status is Status.LOADED, [refusal.text() for refusal in loaded.refusals]
        added = operator.digest()
        with operator.database.writing(DatabaseRole.OWNER) as connection:
            read_all_again(connection)
        assert operator.digest() == added
