"""The work of a night, in one go: load what has arrived, keep house, let go of what is old, and say so.

Links between payments, and what waits for its owner, are renewed with each file. The worker does it by
the clock of UTC, which no summer changes; cron or a hand may do it as well: never two at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from procrastinate import JobContext

from app.database.engine import Database, DatabaseRole
from app.jobs import queue
from app.locks import Lock, take_one
from app.logs import logger
from app.operation.nightly_upkeep import upkeep
from app.retention import Purged, purge
from importers.jobs import load_inbox, tell_people
from importers.load import Result

_log = logger("nightly")


@dataclass(frozen=True)
class NightlyWork:
    """A night: what became of each file of the inbox, and what was let go of."""

    results: list[Result]
    purged: Purged

    @property
    def unsettled(self) -> int:
        """How many files a person has to look at."""
        return sum(result.needs_somebody for result in self.results)


def nightly(database: Database, data: Path, now: datetime) -> NightlyWork | None:
    """Do the work of a night; None when somebody else is at it."""
    with database.writing(DatabaseRole.IMPORT) as guard:
        if not take_one(guard, Lock.NIGHTLY, 0, 1):
            _log.info("night_in_other_hands")
            return None
        results = load_inbox(database, data)
        upkeep(database, now)
        night = NightlyWork(results, purge(database, data, now.date()))
        _log.info("night", files=len(results), unsettled=night.unsettled, months=night.purged.months)
        return night


@queue.periodic(cron="17 3 * * *")
@queue.task(name="nightly", pass_context=True, queueing_lock="nightly")
def nightly_job(context: JobContext, timestamp: int) -> None:
    """The same, at an hour when nobody looks."""
    config, database = context.additional_context["config"], context.additional_context["database"]
    now = datetime.fromtimestamp(timestamp, UTC)
    if nightly(database, config.data, now) is not None:
        tell_people(config, database, now)
