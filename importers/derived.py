"""Derived rows, renewed for the touched days: links of payments, terminals, values, credits, daily sums."""

from __future__ import annotations

from sqlalchemy import Connection

from importers import (
    daily_sums,
    known_values,
    line_contracts,
    remittance_credits,
    reversals,
    sale_links,
    settlement_links,
    terminals,
)


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
