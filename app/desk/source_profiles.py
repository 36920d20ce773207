"""Sources of files at the desk: one of them with what came of it, and what is asked to change of it.

The web reads; the worker checks and writes what is asked, as ``bordereau source`` does.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from app.database.patterns import is_pattern
from app.desk.paging import AnyRow
from app.desk.tasks import NewTask, ask
from app.models import DeskTaskKind, ImportFile, ImportStatus, Merchant, Source
from app.rules.source_columns import NO_PATTERN
from app.wording.i18n import N_

#: So many of its latest files are shown.
SHOWN: Final = 20


def source(connection: Connection, reseller_id: int, source_id: int) -> AnyRow | None:
    """A source of a reseller, with the code of its merchant; None when it is none of theirs."""
    return connection.execute(
        select(*Source.__table__.columns, Merchant.code.label("merchant"))
        .outerjoin(Merchant, Merchant.id == Source.merchant_id)
        .where(Source.reseller_id == reseller_id, Source.id == source_id)
    ).one_or_none()


def faults(connection: Connection, reseller_id: int, name: str | None, file_pattern: str) -> dict[str, str]:
    """What the database has against a new ``name`` and a pattern, by field; message identifiers.

    Names that others have are the worker's to refuse: it says the same of those that nobody has.
    """
    found = {}
    if name in own_names(connection, reseller_id):
        found["name"] = N_("A source has this name already.")
    if file_pattern and not is_pattern(connection, file_pattern):
        found["file_pattern"] = NO_PATTERN
    return found


def latest_files(connection: Connection, source_id: int) -> list[AnyRow]:
    """The latest files of a source, those in quarantine first: somebody has to look at them."""
    statement = (
        select(ImportFile.id, ImportFile.name, ImportFile.status, ImportFile.received_at, ImportFile.counts)
        .where(ImportFile.source_id == source_id)
        .order_by(
            (ImportFile.status == ImportStatus.QUARANTINED).desc(),
            ImportFile.received_at.desc(),
            ImportFile.id.desc(),
        )
    )
    return list(connection.execute(statement.limit(SHOWN)))


def change(connection: Connection, reseller_id: int, user_id: int, name: str, said: dict[str, Any]) -> int:
    """Ask that the profile of a source, known or new, become what is said; returns the id of the task."""
    return _ask(connection, reseller_id, user_id, DeskTaskKind.SOURCE, {"source": name, "said": said})


def try_file(
    connection: Connection, reseller_id: int, user_id: int, content: bytes, details: dict[str, Any]
) -> int:
    """Ask what a sample ``file`` is understood to hold, as its ``source`` reads it; nothing is loaded."""
    return _ask(connection, reseller_id, user_id, DeskTaskKind.TRY, details, content)


def deliver(
    connection: Connection, reseller_id: int, user_id: int, source: str, contract: str, since: date
) -> int:
    """Ask that ``source`` deliver the contract of a number from a day on; returns the id of the task."""
    details = {"source": source, "contract": contract, "since": since.isoformat()}
    return _ask(connection, reseller_id, user_id, DeskTaskKind.DELIVER, details)


def _ask(
    connection: Connection,
    reseller_id: int,
    user_id: int,
    kind: DeskTaskKind,
    details: dict[str, Any],
    content: bytes | None = None,
) -> int:
    return ask(
        connection,
        NewTask(reseller_id=reseller_id, user_id=user_id, kind=kind, details=details, content=content),
    )


def own_names(connection: Connection, reseller_id: int) -> list[str]:
    """The names of a reseller's sources."""
    return list(
        connection.scalars(select(Source.name).where(Source.reseller_id == reseller_id).order_by(Source.name))
    )
