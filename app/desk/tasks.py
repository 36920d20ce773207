"""Tasks that the desk gives the worker: written down with their job, read again to see how far they are.

The web may not write payments. It writes a row and defers the job that names it, in one transaction;
``importers.jobs`` does it with the importers' rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select

from app.desk.paging import AnyRow
from app.jobs import defer
from app.models import DeskTask, DeskTaskKind, DeskTaskState, UserAccount
from app.refusals import Refusal

JOB: Final = "desk_task"
#: So many of the latest are shown.
SHOWN = 10
#: How long a worker that runs takes at most; one that was killed comes back within minutes.
USUAL: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """A task to be: who asks for what.

    ``details`` of ATTACH: ``contract_ids`` and ``contracts`` (in words); ``outlet_id``, or the ``outlet``
    to make (``siret``, ``trade_name``, ``address``, ``postcode``, ``city``, ``time_zone``); without
    ``merchant_id``, the ``merchant`` to make (``merchant_code``, ``merchant_name``). Of DECLARE: ``outlets``
    and ``merchants`` (how many), ``merchant_code`` when there is one alone, and what ``content`` is:
    ``file`` (the name of one handed over), ``contracts`` (in words), or ``name`` (the new one of the
    merchant), or ``account`` (as it is shown). Of DECIDE: ``bank_movement_ids`` and
    ``verdict``. Of DELIVER: ``source`` (its name), ``contract`` (its number) and ``since`` (a day, ISO).
    Of the others: ``file``, its name.
    """

    reseller_id: int
    user_id: int
    kind: DeskTaskKind
    merchant_id: int | None = None
    import_file_id: int | None = None
    details: dict[str, Any]
    content: bytes | None = None


def ask(connection: Connection, task: NewTask) -> int:
    """Write the task down and let the worker know, in the caller's transaction; returns its id."""
    values = {name: getattr(task, name) for name in task.__dataclass_fields__}
    task_id: int = connection.execute(insert(DeskTask).values(values).returning(DeskTask.id)).scalar_one()
    defer(connection, JOB, task_id=task_id)
    return task_id


def latest(
    connection: Connection,
    reseller_id: int,
    kinds: Sequence[DeskTaskKind],
    *,
    import_file_id: int | None = None,
    merchant_id: int | None = None,
) -> list[AnyRow]:
    """The latest tasks of some kinds, the newest first, each with the ``email`` of who asked."""
    statement = (
        _told()
        .where(DeskTask.reseller_id == reseller_id, DeskTask.kind.in_(kinds))
        .order_by(DeskTask.id.desc())
        .limit(SHOWN)
    )
    if import_file_id is not None:
        statement = statement.where(DeskTask.import_file_id == import_file_id)
    if merchant_id is not None:
        statement = statement.where(DeskTask.merchant_id == merchant_id)
    return list(connection.execute(statement))


def task(connection: Connection, reseller_id: int, task_id: int) -> AnyRow | None:
    """One task, as :func:`latest` gives them; None when it is not this reseller's."""
    return connection.execute(
        _told().where(DeskTask.reseller_id == reseller_id, DeskTask.id == task_id)
    ).one_or_none()


def _told() -> Select[*tuple[Any, ...]]:
    """All of a task but its content, which the web may not read; ``late``: it waits for too long."""
    columns = (column for column in DeskTask.__table__.columns if column.name != "content")
    waits = DeskTask.state == DeskTaskState.WAITING
    late = (waits & (DeskTask.asked_at < func.now() - USUAL)).label("late")
    return select(*columns, late, UserAccount.email).outerjoin(
        UserAccount, UserAccount.id == DeskTask.user_id
    )


def awaited(connection: Connection, reseller_id: int) -> frozenset[int]:
    """The undeclared contracts that are on their way to a merchant already."""
    found = connection.scalars(
        select(DeskTask.details).where(
            DeskTask.reseller_id == reseller_id,
            DeskTask.kind == DeskTaskKind.ATTACH,
            DeskTask.state == DeskTaskState.WAITING,
        )
    )
    return frozenset(contract_id for details in found for contract_id in details["contract_ids"])


def reasons(task: AnyRow) -> tuple[str, ...]:
    """Why a task failed, in the language of the moment."""
    return tuple(Refusal(**refusal).text(at_desk=True) for refusal in task.refusals)
