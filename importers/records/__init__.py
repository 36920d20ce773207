"""What every format becomes on the way in: payments, or parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Payments:
    """Telecollections and transactions of one file, checked.

    ``remittances`` has one row a remittance, indexed 0 to n-1, with the columns of
    ``layout.REMITTANCE`` in the model's words, its ``line``, and, when ``has_totals``, the declared
    ``*_count``, ``*_amount``, ``transaction_count`` and ``net_amount`` (minor units).
    ``transactions`` has the columns of ``layout.TRANSACTION`` in the model's words with ``card_bin``
    and ``card_last4`` in place of the card, ``line``, and ``remittance``: the row of its parent.
    ``has_payments`` tells a file that carries transactions from one that carries totals alone.
    """

    source: str
    file_key: str
    content: str
    created_at: datetime
    has_totals: bool
    has_payments: bool
    remittances: pd.DataFrame
    transactions: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Referential:
    """Who owns which contract: the columns of ``layout.REFERENTIAL``, None where empty, and ``line``."""

    contracts: pd.DataFrame


Records = Payments | Referential


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose a file says it is: the source of payments, or the slugs of the resellers it declares for."""

    source: str | None = None
    resellers: frozenset[str] = frozenset()
