"""A small world of payments, in the database and as plain Python rows: what :mod:`tests.lists.oracle` judges.

Nothing here imports ``app.lists``: fields are written down a second time, in the plainest way there is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests import factories

if TYPE_CHECKING:
    from sqlalchemy import Connection

TODAY = date(2026, 3, 3)
FIRST = date(2026, 1, 27)
EXPONENTS = {"EUR": 2, "JPY": 0, "TND": 3, "CLF": 4}
BANKS = (("30004", "BNP Paribas"), ("10096", "CIC Lyonnaise de Banque"), ("01234", "Crédit Mutuel"))
APPLICATIONS = ("CBEMV", "CBCLESS", "QUASI CASH", "PLBS+", "NOUVELLE")
LABELS = ("Comptoir", "Café d'été", "100 % Bœuf", None)
ZONES = ("Europe/Paris", "Indian/Reunion", "America/Martinique")
TYPES = ("debit", "debit", "debit", "refund", "cancellation", "refund_cancellation", "preauthorisation")
REASONS = {"05": "opposed", "51": "funds", "A1": "code"}
OUTCOMES = ("accepted", "accepted", "accepted", "declined", "abandoned")

Row = dict[str, Any]


@dataclass
class World:
    """The rows of one merchant by list, as the JSON of the portal should have them, and keys."""

    merchant_id: int
    contract_ids: tuple[int, ...]
    rows: dict[str, list[Row]]


def build(connection: Connection, seed: int, *, remittances: int = 30, transactions: int = 250) -> World:
    """Write a merchant with outlets, contracts and payments. Any seed will do.

    Two remittances have one number, of different contracts: one contract gives a number once a day. Of the
    first, an acquirer tells the sum alone.
    """
    chance = random.Random(seed)
    merchant_id = factories.a_merchant(connection)
    outlets = [_an_outlet(connection, merchant_id, zone, chance) for zone in ZONES]
    contracts = [_contract(connection, merchant_id, chance.choice(outlets), n, chance) for n in range(6)]
    collected = [
        _remittance(
            connection,
            merchant_id,
            chance.choice(contracts[place % 2 :: 2]),
            place // 2,
            chance,
            is_sum=place == 0,
        )
        for place in range(remittances)
    ]
    paid = [
        _transaction(connection, merchant_id, chance.choice(collected[1:]), chance)
        for _ in range(transactions)
    ]
    factories.sum_days(connection)
    ids = tuple(contract["id"] for contract in contracts)
    return World(merchant_id, ids, {"remittances": collected, "transactions": paid})


def _an_outlet(connection: Connection, merchant_id: int, zone: str, chance: random.Random) -> Row:
    values = {
        "trade_name": chance.choice(("BOUTIQUE DE L'ÉTÉ", "Hôtel de la Gare", "SPA _100%_")),
        "siret": f"{chance.randrange(10**14):014}",
        "time_zone": zone,
    }
    row_id = factories.an_outlet(connection, merchant_id=merchant_id, **values)
    return {**values, "id": row_id}


def _contract(
    connection: Connection, merchant_id: int, outlet: Row, number: int, chance: random.Random
) -> Row:
    code, name = chance.choice(BANKS)
    values = {
        "number": f"{chance.choice(('0', ''))}{765000 + number // 2}",
        "rank": chance.choice(("001", "701", "010")),
        "application": APPLICATIONS[number % len(APPLICATIONS)],
        "label": chance.choice(LABELS),
        "bank_code": code,
        "bank_name": name,
    }
    row_id = factories.a_contract(connection, merchant_id=merchant_id, outlet_id=outlet["id"], **values)
    return {**values, "id": row_id, "outlet": outlet}


CREDIT_DAYS = ("credited_on", "expected_by")
CREDITS = ("unknown", "not_expected", "expected", "announced", "credited", "differs", "late")


def _credit(chance: random.Random) -> Row:
    return {
        "credit": chance.choice(CREDITS),
        "credited_on": chance.choice((None, FIRST, FIRST + timedelta(6))),
        "expected_by": chance.choice((None, FIRST)),
        "credit_gap": chance.choice((None, 0, -100, 1)),
        "credit_proposed": chance.choice((False, True)),
        "fee_amount": chance.choice((None, 0, 78)),
    }


def _remittance(
    connection: Connection,
    merchant_id: int,
    contract: Row,
    number: int,
    chance: random.Random,
    *,
    is_sum: bool,
) -> Row:
    local = datetime.combine(FIRST + timedelta(chance.randrange(34)), time(23, chance.randrange(4)))
    amounts = _amounts(chance)
    counts = {name: int(amount > 0) for name, amount in amounts.items()}
    values = _call(local, amounts, number, chance)
    if is_sum:
        values |= _SUM_ALONE
    stored = {f"{name}_amount": amount for name, amount in amounts.items()}
    stored |= {f"{name}_count": count for name, count in counts.items()}
    zone = contract["outlet"]["time_zone"]
    row_id = factories.a_remittance(
        connection, merchant_id=merchant_id, contract_id=contract["id"], zone=zone, **values, **stored
    )
    declared = _declared(values, amounts)
    reason = _credit_reason(values, amounts, contract["application"])
    return {
        "id": row_id,
        "_contract": contract,
        "_at": (factories.instant(local, zone).timestamp(), row_id),
        "_on": local.date(),
        **_of_contract(contract),
        **_of_remittance(values, contract),
        "number": values["number"],
        "date": local.isoformat(),
        "amount": values["net_amount"],
        "net_amount": values["net_amount"] if _has_reached_the_bank(values) else 0,
        "count": values["transaction_count"],
        "opened": values["opened_local"] and values["opened_local"].isoformat(),
        **{name: values[name] for name in ("currency", "seal")},
        **{name: values[name] for name in ("received_count", "received_net", "missing_sequences")},
        **{name: values[name] for name in ("credit", "credit_gap", "fee_amount")},
        "credit_proposal": "open" if values["credit_proposed"] else "none",
        "credit_reason": reason,
        **{name: day and day.isoformat() for name in CREDIT_DAYS for day in [values[name]]},
        **(declared if values["has_totals"] else dict.fromkeys(declared)),
    }


def _has_reached_the_bank(values: Row) -> bool:
    return values["has_totals"] and values["status"] == "correct" and values["transmission"] != "failed"


def _credit_reason(values: Row, amounts: dict[str, int], application: str) -> str:
    """Why the money of a remittance is where it is; nobody in this world has a payment of an acquirer."""
    if not _has_reached_the_bank(values):
        return "not_remitted"
    state = values["credit"]
    if state == "differs":
        why = _gap_reason(values["credit_gap"], amounts)
    elif state == "credited":
        why = ""
    elif state == "not_expected" and values["net_amount"] == 0:
        why = "nothing"
    elif values["credit_proposed"]:
        why = "proposed"
    elif state == "not_expected":
        payers = {"CONECS": "issuers", "CONECSLESS": "issuers", "AMEX": "american_express"}
        why = payers.get(application, "")
    else:
        overdue = "uncovered" if values["expected_by"] else ""
        why = {"unknown": "", "expected": overdue, "announced": "unproven", "late": "absent"}[state]
    return f"{state}/{why}" if why else state


def _gap_reason(gap: int | None, amounts: dict[str, int]) -> str:
    if gap is None or gap == 1:
        return "commission" if gap is None else "one_cent"
    if gap == amounts["refund_cancellation"] - amounts["refund"]:
        return "refunds"
    return "debits" if gap == amounts["debit"] - amounts["cancellation"] else "less" if gap > 0 else "more"


def _amounts(chance: random.Random) -> dict[str, int]:
    amounts = {name: chance.choice((0, 0, 500, 3900, 123456)) for name in ("debit", "cancellation", "refund")}
    return amounts | {
        name: chance.choice((0, 0, 700)) for name in ("refund_cancellation", "declined", "abandoned")
    }


def _call(local: datetime, amounts: dict[str, int], number: int, chance: random.Random) -> Row:
    """What is stored of a telecollection beside its sums; its other half may still be awaited."""
    values: Row = {
        "collected_local": local,
        "opened_local": chance.choice((None, local - timedelta(hours=12))),
        "number": f"{number:06}",
        "file_number": chance.choice((None, "D00183", "00d7")),
        "bank_code": chance.choice((None, "30004", "10096")),
        "siret": chance.choice((None, "99999999800019")),
        "serial_number": chance.choice((None, "219300290018", "000AB12")),
        "manufacturer": chance.choice((None, "INGENICO", "Vérifone")),
        "currency": chance.choice(tuple(EXPONENTS)),
        "status": chance.choice(("correct", "correct", "rejected", "incomplete")),
        "status_text": "TERMINAL CORRECTS",
        "transmission": chance.choice((None, "succeeded", "failed")),
        "has_totals": local.minute > 0,
        "transaction_count": sum(amount > 0 for amount in amounts.values()),
        "net_amount": amounts["debit"]
        - amounts["cancellation"]
        - amounts["refund"]
        + amounts["refund_cancellation"],
        "received_count": 1,
        "received_net": 500,
        "seal": "differs",
        "missing_sequences": chance.randrange(2),
    }
    values |= _credit(random.Random(f"{local} {values['number']}"))
    if not values["has_totals"]:
        values |= {"status": "correct", "seal": "awaiting_totals"}
    if values["opened_local"] is None:
        values["opened_at"] = None
    return values


#: What is stored of a remittance whose payments an acquirer does not communicate.
_SUM_ALONE: Row = {
    "has_totals": True,
    "seal": "no_payments",
    "status": "correct",
    **dict.fromkeys(("status_text", "transmission")),
    **dict.fromkeys(("received_count", "received_net", "missing_sequences"), 0),
}


def _declared(values: Row, amounts: dict[str, int]) -> Row:
    """What a terminal declares of its call, and what of it did not arrive, where payments could."""
    names = {"cancellation": "cancelled", "refund_cancellation": "refund_cancelled"}
    gaps = {
        "gap_count": values["transaction_count"] - values["received_count"],
        "gap_amount": values["net_amount"] - values["received_net"],
    }
    return {
        **{name: values[name] for name in ("status", "status_text", "transmission")},
        **{names.get(name, name): amount for name, amount in amounts.items()},
        **{f"{names.get(name, name)}_count": int(amount > 0) for name, amount in amounts.items()},
        **(dict.fromkeys(gaps) if values["seal"] == "no_payments" else gaps),
    }


def _of_contract(contract: Row) -> Row:
    names = {"application": "application", "contract": "number", "label": "label", "rank": "rank"}
    found = {name: contract[stored] for name, stored in names.items()}
    return {**found, "bank_name": contract["bank_name"], "trade_name": contract["outlet"]["trade_name"]}


def _of_remittance(values: Row, contract: Row) -> Row:
    return {
        "file_number": values["file_number"],
        "bank": values["bank_code"] or contract["bank_code"],
        "siret": values["siret"] or contract["outlet"]["siret"],
        "serial": values["serial_number"],
        "manufacturer": values["manufacturer"],
        "terminal": "001",
    }


def _transaction(connection: Connection, merchant_id: int, remittance: Row, chance: random.Random) -> Row:
    contract = remittance["_contract"]
    zone = contract["outlet"]["time_zone"]
    # Few instants for many payments: ties in time are the rule.
    local = datetime.combine(
        remittance["_on"] - timedelta(chance.choice((0, 0, 1))), time(12, chance.randrange(2))
    )
    values = _payment(remittance["currency"], chance)
    values |= _what_became_of_it(values["amount"], chance)
    row_id = factories.a_transaction(
        connection,
        merchant_id=merchant_id,
        contract_id=contract["id"],
        remittance_id=remittance["id"],
        occurred_local=local,
        collected_on=remittance["_on"],
        zone=zone,
        **values,
    )
    return {
        "id": row_id,
        "_contract": contract,
        "_at": (factories.instant(local, zone).timestamp(), row_id),
        "_on": local.date(),
        **_of_contract(contract),
        **{name: remittance[name] for name in ("file_number", "bank", "siret", "serial", "manufacturer")},
        "terminal": "001",
        "remittance": remittance["number"],
        "collected": remittance["date"],
        "date": local.isoformat(),
        "sequence_number": f"{row_id % 1_000_000:06}",
        "aid": "A0000000421010",
        "certificate": "A1B2C3D4E5F60718",
        **_of_payment(values),
    }


def _payment(currency: str, chance: random.Random) -> Row:
    """What is stored of a payment as the terminal made it."""
    has_card = chance.random() > 0.1
    values: Row = {
        "type": chance.choice(TYPES),
        "outcome": chance.choice(OUTCOMES),
        "remitted": chance.random() > 0.2,
        "amount": chance.choice((1, 50, 500, 1250, 3900, 12500, 125000, 123456)),
        "currency": currency,
        "card_bin": chance.choice((None, "497010", "513200")) if has_card else None,
        "card_last4": chance.choice(("0044", "0028", "4497")) if has_card else None,
        "expiry": chance.choice((None, "1228", "0127")),
        "entry_mode": chance.choice((None, "chip", "contactless")),
        "scheme": "CB",
        "product": chance.choice((None, "VISA CLASSIC", "Carte Réglo")),
        "issuer": chance.choice((None, "BNP PARIBAS", "Société Générale")),
        "authorisation_asked": chance.choice((None, True, False)),
        "authorisation_number": chance.choice((None, "012345", "A1b2C3")),
        "response_code": chance.choice((None, "00", "05", "51", "A1")),
        "dossier_number": chance.choice((None, None, "0000042", "00ab42")),
        "order_reference": chance.choice((None, "=1+1", "0cmd-42", "CMD-42")),
        "original_sequence_number": chance.choice((None, "000103")),
        "requested_amount": chance.choice((None, 5000)),
        "cardholder_amount": chance.choice((None, 4321)),
        "exchange_rate": chance.choice((None, Decimal("1.0825"))),
        "markup_percent": chance.choice((None, Decimal("3.50"))),
    }
    values["cardholder_currency"] = "USD" if values["cardholder_amount"] else None
    return values


def _what_became_of_it(amount: int, chance: random.Random) -> Row:
    """What was given back or charged back of a payment, and the sale of one that gives back."""
    reversal = chance.choice(("none", "none", "cancelled", "refunded", "partly_refunded"))
    original_on = chance.choice((None, None, FIRST))
    return {
        "reversal": reversal,
        "reversed_amount": 0 if reversal == "none" else 40,
        "chargeback": ("none", "none", "notice", "debited", "reversed")[amount % 5],
        "original_on": original_on,
        "original_id": None if original_on is None else 4711,
    }


#: Fields of a payment that are listed as they are stored.
_AS_STORED = (
    *("type", "outcome", "currency", "expiry", "entry_mode", "scheme", "product", "issuer"),
    *("authorisation_asked", "response_code", "order_reference", "original_sequence_number"),
    *("requested_amount", "cardholder_amount", "cardholder_currency", "reversal", "original_id"),
    "chargeback",
)


def _of_payment(values: Row) -> Row:
    signed = -values["amount"] if values["type"] in ("refund", "cancellation") else values["amount"]
    counted = values["outcome"] == "accepted" and values["type"] != "preauthorisation"
    return {
        "state": "remitted" if values["remitted"] else "pending",
        "amount": signed,
        "net_amount": signed if counted else 0,
        "reversed_amount": values["reversed_amount"] or None,
        **dict.fromkeys(("chargeback_on", "chargeback_amount", "chargeback_reason", "answer_by")),
        **dict.fromkeys(("captured_on", "three_ds", "card_country", "schedule", "platform_reference")),
        "original_on": values["original_on"] and values["original_on"].isoformat(),
        "reason": REASONS.get(values["response_code"]) if values["outcome"] == "declined" else None,
        "card": values["card_last4"] and f"{values['card_bin'] or '******'}******{values['card_last4']}",
        "authorisation": values["authorisation_number"],
        "dossier": values["dossier_number"],
        "exchange_rate": values["exchange_rate"] and str(values["exchange_rate"]),
        "markup_percent": values["markup_percent"] and str(values["markup_percent"]),
        **{name: values[name] for name in _AS_STORED},
    }
