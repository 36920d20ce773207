"""The jobs that send: one for each delivery, deferred with it, and a sweep that leaves none behind."""

from __future__ import annotations

from procrastinate import JobContext
from sqlalchemy import text

from app.database.engine import Database, DatabaseRole
from app.jobs import queue
from app.mail.delivery import deliver, transport_of
from app.mail.posting import TASK, defer

#: So many deliveries are taken up again at once; the next sweep goes on.
SWEPT = 1000

_DUE = text("""
SELECT id FROM delivery WHERE state NOT IN ('sent', 'failed') AND next_try_at <= now()
  AND NOT EXISTS (
    SELECT FROM procrastinate_jobs AS job
    WHERE job.task_name = :task AND job.status IN ('todo', 'doing')
      AND job.args->>'delivery_id' = CAST(delivery.id AS text))
ORDER BY next_try_at LIMIT :most
""")


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
    with database.writing(DatabaseRole.IMPORT) as connection:
        due = connection.scalars(_DUE, {"task": TASK, "most": SWEPT}).all()
        defer(connection, due)
    return len(due)
