"""To read changes nothing: no address that is followed, by whomever, writes a row."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Base
from tests.views.test_security import addresses


def every_get(app, shop):
    """The address of each route that answers GET, of a row of the shop where it names one."""
    for rule in app.url_map.iter_rules():
        names = rule.arguments - {"merchant_id", "reseller_id"}
        if "GET" in (rule.methods or ()) and names <= {"id"} and "static" not in rule.endpoint:
            path = rule.rule.replace("<id:id>", str(shop.remittance_id))
            yield path.replace("<id:merchant_id>", str(shop.merchant_id)).replace("<id:reseller_id>", "1")


@pytest.mark.probes("CSRF")
def test_get_changes_nothing(app, owner, shops, database, probes):
    """Only the journal, which is written for what is read, and the place that was used last."""
    # What a person is refused is counted beside the journal, which has a line for it once in five minutes.
    tables = Base.metadata.tables.keys() - {"journal_entry", "sign_in_attempt", "user_session"}

    def digest():
        with database.reading(DatabaseRole.OWNER) as connection:
            return {
                table: connection.scalar(
                    text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
                )
                for table in tables
            }

    asked, before = [*addresses(shops), *every_get(app, shops[0])], digest()
    for path in asked:
        owner.get(path).close()
    assert digest() == before
    probes(len(asked))
