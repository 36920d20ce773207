"""Refusals that nobody tells: said at the filter of outcomes, of contracts that settlements alone bring."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text

from app.database.engine import DatabaseRole
from app.lists.untold_refusals import TELLING
from app.models import ImportFile
from app.rules.source_columns import FORMATS
from tests import factories, money_factories
from tests.views.town import plain

SOURCE = 4711


@pytest.fixture
def settled(database, shops):
    """ALPHA, all of whose payments came in files of settlements, none declined."""
    shop = shops[0]
    own = {"id": shop.merchant_id, "source": SOURCE}
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "UPDATE contract SET source_id = :source, transactions_source_id = :source"
                " WHERE merchant_id = :id"
            ),
            own,
        )
        money_factories.a_settlement(connection, merchant_id=shop.merchant_id, source_id=SOURCE)
        connection.execute(
            text("DELETE FROM transaction WHERE merchant_id = :id AND outcome = 'declined'"), own
        )
        factories.sum_days(connection)
        shop.number = connection.scalar(text("SELECT number FROM contract WHERE merchant_id = :id"), own)
    return shop


def said(browser) -> str:
    return plain(browser.page("/transactions").one("form", id="filters"))


def test_the_filter_of_outcomes_says_that_refusals_are_not_told(owner, settled):
    assert f"Refus non communiqués du contrat {settled.number}" in said(owner)


def test_a_file_that_tells_of_refusals_takes_it_away(owner, database, settled):
    with database.writing(DatabaseRole.OWNER) as connection:
        file = {"sha256": "x", "name": "jt.csv", "size": 1, "format": "journal", "status": "loaded"}
        came = {"source_id": SOURCE, "received_at": datetime.now(UTC), "seconds": 0, "reseller_ids": []}
        connection.execute(insert(ImportFile).values({**file, **came, "merchant_ids": []}))
    assert "Refus non" not in said(owner)


def test_terminals_tell_theirs(owner, database, shops):
    money = {"merchant_id": shops[0].merchant_id, "source_id": SOURCE}
    with database.writing(DatabaseRole.OWNER) as connection:
        money_factories.a_settlement(connection, **money)
    assert "Refus non" not in said(owner)


def test_the_formats_that_tell_of_refusals_are_known():
    assert set(TELLING) <= set(FORMATS)
