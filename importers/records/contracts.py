"""Contracts: found or kept aside while a file is loaded, declared by a referential, then revealed.

A contract that nobody has declared stands under ``UNCLAIMED_MERCHANT``, unseen. The day it is
declared, its rows move to their merchant with their whole history.
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, text

from app.models import DEFAULT_TIME_ZONE, UNCLAIMED_MERCHANT, Remittance, Transaction
from app.wording.i18n import N_
from importers import daily_sums
from importers.files.refusals import Refusal, Refused
from importers.staging import rows_of, stage

_KEY = ("contract", "rank", "application")

_ADD_UNKNOWN = """
INSERT INTO contract (merchant_id, id, reseller_id, number, rank, application)
SELECT :unclaimed, nextval('party_id'), :reseller, w.contract, w.rank, w.application
FROM wanted_contract w
LEFT JOIN contract c ON c.reseller_id = :reseller
  AND c.number = w.contract AND c.rank = w.rank AND c.application = w.application
WHERE c.id IS NULL
"""
_NAME_SOURCE = """
UPDATE contract c SET source_id = :source FROM wanted_contract w
WHERE c.reseller_id = :reseller AND c.number = w.contract AND c.rank = w.rank
  AND c.application = w.application AND c.source_id IS DISTINCT FROM :source
"""
_FIND = """
SELECT w.contract, w.rank, w.application, c.merchant_id, c.id AS contract_id,
  COALESCE(o.time_zone, :zone) AS time_zone
FROM wanted_contract w
JOIN contract c ON c.reseller_id = :reseller
  AND c.number = w.contract AND c.rank = w.rank AND c.application = w.application
LEFT JOIN outlet o ON o.merchant_id = c.merchant_id AND o.id = c.outlet_id
"""


def want(connection: Connection, remittances: pd.DataFrame) -> None:
    """Stage the distinct contracts of a file, for :func:`reseller_of` and :func:`find`."""
    connection.execute(text("DROP TABLE IF EXISTS wanted_contract"))
    wanted = remittances[list(_KEY)].drop_duplicates()
    shape = "(SELECT ''::text AS contract, ''::text AS rank, ''::text AS application) AS shape"
    stage(connection, "wanted_contract", wanted, shape)


def find(connection: Connection, reseller_id: int, source_id: int) -> pd.DataFrame:
    """The wanted contracts, each with ``merchant_id``, ``contract_id`` and ``time_zone``.

    Unknown ones are created unclaimed, on the default clock.
    """
    parameters = {
        "reseller": reseller_id,
        "source": source_id,
        "unclaimed": UNCLAIMED_MERCHANT,
        "zone": DEFAULT_TIME_ZONE,
    }
    connection.execute(text(_ADD_UNKNOWN), parameters)
    connection.execute(text(_NAME_SOURCE), parameters)
    found = rows_of(connection, _FIND, parameters)
    return found.astype({"merchant_id": "int64", "contract_id": "int64"})


# --- a referential -----------------------------------------------------------------------------

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
_UPSERT_OUTLETS = """
INSERT INTO outlet (merchant_id, id, siret, trade_name, address, postcode, city, time_zone)
SELECT merchant_id, nextval('party_id'), siret, trade_name, address, postcode, city, time_zone
FROM (SELECT DISTINCT ON (merchant_id, siret) * FROM declared ORDER BY merchant_id, siret, line DESC) AS last
ON CONFLICT (merchant_id, siret) DO UPDATE SET trade_name = EXCLUDED.trade_name,
  address = COALESCE(EXCLUDED.address, outlet.address),
  postcode = COALESCE(EXCLUDED.postcode, outlet.postcode),
  city = COALESCE(EXCLUDED.city, outlet.city), time_zone = EXCLUDED.time_zone
"""
_UPSERT_CONTRACTS = """
INSERT INTO contract (merchant_id, id, reseller_id, outlet_id, number, rank, application, label,
  bank_code, bank_name, mcc, currency, valid_from, valid_to)
SELECT d.merchant_id, nextval('party_id'), d.reseller_id, o.id, d.contract, d.rank, d.application, d.label,
  d.bank_code, d.bank_name, d.mcc, d.currency, d.valid_from, d.valid_to
FROM declared d JOIN outlet o ON o.merchant_id = d.merchant_id AND o.siret = d.siret
ON CONFLICT (merchant_id, reseller_id, number, rank, application) DO UPDATE SET
  outlet_id = EXCLUDED.outlet_id, label = COALESCE(EXCLUDED.label, contract.label),
  bank_code = COALESCE(EXCLUDED.bank_code, contract.bank_code),
  bank_name = COALESCE(EXCLUDED.bank_name, contract.bank_name),
  mcc = COALESCE(EXCLUDED.mcc, contract.mcc), currency = COALESCE(EXCLUDED.currency, contract.currency),
  valid_from = COALESCE(EXCLUDED.valid_from, contract.valid_from), valid_to = EXCLUDED.valid_to
"""
_ZONES = """
SELECT c.merchant_id, c.id AS contract_id, o.time_zone FROM contract c
JOIN outlet o ON o.merchant_id = c.merchant_id AND o.id = c.outlet_id
WHERE c.merchant_id IN (SELECT DISTINCT merchant_id FROM declared)
"""


def declare(connection: Connection, contracts: pd.DataFrame) -> None:
    """Bring in a referential: an upsert, nothing is deleted by absence; then reveal what it declares.

    Raises Refused when a contract already belongs to another merchant: its history would change hands.
    """
    # The columns of the file with their types, and the keys that the next statements fill in.
    shape = (
        "(SELECT ''::text AS reseller, ''::text AS merchant_code, ''::text AS merchant_name, o.siret,"
        " o.trade_name, c.label, o.address, o.postcode, o.city, o.time_zone, c.number AS contract, c.rank,"
        " c.application, c.bank_code, c.bank_name, c.mcc, c.currency, c.valid_from, c.valid_to, 0 AS line,"
        " c.reseller_id, c.merchant_id FROM contract c JOIN outlet o ON false) AS shape"
    )
    stage(connection, "declared", contracts, shape)
    for statement in _DECLARE:
        connection.execute(text(statement))
    taken = connection.execute(text(_TAKEN), {"unclaimed": UNCLAIMED_MERCHANT}).scalars().all()
    if taken:
        reason = N_("this contract already belongs to another merchant")
        raise Refused(Refusal(reason=reason, line=line, column="contract") for line in taken)
    connection.execute(text(f"CREATE TEMP TABLE zone_before ON COMMIT DROP AS {_ZONES}"))
    connection.execute(text(_UPSERT_OUTLETS))
    connection.execute(text(_UPSERT_CONTRACTS))
    _follow_clocks(connection)
    reveal(connection)


def _follow_clocks(connection: Connection) -> None:
    """An outlet whose time zone is corrected: the instants of its rows follow, its local times stay."""
    connection.execute(
        text(
            f"CREATE TEMP TABLE rezoned ON COMMIT DROP AS SELECT a.* FROM ({_ZONES}) AS a"
            " JOIN zone_before b USING (merchant_id, contract_id) WHERE a.time_zone <> b.time_zone"
        )
    )
    for table, changes in (
        ("transaction", {"occurred_at": _TRANSACTION_AT}),
        ("remittance", {"collected_at": _COLLECTED_AT, "opened_at": _OPENED_AT}),
    ):
        sets = ", ".join(f"{name} = {value}" for name, value in changes.items())
        connection.execute(
            text(
                f"UPDATE {table} kept SET {sets} FROM rezoned zoned"
                " WHERE kept.merchant_id = zoned.merchant_id AND kept.contract_id = zoned.contract_id"
            )
        )


# --- what becomes visible ------------------------------------------------------------------------

_TRANSACTION_AT = "instant_of(kept.occurred_local, zoned.time_zone, kept.second_fold)"
_COLLECTED_AT = "instant_of(kept.collected_local, zoned.time_zone, kept.second_fold)"
_OPENED_AT = "instant_of(kept.opened_local, zoned.time_zone, false)"

# A source of an unknown reseller follows the one that alone declares any of its contracts, or the
# only one there is.
_BIND = """
WITH owner AS (
  SELECT s.id AS source_id, min(r.id) AS reseller_id FROM source s
  JOIN reseller old ON old.id = s.reseller_id AND NOT old.declared
  JOIN contract c ON c.source_id = s.id AND c.merchant_id = :unclaimed
  JOIN contract d ON d.number = c.number AND d.rank = c.rank AND d.application = c.application
    AND d.merchant_id <> :unclaimed
  JOIN reseller r ON r.id = d.reseller_id AND r.declared
  GROUP BY s.id HAVING count(DISTINCT r.id) = 1
), only_one AS (
  SELECT min(id) AS reseller_id FROM reseller WHERE declared HAVING count(*) = 1
)
UPDATE source s SET reseller_id = COALESCE(o.reseller_id, u.reseller_id)
FROM source s2 LEFT JOIN owner o ON o.source_id = s2.id LEFT JOIN only_one u ON true
JOIN reseller old ON true
WHERE s2.id = s.id AND old.id = s.reseller_id AND NOT old.declared
  AND COALESCE(o.reseller_id, u.reseller_id) IS NOT NULL
"""
_PREPARE = """
INSERT INTO contract (merchant_id, id, reseller_id, number, rank, application, source_id)
SELECT :unclaimed, nextval('party_id'), s.reseller_id, c.number, c.rank, c.application, c.source_id
FROM contract c JOIN source s ON s.id = c.source_id
LEFT JOIN contract t ON t.reseller_id = s.reseller_id AND t.number = c.number AND t.rank = c.rank
  AND t.application = c.application
WHERE c.merchant_id = :unclaimed AND c.reseller_id <> s.reseller_id AND t.id IS NULL
"""
_MOVES = """
CREATE TEMP TABLE moving ON COMMIT DROP AS
SELECT DISTINCT ON (c.id) c.id AS from_id, t.merchant_id, t.id AS contract_id, t.reseller_id, c.source_id,
  COALESCE(o.time_zone, :zone) AS time_zone
FROM contract c
LEFT JOIN source s ON s.id = c.source_id
JOIN contract t ON t.reseller_id = COALESCE(s.reseller_id, c.reseller_id) AND t.number = c.number
  AND t.rank = c.rank AND t.application = c.application AND t.id <> c.id
LEFT JOIN outlet o ON o.merchant_id = t.merchant_id AND o.id = t.outlet_id
WHERE c.merchant_id = :unclaimed AND (t.merchant_id <> :unclaimed OR c.reseller_id <> t.reseller_id)
ORDER BY c.id, t.merchant_id DESC
"""
_FORGET = (
    """
    UPDATE contract t SET source_id = COALESCE(t.source_id, m.source_id) FROM moving m
    WHERE t.merchant_id = m.merchant_id AND t.id = m.contract_id
    """,
    "DELETE FROM contract c USING moving m WHERE c.merchant_id = :unclaimed AND c.id = m.from_id",
    """
    UPDATE import_file f SET merchant_ids = ARRAY(SELECT DISTINCT unnest(f.merchant_ids || m.ids) ORDER BY 1)
    FROM (SELECT array_agg(DISTINCT merchant_id) AS ids FROM moving) AS m
    WHERE f.merchant_ids @> ARRAY[:unclaimed]::bigint[] AND m.ids IS NOT NULL
    """,
)


def reveal(connection: Connection) -> None:
    """Move what was kept aside to the contracts that are declared by now, with its history."""
    parameters = {"unclaimed": UNCLAIMED_MERCHANT, "zone": DEFAULT_TIME_ZONE}
    connection.execute(text(_BIND), parameters)
    connection.execute(text(_PREPARE), parameters)
    connection.execute(text(_MOVES), parameters)
    daily_sums.touch(connection)
    _move(connection, "remittance", Remittance, {"collected_at": _COLLECTED_AT, "opened_at": _OPENED_AT})
    _move(connection, "transaction", Transaction, {"occurred_at": _TRANSACTION_AT})
    for statement in _FORGET:
        connection.execute(text(statement), parameters)
    daily_sums.recompute(connection)


def _move(connection: Connection, table: str, model: type, instants: dict[str, str]) -> None:
    """Delete under the unclaimed merchant, insert under the declared one: keys are never updated."""
    names = [column.name for column in model.__table__.columns]  # type: ignore[attr-defined]
    moved = {name: f"zoned.{name}" for name in ("merchant_id", "contract_id", "reseller_id")}
    values = ", ".join((moved | instants).get(name, f"kept.{name}") for name in names)
    day = "collected_on" if model is Remittance else "occurred_on"
    connection.execute(
        text(
            f"WITH kept AS (DELETE FROM {table} old USING moving m"
            " WHERE old.merchant_id = :unclaimed AND old.contract_id = m.from_id RETURNING old.*),"
            f" placed AS (INSERT INTO {table} ({', '.join(names)})"
            f" SELECT {values} FROM kept JOIN moving zoned ON zoned.from_id = kept.contract_id"
            f" RETURNING merchant_id, contract_id, {day} AS day)"
            f" INSERT INTO touched_day SELECT DISTINCT '{table}', merchant_id, contract_id, day FROM placed"
        ),
        {"unclaimed": UNCLAIMED_MERCHANT},
    )
