"""What happens without anybody asking: the queue in the database and the nightly upkeep.

A job is handed the worker's database: ``context.additional_context["database"]``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.engine import make_url

from app.db import Database, Role
from app.migrate import maintain
from app.models import SignInAttempt, UserSession

#: How long a failed sign-in is remembered; it stops counting long before.
ATTEMPTS_KEPT = timedelta(days=1)
#: How long a job may go on once the worker is asked to stop, in seconds.
GRACE_SECONDS = 8

# The connections come with the worker. The importers' jobs are named, not imported: app stands without them.
queue = App(connector=PsycopgConnector(), import_paths=("importers.jobs",))

_DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
  'default', :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL
)::procrastinate_job_to_defer_v1])
"""


def defer(connection: Connection, task: str, **args: Any) -> None:
    """Ask the worker for ``task``, in the caller's transaction: no commit, no job."""
    connection.execute(text(_DEFER), {"task": task, "args": json.dumps(args)})


def work(database: Database) -> None:
    """Do the jobs of the queue, and those of the calendar, until SIGINT or SIGTERM."""
    connector = PsycopgConnector(
        conninfo=make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False),
        kwargs={"options": f"-c role={Role.IMPORT}", "application_name": "bordereau-worker"},
        min_size=1,
        max_size=4,
    )
    with queue.replace_connector(connector):
        queue.run_worker(
            additional_context={"database": database},
            delete_jobs="successful",
            shutdown_graceful_timeout=GRACE_SECONDS,
        )


@queue.periodic(cron="17 3 * * *")
@queue.task(name="upkeep", pass_context=True, queueing_lock="upkeep")
def upkeep_tonight(context: JobContext, timestamp: int) -> None:
    """The nightly upkeep, at an hour when nobody looks."""
    upkeep(context.additional_context["database"], datetime.fromtimestamp(timestamp, UTC))


def upkeep(database: Database, now: datetime) -> None:
    """Keep partitions ahead of the calendar; let go of sessions, attempts and events past their time."""
    maintain(database, now.date())
    with database.writing() as connection:
        connection.execute(delete(UserSession).where(UserSession.expires_at < now))
        connection.execute(delete(SignInAttempt).where(SignInAttempt.at < now - ATTEMPTS_KEPT))
        connection.execute(select(func.forget_journal()))
