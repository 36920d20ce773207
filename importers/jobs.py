"""The jobs about files: load the inbox, and do what the reseller's desk asks for."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from logging import INFO, WARNING
from pathlib import Path

from procrastinate import JobContext

from app.accounts.daily_mails import post_all
from app.accounts.links import Links
from app.config import INBOX, Config
from app.database.engine import Database, DatabaseRole
from app.jobs import queue
from app.locks import Lock, hold
from app.logs import logger
from app.themes import themes_of
from importers import desk, report, table_statistics, waiting
from importers.files.archive import files_in, shown
from importers.files.in_hand import LEFT, SUSPECT, InHand, in_hand
from importers.load import Result, load_files

#: A file that changed this recently may still be on its way.
SETTLED_SECONDS = 60
_log = logger("importer")


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="import_inbox", pass_context=True, queueing_lock="import_inbox", lock="import_inbox")
def import_inbox(context: JobContext, timestamp: int) -> None:
    """Load what has settled in the inbox; it may be the last that a daily mail waits for.

    Before, the desk is told of what is not tried again.
    """
    config, database = context.additional_context["config"], context.additional_context["database"]
    desk.end_given_up(database)
    if load_inbox(database, config.data):
        tell_people(config, database, datetime.fromtimestamp(timestamp, UTC))


@queue.task(name="desk_task", pass_context=True)
def desk_task(context: JobContext, task_id: int) -> None:
    """Do what the desk has asked for: see ``app.desk.tasks``, which names this job."""
    config, database = context.additional_context["config"], context.additional_context["database"]
    desk.perform(database, config.data, task_id, alone=context.job.attempts >= SUSPECT)


def tell_people(config: Config, database: Database, now: datetime) -> int:
    """Post the daily mails whose night is complete; returns how many."""
    return post_all(database, Links.of(config, themes_of(config.data)), now)


def load_inbox(database: Database, data: Path) -> list[Result]:
    """Load the files of the inbox that are finished; returns what became of each.

    A file that was refused for what it holds stays where it is when not even a copy may be kept: it is
    tried again each time, until a person takes it away, and named in the log once. So does one over which
    workers die, and is named each time.
    """
    inbox = data / INBOX
    if not inbox.is_dir():
        _log.warning("inbox_missing", cure=f"mkdir {inbox}")
        return []
    with in_hand(data, lambda: _settled(inbox)) as hand:
        results = list(_logged(_loaded(database, data, hand)))
    results += _logged(iter(waiting.after(database, data, results)))
    if results:
        table_statistics.gather(database)
    return results


def _settled(inbox: Path) -> list[Path]:
    return [path for path in files_in([inbox]) if _rested(path) >= SETTLED_SECONDS]


def _loaded(database: Database, data: Path, hand: InHand) -> Iterator[Result]:
    """What becomes of files, in their order: what workers died over is tried alone, and then not any more."""
    for suspect, paths in groupby(hand.files, lambda path: hand.deaths(path) >= SUSPECT):
        if suspect:
            for path in paths:
                yield from _tried_alone(database, data, hand, path)
        else:
            yield from load_files(database, hand.noted(paths), data)


def _tried_alone(database: Database, data: Path, hand: InHand, path: Path) -> Iterator[Result]:
    if hand.deaths(path) >= LEFT:
        _log.error("file_left", file=shown(path.name), deaths=hand.deaths(path))
        return
    hand.clear()
    with database.writing(DatabaseRole.IMPORT) as guard:
        hold(guard, Lock.ALONE)
        yield from load_files(database, hand.noted([path]), data)


def _logged(results: Iterator[Result]) -> Iterator[Result]:
    for result in results:
        # What somebody must look at is louder than what went well; what stays where it is, is named once.
        if not result.is_told:
            _log.log(WARNING if result.needs_somebody else INFO, "file", **report.event(result))
        yield result


def arriving(data: Path) -> int:
    """How many files of the inbox may be on their way still: :func:`load_inbox` leaves them for later."""
    inbox = data / INBOX
    found = files_in([inbox]) if inbox.is_dir() else ()
    return sum(_rested(path) < SETTLED_SECONDS for path in found)


def _rested(path: Path) -> float:
    """How long a file has not changed, in seconds; nan when another importer has just dealt with it."""
    try:
        return time.time() - path.lstat().st_mtime
    except FileNotFoundError:
        return math.nan
