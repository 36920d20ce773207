"""Derived rows, renewed for the touched days: links of payments, terminals, values, credits, daily sums."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection

from app.models import UNCLAIMED_MERCHANT
from importers import (
    daily_sums,
    known_values,
    remittance_credits,
    reversals,
    sale_links,
    settlement_links,
    terminals,
)
from importers.staging import as_dates

#: Up to so many new rows, reading their days again costs less than adding them.
FEW_ROWS = 10_000


def add_new(connection: Connection, subject: str, rows: pd.DataFrame, day: str) -> None:
    """Touch the days of rows that are new; add many of them to what is derived of these at once.

    ``subject`` is their table, ``rows`` have its columns, ``day`` names that of their local day.
    """
    is_added = len(rows) > FEW_ROWS
    daily_sums.add(connection, subject, rows, day, is_added=is_added)
    if not is_added:
        return
    is_owned = rows["merchant_id"] != UNCLAIMED_MERCHANT
    owned = rows if is_owned.all() else rows[is_owned]  # millions of rows are not copied without need
    owned = owned.assign(day=as_dates(owned[day]))
    daily_sums.add_new(connection, subject, owned)
    known_values.add_new(connection, subject, owned)
    if subject == "remittance":
        terminals.add_new(connection, owned)


def renew(connection: Connection) -> None:
    """Derive anew what the touched days of this transaction concern (see :func:`daily_sums.touch`)."""
    reversals.renew(connection)
    sale_links.renew(connection)
    terminals.renew(connection)
    known_values.renew(connection)
    settlement_links.renew(connection)
    remittance_credits.renew(connection)
    daily_sums.recompute(connection)
