"""The conditions that are watched for: each looks at one thing, and says whose staff it concerns.

What everybody is told holds no count: it would be that of others too.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from app.config import INBOX
from app.desk import files, tasks
from app.jobs import MOST_BEGUN
from app.mail.posting import TASK as MAIL_JOB
from app.models import TRIED_FOR, AlertKind, Fault, Reseller
from app.operation.missing_nights import missing_nights
from app.operation.state import worker_heard_at

#: What a disk must have free: of all of it, and in bytes.
FREE_SHARE, FREE_BYTES = 0.05, 2**30
#: How long mail may wait for its server, a file in the inbox, and a worker be silent.
MAIL_WAITS, FILE_WAITS, WORKER_WAITS = timedelta(hours=1), timedelta(hours=1), timedelta(minutes=5)

# A mail that is renewed waits anew. One whose recipient is put off does not wait for the server.
_STUCK_MAIL = text("""
SELECT reseller.id AS reseller_id, count(*) AS waiting, min(since) AS since
FROM (
  SELECT reseller_slug, state, last_fault, deadline - CAST(:tried_for AS interval) AS since FROM delivery
) AS delivery
JOIN reseller ON reseller.slug = delivery.reseller_slug
WHERE state NOT IN ('sent', 'failed') AND since < :before
  AND (last_fault IS NULL OR last_fault <> ALL (:of_one))
GROUP BY reseller.id ORDER BY reseller.id
""")
_OF_ONE = [Fault.RECIPIENT_REFUSED, Fault.MESSAGE_REFUSED]
# Told for a day: what it should have done may have been done since, or asked for anew. A mail and what a desk
# asks for are of one reseller; the work of the calendar is everybody's.
_GIVEN_UP = text("""
SELECT job.id AS number, job.task_name AS task, job.attempts AS begun,
  COALESCE(desk_task.reseller_id, reseller.id) AS reseller_id
FROM procrastinate_jobs AS job
LEFT JOIN desk_task ON job.task_name = :asked AND desk_task.id = CAST(job.args->>'task_id' AS bigint)
LEFT JOIN delivery ON job.task_name = :mail AND delivery.id = CAST(job.args->>'delivery_id' AS bigint)
LEFT JOIN reseller ON reseller.slug = delivery.reseller_slug
WHERE job.status = 'failed' AND job.attempts >= :most AND EXISTS (
  SELECT FROM procrastinate_events AS event
  WHERE event.job_id = job.id AND event.type = 'failed' AND event.at > :since)
""")


@dataclass(frozen=True)
class Condition:
    """Something wrong at this moment; ``reseller_id`` None concerns every reseller of the portal.

    ``subject`` tells those of one kind apart; ``details`` fill the words of :mod:`app.desk.staff_alerts`.
    """

    kind: AlertKind
    details: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    reseller_id: int | None = None


def conditions(connection: Connection, data: Path, now: datetime) -> Iterator[Condition]:
    """Every condition of a portal whose data folder is ``data``."""
    for look in _IN_DATABASE:
        yield from look(connection, now)
    yield from full_disk(data)
    yield from _files_left(data, now)


def _refused_files(connection: Connection, _now: datetime) -> Iterator[Condition]:
    for reseller_id in connection.scalars(select(Reseller.id).where(Reseller.declared)).all():
        for file in files.in_quarantine(connection, reseller_id):
            yield Condition(AlertKind.FILE_REFUSED, {"file": file.name}, str(file.id), reseller_id)


def _missing_nights(connection: Connection, now: datetime) -> Iterator[Condition]:
    for night in missing_nights(connection, now):
        subject = f"{night.source_id} {night.content or ''}".strip()
        yield Condition(AlertKind.NIGHT_MISSING, night.details, subject, night.reseller_id)


def _stuck_mail(connection: Connection, now: datetime) -> Iterator[Condition]:
    asked = {"before": now - MAIL_WAITS, "tried_for": TRIED_FOR, "of_one": _OF_ONE}
    for found in connection.execute(_STUCK_MAIL, asked):
        details = {"count": found.waiting, "since": found.since.isoformat()}
        yield Condition(AlertKind.MAIL_STUCK, details, reseller_id=found.reseller_id)


def _silent_worker(connection: Connection, now: datetime) -> Iterator[Condition]:
    heard = worker_heard_at(connection)
    if heard is None or now - heard > WORKER_WAITS:
        yield Condition(AlertKind.WORKER_SILENT)


def _jobs_given_up(connection: Connection, now: datetime) -> Iterator[Condition]:
    asked = {"most": MOST_BEGUN, "since": now - timedelta(days=1), "asked": tasks.JOB, "mail": MAIL_JOB}
    for number, task, begun, reseller_id in connection.execute(_GIVEN_UP, asked):
        details = {"number": number, "task": task, "begun": begun}
        yield Condition(AlertKind.JOB_GIVEN_UP, details, str(number), reseller_id)


def full_disk(data: Path) -> Iterator[Condition]:
    """The disk of the data folder, when it is nearly full."""
    usage = shutil.disk_usage(data)
    if usage.free < max(FREE_BYTES, FREE_SHARE * usage.total):
        yield Condition(AlertKind.DISK_FULL, {"free": usage.free // 2**30, "total": usage.total // 2**30})


def _files_left(data: Path, now: datetime) -> Iterator[Condition]:
    """What has stayed in the inbox although workers look into it every few minutes."""
    old = [moment for moment in _came(data / INBOX) if moment < (now - FILE_WAITS).timestamp()]
    if old:
        since = datetime.fromtimestamp(min(old), UTC).isoformat()
        yield Condition(AlertKind.FILES_LEFT, {"since": since})


def _came(inbox: Path) -> Iterator[float]:
    """When each file of the inbox came, in seconds of the epoch: its own time is the sender's."""
    for path in inbox.rglob("[!.]*"):
        with suppress(FileNotFoundError):  # an importer has just dealt with it
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode):
                yield found.st_ctime


_IN_DATABASE: tuple[Callable[[Connection, datetime], Iterator[Condition]], ...] = (
    _refused_files,
    _missing_nights,
    _stuck_mail,
    _silent_worker,
    _jobs_given_up,
)
