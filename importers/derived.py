"""What follows from payments: links between them and daily sums, renewed for the touched days."""

from __future__ import annotations

from sqlalchemy import Connection

from importers import daily_sums, reversals


def renew(connection: Connection) -> None:
    """Derive anew what the touched days of this transaction concern (see :func:`daily_sums.touch`)."""
    reversals.renew(connection)
    daily_sums.recompute(connection)
