"""The tickets as a terminal of the demo prints them, 24 columns wide. Few terminals hand theirs on."""

from __future__ import annotations

import pandas as pd

from importers import totals

Frame = pd.DataFrame
_WIDTH = 24
_TITLES = {"AMEX": "AMERICAN EXPRESS", "CONECS": "CONECS", "JCB": "JCB"}
_WORDS = {
    "debit": "DEBIT",
    "refund": "CREDIT",
    "cancellation": "ANNULATION",
    "refund_cancellation": "ANNULATION CREDIT",
    "preauthorisation": "PRE-AUTORISATION",
}
_TOTAL_WORDS = ("DEBITS", "ANNULATIONS", "CREDITS", "ANN. CREDITS", "REFUSEES", "NON ABOUTIES")
_RULE = "-" * _WIDTH


def cardholder_tickets(remittances: Frame, transactions: Frame, shops: Frame) -> pd.Series[str]:
    """A ticket for each of ``transactions``; ``shops`` has trade name and city, one row a remittance."""
    parents = remittances.join(shops).loc[transactions["remittance"]]
    pairs = zip(transactions.itertuples(), parents.itertuples(), strict=True)
    texts = ["\n".join(_cardholder_lines(payment, parent)) for payment, parent in pairs]
    return pd.Series(texts, index=transactions.index, dtype="str")
