"""Which reseller a source of files belongs to: its contract numbers mean nothing without."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from app.accounts.journal import Event, record
from app.models import UNCLAIMED_MERCHANT
from importers import ownership
from importers.ownership import OwnerKey
from importers.records import KnownSource, Records, adopt


class UnknownResellerError(LookupError):
    """No merchant directory has named this reseller."""


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
_VOUCHED = "SELECT vouched_columns FROM source WHERE name = :name"
_VOUCH = "UPDATE source SET vouched_columns = :columns WHERE name = :name RETURNING reseller_id"
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


def vouched(connection: Connection, name: str) -> frozenset[str]:
    """The columns of a source that an operator vouches for: no card number is in them."""
    return frozenset(connection.scalar(text(_VOUCHED), {"name": name}) or ())


def vouch(connection: Connection, name: str, columns: Collection[str], *, good: bool) -> None:
    """Vouch for columns of a source, known or not yet, or no longer: ``good`` says which. Journalled.

    What looks like a card number in them is masked when its file is read.
    """
    named = {"name": name}
    if connection.execute(text(_FIND), named).one_or_none() is None:
        reseller = connection.scalar(text(_ONLY_ONE)) or connection.scalar(text(_PLACEHOLDER), named)
        connection.execute(text(_ADD), {**named, "reseller": reseller})
    before = vouched(connection, name)
    after = before | set(columns) if good else before - set(columns)
    changed = {**named, "columns": sorted(after)}
    reseller_id = connection.execute(text(_VOUCH), changed).scalar_one()
    event = Event.COLUMNS_VOUCHED if good else Event.COLUMNS_DOUBTED
    record(connection, event, source=name, columns=sorted(columns), reseller_id=reseller_id)


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
