"""The state of a running portal: its worker, its queue, its mail and its nights, read in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from app.database.engine import Database
from app.rules import time_zones

#: A worker says every ten seconds that it is there; after this many it is taken for dead.
WORKER_SILENT_SECONDS = 60

# A heartbeat is the younger sign, but a worker that is told to stop takes it along. What it did for the
# calendar stays, and something of that is due each minute.
_WORKER_HEARD_AT = text("""
SELECT greatest(
  (SELECT max(last_heartbeat) FROM procrastinate_workers),
  (SELECT to_timestamp(max(defer_timestamp)) FROM procrastinate_periodic_defers)
)
""")
# What waits for a time to come is not late: only what is due counts.
_QUEUES = text("""
SELECT now() AS now,
  jobs.count AS jobs, jobs.seconds AS job_seconds, mails.count AS mails, mails.seconds AS mail_seconds
FROM (
  SELECT count(*), COALESCE(extract(epoch FROM now() - min(COALESCE(scheduled_at, (
    SELECT min(event.at) FROM procrastinate_events AS event
    WHERE event.job_id = job.id AND event.type = 'deferred')))), 0) AS seconds
  FROM procrastinate_jobs AS job
  WHERE job.status = 'todo' AND COALESCE(scheduled_at <= now(), true)
) AS jobs, (
  SELECT count(*), COALESCE(extract(epoch FROM now() - min(created_at)), 0) AS seconds
  FROM delivery WHERE state NOT IN ('sent', 'failed')
) AS mails
""")
_FILES = text("SELECT status, count(*) AS count FROM import_file GROUP BY status ORDER BY status")
# What is wrong for several resellers is so once.
_ALERTS = text("SELECT kind, count(DISTINCT subject) AS count FROM alert GROUP BY kind ORDER BY kind")
_NIGHTS = text("""
SELECT source.name, max(received_day.day) AS day
FROM source JOIN received_day ON received_day.source_id = source.id GROUP BY source.name ORDER BY source.name
""")


@dataclass(frozen=True)
class Backlog:
    """A backlog: how many wait that could go, and how long the oldest has waited, in seconds."""

    count: int
    oldest_seconds: float


@dataclass(frozen=True)
class State:
    """The portal at one moment.

    ``worker_seconds`` is the time since a worker was last heard of, None when none ever was; ``files`` counts
    the journal of files by status; ``nights`` is the last business day received from each source;
    ``alerts``, by kind, is how much the watch has found wrong.
    """

    worker_seconds: float | None
    jobs: Backlog
    mails: Backlog
    files: Mapping[str, int]
    nights: Mapping[str, date]
    alerts: Mapping[str, int]

    @property
    def works(self) -> bool:
        """Whether a worker is there."""
        return self.worker_seconds is not None and self.worker_seconds < WORKER_SILENT_SECONDS

    @property
    def last_night(self) -> date | None:
        """The last business day that every source has delivered."""
        return min(self.nights.values(), default=None)

    def ages(self, today: date | None = None) -> dict[str, int]:
        """How many days ago each source's last business day was; 1 on the morning after a full night."""
        today = today or time_zones.today()
        return {name: (today - day).days for name, day in self.nights.items()}


def state_of(database: Database) -> State:
    """The state of the moment. Raises what the connection says when the database is away."""
    with database.reading() as connection:
        return _read(connection)


def worker_heard_at(connection: Connection) -> datetime | None:
    """When a worker was last heard of; None when none ever was."""
    heard: datetime | None = connection.scalar(_WORKER_HEARD_AT)
    return heard


def _read(connection: Connection) -> State:
    row = connection.execute(_QUEUES).one()
    files = {row[0]: row[1] for row in connection.execute(_FILES)}
    nights = {row[0]: row[1] for row in connection.execute(_NIGHTS)}
    alerts = {row[0]: row[1] for row in connection.execute(_ALERTS)}
    heard = worker_heard_at(connection)
    return State(
        worker_seconds=None if heard is None else (row.now - heard).total_seconds(),
        jobs=Backlog(row.jobs, float(row.job_seconds)),
        mails=Backlog(row.mails, float(row.mail_seconds)),
        files=files,
        nights=nights,
        alerts=alerts,
    )
