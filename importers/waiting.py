"""Files in quarantine that waited for somebody to say whose they are, or how they are read: tried again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from app.config import QUARANTINE
from app.database.engine import Database, DatabaseRole
from app.refusals import NO_SOURCE, SEVERAL_SOURCES
from importers.formats import bank_accounts, merchant_directory
from importers.load import Result, Status, load_for_desk
from importers.records.payments.currencies import NO_CURRENCY

#: Reasons that a declaration takes away.
_REASONS: Final = (NO_SOURCE, NO_CURRENCY)
_DECLARATIONS: Final = (bank_accounts.NAME, merchant_directory.NAME)
_WAITING: Final = """
SELECT DISTINCT f.id, f.sha256, f.name, f.folder FROM import_file f
JOIN import_refusal r ON r.import_file_id = f.id AND r.reason = ANY(:reasons)
WHERE f.status = 'quarantined' AND f.folder IS NOT NULL
  AND (r.reason <> :no_source OR NOT :by_desk OR (SELECT count(*) FROM reseller WHERE declared) = 1)
ORDER BY f.id
"""
_OF_SOURCE: Final = """
SELECT DISTINCT f.id, f.sha256, f.name, f.folder FROM import_file f
LEFT JOIN import_refusal r ON r.import_file_id = f.id AND r.reason = :several
JOIN source s ON s.name = :source AND (f.source_id = s.id OR (COALESCE(s.inbox, s.file_pattern) IS NOT NULL
  AND COALESCE(s.inbox, f.folder) = f.folder AND (s.file_pattern IS NULL OR f.name ~ s.file_pattern))
  OR s.name = ANY (string_to_array(r.params->>'names', ', ')))
WHERE f.status = 'quarantined' AND f.folder IS NOT NULL ORDER BY f.id
"""


def of_source(database: Database, data: Path, source: str) -> list[Result]:
    """What becomes of the files in quarantine that came in the place of ``source``, now that it is said.

    Those besides that could have been its own or another's.
    """
    return _again(database, data, _OF_SOURCE, source=source, several=SEVERAL_SOURCES)


def after(
    database: Database, data: Path, results: Iterable[Result], *, by_desk: bool = False
) -> list[Result]:
    """What becomes of the files that waited for whose they are, once one of ``results`` has declared it.

    ``by_desk``: a desk alone has, which of several maintainers says whose none is; none is read again.
    """
    if not any(one.status is Status.LOADED and one.format in _DECLARATIONS for one in results):
        return []
    said = {"reasons": list(_REASONS), "no_source": NO_SOURCE, "by_desk": by_desk}
    return _again(database, data, _WAITING, **said)


def _again(database: Database, data: Path, statement: str, **parameters: Any) -> list[Result]:
    with database.reading(DatabaseRole.IMPORT) as connection:
        found = connection.execute(text(statement), parameters).all()
    copies = [(data / QUARANTINE / row.sha256, row) for row in found]
    return [load_for_desk(database, copy, data, name=row.name) for copy, row in copies if copy.exists()]
