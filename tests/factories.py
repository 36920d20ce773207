"""Rows for tests, keyword by keyword: only what a test speaks about needs to be said.

Every function writes one row on ``connection`` (role import or owner) and returns its id.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from app.database.migrate import ensure_partitions
from app.models import (
    DEFAULT_TIME_ZONE,
    Base,
    Contract,
    Merchant,
    Outlet,
    ReceivedDay,
    Remittance,
    Reseller,
    Source,
    Transaction,
)
from importers.derived import amount_bands, daily_sums, known_values, terminals

if TYPE_CHECKING:
    from sqlalchemy import Connection

NUMBERS = count(1001)
NIGHT = datetime(2026, 3, 2, 23, 15, 7)
NOON = datetime(2026, 3, 2, 12, 31, 9)


def instant(local: datetime, zone: str = DEFAULT_TIME_ZONE) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone))


def a_reseller(connection: Connection, **values: Any) -> int:
    number = next(NUMBERS)
    row = {"slug": f"reseller-{number}", "name": f"Reseller {number}", "declared": True, **values}
    return connection.scalar(insert(Reseller).values(row).returning(Reseller.id))


def a_source(connection: Connection, *, reseller_id: int, **values: Any) -> int:
    row = {"name": f"source-{next(NUMBERS)}", "reseller_id": reseller_id, **values}
    return connection.scalar(insert(Source).values(row).returning(Source.id))


def a_received_day(
    connection: Connection,
    *,
    source_id: int,
    day: date,
    subjects: tuple[str, ...] = ("remittances", "transactions"),
    **values: Any,
) -> None:
    """A day that the file of its night vouches for, made at 2 o'clock in Paris."""
    made_at = instant(datetime.combine(day + timedelta(days=1), time(2)))
    row = {"source_id": source_id, "day": day, "import_file_id": next(NUMBERS), "made_at": made_at}
    rows = [{**row, "caught_up": False, "subject": subject, **values} for subject in subjects]
    connection.execute(insert(ReceivedDay), rows)


def insert_into_month(connection: Connection, model: type[Base], row: dict[str, Any], day: str) -> None:
    """Write a row of a table that is partitioned by the month of ``day``."""
    ensure_partitions(connection, {model.__tablename__: [row[day]]})
    connection.execute(insert(model).values(row))


def a_merchant(connection: Connection, *, reseller_id: int | None = None, **values: Any) -> int:
    reseller_id = a_reseller(connection) if reseller_id is None else reseller_id
    number = next(NUMBERS)
    row = {"reseller_id": reseller_id, "code": f"M{number}", "name": f"Merchant {number}", **values}
    return connection.scalar(insert(Merchant).values(row).returning(Merchant.id))


def reseller_of(connection: Connection, merchant_id: int) -> int:
    """The reseller whose merchant it is; none for a merchant that is not there."""
    found = connection.scalar(text("SELECT reseller_id FROM merchant WHERE id = :id"), {"id": merchant_id})
    return found or 0


def an_outlet(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    number = next(NUMBERS)
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "reseller_id": reseller_of(connection, merchant_id),
        "siret": f"{number:014}",
        "trade_name": f"CAFE DE LA FICTION {number}",
        "time_zone": DEFAULT_TIME_ZONE,
        **values,
    }
    connection.execute(insert(Outlet).values(row))
    return row["id"]


def a_contract(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    """A contract; with an outlet of its own unless ``outlet_id`` is given."""
    if "outlet_id" not in values:
        values["outlet_id"] = an_outlet(connection, merchant_id=merchant_id)
    number = next(NUMBERS)
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "reseller_id": reseller_of(connection, merchant_id),
        "number": f"{7000000 + number}",
        "rank": "001",
        "application": "CBEMV",
        "label": "Comptoir",
        "bank_code": "30004",
        "bank_name": "BNP Paribas",
        "currency": "EUR",
        **values,
    }
    connection.execute(insert(Contract).values(row))
    return row["id"]


def a_remittance(connection: Connection, *, merchant_id: int, contract_id: int, **values: Any) -> int:
    """A remittance, empty unless its sums are given, collected at ``collected_local``."""
    number = next(NUMBERS)
    local = values.setdefault("collected_local", NIGHT)
    zone = values.pop("zone", DEFAULT_TIME_ZONE)
    opened = local - timedelta(hours=15)
    kinds = ("debit", "cancellation", "refund", "refund_cancellation", "declined", "abandoned")
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "collected_on": local.date(),
        "reseller_id": reseller_of(connection, merchant_id),
        "contract_id": contract_id,
        "number": f"{number % 1_000_000:06}",
        "file_number": f"D{number % 100_000:05}",
        "bank_code": "30004",
        "siret": "99999999800019",
        "terminal_number": "001",
        "serial_number": "219300290018",
        "manufacturer": "INGENICO",
        "currency": "EUR",
        "opened_local": opened,
        "opened_at": instant(opened, zone),
        "collected_at": instant(local, zone),
        "status": "correct",
        "second_fold": False,
        "status_text": "TERMINAL CORRECTS",
        "transmission": "succeeded",
        "has_totals": True,
        "transaction_count": 0,
        **{f"{kind}_{part}": 0 for kind in kinds for part in ("count", "amount")},
        "net_amount": 0,
        "received_count": 0,
        "received_net": 0,
        "seal": "complete",
        "missing_sequences": 0,
        "header_file_id": 1,
        **values,
    }
    insert_into_month(connection, Remittance, row, "collected_on")
    return row["id"]


def a_transaction(
    connection: Connection, *, merchant_id: int, contract_id: int, remittance_id: int, **values: Any
) -> int:
    """An accepted debit of 39,00 EUR, unless told otherwise, at ``occurred_local``."""
    number = next(NUMBERS)
    local = values.setdefault("occurred_local", NOON)
    zone = values.pop("zone", DEFAULT_TIME_ZONE)
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "occurred_on": local.date(),
        "reseller_id": reseller_of(connection, merchant_id),
        "contract_id": contract_id,
        "remittance_id": remittance_id,
        "collected_on": NIGHT.date(),
        "sequence_number": f"{number % 1_000_000:06}",
        "occurred_at": instant(local, zone),
        "second_fold": False,
        "type": "debit",
        "outcome": "accepted",
        "remitted": True,
        "amount": 3900,
        "currency": "EUR",
        "card_bin": "497010",
        "card_last4": "0044",
        "expiry": "1228",
        "entry_mode": "chip",
        "scheme": "CB",
        "product": "VISA CLASSIC",
        "issuer": "BNP PARIBAS",
        "aid": "A0000000421010",
        "authorisation_asked": True,
        "authorisation_number": "123456",
        "response_code": "00",
        "certificate": "A1B2C3D4E5F60718",
        "import_file_id": 1,
        **values,
    }
    insert_into_month(connection, Transaction, row, "occurred_on")
    return row["id"]


_TRANSACTION_DAYS = """
INSERT INTO transaction_day
  (merchant_id, contract_id, day, reseller_id, currency, type, outcome, remitted, count, amount)
SELECT merchant_id, coalesce(contract_id, 0), occurred_on, reseller_id, currency, type, outcome, remitted,
  count(*), sum(amount)
FROM transaction GROUP BY GROUPING SETS
  ((1, contract_id, 3, 4, 5, 6, 7, 8), (1, 3, 4, 5, 6, 7, 8))
"""
_REMITTANCE_DAYS = """
INSERT INTO remittance_day (merchant_id, contract_id, day, reseller_id, currency, status, is_empty,
  remitted, awaiting_totals, credit, count, debit, refund, cancelled, refund_cancelled, declined, fee, gap,
  to_confirm)
SELECT merchant_id, coalesce(contract_id, 0), collected_on, reseller_id, currency, status,
  transaction_count = 0,
  (has_totals OR seal = 'no_totals') AND status = 'correct' AND transmission IS DISTINCT FROM 'failed',
  NOT has_totals AND seal <> 'no_totals', credit, count(*), sum(debit_amount), sum(refund_amount),
  sum(cancellation_amount), sum(refund_cancellation_amount), sum(declined_amount),
  coalesce(sum(fee_amount), 0), coalesce(sum(credit_gap), 0),
  coalesce(sum(net_amount) FILTER (WHERE credit_proposed), 0)
FROM remittance GROUP BY GROUPING SETS
  ((1, contract_id, 3, 4, 5, 6, 7, 8, 9, 10), (1, 3, 4, 5, 6, 7, 8, 9, 10))
"""
_REMITTANCE_THIRDS = """
INSERT INTO remittance_third (merchant_id, contract_id, third, reseller_id, currency, status, remitted,
  awaiting_totals, credit, count, debit, refund, cancelled, refund_cancelled, declined, fee, gap, to_confirm)
SELECT merchant_id, contract_id,
  make_date(extract(year FROM day)::int, extract(month FROM day)::int,
    CASE WHEN extract(day FROM day) < 11 THEN 1 WHEN extract(day FROM day) < 21 THEN 11 ELSE 21 END),
  reseller_id, currency, status, remitted, awaiting_totals, credit, sum(count), sum(debit), sum(refund),
  sum(cancelled), sum(refund_cancelled), sum(declined), sum(fee), sum(gap), sum(to_confirm)
FROM remittance_day WHERE contract_id <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

_TRANSACTION_THIRDS = """
INSERT INTO transaction_third
  (merchant_id, contract_id, third, reseller_id, currency, type, outcome, remitted, count, amount)
SELECT merchant_id, contract_id,
  make_date(extract(year FROM day)::int, extract(month FROM day)::int,
    CASE WHEN extract(day FROM day) < 11 THEN 1 WHEN extract(day FROM day) < 21 THEN 11 ELSE 21 END),
  reseller_id, currency, type, outcome, remitted, sum(count), sum(amount)
FROM transaction_day WHERE contract_id <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def sum_days(connection: Connection) -> None:
    """Compute all daily sums from the rows, by contract and over all contracts of a merchant."""
    connection.execute(text("TRUNCATE transaction_day, remittance_day, transaction_third, remittance_third"))
    connection.execute(text(_TRANSACTION_DAYS))
    connection.execute(text(_REMITTANCE_DAYS))
    connection.execute(text(_TRANSACTION_THIRDS))
    connection.execute(text(_REMITTANCE_THIRDS))
    keep_what_is_derived(connection)


def keep_what_is_derived(connection: Connection) -> None:
    """Let the loader derive terminals, the days on which they called, known values and bands from the rows.

    Every merchant has bands of amounts, as large ones have.
    """
    connection.execute(text("TRUNCATE terminal, terminal_day, terminal_month, known_value, transaction_band"))
    daily_sums.touch(connection)
    daily_sums.forget(connection)
    connection.execute(
        text(
            "INSERT INTO touched_day"
            " SELECT DISTINCT 'remittance', merchant_id, contract_id, collected_on FROM remittance UNION"
            " SELECT DISTINCT 'transaction', merchant_id, contract_id, occurred_on FROM transaction"
        )
    )
    terminals.renew(connection)
    known_values.renew(connection)
    with patch.object(amount_bands, "LARGE_DAY", 1):
        amount_bands.renew(connection)
    daily_sums.forget(connection)


TOWNS = (
    ("69003", "LYON"),
    ("69100", "VILLEURBANNE"),
    ("75011", "PARIS"),
    ("38000", "GRENOBLE"),
    ("42000", "SAINT-ÉTIENNE"),
    ("13001", "MARSEILLE"),
    ("33000", "BORDEAUX"),
    ("20000", "AJACCIO"),
    ("97400", "SAINT-DENIS"),
    ("59000", "LILLE"),
)


def a_chain(connection: Connection, *, merchant_id: int, shops: int) -> list[int]:
    """``shops`` outlets with a contract each, spread over TOWNS in turn; returns the ids of the outlets."""
    reseller = reseller_of(connection, merchant_id)
    numbers = [next(NUMBERS) for _ in range(shops)]
    outlets = [
        {
            "merchant_id": merchant_id,
            "id": number,
            "reseller_id": reseller,
            "siret": f"5005005{number:07}",
            "trade_name": f"FOURNIL {town} {index:03}",
            "address": f"{index} rue des Essais",
            "postcode": postcode,
            "city": town,
            "time_zone": DEFAULT_TIME_ZONE,
        }
        for index, number in enumerate(numbers, start=1)
        for postcode, town in (TOWNS[index % len(TOWNS)],)
    ]
    contracts = [
        {
            "merchant_id": merchant_id,
            "id": number,
            "reseller_id": reseller,
            "outlet_id": number,
            "number": f"{number:08}",
            "rank": "001",
            "application": "CBEMV",
        }
        for number in numbers
    ]
    connection.execute(insert(Outlet), outlets)
    connection.execute(insert(Contract), contracts)
    return numbers
