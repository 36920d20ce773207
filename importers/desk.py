"""The desk's tasks, done with the importers' rights: once, and whole or not at all.

What is said at the desk becomes a merchant directory like any other: it passes the same checks, stands in the
journal of files, and the archive that holds it rebuilds the same payments.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from app.config import QUARANTINE
from app.database.engine import Database, DatabaseRole
from app.desk import files
from app.desk.tasks import JOB
from app.locks import Lock, hold
from app.logs import logger
from app.models import (
    UNCLAIMED_MERCHANT,
    DeskTask,
    DeskTaskKind,
    DeskTaskState,
    Reseller,
    Source,
)
from app.rules import directory_columns
from app.wording.i18n import N_
from importers import contract_moves, derived, explain, formats, report, waiting
from importers.derived import remittance_credits
from importers.files import foreign_places, profiles, sources
from importers.formats import FileContext, bank_accounts, merchant_directory, recognise
from importers.load import Result, load_for_desk, try_file
from importers.refusals import FileRefusedError, Refusal, refuse

_log = logger("desk")
_Task = Row[*tuple[Any, ...]]

_FOR_ANOTHER = N_("this contract file declares for another maintainer")
_NOT_YOURS_ALONE = N_("it may be another maintainer's: ask whoever runs the portal to say whose it is")
#: What the desk says of an outlet or a merchant that does not exist yet.
_MADE = ("siret", "trade_name", "address", "postcode", "city", "time_zone", "merchant_code", "merchant_name")
_ATTACHED = """
SELECT r.slug AS reseller, COALESCE(m.code, :merchant_code) AS merchant_code,
  COALESCE(m.name, :merchant_name) AS merchant_name,
  COALESCE(o.siret, :siret) AS siret, COALESCE(o.trade_name, :trade_name) AS trade_name,
  c.label, COALESCE(o.address, :address) AS address, COALESCE(o.postcode, :postcode) AS postcode,
  COALESCE(o.city, :city) AS city, COALESCE(o.time_zone, :time_zone) AS time_zone,
  c.number AS contract, c.rank, c.application, c.bank_code, c.bank_name, c.mcc, c.currency,
  c.valid_from, c.valid_to
FROM contract c
JOIN reseller r ON r.id = c.reseller_id
LEFT JOIN merchant m ON m.id = :merchant AND m.reseller_id = c.reseller_id
LEFT JOIN outlet o ON o.merchant_id = m.id
  AND (o.id = :outlet OR (CAST(:outlet AS bigint) IS NULL AND o.siret = :siret))
WHERE c.merchant_id = :unclaimed AND c.reseller_id = :reseller AND c.id = ANY(:contracts)
ORDER BY c.number, c.rank, c.application
"""
_END_GIVEN_UP = """
UPDATE desk_task SET state = 'failed', finished_at = clock_timestamp(), content = NULL,
  refusals = CAST(:refusals AS jsonb)
WHERE state = 'waiting' AND EXISTS (
  SELECT FROM procrastinate_jobs AS job WHERE job.task_name = :job AND job.status = 'failed'
    AND job.args->>'task_id' = CAST(desk_task.id AS text))
"""


def perform(database: Database, data: Path, task_id: int, *, alone: bool = False) -> None:
    """Do a task that still waits, and write down how it ended; one in other hands is left to them.

    ``alone``: workers have died over it, so that none is done beside it which would be held to be the cause.
    """
    with database.writing(DatabaseRole.IMPORT) as guard:
        hold(guard, Lock.ALONE, shared=not alone)
        task = guard.execute(
            select(DeskTask)
            .where(DeskTask.id == task_id, DeskTask.state == DeskTaskState.WAITING)
            .with_for_update(skip_locked=True)
            .with_only_columns(*DeskTask.__table__.columns)
        ).one_or_none()
        if task is None:
            return
        result = _done(database, data, task)
        guard.execute(
            update(DeskTask)
            .where(DeskTask.id == task_id)
            .values(
                state=DeskTaskState.FAILED if result.refusals else DeskTaskState.DONE,
                finished_at=func.clock_timestamp(),  # now() is when this transaction began
                refusals=[asdict(refusal) for refusal in result.refusals],
                import_file_id=result.file_id or task.import_file_id,
                content=None,
                answer=list(result.answer),
            )
        )


def end_given_up(database: Database) -> None:
    """End the tasks that wait for a job that was given up: see :func:`app.jobs.free_jobs`."""
    refusal = Refusal(reason=N_("the worker broke off each time that it began this: it is not tried again"))
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(text(_END_GIVEN_UP), {"job": JOB, "refusals": json.dumps([asdict(refusal)])})


@dataclass(frozen=True)
class _Ended:
    """The end of a task: why it could not be done, if so, and the file that came of it."""

    refusals: tuple[Refusal, ...] = ()
    file_id: int | None = None
    answer: tuple[str, ...] = ()


def _done(database: Database, data: Path, task: _Task) -> _Ended:
    """How a task ends: nothing refused when it was done."""
    try:
        result = _DEEDS[DeskTaskKind(task.kind)](database, data, task)
    except FileRefusedError as refused:
        return _Ended(refused.refusals)
    except Exception:  # noqa: BLE001 - whatever it was, the desk must not wait for ever
        _log.exception("desk_task_broke_off", task_id=task.id)
        return _Ended((Refusal(reason=N_("it broke off on our side: ask for it again")),))
    return result if isinstance(result, _Ended) else _Ended(result.refusals, result.file_id)


def _attach(database: Database, data: Path, task: _Task) -> Result:
    with database.reading(DatabaseRole.IMPORT) as connection:
        lines = _directory(connection, task)
    return _load(database, data, directory_columns.text(*lines), f"rattachement-{task.id}.csv")


def _declare(database: Database, data: Path, task: _Task) -> Result:
    """Load the declaration that was handed over, for the reseller who did and for nobody else.

    What was written at the desk holds again when it is said again: a name, changed and changed back.
    """
    name = task.details.get("file") or f"declaration-{task.id}.csv"
    if recognise(name, task.content).name not in (merchant_directory.NAME, bank_accounts.NAME):
        raise refuse(N_("this file is no contract file"))
    with database.reading(DatabaseRole.IMPORT) as connection:
        _refuse_anothers(connection, task, name, task.content)
    since = None if task.details.get("file") else task.asked_at
    result = _load(database, data, task.content, name, since)
    waiting.after(database, data, [result], by_desk=True)
    return result


def _refuse_anothers(connection: Connection, task: _Task, name: str, content: bytes) -> None:
    """Raise FileRefusedError where a file declares for another maintainer than that of whoever asks."""
    slug = connection.scalar(select(Reseller.slug).where(Reseller.id == task.reseller_id))
    if not formats.origin_of(name, content).resellers <= {slug, ""}:  # the importer words empty lines
        raise refuse(_FOR_ANOTHER)


def _load(database: Database, data: Path, content: bytes, name: str, since: datetime | None = None) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "referential.csv"
        path.write_bytes(content)
        return load_for_desk(database, path, data, name=name, since=since)


def _directory(connection: Connection, task: _Task) -> list[dict[str, Any]]:
    """The lines that declare the contracts of ``task``.

    Raises FileRefusedError when none of them waits any more.
    """
    parameters = {
        **dict.fromkeys(_MADE, ""),
        **task.details.get("outlet", {}),
        **task.details.get("merchant", {}),
        "merchant": task.merchant_id,
        "outlet": task.details.get("outlet_id"),
        "contracts": task.details["contract_ids"],
        "reseller": task.reseller_id,
        "unclaimed": UNCLAIMED_MERCHANT,
    }
    rows = connection.execute(text(_ATTACHED), parameters).mappings().all()
    if not rows:
        raise refuse(N_("these contracts do not wait any more: somebody has declared them"))
    return [dict(row) for row in rows]


def _load_again(database: Database, data: Path, task: _Task) -> Result:
    with database.reading(DatabaseRole.IMPORT) as connection:
        file = files.file(connection, task.reseller_id, task.import_file_id)
        path = data / QUARANTINE / file.sha256 if file else None
        if file is None or path is None or not path.exists():
            raise refuse(N_("no copy of this file is in quarantine any more"))
        _refuse_anothers(connection, task, file.name, path.read_bytes())
    replace = task.kind == DeskTaskKind.REPLACE
    # A declaration that a desk asks for again is no more than that desk's word, whoever brought it.
    result = load_for_desk(database, path, data, replace=replace, name=file.name)
    with database.reading(DatabaseRole.IMPORT) as connection:
        if result.refused and result.file_id and not files.file(connection, task.reseller_id, result.file_id):
            raise refuse(_NOT_YOURS_ALONE)  # its reasons are for whoever it may be of as well
    return result


def _decide(database: Database, _data: Path, task: _Task) -> _Ended:
    """Follow what somebody decided of a proposed credit."""
    with database.writing(DatabaseRole.IMPORT) as connection:
        hold(connection, Lock.PAYMENTS)
        if not remittance_credits.decide(connection, task):
            raise refuse(N_("this proposal is not there any more"))
        derived.renew(connection)
    return _Ended()


def _change_source(database: Database, data: Path, task: _Task) -> _Ended:
    """Make a source what is said of it; what waited for that in quarantine is tried again."""
    name, said = task.details["source"], task.details["said"]
    with database.writing(DatabaseRole.IMPORT) as connection:
        hold(connection, Lock.PAYMENTS)
        slug = connection.scalars(select(Reseller.slug).where(Reseller.id == task.reseller_id)).one()
        owner = connection.scalar(select(Source.reseller_id).where(Source.name == name))
        if owner != task.reseller_id:  # first, so that nobody learns which names others have
            foreign_places.refuse_name(connection, name, task.reseller_id, slug)
        if owner not in (None, task.reseller_id):
            raise refuse(N_("a source of another maintainer has this name"))
        sources.bind(connection, name, slug)
        foreign_places.refuse_them(connection, profiles.of(connection, name), said)
        profiles.change(connection, name, **said)
    results = waiting.of_source(database, data, name)
    # What was in dispute may have turned out to be another maintainer's.
    with database.reading(DatabaseRole.IMPORT) as connection:
        own = [
            one for one in results if one.file_id and files.file(connection, task.reseller_id, one.file_id)
        ]
    return _Ended(answer=tuple(report.line(result, at_desk=True) for result in own))


def _try(database: Database, data: Path, task: _Task) -> _Ended:
    """Say what a sample file is understood to hold; nothing of it is loaded or kept."""
    name, source = task.details["file"], task.details.get("source")
    context, contracts = FileContext(name=name), frozenset[str]()
    if source:
        with database.reading(DatabaseRole.IMPORT) as connection:
            profile = _own_profile(connection, source, task)
            _refuse_anothers(connection, task, name, task.content)
            contracts = sources.contract_numbers(connection, source)
        context = sources.said_of(name, source, profile.columns, profile.settings)
    try:
        found = tuple(explain.lines(explain.explain(task.content, context), contracts, at_desk=True))
    except FileRefusedError as refused:
        return _Ended(refused.refusals, answer=tuple(explain.columns(task.content, context, refused)))
    if not source:
        return _Ended(answer=found)
    with tempfile.NamedTemporaryFile() as sample:
        sample.write(task.content)
        sample.flush()
        result = try_file(
            database,
            Path(sample.name),
            data,
            context,
            lambda connection, file: files.file(connection, task.reseller_id, file) is not None,
        )
    return _Ended(answer=(*found, *report.trial(result, at_desk=True).splitlines()))


def _own_profile(connection: Connection, source: str, task: _Task) -> profiles.SourceProfile:
    """The profile of a source of whoever asks. Raises FileRefusedError."""
    profile = profiles.of(connection, source)
    if profile.reseller_id != task.reseller_id:
        raise refuse(N_("a source of another maintainer has this name"))
    return profile


def _deliver(database: Database, _data: Path, task: _Task) -> _Ended:
    """Let a source deliver a contract from a day on."""
    source, number, since = (task.details[name] for name in ("source", "contract", "since"))
    with database.writing(DatabaseRole.IMPORT) as connection:
        hold(connection, Lock.PAYMENTS)
        _own_profile(connection, source, task)
        try:
            contract_moves.move(connection, source, number, date.fromisoformat(since))
        except contract_moves.NothingAsideError:
            raise refuse(N_("nothing that this source brought for this contract is kept aside")) from None
    return _Ended()


_DEEDS: dict[DeskTaskKind, Callable[[Database, Path, _Task], Result | _Ended]] = {
    DeskTaskKind.ATTACH: _attach,
    DeskTaskKind.DECLARE: _declare,
    DeskTaskKind.RETRY: _load_again,
    DeskTaskKind.REPLACE: _load_again,
    DeskTaskKind.DECIDE: _decide,
    DeskTaskKind.SOURCE: _change_source,
    DeskTaskKind.TRY: _try,
    DeskTaskKind.DELIVER: _deliver,
}
