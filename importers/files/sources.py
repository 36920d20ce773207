"""Which reseller a source of files belongs to: its contract numbers mean nothing without."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from importers.records import Payments, contracts


class KnownSource(NamedTuple):
    """A source and its reseller, the placeholder of its own as long as nobody knows better."""

    id: int
    reseller_id: int


class UnknownResellerError(LookupError):
    """No referential has named this reseller."""


_FIND = "SELECT id, reseller_id FROM source WHERE name = :name"
# The only reseller there is, or the one that alone declares any of the file's contracts.
_GUESS = """
WITH declaring AS (
  SELECT DISTINCT c.reseller_id FROM wanted_contract w JOIN contract c ON c.number = w.contract
    AND c.rank = w.rank AND c.application = w.application AND c.merchant_id <> :unclaimed
), known AS (SELECT id FROM reseller WHERE declared)
SELECT CASE
  WHEN (SELECT count(*) FROM known) = 1 THEN (SELECT min(id) FROM known)
  WHEN (SELECT count(*) FROM declaring) = 1 THEN (SELECT min(reseller_id) FROM declaring)
END
"""
_PLACEHOLDER = """
INSERT INTO reseller (slug, name, declared) VALUES ('source:' || :name, :name, false)
ON CONFLICT (slug) DO UPDATE SET name = EXCLUDED.name RETURNING id
"""
_ADD = "INSERT INTO source (name, reseller_id) VALUES (:name, :reseller) RETURNING id, reseller_id"


def of(connection: Connection, payments: Payments) -> KnownSource:
    """The source of a file, made known with its first one."""
    name = {"name": payments.source}
    found = connection.execute(text(_FIND), name).one_or_none()
    if found is None:
        contracts.want(connection, payments.remittances)
        reseller = connection.scalar(text(_GUESS), {"unclaimed": UNCLAIMED_MERCHANT})
        reseller = reseller or connection.scalar(text(_PLACEHOLDER), name)
        found = connection.execute(text(_ADD), {**name, "reseller": reseller}).one()
    return KnownSource(found.id, found.reseller_id)


def bind(connection: Connection, source: str, slug: str) -> None:
    """Say which reseller a source belongs to; its rows that were kept aside then appear.

    Raises UnknownResellerError.
    """
    reseller = connection.scalar(
        text("SELECT id FROM reseller WHERE slug = :slug AND declared"), {"slug": slug.lower()}
    )
    if reseller is None:
        raise UnknownResellerError(slug)
    connection.execute(
        text(
            "INSERT INTO source (name, reseller_id) VALUES (:name, :reseller)"
            " ON CONFLICT (name) DO UPDATE SET reseller_id = EXCLUDED.reseller_id"
        ),
        {"name": source, "reseller": reseller},
    )
    contracts.reveal(connection)
