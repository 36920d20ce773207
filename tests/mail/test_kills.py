"""Workers killed between every two steps of a delivery, more than a hundred times.

None is lost, and a mail comes twice only where the row says that it may have: the moment between the last
dot and the note of the server's 250.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app.config import ROOT
from app.database.engine import DatabaseRole
from app.jobs import JOBS_AT_ONCE, free_jobs
from app.mail import Kind, post
from app.mail.jobs import sweep
from app.models import Delivery
from tests.commands import WORKER
from tests.mail.messages import SENDER, a_message, a_request
from tests.mail.servers import DROP, HANG, STEPS, Postbox, mail_server
from tests.waiting import HANGS, wait_until

#: Kills by the server, before and after each of its replies; and at moments that nobody chose.
EACH, AT_RANDOM, ENOUGH = 6, 60, 100
SECRET_KEY = "a key for tests, made of words and long enough"
#: A worker that asks for jobs once an hour: it does what it is told of.
TOLD = "from app.jobs import queue; queue.worker_defaults['fetch_job_polling_interval'] = 3600;"
#: One that waits for a mail server for as long as these tests would.
WAITING = f"from app.mail.smtp import Smtp; Smtp.__init__.__defaults__ = ({HANGS}, {HANGS});"


@dataclass
class Workers:
    """Children that each make one delivery, and die when told."""

    process: subprocess.Popen[str]
    victim: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    def start(self, delivery_id: int) -> None:
        self.process.stdin.write(f"{delivery_id}\n")
        self.process.stdin.flush()
        self.victim = int(self.process.stdout.readline())

    def end(self) -> bool:
        """Wait for the child; returns whether it was killed."""
        return int(self.process.stdout.readline()) == signal.SIGKILL

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.victim, signal.SIGKILL)


@contextmanager
def workers(database, port):
    words = [sys.executable, "-m", "tests.mail.worker_process", database.addresses.importer, str(port)]
    # Whoever is killed leaves no figures behind: measuring coverage would but slow it down.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=unmeasured
    ) as process:
        try:
            yield Workers(process)
        finally:
            process.kill()


def posted(database):
    return posted_to(database, "a@example.org")[0]


def posted_to(database, *recipients):
    with database.writing() as connection:
        return post(connection, a_message(), recipients, a_request(kind=Kind.NOTICE), SENDER)


def rows(database):
    with database.reading(DatabaseRole.IMPORT) as connection:
        return connection.execute(select(Delivery.__table__).order_by(Delivery.id)).all()


def make_due(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Delivery).values(next_try_at=text("now()")))


def attempt(database, team, delivery_id):
    """One try of a delivery by a child; returns whether the child was killed."""
    make_due(database)
    team.start(delivery_id)
    return team.end()


def finish(database, team, delivery_id):
    """Try until it is sent; the lock of a killed worker goes a moment after it."""
    deadline = time.monotonic() + HANGS
    while next(row for row in rows(database) if row.id == delivery_id).state != "sent":
        assert time.monotonic() < deadline, "it is never sent"
        assert not attempt(database, team, delivery_id)


def killing(team, when):
    """A script's action that kills the child at this step: before the reply, or just after it."""

    def act(server):
        if when == "before":
            team.kill()
        else:
            server.loop.call_later(random.uniform(0, 0.002), team.kill)

    return act


def check(database, box: Postbox, kills: int) -> dict[str, Any]:
    """Every delivery has ended sent, none is lost, doubles are no more than the rows admit."""
    arrived = Counter(one.message_id for one in box.received)
    found = {"kills": kills, "deliveries": 0, "lost": 0, "doubled": 0, "admitted": 0}
    for row in rows(database):
        copies = arrived.pop(row.message_id, 0)
        assert row.state == "sent"
        assert row.message is None
        assert copies - 1 <= row.uncertain_tries, "a double that nobody recorded"
        found["deliveries"] += 1
        found["lost"] += copies == 0
        found["doubled"] += copies > 1
        found["admitted"] += row.uncertain_tries > 0
    assert not arrived
    assert found["lost"] == 0
    return found


@pytest.mark.no_cover
def test_workers_killed_at_every_step_lose_nothing_and_double_nothing_unrecorded(database):
    killed = Counter()
    with mail_server() as box, workers(database, box.port) as team:
        for step in STEPS:
            if step == "BODY":  # within a message of this size nothing can be told apart
                continue
            for when in ("before", "after"):
                for _ in range(EACH):
                    delivery_id = posted(database)
                    box.script = {step: killing(team, when)}
                    killed[step, when] += attempt(database, team, delivery_id)
                    box.script = {}
                    finish(database, team, delivery_id)
        usual = _seconds_of_a_delivery(database, team)
        tries = 0
        # A machine that has become quicker since is done with some deliveries before they are to be killed.
        while (tries := tries + 1) <= AT_RANDOM or killed.total() < ENOUGH:
            delivery_id = posted(database)
            make_due(database)
            team.start(delivery_id)
            time.sleep(random.uniform(0, usual))
            team.kill()
            killed["at random", ""] += team.end()
            finish(database, team, delivery_id)
        found = check(database, box, killed.total())
    print(found, dict(killed))  # noqa: T201 - the count, for pytest -s
    assert all(killed[step, "before"] == EACH for step in STEPS if step != "BODY")
    assert found["doubled"] <= found["admitted"] < killed.total()


def _seconds_of_a_delivery(database, team):
    delivery_id = posted(database)
    began = time.monotonic()
    assert not attempt(database, team, delivery_id)
    return time.monotonic() - began


# The whole worker, with its queue.


@contextmanager
def bordereau_worker(database, folder, port=None, manner=""):
    """``bordereau worker`` in some manner; what is left of it is killed at the end.

    Without ``port`` no mail server is named.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    settings = {
        **replace(database.addresses, owner=None).settings(),  # what the worker's unit is given
        "BORDEREAU_DATA": str(folder),
        "BORDEREAU_SECRET_KEY": SECRET_KEY,
        "PYTHONPATH": str(ROOT),
    }
    if port:
        settings["BORDEREAU_SMTP_URL"] = f"smtp://localhost:{port}"
        settings["BORDEREAU_SMTP_FROM"] = "no-reply@example.org"
    words = [*WORKER[:-1], manner + WORKER[-1]]
    with subprocess.Popen(words, env=kept | settings, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def all_sent(database):
    return {row.state for row in rows(database)} == {"sent"}


def test_a_message_leaves_when_it_is_posted_not_when_the_worker_next_asks(database, tmp_path):
    with mail_server() as box, bordereau_worker(database, tmp_path, box.port, TOLD):
        wait_until(lambda: _count(database, "procrastinate_workers") == 1)
        posted_to(database, *(f"{name}@example.org" for name in "abcde"))
        wait_until(lambda: len(box.received) == 5)
        wait_until(lambda: all_sent(database) and not _mail_jobs(database))


def test_without_a_mail_server_mail_waits_and_the_worker_says_so(database, tmp_path):
    posted(database)
    with bordereau_worker(database, tmp_path) as process:
        wait_until(lambda: not _mail_jobs(database))
        process.terminate()
        assert "BORDEREAU_SMTP_URL" in process.communicate(timeout=HANGS)[1]
    [waiting] = rows(database)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert sweep(database) == 1
    with mail_server() as box, bordereau_worker(database, tmp_path, box.port):
        wait_until(lambda: all_sent(database))
        assert len(box.received) == 1


def test_a_worker_killed_in_the_midst_leaves_a_job_that_the_next_one_ends(database, tmp_path):
    killed = []

    def kill(_server):
        if not killed:
            killed.append(process.pid)
            process.kill()

    with mail_server({"DATA": kill}) as box:
        ids = [posted(database) for _ in range(5)]
        with bordereau_worker(database, tmp_path, box.port) as process:
            process.wait(HANGS)
        assert killed
        assert _count(database, "procrastinate_jobs WHERE status = 'doing' AND task_name = 'deliver'") >= 1
        with database.writing(DatabaseRole.OWNER) as connection:  # a minute and more goes by
            connection.execute(
                text(
                    "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '2 minutes'"
                )
            )
        make_due(database)
        free_jobs(database)
        sweep(database)
        with bordereau_worker(database, tmp_path, box.port):
            wait_until(lambda: all_sent(database) and not _mail_jobs(database))
        found = check(database, box, 1)
        assert (found["deliveries"], found["doubled"]) == (len(ids), 0)


def swept_and_sent(database):
    sweep(database)
    return all_sent(database)


def test_two_workers_and_a_sweep_share_a_backlog_and_double_nothing(database, tmp_path):
    with mail_server() as box:
        ids = [posted(database) for _ in range(60)]
        with bordereau_worker(database, tmp_path, box.port), bordereau_worker(database, tmp_path, box.port):
            wait_until(lambda: box.received)
            began, taken = time.monotonic(), len(box.received)
            wait_until(lambda: swept_and_sent(database))
            rate = (len(ids) - taken) / (time.monotonic() - began)
        found = check(database, box, 0)
    print(f"{rate:.0f} mails a second")  # noqa: T201 - the rate, for pytest -s
    assert (found["deliveries"], found["doubled"], found["admitted"]) == (len(ids), 0, 0)


def test_other_jobs_do_not_queue_behind_mail_for_a_server_that_hangs(database, tmp_path):
    """Every place is taken by a mail, and more wait: the first place that comes free is the other job's."""
    gave_up = threading.Event()

    async def hang(_server):
        await asyncio.to_thread(gave_up.wait, HANGS)
        return DROP

    with mail_server({"CONNECT": hang}) as box:
        for _ in range(3 * JOBS_AT_ONCE):
            posted(database)
        with bordereau_worker(database, tmp_path, box.port, WAITING):
            wait_until(lambda: box.steps.count("CONNECT") == JOBS_AT_ONCE)
            with database.writing() as connection:
                connection.execute(
                    text(
                        "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                        """ VALUES ('default', 'nightly', '{"timestamp": 1772507820}')"""
                    )
                )
            time.sleep(1)  # as long as the server hangs, no place comes free
            assert _count(database, "procrastinate_jobs WHERE task_name = 'nightly'")
            assert box.steps.count("CONNECT") == JOBS_AT_ONCE
            box.script["CONNECT"] = HANG  # whoever takes a place from now on keeps it
            gave_up.set()
            wait_until(lambda: not _count(database, "procrastinate_jobs WHERE task_name = 'nightly'"))
            assert box.steps.count("CONNECT") <= 2 * JOBS_AT_ONCE


def test_a_worker_told_to_stop_ends_the_mail_that_it_is_sending(database, tmp_path):
    def stop(_server):
        process.terminate()

    with mail_server({"RCPT": stop}) as box:
        posted(database)
        with bordereau_worker(database, tmp_path, box.port) as process:
            assert process.wait(HANGS) == 0
        assert len(box.received) == 1
        assert all_sent(database)


def _count(database, what):
    with database.reading() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {what}"))


def _mail_jobs(database):
    return _count(database, "procrastinate_jobs WHERE task_name = 'deliver'")
