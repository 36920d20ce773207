"""Acceptors: the numbers by which acquirers and platforms know a merchant, declared with its contracts.

What such a number names (settlements, chargebacks, operations) knows no rank and no application.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from importers.ownership import OwnerKey

#: What the records of acquirers and platforms belong to.
ACCEPTOR: Final = OwnerKey(table="acceptor", columns=("number",), names=("contract_number",), has_desk=True)
# Numbers are those of one acquirer: where contracts of several merchants bear one, it names nobody.
_OF_ONE = f"""
NOT EXISTS (
  SELECT FROM contract c WHERE c.reseller_id = {{row}}.reseller_id AND c.number = {{row}}.number
    AND c.merchant_id NOT IN ({UNCLAIMED_MERCHANT}, {{row}}.merchant_id)
)
"""
_DECLARE = (
    f"""
    INSERT INTO acceptor (merchant_id, id, reseller_id, number, by_desk)
    SELECT named.merchant_id, nextval('party_id'), named.reseller_id, named.number, :by_desk
    FROM (SELECT DISTINCT merchant_id, reseller_id, contract AS number FROM declared) AS named
    WHERE {_OF_ONE.format(row="named")}
    ON CONFLICT (merchant_id, reseller_id, number) DO UPDATE SET by_desk = false
    WHERE acceptor.by_desk AND NOT EXCLUDED.by_desk
    """,
    f"""
    DELETE FROM acceptor a USING declared d
    WHERE a.reseller_id = d.reseller_id AND a.number = d.contract AND a.merchant_id <> {UNCLAIMED_MERCHANT}
      AND NOT ({_OF_ONE.format(row="a")})
    """,
)


def declare(connection: Connection, *, by_desk: bool) -> None:
    """Declare the numbers of the contracts in temporary table ``declared``."""
    insert, delete = _DECLARE
    connection.execute(text(insert), {"by_desk": by_desk})
    connection.execute(text(delete))
