"""The few numbers the desk opens with: what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from app.desk import files, undeclared_contracts


@dataclass(frozen=True)
class Numbers:
    """Undeclared contracts and files in quarantine of one reseller."""

    undeclared: int
    quarantined: int


def numbers(connection: Connection, reseller_id: int) -> Numbers:
    """What waits at this reseller's desk."""
    return Numbers(
        undeclared_contracts.how_many(connection, reseller_id),
        files.how_many_in_quarantine(connection, reseller_id),
    )
