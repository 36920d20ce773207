"""The jobs that send: one for each delivery, deferred with it, and a sweep that leaves none behind."""

from __future__ import annotations

from procrastinate import JobContext
from sqlalchemy import Connection, func, select, text

from app.db import Database, Role
from app.jobs import queue
from app.mail.delivery import deliver, transport_of
from app.mail.posting import TASK, defer
from app.models import OPEN_STATES, Delivery

#: So many deliveries are taken up again at once; the next sweep goes on.
SWEPT = 1000

_WITH_A_JOB = text(
    "SELECT CAST(args->>'delivery_id' AS bigint) AS delivery_id FROM procrastinate_jobs"
    " WHERE task_name = :task AND status IN ('todo', 'doing')"
)


@queue.task(name=TASK, pass_context=True)
def deliver_one(context: JobContext, delivery_id: int) -> None:
    """Try a delivery. Without a mail server it waits; what is put off comes back with a sweep."""
    transport = transport_of(context.additional_context["config"])
    if transport:
        deliver(context.additional_context["database"], transport, delivery_id)


@queue.periodic(cron="* * * * *")
@queue.task(name="sweep_mail", pass_context=True, queueing_lock="sweep_mail")
def sweep_mail(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - periodic tasks are given it
    """Each minute: what is due and has no job gets one, whatever became of the former."""
    if transport_of(context.additional_context["config"]):
        sweep(context.additional_context["database"])


def sweep(database: Database) -> int:
    """Defer a job for each delivery that is due and has none; returns how many."""
    with database.writing(Role.IMPORT) as connection:
        due = _due(connection)
        defer(connection, due)
    return len(due)


def _due(connection: Connection) -> list[int]:
    at_work = set(connection.scalars(_WITH_A_JOB, {"task": TASK}))
    due = (
        select(Delivery.id)
        .where(Delivery.state.in_(OPEN_STATES), Delivery.next_try_at <= func.now())
        .where(Delivery.id.not_in(at_work))
        .order_by(Delivery.next_try_at)
        .limit(SWEPT)
    )
    return list(connection.scalars(due))
