"""The worker: it goes on when its database went away, and says so when it gives up."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import click
from procrastinate.exceptions import ConnectorException

from app.config import Config
from app.database.engine import Database
from app.jobs import do_jobs
from app.logs import logger
from app.wording.i18n import gettext

#: The first pause after the database went away and the longest, in seconds; each is twice the former.
FIRST_PAUSE, LONGEST_PAUSE = 1, 30
#: How long the database may stay away, in seconds; whatever keeps services then starts the worker anew.
PATIENCE = 600

_log = logger("worker")


def work(config: Config, database: Database, patience: float = PATIENCE) -> None:
    """Do the jobs of the queue until SIGINT or SIGTERM.

    Raises ClickException when the database has been away for ``patience`` seconds.
    """
    asyncio.run(_Worker(config, database, patience).run())


@dataclass
class _Worker:
    config: Config
    database: Database
    patience: float
    #: Since when the database is away, by the monotonic clock, and how long to wait before the next try.
    lost_at: float | None = None
    pause: float = FIRST_PAUSE

    async def run(self) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(say_what_was_left)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, told.set)
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

    def connected(self) -> None:
        self.lost_at, self.pause = None, FIRST_PAUSE

    async def _until(self, told: asyncio.Event) -> str | None:
        """Work until told to stop, or until it cannot go on; returns the kind of error, if there was one."""
        working = asyncio.create_task(self._work())
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, waiting):
            task.cancel()
        outcome, _ = await asyncio.gather(working, waiting, return_exceptions=True)
        return type(outcome).__name__ if isinstance(outcome, Exception) else None

    async def _work(self) -> None:
        if self.config.development:
            # The embedded server has nobody else who would start it again.
            from app.database import embedded  # noqa: PLC0415 - an extra

            await asyncio.to_thread(embedded.revive)
        await do_jobs(self.config, self.database, self.connected)


def say_what_was_left(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody waited for, as asyncio does, but for a job that lost the database.

    The queue leaves that one behind, and ``database_lost`` has told of it: below the last word of a worker
    that gives up it would read as the reason.
    """
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)


def _gone(seconds: float) -> str:
    return gettext("The database has been away for %(seconds)s seconds.", seconds=round(seconds))
