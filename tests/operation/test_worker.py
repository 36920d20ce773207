"""The worker outlives its database: restarted, hung or killed, and says so when it gives up."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from app.jobs import JOBS_AT_ONCE
from app.operation.state import worker_heard_at
from app.operation.worker import say_what_was_left
from tests.commands import WORKER
from tests.importers.files import NIGHT, written
from tests.operation.conftest import a_copy, hung, start
from tests.waiting import HANGS, wait_until

#: A worker that notices within seconds that its database is away, and tries no longer to connect to it.
IMPATIENT = (
    "from app import jobs; from app.cli import main; from app.operation import worker; import psycopg_pool;"
    f"worker.STOP_SECONDS = {HANGS};"
    "jobs.CONNECTION_SECONDS = 2; psycopg_pool.AsyncConnectionPool.open.__defaults__ = (False, 2);"
)
#: One that gives up soon after.
GIVING_UP = f"{IMPATIENT} worker.work.__defaults__ = (4,);"


@pytest.fixture
def own_server(migrated, tmp_path):
    """A server of each test, which stops, hangs or kills it."""
    with a_copy(migrated, tmp_path / "server") as server:
        yield server


@contextmanager
def working(environment, manner=None):
    """A worker at work, as it is or made in some manner; it is killed at the end should it still be there."""
    made = (sys.executable, "-W", "ignore", "-c", f"{manner} main(['worker'])")
    command = made if manner else WORKER
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def does_a_job(server, seconds=HANGS):
    """Defer a job in the queue's own words, once the server answers, and wait until it is done."""
    database = Database(Addresses(owner=server.get_uri(driver="psycopg")))
    number, deadline = None, time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            with suppress(OperationalError):
                number = number or deferred(database)
                if not waits(database, number):
                    return True
            time.sleep(0.1)
    finally:
        database.dispose()
    return False


def deferred(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        return connection.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                " VALUES ('default', 'free_jobs', '{\"timestamp\": 0}') RETURNING id"
            )
        )


def waits(database, number):
    with database.reading(DatabaseRole.OWNER) as connection:
        return connection.scalar(text("SELECT 1 FROM procrastinate_jobs WHERE id = :id"), {"id": number})


def restart(server):
    server.stop()
    time.sleep(3)
    start(server)


def hang(server):
    with hung(server):
        time.sleep(12)


def crash(server):
    """As when the kernel takes a process of the server for its memory: every connection is cut."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'bordereau-worker'"
        )
        os.kill(found.fetchone()[0], signal.SIGKILL)


@pytest.mark.parametrize("fault", [restart, hang, crash])
def test_the_worker_goes_on_when_its_database_comes_back(own_server, external, fault):
    with working(external) as process:
        assert does_a_job(own_server)
        fault(own_server)
        assert does_a_job(own_server)
        assert process.poll() is None
        process.terminate()
        said = process.communicate(timeout=HANGS)[1]
    assert process.returncode == 0
    assert "Traceback" not in said
    lines = [json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")]
    assert ("database_lost" in lines) == (fault is not hang)


@pytest.mark.parametrize(("fault", "is_told"), [(ConnectorException("gone"), False), (ValueError("x"), True)])
def test_a_job_that_lost_the_database_is_not_told_of_twice(fault, is_told, caplog):
    async def fail():
        raise fault

    async def leave_one_behind():
        asyncio.get_running_loop().set_exception_handler(say_what_was_left)
        task = asyncio.create_task(fail())
        await asyncio.wait({task})

    asyncio.run(leave_one_behind())
    gc.collect()
    assert ("never retrieved" in caplog.text) == is_told


def test_the_worker_gives_up_with_a_word_and_a_status(own_server, external):
    with working(external, GIVING_UP) as process:
        assert does_a_job(own_server)
        own_server.stop()
        try:
            said = process.communicate(timeout=HANGS)[1]
        finally:
            start(own_server)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("Erreur\u00a0: La base de données est absente depuis ")
    assert "Traceback" not in said


def test_a_worker_that_waits_for_its_database_stops_when_told(own_server, external):
    with working(external, IMPATIENT) as process:
        assert does_a_job(own_server)
        own_server.stop()
        try:
            assert '"database_lost"' in "".join(iter_until(process.stderr, "database_lost"))
            process.terminate()
            assert process.wait(HANGS) == 0
        finally:
            start(own_server)


def test_a_worker_that_was_told_to_stop_was_heard_of_until_then(own_server, external):
    with working(external) as process:
        assert does_a_job(own_server)
        process.terminate()
        assert process.wait(HANGS) == 0
    database = Database(Addresses(owner=own_server.get_uri(driver="psycopg")))
    with database.reading(DatabaseRole.OWNER) as connection:
        heard = worker_heard_at(connection)
    database.dispose()
    assert datetime.now(UTC) - heard < timedelta(minutes=2)


def test_a_worker_that_was_away_at_its_hour_does_the_work_of_that_night_once(own_server, external, tmp_path):
    inbox = tmp_path / "data" / "inbox"
    inbox.mkdir(parents=True)
    settled = time.time() - 3600
    os.utime(written(inbox, "night.txt", NIGHT.data()), (settled, settled))
    nights = []
    for _ in range(2):
        with working(external) as process:
            assert does_a_job(own_server)
            wait_until(lambda: not list(inbox.iterdir()))
            wait_until(lambda: not calendar_waits(own_server))
            process.terminate()
            said = process.communicate(timeout=HANGS)[1]
        events = [json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")]
        nights.append(events.count("night"))
    assert nights == [1, 0]


def calendar_waits(server):
    """Whether something of the calendar is still to do."""
    with psycopg.connect(server.get_uri()) as connection:
        return connection.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND queueing_lock IS NOT NULL"
        ).fetchone()


def iter_until(stream, word):
    for line in stream:
        yield line
        if word in line:
            return


def test_an_embedded_server_that_was_killed_is_started_again(environment, tmp_path):
    with working(environment, IMPATIENT) as process:
        record = tmp_path / "data" / "postgres" / "postmaster.pid"
        wait_until(lambda: record.exists() and "ready" in record.read_text())
        wait_until(lambda: any("bordereau-worker" in name for name in connected(record.parent)))
        killed = int(record.read_text().split()[0])
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: record.exists() and record.read_text().split()[:1] not in ([], [str(killed)]))
        wait_until(lambda: any("bordereau-worker" in name for name in connected(record.parent)))
        process.terminate()
        process.communicate(timeout=HANGS)
    assert process.returncode == 0


def connected(folder):
    """What the connections to the server of ``folder`` call themselves; nothing while it does not answer."""
    kept = folder.with_name(f"{folder.name}.password")
    password = kept.read_text(encoding="ascii") if kept.exists() else ""
    own = {"host": str(folder), "user": "postgres", "password": password}
    with suppress(psycopg.OperationalError), psycopg.connect(**own) as connection:
        found = connection.execute("SELECT application_name FROM pg_stat_activity")
        return [name for (name,) in found]
    return []


def test_jobs_that_run_at_once_do_not_wait_for_each_others_connections(database):
    """Each holds its guard while it reads a file and writes it; who waits ten seconds for one breaks off."""
    jobs = database.for_jobs(JOBS_AT_ONCE)
    with ExitStack() as held:
        held.callback(jobs.dispose)
        each = [held.enter_context(jobs.reading(DatabaseRole.IMPORT)) for _ in range(4 * JOBS_AT_ONCE)]
        servers = {connection.scalar(text("SELECT pg_backend_pid()")) for connection in each}
        assert len(servers) == 4 * JOBS_AT_ONCE
