"""The databases of a run: one server for all of its workers, and copies of a migrated template.

The server is the embedded one in a temporary folder, or the one that ``BORDEREAU_DATABASE_URL`` names. A
database is a copy of the template, empty or filled once by the first test to ask.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from copy import deepcopy
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from app.database import embedded
from app.database.engine import Database, create_database
from app.database.login_addresses import Addresses
from app.database.migrate import migrate
from app.rules.time_zones import today
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = "BORDEREAU_TEST_FOLDER"
#: What must be free in memory, in bytes: several times what a run of four workers keeps there.
ROOM = 2 * 1024**3
#: What is in these databases need not outlive the machine, and no vacuum is worth its time there.
THROW_AWAY = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = '512MB'
autovacuum = off
"""
#: Of the roles of a run.
PASSWORD = "what the roles of tests log in with"


# The server and the template.


def pytest_configure(config: pytest.Config) -> None:
    """The first process makes the folder that all workers share, and clears up after them.

    A process that is told to end does so as by Ctrl-C: it lets go of the server, which the last one stops.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="bordereau-test-", dir=_in_memory())
        os.environ[FOLDER] = folder
        config.add_cleanup(_drop_leftovers)
        atexit.register(_clear, Path(folder))


def _clear(folder: Path) -> None:
    """Remove the folder, and stop the server before, should the workers that held it have been killed."""
    server = folder / "postgres"
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((server / "postmaster.pid").read_text().split()[0]), signal.SIGINT)  # it waits for nobody
    with suppress(AssertionError):  # whatever hangs, the folder goes
        wait_until(lambda: not embedded._serving(server))
    shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> str | None:
    """Where files are kept in memory, if this machine has room there: databases are then copied and dropped
    in two thirds of the time.

    What the folder may hold says nothing of what is free: it takes as much of the memory as it is given.
    """
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return None
    free = min(shutil.disk_usage(memory).free, psutil.virtual_memory().available)
    return str(memory) if free > ROOM else None


def _drop_leftovers() -> None:
    """Drop what this run leaves on a server that stays: the template, and databases of killed workers."""
    address = os.environ.get("BORDEREAU_DATABASE_URL")
    if not address:
        return
    with _administration(_psycopg_url(address)) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_prefix()]
        )
        for (name,) in names.fetchall():
            connection.execute(_dropping(name))
        for name in logins(_psycopg_url(address)).roles.all:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def _prefix() -> str:
    return Path(os.environ[FOLDER]).name.replace("-", "_").lower() + "_"


def _psycopg_url(address: str) -> str:
    return make_url(address).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _administration(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _dropping(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


@pytest.fixture(scope="session")
def server() -> str:
    """The address of the PostgreSQL server, in SQLAlchemy's words."""
    external = os.environ.get("BORDEREAU_DATABASE_URL")
    return _psycopg_url(external) if external else _throw_away(Path(os.environ[FOLDER]) / "postgres")


def _throw_away(folder: Path) -> str:
    """The embedded server, not waiting for the disk: what these databases hold need not outlive the machine.

    A killed process, even one of the server's own, still loses nothing: the kernel keeps what was written.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "SETTINGS", embedded.SETTINGS + THROW_AWAY)
        address = embedded.start(folder)
    with _administration(address) as connection:
        connection.execute("ALTER SYSTEM SET scram_iterations = 1")  # thousands log in here
        connection.execute("SELECT pg_reload_conf()")
    return address


def logins(server: str) -> Addresses:
    """The addresses of this run's roles, one set for all databases: a copy grants what its template did."""
    url = make_url(server)
    web, importer = (
        url.set(username=_prefix() + name, password=PASSWORD).render_as_string(hide_password=False)
        for name in ("web", "import")
    )
    return Addresses(owner=server, web=web, importer=importer)


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated database that nobody connects to, made by the first worker to ask."""
    folder = Path(os.environ[FOLDER])
    name = f"{_prefix()}template"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "template").exists():
            create_database(server, name)
            database = Database(logins(server).at(name))
            migrate(database)
            database.dispose()
            (folder / "template").touch()
    return name


@pytest.fixture(scope="session")
def administration(server: str) -> Iterator[psycopg.Connection]:
    """A connection that makes and drops databases."""
    with closing(_administration(server)) as connection:
        yield connection


# A database of one's own.

_numbers = count(1)
Made = TypeVar("Made")


@contextmanager
def copy_of_template(administration: psycopg.Connection, server: str, template: str) -> Iterator[Database]:
    name = f"{_prefix()}{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"
    # As files, which nobody waits for, where the server is our own: half the time of writing them to the log.
    strategy = sql.SQL("" if os.environ.get("BORDEREAU_DATABASE_URL") else "STRATEGY file_copy")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}")
    administration.execute(create.format(sql.Identifier(name), sql.Identifier(template), strategy))
    database = Database(logins(server).at(name))
    try:
        yield database
        database.dispose()
        left = _left_open(administration, name)
    finally:
        database.dispose()
        administration.execute(_dropping(name))
    assert not left, f"connections left open, last used for: {left}"


def _left_open(administration: psycopg.Connection, name: str) -> list[str]:
    """The last statements of the connections that are still open; to close one takes a while under load."""
    for _ in range(600):
        rows = administration.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            [name],
        ).fetchall()
        if not rows:
            break
        time.sleep(0.05)
    return [query for (query,) in rows]


@pytest.fixture
def database(administration: psycopg.Connection, server: str, template: str) -> Iterator[Database]:
    """A migrated database of this test's own."""
    with copy_of_template(administration, server, template) as copy:
        yield copy


@pytest.fixture(scope="module")
def module_database(administration: psycopg.Connection, server: str, template: str) -> Iterator[Database]:
    """A migrated database that the tests of a module share, for those that only read what it set up."""
    with copy_of_template(administration, server, template) as copy:
        yield copy


class Furnished:
    """Databases that were filled once in this process: each test then has a copy, as of the bare template."""

    def __init__(self, new: Callable[[str], AbstractContextManager[Database]], template: str) -> None:
        self._new, self._template = new, template
        self._made: dict[object, tuple[str, object]] = {}
        self._open = ExitStack()

    @contextmanager
    def copy(self, fill: Callable[[Database], Made]) -> Iterator[tuple[Database, Made]]:
        """A copy of what ``fill`` makes of an empty database, and of what it returns.

        It is made anew each day: what is filled in mostly counts back from today.
        """
        key = fill, today()
        if key not in self._made:
            database = self._open.enter_context(self._new(self._template))
            self._made[key] = database.name, fill(database)
            database.dispose()
        name, made = self._made[key]
        with self._new(name) as database:
            yield database, deepcopy(made)

    def close(self) -> None:
        self._open.close()


@pytest.fixture(scope="session")
def furnished(administration: psycopg.Connection, server: str, template: str) -> Iterator[Furnished]:
    """Copies of databases with something in them."""
    with closing(Furnished(partial(copy_of_template, administration, server), template)) as made:
        yield made
