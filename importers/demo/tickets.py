"""The tickets as a terminal of the demo prints them, 24 columns wide. Few terminals hand theirs on.

Those of payments are the customer's copy: the one that is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from app.rules.payments import AMOUNTS, COUNTS

Frame = pd.DataFrame
Row = Mapping[str, Any]
_WIDTH = 24
_TITLES = {"AMEX": "AMERICAN EXPRESS", "CONECS": "CONECS", "JCB": "JCB"}
_OPERATIONS = {
    "debit": "DEBIT",
    "refund": "CREDIT",
    "cancellation": "ANNULATION",
    "refund_cancellation": "ANNULATION CREDIT",
    "preauthorisation": "PRE-AUTORISATION",
}
_TOTAL_WORDS = ("DEBITS", "ANNULATIONS", "CREDITS", "ANN. CREDITS", "REFUSEES", "NON ABOUTIES")
_RULE = "-" * _WIDTH


def cardholder_tickets(remittances: Frame, transactions: Frame) -> pd.Series[str]:
    """A ticket for each of ``transactions``, of shops that trade in euros.

    ``remittances`` also has ``trade_name`` and ``city``.
    """
    parents = _rows(remittances.loc[transactions["remittance"]])
    payments = _rows(transactions)
    texts = [
        "\n".join(_cardholder(payment, parent)) for payment, parent in zip(payments, parents, strict=True)
    ]
    return pd.Series(texts, index=transactions.index, dtype="str")


def remittance_tickets(remittances: Frame) -> pd.Series[str]:
    """A ticket for each of ``remittances``, which also have their totals, ``trade_name`` and ``city``."""
    texts = ["\n".join(_telecollection(row)) for row in _rows(remittances)]
    return pd.Series(texts, index=remittances.index, dtype="str")


def _rows(frame: Frame) -> Iterator[Row]:
    values = frame.astype(object).where(frame.notna(), None)
    return (dict(zip(frame.columns, row, strict=True)) for row in values.itertuples(index=False))


def _heading(row: Row, at: pd.Timestamp) -> Iterator[str]:
    yield f"LE {at:%d/%m/%Y A %H:%M:%S}"
    yield row["trade_name"][:_WIDTH]
    yield row["city"][:_WIDTH]


def _cardholder(payment: Row, parent: Row) -> Iterator[str]:
    title = next((words for head, words in _TITLES.items() if parent["application"].startswith(head)), None)
    yield (title or "CARTE BANCAIRE").center(_WIDTH).rstrip()
    if payment["entry_mode"] == "contactless":
        yield "SANS CONTACT".center(_WIDTH).rstrip()
    yield from filter(None, (payment["aid"], payment["scheme"]))
    yield from _heading(parent, payment["occurred_local"])
    yield parent["contract"]
    yield from [f"************{payment['card'][-4:]}"] if payment["card"] else []
    yield from filter(None, (payment["certificate"],))
    yield f"{parent['terminal_number']} {payment['sequence_number']} {_reading(payment, parent)}"
    if payment["authorisation_number"]:
        yield f"NO AUTO : {payment['authorisation_number']}"
    yield from _money(payment)
    yield from _ending(payment)
    yield "TICKET CLIENT".center(_WIDTH).rstrip()
    yield "A CONSERVER".center(_WIDTH).rstrip()


def _reading(payment: Row, parent: Row) -> str:
    mode = {"chip": " C", "contactless": " C", "magstripe": " S"}.get(payment["entry_mode"], "")
    return f"{parent['number'][-2:]}{mode}" + (" @" if payment["authorisation_asked"] else "")


def _money(payment: Row) -> Iterator[str]:
    if payment["requested_amount"]:
        yield from ("MONTANT DEMANDE :", _euros(payment["requested_amount"]).rjust(_WIDTH))
    yield from ("MONTANT :", _euros(payment["amount"]).rjust(_WIDTH))
    if payment["cardholder_currency"]:
        yield f"1 EUR = {payment['exchange_rate']} {payment['cardholder_currency']}"
        yield f"COMMISSION : {payment['markup_percent']} %"


def _ending(payment: Row) -> Iterator[str]:
    if payment["outcome"] == "abandoned":
        yield f"ABANDON {_OPERATIONS[payment['type']]}"
    elif payment["outcome"] == "declined":
        yield f"REFUSE {payment['response_code']}"
        yield "TRANSACTION REFUSEE"
    else:
        yield _OPERATIONS[payment["type"]]


def _telecollection(row: Row) -> Iterator[str]:
    yield "TELECOLLECTE".center(_WIDTH).rstrip()
    yield row["application"].center(_WIDTH).rstrip()
    yield from _heading(row, row["collected_local"])
    yield f"CONTRAT {row['contract']}"
    yield f"RANG {row['rank']} TPE {row['terminal_number']}"
    yield f"REMISE {row['number']} {row['file_number']}"
    yield _RULE
    for words, count, amount in zip(_TOTAL_WORDS, COUNTS, AMOUNTS, strict=True):
        yield f"{words:<12}{row[count]:>3}{_plain(row[amount]):>9}"
    yield _RULE
    yield f"NET EUR{_plain(row['net_amount']):>17}"
    yield row["status_text"]
    yield "TRANSMISSION REUSSIE" if row["transmission"] == "succeeded" else "TRANSMISSION ECHOUEE"


def _euros(cents: int) -> str:
    return f"{_plain(cents)} EUR"


def _plain(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"
