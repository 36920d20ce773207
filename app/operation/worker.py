"""The worker: it goes on when its database went away, and says so when it gives up."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import click
from procrastinate.exceptions import ConnectorException

from app.config import Config
from app.database.engine import Database
from app.jobs import do_jobs, queue
from app.logs import logger
from app.wording.i18n import gettext

#: The first pause after the database went away and the longest, in seconds; each is twice the former.
FIRST_PAUSE, LONGEST_PAUSE = 1, 30
#: How long the database may stay away, in seconds; whatever keeps services then starts the worker anew.
PATIENCE = 600
#: How long the worker may take to stop, in seconds; its unit gives it 20 before it is killed. What goes on
#: beyond the grace of jobs (``app.jobs``) is a long import, or waits for a database that hangs.
STOP_SECONDS = 15
#: The exit status of one that left a job in its midst, as of a command that is told to stop.
TERMINATED = 128 + signal.SIGTERM

_log = logger("worker")


def work(config: Config, database: Database, patience: float = PATIENCE) -> None:
    """Do the jobs of the queue until SIGINT or SIGTERM.

    Raises ClickException when the database has been away for ``patience`` seconds.
    """
    # It takes seconds, in which the loop would hear no signal.
    queue.perform_import_paths()  # type: ignore[no-untyped-call]
    worker = _Worker(config, database, patience)
    try:
        asyncio.run(worker.run())
    finally:
        worker.stopping.cancel()


@dataclass
class _Worker:
    config: Config
    database: Database
    patience: float
    #: Since when the database is away, by the monotonic clock, and how long to wait before the next try.
    lost_at: float | None = None
    pause: float = FIRST_PAUSE
    #: Runs from the word to stop on.
    stopping: threading.Timer = field(default_factory=lambda: threading.Timer(STOP_SECONDS, _leave))

    async def run(self) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(say_what_was_left)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop, told)
        while True:
            reason = await self._until(told)
            if told.is_set():
                return
            self.lost_at = self.lost_at or time.monotonic()
            away = time.monotonic() - self.lost_at
            if away > self.patience:
                raise click.ClickException(_gone(away))
            _log.warning("database_lost", error=reason, next_try_seconds=self.pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), self.pause)
            self.pause = min(2 * self.pause, LONGEST_PAUSE)

    def _stop(self, told: asyncio.Event) -> None:
        if not told.is_set():
            told.set()
            self.stopping.daemon = True
            self.stopping.start()

    def connected(self) -> None:
        self.lost_at, self.pause = None, FIRST_PAUSE

    async def _until(self, told: asyncio.Event) -> str | None:
        """Work until told to stop, or until it cannot go on; returns the kind of error, if there was one."""
        working = asyncio.create_task(self._work(told))
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, waiting):
            task.cancel()
        outcome, _ = await asyncio.gather(working, waiting, return_exceptions=True)
        return type(outcome).__name__ if isinstance(outcome, Exception) else None

    async def _work(self, told: asyncio.Event) -> None:
        if self.config.development:
            # The embedded server has nobody else who would start it again.
            from app.database import embedded  # noqa: PLC0415 - an extra

            await asyncio.to_thread(embedded.revive, told.is_set)
        await do_jobs(self.config, self.database, self.connected)


def _leave() -> None:
    """End this process although something in it still waits, as when it is killed: its jobs come again."""
    _log.warning("left_in_the_midst", seconds=STOP_SECONDS)
    os._exit(TERMINATED)


def say_what_was_left(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody waited for, as asyncio does, but for a job that lost the database.

    The queue leaves that one behind, and ``database_lost`` has told of it: below the last word of a worker
    that gives up it would read as the reason.
    """
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)


def _gone(seconds: float) -> str:
    return gettext("The database has been away for %(seconds)s seconds.", seconds=round(seconds))
