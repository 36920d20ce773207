"""A month of remittances in every state of credit, and how its files are read."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.rules.time_zones import today
from tests import factories

#: Net, gap and fee by state, in cents: no two of them add up to a third. Of these a line may credit:
TO_CONFIRM = (("expected", 1_90), ("announced", 10_90))
CREDITED = (
    ("credited", 120_01, 0, 31),
    ("credited", -7_50, 0, None),
    ("differs", 64_15, 6_40, None),
    ("differs", 19_99, -1, None),
    ("late", 91_68, None, None),
    ("expected", 1_90, None, None),
    ("announced", 10_90, None, None),
    ("not_expected", 0, None, None),
)


def fill_month(database, shop):
    """A remittance of each state in place of those of ``shop``; returns the filters of their 30 days."""
    with database.writing(DatabaseRole.OWNER) as connection:
        row = connection.execute(
            text("SELECT contract_id, collected_local FROM remittance WHERE merchant_id = :m LIMIT 1"),
            {"m": shop.merchant_id},
        ).one()
        connection.execute(text("DELETE FROM remittance WHERE merchant_id = :m"), {"m": shop.merchant_id})
        for place, (credit, net, gap, fee) in enumerate(CREDITED):
            factories.a_remittance(
                connection,
                merchant_id=shop.merchant_id,
                contract_id=row.contract_id,
                collected_local=row.collected_local - timedelta(days=3 * place),
                number=f"00010{place}",
                debit_amount=max(net, 0),
                refund_amount=max(-net, 0),
                net_amount=net,
                credit=credit,
                credit_gap=gap,
                fee_amount=fee,
                credit_proposed=(credit, net) in TO_CONFIRM,
            )
        factories.sum_days(connection)
    first = today() - timedelta(days=29)
    return f"date_from={first}&date_to={today()}"


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by their headings."""
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig")), delimiter=";"))


def cents(written: str) -> int:
    return int(Decimal(written.replace(",", ".") or 0) * 100)
