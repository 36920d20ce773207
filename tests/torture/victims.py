"""The processes that are killed: the portal's own code, in a fork that spares the start of an interpreter."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import text

from app.config import INBOX, Config
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from app.jobs import free_jobs
from app.operation.worker import work
from importers import jobs
from importers.files.archive import files_in
from importers.load import load_files
from importers.nightly import nightly
from tests.ports import free_port

Victim = Callable[[Database, Path], None]
_WORKERS_ARE_DEAD = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'"
_LOAD_THE_INBOX = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, lock)"
    " VALUES ('default', 'import_inbox', '{\"timestamp\": 0}', 'import_inbox')"
)
#: Flags of unshare(2) and mount(2): mounts of one's own, which nobody shares; a folder once more, to be read.
_OWN_MOUNTS, _PRIVATE, _BIND, _READ_ONLY = 0x20000, 0x44000, 0x1000, 0x1021
#: How long what a killed process leaves behind may go on, in seconds.
LEFT_SECONDS = 30
KEY = "a key for torture, made of words and long enough"


def importer(database: Database, data: Path) -> None:
    list(load_files(database, files_in([data / INBOX]), data))


def replacing(database: Database, data: Path) -> None:
    list(load_files(database, files_in([data / INBOX]), data, replace=True))


def night(database: Database, data: Path) -> None:
    nightly(database, data, datetime.now(UTC))


def worker(database: Database, data: Path) -> None:
    """It works until it is killed, beginning with the inbox."""
    _ask_for_the_inbox(database)
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


def run(database: Database, data: Path) -> None:
    """The whole portal as its command starts it, until it is killed: web, worker and whoever keeps them."""
    _ask_for_the_inbox(database)
    plain = database.addresses.changed(lambda url: url.set(drivername="postgresql"))
    settings = {"BORDEREAU_DATA": str(data), "BORDEREAU_SECRET_KEY": KEY, "BORDEREAU_PORT": str(free_port())}
    os.dup2(2, 1)
    words = [sys.executable, "-W", "ignore", "-m", "app.cli", "run"]
    os.execve(sys.executable, words, os.environ | settings | plain.settings())


def _ask_for_the_inbox(database: Database) -> None:
    """Have whoever works next begin with the inbox: what a dead worker was at is free at once."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(_WORKERS_ARE_DEAD))
    free_jobs(database)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(_LOAD_THE_INBOX))


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


def where_one_may_only_read(name: str) -> Victim:
    """The importer, for whom a folder of the data folder is on a disk that may only be read.

    Modes mean nothing to root, who sees it mounted so; nobody else does.
    """

    def bound(database: Database, data: Path) -> None:
        (data / name).chmod(0o500)
        if os.geteuid() == 0:
            folder, libc = str(data / name).encode(), ctypes.CDLL(None, use_errno=True)
            assert libc.unshare(_OWN_MOUNTS) == 0
            for source, target, flags in (
                (b"", b"/", _PRIVATE),
                (folder, folder, _BIND),
                (b"", folder, _READ_ONLY),
            ):
                assert libc.mount(source, target, None, flags, None) == 0, ctypes.get_errno()
        importer(database, data)

    return bound


def last_words(data: Path, child: int) -> Path:
    """Where a victim of a portal says what it has to say of its end."""
    return data / f"last-words-{child}.txt"


def forked(victim: Victim, addresses: Addresses, data: Path) -> int:
    """Start a victim with connections of its own; returns the number of its process."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with last_words(data, os.getpid()).open("w", encoding="utf-8") as said:
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


def killed(child: int) -> int:
    """Kill a victim; the status it ended with. Raises TimeoutError when what it had started goes on."""
    process = psutil.Process(child)
    with suppress(psutil.NoSuchProcess):
        process.suspend()
    below = process.children(recursive=True)
    os.kill(child, signal.SIGKILL)
    status = ended(child)
    _, left = psutil.wait_procs(below, timeout=LEFT_SECONDS)
    if left:
        raise TimeoutError(f"they outlive whoever started them: {left}")
    return status
