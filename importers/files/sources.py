"""Which reseller a source of files belongs to: its contract numbers mean nothing without."""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from importers import ownership
from importers.ownership import OwnerKey
from importers.records import KnownSource, Records, adopt


class UnknownResellerError(LookupError):
    """No referential has named this reseller."""


_FIND = "SELECT id, reseller_id FROM source WHERE name = :name"
_ONLY_ONE = "SELECT min(id) FROM reseller WHERE declared HAVING count(*) = 1"
_ONE_DECLARES = """
SELECT min(c.reseller_id) FROM {staged} w JOIN {table} c ON {same} AND c.merchant_id <> :unclaimed
HAVING count(DISTINCT c.reseller_id) = 1
"""
_PLACEHOLDER = """
INSERT INTO reseller (slug, name, declared) VALUES ('source:' || :name, :name, false)
ON CONFLICT (slug) DO UPDATE SET name = EXCLUDED.name RETURNING id
"""
_ADD = "INSERT INTO source (name, reseller_id) VALUES (:name, :reseller) RETURNING id, reseller_id"


def of(connection: Connection, name: str, records: Records) -> KnownSource:
    """The source ``name``, made known with its first file."""
    named = {"name": name}
    found = connection.execute(text(_FIND), named).one_or_none()
    if found is None:
        reseller = _guessed(connection, records) or connection.scalar(text(_PLACEHOLDER), named)
        found = connection.execute(text(_ADD), {**named, "reseller": reseller}).one()
    return KnownSource(found.id, found.reseller_id)


def _guessed(connection: Connection, records: Records) -> int | None:
    """The only reseller there is, or the one that alone declares any of the keys that the file names."""
    only_one: int | None = connection.scalar(text(_ONLY_ONE))
    if only_one is not None or records.owners is None:
        return only_one
    key, rows = records.owners
    ownership.stage_keys(connection, key, rows)
    return _one_that_declares(connection, key)


def _one_that_declares(connection: Connection, key: OwnerKey) -> int | None:
    statement = _ONE_DECLARES.format(staged=key.staged, table=key.table, same=key.same("c", "w"))
    reseller: int | None = connection.scalar(text(statement), {"unclaimed": UNCLAIMED_MERCHANT})
    return reseller


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
    adopt(connection)
