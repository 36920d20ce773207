"""The reseller of each source of files: its contract numbers mean nothing without."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, text

from app.accounts.journal import Event, record
from app.config import INBOX, QUARANTINE
from app.models import UNCLAIMED_MERCHANT, Contract, Source, SourceRole, SourceSettings
from app.refusals import NO_SOURCE, NOT_OF_FOLDER, SEVERAL_SOURCES
from importers import formats, ownership
from importers.files import foreign_places
from importers.files.archive import IncomingFile, is_of_desk
from importers.formats import FileContext, Format, mapped_csv
from importers.ownership import OwnerKey
from importers.records import KnownSource, Origin, Records, adopt
from importers.records.remote_payments.profile import PaymentProfile
from importers.refusals import FileRefusedError, refuse


class UnknownResellerError(LookupError):
    """No merchant directory has named this reseller."""


_OF_PLACE = """
SELECT s.id, s.reseller_id, s.name, s.role, s.format, s.time_zone, s.settings, r.slug AS reseller
FROM source s JOIN reseller r ON r.id = s.reseller_id
WHERE COALESCE(s.inbox, s.file_pattern) IS NOT NULL
  AND COALESCE(s.inbox, :folder) = :folder AND (s.file_pattern IS NULL OR :name ~ s.file_pattern)
ORDER BY s.name
"""
_REMEMBERED = """
SELECT s.id, s.reseller_id, s.name, s.role, s.format, s.time_zone, s.settings, r.slug AS reseller
FROM import_file f JOIN source s ON s.id = f.source_id OR s.inbox = f.folder
  AND (s.file_pattern IS NULL OR f.name ~ s.file_pattern)
JOIN reseller r ON r.id = s.reseller_id
WHERE f.sha256 = :sha256 AND f.status = 'quarantined'
ORDER BY s.name
"""
# A copy in quarantine is of the folder that it came in.
_HOLDERS = """
SELECT DISTINCT r.id, r.slug FROM source s JOIN reseller r ON r.id = s.reseller_id AND r.declared
WHERE s.inbox <> :inbox AND s.inbox IN (:folder, (
  SELECT max(f.folder) FROM import_file f
  WHERE :folder = :quarantine AND f.sha256 = :sha256 AND f.status = 'quarantined'))
"""
_FIND = "SELECT id, reseller_id FROM source WHERE name = :name"
_ONLY_ONE = "SELECT min(id) FROM reseller WHERE declared HAVING count(*) = 1"
# What a desk alone declares says nothing of files that may be another maintainer's.
_ONE_DECLARES = """
SELECT min(c.reseller_id) FROM {staged} w
JOIN {table} c ON {same} AND c.merchant_id <> :unclaimed AND {is_operators}
HAVING count(DISTINCT c.reseller_id) = 1
"""
_PLACEHOLDER = """
INSERT INTO reseller (slug, name, declared) VALUES ('source:' || :name, :name, false)
ON CONFLICT (slug) DO UPDATE SET name = EXCLUDED.name RETURNING id
"""
_VOUCHED = "SELECT vouched_columns FROM source WHERE name = :name"
_VOUCH = "UPDATE source SET vouched_columns = :columns WHERE name = :name RETURNING reseller_id"
# A folder that begins with the maintainer's own name names its source, unless its files came as another's.
_OF_FOLDER = """
WITH place AS (
  SELECT COALESCE((
    SELECT max(f.folder) FROM import_file f WHERE f.sha256 = :sha256 AND f.status = 'quarantined'
  ), CAST(:folder AS text)) AS folder
)
INSERT INTO source (name, reseller_id, role)
SELECT CASE WHEN NOT EXISTS (
    SELECT FROM source k WHERE k.reseller_id = r.id AND k.name = r.slug || '-' || p.folder
  ) AND (lower(p.folder) = r.slug OR r.id = (
    SELECT o.id FROM reseller o WHERE o.declared AND starts_with(lower(p.folder), o.slug || '-')
    ORDER BY length(o.slug) DESC LIMIT 1
  )) THEN p.folder ELSE r.slug || '-' || p.folder END, r.id, 'money'
FROM reseller r CROSS JOIN place p
WHERE r.id = :reseller
ON CONFLICT (name) DO UPDATE SET role = source.role WHERE source.reseller_id = :reseller
RETURNING id, reseller_id
"""
_ADD = "INSERT INTO source (name, reseller_id) VALUES (:name, :reseller) RETURNING id, reseller_id"


def source_of(
    connection: Connection, file: IncomingFile, records: Records, tried: FileContext | None = None
) -> KnownSource | None:
    """The source that a file names, or else that of its folder and name; None for what nobody owns.

    A file that is ``tried`` for a source is of that one, wherever it lies.
    Where they belong to none, it is the folder's own source of the only reseller there is, or of the one
    that alone declares what the file names. Raises FileRefusedError when that is nobody, and when its folder
    and name belong to several sources.
    """
    if tried is not None:
        return _named(connection, tried.source, file, records)
    if records.header.source is not None:
        return _named(connection, records.header.source, file, records)
    if records.owners is None:
        return None
    found = _of_place(connection, file)
    if len(found) > 1:
        raise refuse(SEVERAL_SOURCES, names=", ".join(row.name for row in found))
    if found:
        return KnownSource(found[0].id, found[0].reseller_id)
    reseller = _guessed(connection, records)
    if reseller is None:
        raise refuse(NO_SOURCE)
    place = {"reseller": reseller, "folder": file.folder, "sha256": file.sha256}
    own = connection.execute(text(_OF_FOLDER), place).one_or_none()
    if own is None:  # another maintainer's source has this name
        raise refuse(NO_SOURCE)
    return KnownSource(*own)


def refuse_others(
    connection: Connection, file: IncomingFile, source: KnownSource | None, origin: Origin
) -> None:
    """Raise FileRefusedError where a file is not of a maintainer whose folder it came in."""
    holders = _holders(connection, file)
    resellers = {source.reseller_id} if source else set()
    if holders and not (resellers <= holders.keys() and origin.resellers <= {*holders.values(), ""}):
        raise refuse(NOT_OF_FOLDER, names=", ".join(sorted(holders.values())))


def is_word_of_one(connection: Connection, file: IncomingFile) -> bool:
    """Whether a file is the word of a maintainer alone: its folder is theirs, or its copy says so."""
    return is_of_desk(file.path) or bool(_holders(connection, file))


def _holders(connection: Connection, file: IncomingFile) -> dict[int, str]:
    """The slugs of the maintainers whose folder a file came in, by id: the inbox itself is nobody's."""
    place = {"folder": file.folder, "sha256": file.sha256, "inbox": INBOX, "quarantine": QUARANTINE}
    return {row.id: row.slug for row in connection.execute(text(_HOLDERS), place)}


def _of_place(connection: Connection, file: IncomingFile) -> Sequence[Row[*tuple[Any, ...]]]:
    """The sources of a file's folder and name; of a copy in quarantine, those of where it came."""
    place = {"folder": file.folder, "name": file.name}
    found = connection.execute(text(_OF_PLACE), place).all()
    found = found or connection.execute(text(_REMEMBERED), {"sha256": file.sha256}).all()
    return _of_format(found, file) if len(found) > 1 else found


def _of_format(found: Sequence[Row[*tuple[Any, ...]]], file: IncomingFile) -> Sequence[Row[*tuple[Any, ...]]]:
    """Of several sources of a place those that deliver the file's format, else those that say none."""
    claims = {known.name for known in formats.formats() if known.claims(file.name, file.data)}
    delivered = {row.id: row.format or (row.settings.get("mapping") and mapped_csv.NAME) for row in found}
    of_it = [row for row in found if delivered[row.id] in claims]
    return of_it or [row for row in found if not delivered[row.id]] or found


def origin_of(connection: Connection, file: IncomingFile) -> Origin:
    """Whose a file is, however wrong the rest of it may be: what it says, or else its folder and name.

    In the folder of a maintainer it says nothing of others; what is of none of several who share one is
    nobody's, so that neither is told of it.
    """
    said = formats.origin_of(file.name, file.data)
    holders = _holders(connection, file)
    if holders and not _is_of(connection, said, holders):
        said = Origin(resellers=frozenset(holders.values()))
    found = () if said.source or said.resellers else _of_place(connection, file)
    if len(found) == 1:
        return Origin(source=found[0].name)
    owners = {row.reseller for row in found}
    return Origin(resellers=frozenset(owners)) if len(owners) == 1 else said


def _is_of(connection: Connection, said: Origin, holders: Mapping[int, str]) -> bool:
    """Whether a file says that it is of the maintainers whose folder it came in, or says nothing."""
    source = connection.execute(text(_FIND), {"name": said.source}).one_or_none()
    is_theirs = said.source is None or (source is not None and source.reseller_id in holders)
    return is_theirs and said.resellers <= {*holders.values(), ""}


def context_of(connection: Connection, file: IncomingFile) -> FileContext:
    """What a reader is told of a file besides its bytes; of several sources, the strictest rule holds."""
    found = _of_place(connection, file)
    if len(found) != 1:
        return FileContext(name=file.name, rivals=tuple(row.name for row in found))
    row = found[0]
    columns = row._mapping  # noqa: SLF001 - the documented name
    return said_of(file.name, row.name, columns, SourceSettings.of(row.settings))


def records_of(known: Format, file: IncomingFile, context: FileContext) -> Records:
    """The records of a file. Raises FileRefusedError, which says so when several sources could be its own."""
    try:
        return known.read(file.data, context)
    except FileRefusedError as refused:
        if not context.rivals:
            raise
        said = known.origin(file.data)
        if said.source is not None or said.resellers:  # whoever it is of sees it, and no name of another's
            raise
        several = refuse(SEVERAL_SOURCES, names=", ".join(context.rivals))
        raise FileRefusedError([*several.refusals, *refused.refusals]) from None


def said_of(name: str, source: str, said: Mapping[Any, Any], settings: SourceSettings) -> FileContext:
    """What the profile of ``source`` says of a file: a mapping says that it is a CSV.

    ``said`` has the columns of the profile, by name.
    """
    mapped = mapped_csv.NAME if settings.mapping else ""
    payments = None
    if said["role"] == SourceRole.PAYMENTS:
        payments = PaymentProfile.of(said["time_zone"], settings.stored())
    return FileContext(
        name=name,
        source=source,
        format=said["format"] or mapped,
        time_zone=said["time_zone"] or "",
        settings=settings,
        payments=payments,
    )


def _named(connection: Connection, name: str, file: IncomingFile, records: Records) -> KnownSource:
    """The source ``name``, made known with its first file: in a maintainer's folder by its name alone."""
    named = {"name": name}
    found = connection.execute(text(_FIND), named).one_or_none()
    if found is None:
        reseller = connection.scalar(text(_ONLY_ONE)) or (
            foreign_places.owner_of_name(connection, name)
            if _holders(connection, file)
            else _guessed(connection, records)
        )
        reseller = reseller or connection.scalar(text(_PLACEHOLDER), named)
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
    words = {"same": key.same("c", "w"), "is_operators": key.is_operators("c")}
    statement = _ONE_DECLARES.format(staged=key.staged, table=key.table, **words)
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


def contract_numbers(connection: Connection, source: str) -> frozenset[str]:
    """The numbers of the contracts that are declared for the maintainer whose a source is."""
    query = (
        select(Contract.number)
        .join(Source, Source.reseller_id == Contract.reseller_id)
        .where(Source.name == source, Contract.merchant_id != UNCLAIMED_MERCHANT)
    )
    return frozenset(connection.scalars(query))


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
