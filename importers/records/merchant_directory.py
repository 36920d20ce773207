"""Contracts and their owners, as a reseller declares them; what was kept aside for them appears.

An upsert: nothing is deleted by absence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from app.rules import keys
from app.wording.i18n import N_
from importers import ownership
from importers.derived import daily_sums, terminals
from importers.ownership import OwnerKey
from importers.records import Declaration, Entry, Loaded, RecordKind, acceptors, adopt, owned_tables
from importers.refusals import FileRefusedError, Refusal
from importers.staging import stage

#: What payments belong to.
CONTRACT = OwnerKey(
    table="contract",
    columns=("number", "rank", "application", "aside_source_id"),
    names=("contract", "rank", "application", "aside_source_id"),
    carried=("remittances_source_id", "transactions_source_id"),
    has_outlet=True,
    has_desk=True,
)
OTHER_CAPITALS = N_("this merchant code already exists in other capitals")
_MERCHANT_CODE = N_("merchant code")
REVERSED, VALID_TO = N_("is before the day that it is valid from"), N_("valid to")
LOOKS_ALIKE = N_("expected Latin letters, digits and signs of a keyboard")
KIND = RecordKind(name="merchant_directory")


@dataclass(frozen=True, kw_only=True)
class MerchantDirectory(Declaration):
    """Contracts and owners: columns of ``layout.MERCHANT_DIRECTORY``, None where empty, and ``line``."""

    contracts: pd.DataFrame

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Declare the contracts, and let appear what waited for them. Raises FileRefusedError."""
        declare(connection, self.contracts, by_desk=entry.by_desk)
        return Loaded(counts={"contracts": len(self.contracts)})


_DECLARE = (
    """
    INSERT INTO reseller (slug, name) SELECT DISTINCT reseller, reseller FROM declared d
    WHERE NOT EXISTS (SELECT FROM reseller r WHERE r.slug = d.reseller)
    """,
    """
    INSERT INTO merchant (reseller_id, code, name)
    SELECT DISTINCT r.id, d.merchant_code, d.merchant_name
    FROM declared d JOIN reseller r ON r.slug = d.reseller
    ON CONFLICT (reseller_id, code) DO UPDATE SET name = EXCLUDED.name WHERE merchant.name <> EXCLUDED.name
    """,
    """
    UPDATE declared d SET reseller_id = r.id, merchant_id = m.id
    FROM reseller r JOIN merchant m ON m.reseller_id = r.id
    WHERE r.slug = d.reseller AND m.code = d.merchant_code
    """,
)
_TAKEN = """
SELECT d.line FROM declared d
JOIN contract c ON c.reseller_id = d.reseller_id AND c.number = d.contract
  AND c.rank = d.rank AND c.application = d.application
WHERE c.merchant_id NOT IN (:unclaimed, d.merchant_id) ORDER BY d.line
"""
# Of contracts that are new or change their currency: the others have been held to it.
_OTHER_CURRENCY = """
SELECT d.line FROM declared d
JOIN contract c ON c.merchant_id = d.merchant_id AND c.reseller_id = d.reseller_id
  AND c.number = d.contract AND c.rank = d.rank AND c.application = d.application
LEFT JOIN seat_before b ON b.merchant_id = c.merchant_id AND b.contract_id = c.id
WHERE b.currency IS DISTINCT FROM c.currency AND EXISTS (
  SELECT FROM remittance r
  WHERE r.merchant_id = c.merchant_id AND r.contract_id = c.id AND r.currency <> c.currency
)
ORDER BY d.line
"""
# A line that leaves the first day out keeps the one that is known.
_REVERSED = """
SELECT d.line FROM declared d
JOIN contract c ON c.merchant_id = d.merchant_id AND c.reseller_id = d.reseller_id
  AND c.number = d.contract AND c.rank = d.rank AND c.application = d.application
WHERE c.valid_to < c.valid_from ORDER BY d.line
"""
_TAKE_CURRENCY = """
UPDATE contract c SET currency = (
  SELECT min(r.currency) FROM remittance r WHERE r.merchant_id = c.merchant_id AND r.contract_id = c.id
)
WHERE c.currency IS NULL AND c.merchant_id IN (SELECT merchant_id FROM declared)
"""
# Codes that differ in capitals alone would be two merchants of one name.
_OTHER_CAPITALS = """
SELECT d.line FROM declared d JOIN reseller r ON r.slug = d.reseller
JOIN merchant m ON m.reseller_id = r.id AND lower(m.code) = lower(d.merchant_code)
  AND m.code <> d.merchant_code
ORDER BY d.line
"""
# A code that nobody could tell from another one: that of a merchant who is there goes on.
_LOOKS_ALIKE = """
SELECT d.line FROM declared d WHERE d.merchant_code !~ :key AND NOT EXISTS (
  SELECT FROM reseller r JOIN merchant m ON m.reseller_id = r.id
  WHERE r.slug = d.reseller AND m.code = d.merchant_code
)
ORDER BY d.line
"""
_UPSERT_OUTLETS = """
INSERT INTO outlet (merchant_id, id, reseller_id, siret, trade_name, address, postcode, city, time_zone)
SELECT merchant_id, nextval('party_id'), reseller_id, siret, trade_name, address, postcode, city, time_zone
FROM (SELECT DISTINCT ON (merchant_id, siret) * FROM declared ORDER BY merchant_id, siret, line DESC) AS last
ON CONFLICT (merchant_id, siret) DO UPDATE SET trade_name = EXCLUDED.trade_name,
  address = COALESCE(EXCLUDED.address, outlet.address),
  postcode = COALESCE(EXCLUDED.postcode, outlet.postcode),
  city = COALESCE(EXCLUDED.city, outlet.city), time_zone = EXCLUDED.time_zone
"""
_UPSERT_CONTRACTS = """
INSERT INTO contract (merchant_id, id, reseller_id, outlet_id, number, rank, application, label,
  bank_code, bank_name, mcc, currency, valid_from, valid_to, by_desk)
SELECT d.merchant_id, nextval('party_id'), d.reseller_id, o.id, d.contract, d.rank, d.application, d.label,
  d.bank_code, d.bank_name, d.mcc, d.currency, d.valid_from, d.valid_to, :by_desk
FROM declared d JOIN outlet o ON o.merchant_id = d.merchant_id AND o.siret = d.siret
ON CONFLICT (merchant_id, reseller_id, number, rank, application, aside_source_id) DO UPDATE SET
  outlet_id = EXCLUDED.outlet_id, label = COALESCE(EXCLUDED.label, contract.label),
  bank_code = COALESCE(EXCLUDED.bank_code, contract.bank_code),
  bank_name = COALESCE(EXCLUDED.bank_name, contract.bank_name),
  mcc = COALESCE(EXCLUDED.mcc, contract.mcc), currency = COALESCE(EXCLUDED.currency, contract.currency),
  valid_from = COALESCE(EXCLUDED.valid_from, contract.valid_from), valid_to = EXCLUDED.valid_to,
  by_desk = contract.by_desk AND EXCLUDED.by_desk
"""
_SEATS = """
SELECT c.merchant_id, c.id AS contract_id, c.outlet_id, o.time_zone, c.currency FROM contract c
JOIN outlet o ON o.merchant_id = c.merchant_id AND o.id = c.outlet_id
WHERE c.merchant_id IN (SELECT DISTINCT merchant_id FROM declared)
"""

_RESEATED = (
    f"""
    CREATE TEMP TABLE reseated ON COMMIT DROP AS
    SELECT a.*, b.time_zone AS former_zone
    FROM ({_SEATS}) AS a LEFT JOIN seat_before b USING (merchant_id, contract_id)
    WHERE (a.outlet_id, a.time_zone) IS DISTINCT FROM (b.outlet_id, b.time_zone)
    """,
    "CREATE TEMP TABLE rezoned ON COMMIT DROP AS SELECT * FROM reseated WHERE former_zone <> time_zone",
)


def declare(connection: Connection, contracts: pd.DataFrame, *, by_desk: bool) -> None:
    """Bring in a merchant directory: an upsert, nothing is deleted by absence; then what it declares appears.

    Raises FileRefusedError when a contract already belongs to another merchant, since its history would
    change hands, ends before it begins, or has rows in another currency.
    """
    # The columns of the file with their types, and the keys that the next statements fill in.
    shape = (
        "(SELECT ''::text AS reseller, ''::text AS merchant_code, ''::text AS merchant_name, o.siret,"
        " o.trade_name, c.label, o.address, o.postcode, o.city, o.time_zone, c.number AS contract, c.rank,"
        " c.application, c.bank_code, c.bank_name, c.mcc, c.currency, c.valid_from, c.valid_to, 0 AS line,"
        " c.reseller_id, c.merchant_id FROM contract c JOIN outlet o USING (merchant_id)) AS shape"
    )
    stage(connection, "declared", contracts, shape)
    alike = connection.execute(text(_OTHER_CAPITALS)).scalars().all()
    _refuse(alike, OTHER_CAPITALS, _MERCHANT_CODE)
    strange = connection.execute(text(_LOOKS_ALIKE), {"key": f"^{keys.LETTER}*$"}).scalars().all()
    _refuse(strange, LOOKS_ALIKE, _MERCHANT_CODE)
    for statement in _DECLARE:
        connection.execute(text(statement))
    taken = connection.execute(text(_TAKEN), {"unclaimed": UNCLAIMED_MERCHANT}).scalars().all()
    _refuse(taken, N_("this contract already belongs to another merchant"), "contract")
    connection.execute(text(f"CREATE TEMP TABLE seat_before ON COMMIT DROP AS {_SEATS}"))
    connection.execute(text(_UPSERT_OUTLETS))
    connection.execute(text(_UPSERT_CONTRACTS), {"by_desk": by_desk})
    reversed_ = connection.execute(text(_REVERSED)).scalars().all()
    _refuse(reversed_, REVERSED, VALID_TO)
    acceptors.declare(connection, by_desk=by_desk)
    _follow_outlets(connection)
    adopt(connection)
    others = connection.execute(text(_OTHER_CURRENCY)).scalars().all()
    _refuse(others, N_("this contract has batches in another currency"), N_("currency"))
    connection.execute(text(_TAKE_CURRENCY))


def _refuse(lines: Sequence[int], reason: str, column: str) -> None:
    """Raise FileRefusedError for ``lines``, where there are any."""
    if lines:
        raise FileRefusedError(Refusal(reason=reason, line=line, column=column) for line in lines)


def _follow_outlets(connection: Connection) -> None:
    """Contracts whose outlet is another or has another clock: terminals follow, and the instants of rows.

    Their local times stay. What is derived is renewed when the rows that were kept aside have come too.
    """
    for statement in _RESEATED:
        connection.execute(text(statement))
    ownership.follow_clocks(connection, [table for table in owned_tables() if table.key == CONTRACT])
    daily_sums.touch(connection)
    terminals.touch_contracts(connection, "reseated")
