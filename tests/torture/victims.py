"""The processes that are killed: the portal's own code, in a fork that spares the start of an interpreter."""

from __future__ import annotations

import errno
import os
import resource
import signal
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from app.jobs import free_jobs
from app.operation.worker import work
from importers import jobs
from importers.files.archive import INBOX, files_in
from importers.load import load_files
from importers.nightly import nightly

Victim = Callable[[Database, Path], None]
KEY = "a key for torture, made of words and long enough"


def importer(database: Database, data: Path) -> None:
    list(load_files(database, files_in([data / INBOX]), data))


def replacing(database: Database, data: Path) -> None:
    list(load_files(database, files_in([data / INBOX]), data, replace=True))


def night(database: Database, data: Path) -> None:
    nightly(database, data, datetime.now(UTC))


def worker(database: Database, data: Path) -> None:
    """It works until it is killed, beginning with the inbox."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'")
        )
    free_jobs(database)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, lock)"
                " VALUES ('default', 'import_inbox', '{\"timestamp\": 0}', 'import_inbox')"
            )
        )
    addresses = database.addresses
    config = Config(
        database_url=addresses.owner,
        web_url=addresses.web,
        import_url=addresses.importer,
        data=data,
        secret_key=KEY,
        port=8000,
    )
    work(config, database)


def on_a_full_disk(database: Database, data: Path) -> None:
    """No file may grow beyond a few bytes: the next write fails as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
    importer(database, data)


def on_a_failing_disk(database: Database, data: Path) -> None:
    """The disk takes what is written, and cannot say that it has kept it."""

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    os.fsync = failing
    importer(database, data)


def last_words(data: Path) -> Path:
    """What the last victim of a portal said of its end."""
    return data / "last-words.txt"


def forked(victim: Victim, addresses: Addresses, data: Path) -> int:
    """Start a victim with connections of its own; returns the number of its process."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with last_words(data).open("w", encoding="utf-8") as said:
            os.dup2(said.fileno(), 2)
        jobs.SETTLED_SECONDS = 0
        victim(Database(addresses), data)
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """Wait for a victim; the status it ended with, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
