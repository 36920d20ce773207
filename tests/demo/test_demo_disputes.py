"""The demonstration's disputes: every state of a sale is there to be seen, and each finds its sale."""

from __future__ import annotations

from datetime import date

import pytest

from importers.demo import disputes

LAST_DAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def rows(stored):
    """A small demonstration with its disputes: a way to ask for rows."""
    return stored(disputes, LAST_DAY, merchants=5, days=40, transactions=6_000, chain_shops=1)


def test_every_state_of_a_sale_is_there(rows):
    states = {state for (state,) in rows("SELECT DISTINCT chargeback FROM transaction")}
    assert states == {"none", "notice", "debited", "reversed"}
    assert rows("SELECT count(*) > 0 FROM chargeback WHERE due_on > '2026-03-31'") == [(True,)]
    assert rows(
        "SELECT count(*) > 0 FROM chargeback c JOIN transaction t ON t.id = c.transaction_id"
        " WHERE c.amount < t.amount"
    ) == [(True,)]


def test_each_finds_its_sale(rows):
    assert rows("SELECT count(*) FROM chargeback WHERE transaction_id IS NULL") == [(0,)]
    assert rows("SELECT count(*) > 3, count(*) = count(transaction_id) FROM operation") == [(True, True)]
