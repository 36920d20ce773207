"""The worker ends when it is told to, whatever it waits for at that moment."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import contextmanager
from itertools import count

import psycopg
import pytest

from app.database.engine import Database
from app.database.login_addresses import Addresses
from app.operation import worker as worker_module
from app.operation.worker import PATIENCE, TERMINATED, _Worker
from tests.operation.test_worker import connected, deferred, does_a_job, working
from tests.waiting import HANGS, wait_until

#: A worker that has a second for its jobs once it is told to stop, and two more for all else.
SHORT = (
    "from app import jobs; from app.cli import main; from app.operation import worker;"
    "jobs.GRACE_SECONDS = 1; worker.STOP_SECONDS = 3;"
)
#: One that never ends to start its server again.
PERSEVERING = (
    "from app.cli import main; from app.database import embedded; from app.operation import worker;"
    f"embedded.RECOVERY_SECONDS = 10**6; worker.STOP_SECONDS = {HANGS};"
)


@pytest.fixture
def patient(monkeypatch):
    """A worker of this process that is not left, which would end the process, before it can only hang."""
    monkeypatch.setattr(worker_module, "STOP_SECONDS", HANGS)


async def told(worker, answer, turns):
    """Run ``worker``, which hears SIGTERM so many turns of its loop after an answer of the database."""
    loop, answers, heard = asyncio.get_running_loop(), count(1), []
    add_reader = loop.add_reader

    def tell(turns):
        if turns:
            loop.call_soon(tell, turns - 1)
        else:
            heard[0]()

    def listen(file, answered, *values):
        def noted(*values):
            if next(answers) == answer:
                tell(turns)
            answered(*values)

        add_reader(file, noted, *values)

    def add_signal_handler(_number, handler, *values):
        heard.append(lambda: handler(*values))

    loop.add_reader, loop.add_signal_handler = listen, add_signal_handler
    await asyncio.wait_for(worker.run(), HANGS)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("answer", range(1, 9))
def test_a_word_to_stop_is_heard_at_every_moment_of_its_beginning(config, database, answer):
    """The moments are those at which the pool is still connecting, and at which it has just connected."""
    for turns in range(6):
        worker = _Worker(config, database, PATIENCE)
        asyncio.run(told(worker, answer, turns))
        worker.stopping.cancel()


@contextmanager
def silent_server():
    """The address of a server to which one connects, and which then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql+psycopg://user:word@127.0.0.1:{listener.getsockname()[1]}/portal"


@pytest.mark.usefixtures("patient")
def test_a_worker_that_connects_to_a_silent_server_stops_when_told(config):
    async def stop_soon(worker):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler = lambda _number, handler, *values: loop.call_later(0.5, handler, *values)
        await asyncio.wait_for(worker.run(), HANGS)

    with silent_server() as address:
        database = Database(Addresses(importer=address))
        worker = _Worker(config, database, PATIENCE)
        asyncio.run(stop_soon(worker))
        worker.stopping.cancel()


def test_a_job_that_waits_without_end_is_left(own_server, external):
    with psycopg.connect(own_server.get_uri()) as connection, working(external, SHORT) as process:
        assert does_a_job(own_server)
        connection.execute("LOCK TABLE procrastinate_periodic_defers IN ACCESS EXCLUSIVE MODE")
        defer_a_job(own_server)
        wait_until(lambda: a_job_waits(own_server))
        process.terminate()
        said = process.communicate(timeout=HANGS)[1]
    assert process.returncode == TERMINATED
    assert '"left_in_the_midst"' in said.splitlines()[-1]


def defer_a_job(server):
    database = Database(Addresses(owner=server.get_uri(driver="psycopg")))
    deferred(database)
    database.dispose()


def a_job_waits(server):
    with psycopg.connect(server.get_uri()) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND application_name = 'bordereau-import'"
        )
        return found.fetchone()


def test_a_worker_that_cannot_start_its_server_again_stops_when_told(environment, tmp_path):
    folder = tmp_path / "data" / "postgres"
    record = folder / "postmaster.pid"
    with working(environment, PERSEVERING) as process:
        wait_until(lambda: any("bordereau-worker" in name for name in connected(folder)))
        postmaster = int(record.read_text().split()[0])
        (folder / "global").rename(folder / "elsewhere")
        os.kill(postmaster, signal.SIGKILL)
        (folder / "log").unlink()
        wait_until((folder / "log").exists)  # it has tried
        process.terminate()
        assert process.wait(HANGS) == 0
