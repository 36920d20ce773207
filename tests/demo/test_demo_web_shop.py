"""The demonstration's web shop: payments that no terminal delivers, in every state that they may be in."""

from __future__ import annotations

from datetime import date

import pytest

from importers.demo import web_shop

LAST_DAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def rows(stored):
    """A small demonstration with its web shop: a way to ask for rows."""
    return stored(web_shop, LAST_DAY, merchants=5, days=3, transactions=600, chain_shops=1)


def test_every_state_of_a_remote_payment_is_there(rows):
    found = rows(
        "SELECT DISTINCT t.outcome, t.type, t.remitted FROM transaction t JOIN remote_payment p"
        " ON p.merchant_id = t.merchant_id AND p.transaction_id = t.id ORDER BY 1, 2, 3"
    )
    assert found == [
        ("accepted", "debit", False),
        ("accepted", "debit", True),
        ("accepted", "refund", True),
        ("declined", "debit", False),
    ]
    assert rows("SELECT count(*) FROM remote_payment WHERE merchant_id = 0") == [(0,)]


def test_what_was_captured_later_waits_no_longer(rows):
    assert rows(
        "SELECT count(*) FROM remittance WHERE seal = 'no_totals' AND status = 'incomplete'"
        " AND debit_count > 0 AND collected_on <= '2026-03-28'"
    ) == [(0,)]


def test_no_terminal_is_missed(rows):
    assert rows(
        "SELECT count(*) FROM terminal t JOIN contract c ON c.id = ANY (t.contract_ids)"
        f" WHERE c.number = '{web_shop.CONTRACT}'"
    ) == [(0,)]
