"""Derived rows, renewed for the touched days: links of payments, terminals, values, credits, daily sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from importers.derived import (
    amount_bands,
    daily_sums,
    known_values,
    line_contracts,
    remittance_credits,
    reversals,
    sale_links,
    settlement_links,
    settlement_sales,
    terminals,
)


def release(connection: Connection, where: str, parameters: Mapping[str, Any]) -> None:
    """Note what depends on the transactions of ``where``, which are about to be removed."""
    reversals.release(connection, where, parameters)
    settlement_sales.release_payments(connection, where, parameters)


def renew(connection: Connection) -> None:
    """Derive anew what the touched days of this transaction concern (see :func:`daily_sums.touch`)."""
    reversals.renew(connection)
    line_contracts.renew(connection)
    sale_links.renew(connection)
    terminals.renew(connection)
    known_values.renew(connection)
    settlement_links.renew(connection)
    remittance_credits.renew(connection)
    daily_sums.recompute(connection)
    amount_bands.renew(connection)
    daily_sums.forget(connection)
