"""The queue of jobs, in the database.

A job is handed the worker's settings and database: ``context.additional_context["config"]`` and
``["database"]``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from sqlalchemy import Connection, text

from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.logs import logger

#: How long a job may go on once the worker is asked to stop, in seconds.
GRACE_SECONDS = 8
#: How long a job waits for a connection before the database is lost to it; a few wait one after the other.
CONNECTION_SECONDS = 15
#: Jobs at once: an import does not keep mail from leaving.
JOBS_AT_ONCE = 6
#: How late a job of the calendar may still begin, in seconds: a worker that comes back within a day does the
#: work of the night that it missed, which the database lets begin once.
LATEST_START_SECONDS = 24 * 60 * 60

#: How often a job may be begun by workers that die over it; then it has failed.
MOST_BEGUN = 5
# A worker that has not been heard of for a minute is dead. Its jobs go back to the queue: of the calendar's,
# which have a queueing lock, the last of its kind; for an earlier one a later has stood in since. What was
# begun often enough may be what killed them: of the calendar's, where no other died beside it.
_FREE_JOBS = text("""
WITH dead AS (
  SELECT job.*,
    job.attempts + 1 >= :most AND (job.queueing_lock IS NULL OR NOT EXISTS (
      SELECT FROM procrastinate_jobs AS beside WHERE beside.status = 'doing' AND beside.id <> job.id
        AND beside.worker_id IS NOT DISTINCT FROM job.worker_id)) AS given_up,
    job.queueing_lock IS NULL OR EXISTS (
      SELECT FROM procrastinate_periodic_defers AS latest WHERE latest.job_id = job.id) AS comes_again
  FROM procrastinate_jobs AS job WHERE job.status = 'doing' AND NOT EXISTS (
    SELECT FROM procrastinate_workers AS worker
    WHERE worker.id = job.worker_id AND worker.last_heartbeat > now() - interval '1 minute')
), gone AS (
  DELETE FROM procrastinate_jobs USING dead WHERE procrastinate_jobs.id = dead.id AND NOT dead.comes_again
)
SELECT id, task_name, given_up, CASE
  WHEN given_up THEN procrastinate_finish_job_v1(id, 'failed', false)
  ELSE procrastinate_retry_job_v2(id, now(), priority, queue_name, lock) END
FROM dead WHERE comes_again
""")
_DEFER = text("""
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
  'default', :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL
)::procrastinate_job_to_defer_v1])
""")

_log = logger("jobs")

# The connections come with the worker. Jobs that stand on this module are named, not imported.
queue = App(
    connector=PsycopgConnector(),
    import_paths=("app.mail.jobs", "app.operation.watch", "importers.jobs", "importers.nightly"),
    periodic_defaults={"max_delay": LATEST_START_SECONDS},
)


def defer(connection: Connection, task: str, **args: Any) -> None:
    """Ask the worker for ``task``, in the caller's transaction: no commit, no job."""
    connection.execute(_DEFER, {"task": task, "args": json.dumps(args)})


async def do_jobs(config: Config, database: Database, connected: Callable[[], None]) -> None:
    """Do the jobs of the queue, and those of the calendar, until cancelled; ``connected`` is called first.

    Returns, or raises what the connection says, once the database has gone: see ``app.operation.worker``.
    """
    connector = PsycopgConnector(
        conninfo=database.conninfo(DatabaseRole.IMPORT),
        kwargs={"application_name": "bordereau-worker"},
        min_size=1,
        max_size=4,
        timeout=CONNECTION_SECONDS,
    )
    with queue.replace_connector(connector):
        try:
            await queue.open_async()
            if _is_cancelled():
                return
            connected()
            await queue.run_worker_async(
                concurrency=JOBS_AT_ONCE,
                additional_context={"config": config, "database": database},
                delete_jobs="successful",
                shutdown_graceful_timeout=GRACE_SECONDS,
                install_signal_handlers=False,
            )
        finally:
            # Also of an opening that was broken off: a task of the pool that is connecting takes a
            # cancellation for a connection that failed, and goes on until the pool is closed.
            await queue.close_async()


def _is_cancelled() -> bool:
    """Whether this task was cancelled and did not notice.

    ``asyncio.wait_for`` of Python 3.11 returns what it waited for when both come at the same moment.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@queue.periodic(cron="* * * * *")
@queue.task(name="free_jobs", pass_context=True, queueing_lock="free_jobs")
def free_jobs_of_dead_workers(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - it is given
    """Each minute: no job stays with a worker that was killed."""
    free_jobs(context.additional_context["database"])


def free_jobs(database: Database) -> None:
    """Give the jobs of dead workers back to the queue, or give them up, which the staff are told."""
    with database.writing(DatabaseRole.IMPORT) as connection:
        freed = connection.execute(_FREE_JOBS, {"most": MOST_BEGUN}).all()
    for job in freed:
        if job.given_up:
            _log.error("job_given_up", job_id=job.id, task=job.task_name, begun=MOST_BEGUN)
