"""The reseller of each source of files: its contract numbers mean nothing without."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import time
from typing import Any

from sqlalchemy import Connection, Row, text

from app.accounts.journal import Event, record
from app.models import UNCLAIMED_MERCHANT, CardNumbers, ExpectedDays, SourceRole
from app.wording.i18n import N_
from importers import formats, ownership
from importers.files.archive import IncomingFile
from importers.files.refusals import refuse
from importers.formats import FileContext
from importers.ownership import OwnerKey
from importers.records import KnownSource, Origin, Records, adopt
from importers.records.remote_payments.profile import PaymentProfile


class UnknownResellerError(LookupError):
    """No merchant directory has named this reseller."""


class UnknownSourceError(LookupError):
    """No source has this name."""


_NO_SOURCE = N_(
    "its folder and name belong to no source: say which with: "
    "bordereau source NAME --reseller SLUG --inbox FOLDER"
)
_SEVERAL = N_("its folder and name belong to several sources: %(names)s")
_OF_PLACE = """
SELECT id, reseller_id, name, role, time_zone, settings FROM source
WHERE COALESCE(inbox, file_pattern) IS NOT NULL
  AND COALESCE(inbox, :folder) = :folder AND (file_pattern IS NULL OR :name ~ file_pattern)
ORDER BY name
"""
_REMEMBERED = """
SELECT s.id, s.reseller_id, s.name, s.role, s.time_zone, s.settings
FROM import_file f JOIN source s ON s.id = f.source_id
WHERE f.sha256 = :sha256 AND f.status = 'quarantined'
"""
_EXPECT = """
UPDATE source SET role = 'money', inbox = COALESCE(:inbox, inbox),
  file_pattern = COALESCE(:file_pattern, file_pattern),
  settings = settings || jsonb_strip_nulls(jsonb_build_object('cards', CAST(:cards AS text)))
WHERE name = :name RETURNING id
"""
_DELIVER_PAYMENTS = """
UPDATE source SET role = 'payments', time_zone = COALESCE(:time_zone, time_zone),
  settings = settings || jsonb_strip_nulls(
    jsonb_build_object('application', CAST(:application AS text), 'rank', CAST(:rank AS text)))
WHERE name = :name RETURNING id
"""
_NAME_CONTRACT = """
UPDATE source SET settings = settings || jsonb_build_object('contracts',
  COALESCE(settings -> 'contracts', '{}') || jsonb_build_object(CAST(:shop AS text), CAST(:number AS text)))
WHERE name = :name RETURNING id
"""
_AWAIT = """
UPDATE source SET expected_at = COALESCE(CAST(:at AS time), expected_at),
  expected_days = COALESCE(:days, expected_days)
WHERE name = :name RETURNING id
"""
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


def source_of(connection: Connection, file: IncomingFile, records: Records) -> KnownSource | None:
    """The source that a file names, or else that of its folder and name; None for what nobody owns.

    Raises FileRefusedError when its folder and name belong to no source, or to several.
    """
    if records.header.source is not None:
        return _named(connection, records.header.source, records)
    if records.owners is None:
        return None
    found = _of_place(connection, file)
    if len(found) > 1:
        raise refuse(_SEVERAL, names=", ".join(row.name for row in found))
    if not found:
        raise refuse(_NO_SOURCE)
    return KnownSource(found[0].id, found[0].reseller_id)


def _of_place(connection: Connection, file: IncomingFile) -> Sequence[Row[*tuple[Any, ...]]]:
    """The sources of a file's folder and name; of a copy in quarantine, the one it had when it came."""
    place = {"folder": file.path.absolute().parent.name, "name": file.name}
    found = connection.execute(text(_OF_PLACE), place).all()
    return found or connection.execute(text(_REMEMBERED), {"sha256": file.sha256}).all()


def origin_of(connection: Connection, file: IncomingFile) -> Origin:
    """Whose a file is, however wrong the rest of it may be: what it says, or else its folder and name."""
    said = formats.origin_of(file.name, file.data)
    found = () if said.source or said.resellers else _of_place(connection, file)
    return Origin(source=found[0].name) if len(found) == 1 else said


def context_of(connection: Connection, file: IncomingFile) -> FileContext:
    """What a reader is told of a file besides its bytes; of several sources, the strictest rule holds."""
    found = _of_place(connection, file)
    masked = {row.settings.get("cards") for row in found} == {CardNumbers.MASK}
    return FileContext(
        name=file.name,
        cards=CardNumbers.MASK if masked else CardNumbers.REFUSE,
        payments=_payments_of(found),
    )


def _payments_of(found: Sequence[Row[*tuple[Any, ...]]]) -> PaymentProfile | None:
    """The profile of the one source found, where it delivers payments."""
    if len(found) != 1 or found[0].role != SourceRole.PAYMENTS:
        return None
    return PaymentProfile.of(found[0].time_zone, found[0].settings)


def expect(
    connection: Connection,
    name: str,
    inbox: str | None,
    file_pattern: str | None,
    cards: CardNumbers | None = None,
) -> None:
    """Say where the files of a known source of money are, and what becomes of card numbers in them.

    Raises UnknownSourceError.
    """
    row = {"name": name, "inbox": inbox, "file_pattern": file_pattern, "cards": cards}
    if connection.execute(text(_EXPECT), row).one_or_none() is None:
        raise UnknownSourceError(name)


def deliver_payments(
    connection: Connection,
    name: str,
    application: str | None,
    rank: str | None = None,
    time_zone: str | None = None,
) -> None:
    """Say that the files of a known source are payments, and what they leave unsaid.

    That is the application and rank of their contracts, and the zone of their times. What is None stays as
    it is. Raises UnknownSourceError.
    """
    row = {"name": name, "application": application, "rank": rank, "time_zone": time_zone}
    if connection.execute(text(_DELIVER_PAYMENTS), row).one_or_none() is None:
        raise UnknownSourceError(name)


def name_contract(connection: Connection, name: str, shop: str, number: str) -> None:
    """Say which contract a shop has that the files of a source name by a number of the platform's.

    It holds for files that come from then on. Raises UnknownSourceError.
    """
    row = {"name": name, "shop": shop, "number": number}
    if connection.execute(text(_NAME_CONTRACT), row).one_or_none() is None:
        raise UnknownSourceError(name)


def await_files(connection: Connection, name: str, at: time | None, days: ExpectedDays | None) -> None:
    """Say by which hour and on which days the files of a known source are due.

    What is None stays as it is, said or learnt. Raises UnknownSourceError.
    """
    if connection.execute(text(_AWAIT), {"name": name, "at": at, "days": days}).one_or_none() is None:
        raise UnknownSourceError(name)


def _named(connection: Connection, name: str, records: Records) -> KnownSource:
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
