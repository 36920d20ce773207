"""From a message that is posted to the server's 250: states, patience, and what is let go of."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, text, update

from app.config import Security, SmtpServer
from app.database.engine import DatabaseRole
from app.jobs import free_jobs
from app.listing.scope import Scope
from app.mail import post, renew
from app.mail.delivery import deliver
from app.mail.jobs import sweep
from app.mail.smtp import Smtp
from app.mail.ticket_deliveries import deliveries_of, deliveries_of_request
from app.mail.upkeep import erase_recipients
from app.models import Delivery, DeliveryState, Fault
from app.operation.nightly_upkeep import upkeep
from tests.mail.messages import SENDER, a_message, a_request
from tests.mail.servers import DROP, HANG, mail_server
from tests.ports import nobody_listening
from tests.waiting import HANGS

HOUR = timedelta(hours=1)


def way_to(port, step_seconds=HANGS):
    server = SmtpServer(host="localhost", port=port, security=Security.NONE)
    return Smtp(server, step_seconds, verdict_seconds=HANGS)


def posted(database, *recipients, **values):
    with database.writing() as connection:
        ids = post(connection, a_message(), recipients or ["a@example.org"], a_request(**values), SENDER)
    return ids if recipients else ids[0]


def row(database, delivery_id):
    with database.reading(DatabaseRole.IMPORT) as connection:
        return connection.execute(select(Delivery.__table__).where(Delivery.id == delivery_id)).one()


def shift(database, age, *columns):
    """Let time pass, for every delivery: its moments were ``age`` earlier than they were."""
    named = columns or ("next_try_at", "deadline", "created_at", "handed_over_at", "sent_at")
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Delivery).values({name: getattr(Delivery, name) - age for name in named}))


# What becomes of a try.


def test_a_mail_that_is_taken_is_sent_and_its_text_is_gone(database):
    delivery_id = posted(database)
    composed = row(database, delivery_id).message
    with mail_server() as box:
        deliver(database, way_to(box.port), delivery_id)
        [arrived] = box.received
    assert arrived.content == composed
    assert (arrived.sender, arrived.recipients) == (SENDER.address, ["a@example.org"])
    read = message_from_bytes(arrived.content, policy=policy.default)
    assert read["Subject"] == a_message().subject
    now = row(database, delivery_id)
    assert (now.state, now.attempts, now.uncertain_tries, now.message) == ("sent", 1, 0, None)
    assert now.created_at <= now.handed_over_at <= now.sent_at
    assert now.last_reply == "250 2.0.0 Ok: queued as 4711"


def test_what_is_sent_is_not_sent_again(database):
    delivery_id = posted(database)
    with mail_server() as box:
        for _ in range(3):
            deliver(database, way_to(box.port), delivery_id)
            shift(database, HOUR)
        assert len(box.received) == 1


def test_a_recipient_that_the_server_refuses_is_given_up_with_its_words_and_the_others_arrive(database):
    bad, good = posted(database, "bad@example.org", "good@example.org")
    with mail_server({"RCPT": "550 5.1.1 no such user"}) as box:
        deliver(database, way_to(box.port), bad)
    with mail_server() as box:
        deliver(database, way_to(box.port), good)
        assert [one.recipients for one in box.received] == [["good@example.org"]]
    now = row(database, bad)
    assert (now.state, now.last_fault, now.last_reply) == (
        "failed",
        "recipient_refused",
        "550 5.1.1 no such user",
    )
    assert (now.handed_over_at, now.message is not None) == (None, True)


@pytest.mark.parametrize(
    ("script", "fault", "reply"),
    [
        ({"RCPT": "451 4.7.1 greylisted, come back"}, "recipient_refused", "451 4.7.1 greylisted, come back"),
        ({"DATA": HANG}, "timeout", ""),
        ({"MAIL": DROP}, "disconnected", ""),
        ({"DOT": "452 4.3.1 no room"}, "message_refused", "452 4.3.1 no room"),
    ],
)
def test_what_may_pass_is_put_off(database, script, fault, reply):
    delivery_id = posted(database)
    patience = 0.6 if HANG in script.values() else HANGS
    with mail_server(script) as box:
        deliver(database, way_to(box.port, patience), delivery_id)
        deliver(database, way_to(box.port, patience), delivery_id)
        assert box.steps.count("CONNECT") == 1, "it is not due yet"
    now = row(database, delivery_id)
    assert (now.state, now.last_fault, now.last_reply) == ("retrying", fault, reply)
    assert (now.attempts, now.uncertain_tries, now.handed_over_at) == (1, 0, None)
    with mail_server() as box:
        shift(database, HOUR)
        deliver(database, way_to(box.port), delivery_id)
        assert [one.message_id for one in box.received] == [now.message_id]
    assert (row(database, delivery_id).state, row(database, delivery_id).uncertain_tries) == ("sent", 0)


@pytest.mark.parametrize("taken", [True, False])
def test_silence_after_the_last_dot_is_recorded_and_the_same_mail_is_tried_again(database, taken):
    delivery_id = posted(database)
    with mail_server({"DOT": "250 Ok (and drop)" if taken else DROP}) as first:
        deliver(database, way_to(first.port), delivery_id)
        assert len(first.received) == taken
    now = row(database, delivery_id)
    assert (now.state, now.last_fault, now.uncertain_tries) == ("retrying", "disconnected", 0)
    assert now.handed_over_at is not None
    shift(database, HOUR)
    with mail_server() as second:
        deliver(database, way_to(second.port), delivery_id)
    after = row(database, delivery_id)
    assert (after.state, after.uncertain_tries) == ("sent", 1)
    assert {one.message_id for one in first.received + second.received} == {now.message_id}


@pytest.fixture
def to_nobody():
    """The way to a mail server that is away."""
    with nobody_listening() as port:
        yield way_to(port)


def test_pauses_grow_to_half_an_hour_and_end_after_three_days(database, to_nobody):
    delivery_id = posted(database)
    pauses = []
    while (now := row(database, delivery_id)).state != "failed":
        deliver(database, to_nobody, delivery_id)
        after = row(database, delivery_id)
        assert after.attempts == now.attempts + 1
        with database.reading() as connection:
            left = after.next_try_at - connection.scalar(text("SELECT now()"))
        pauses.append(left / timedelta(minutes=1))
        shift(database, left)
    for pause, meant in zip(pauses, (1, 2, 4, 8, 16, 30, 30), strict=False):
        assert 0.79 * meant < pause < 1.21 * meant
    assert max(pauses) < 30 * 1.21
    assert sum(pauses[:-1]) / 60 < 72 < sum(pauses) / 60
    assert row(database, delivery_id).last_fault == "connection_refused"
    with database.writing() as connection:
        assert renew(connection, delivery_id, merchant_id=7)
    with mail_server() as box:
        deliver(database, way_to(box.port), delivery_id)
        assert len(box.received) == 1
    assert (row(database, delivery_id).state, row(database, delivery_id).attempts) == ("sent", 1)


def test_a_delivery_that_no_worker_came_to_for_a_week_is_tried_all_the_same(database):
    delivery_id = posted(database)
    shift(database, timedelta(days=7))
    with mail_server() as box:
        deliver(database, way_to(box.port), delivery_id)
        assert len(box.received) == 1


def test_a_mail_server_away_for_a_day_delays_and_loses_nothing(database, to_nobody):
    """Tries of a day against a port where nobody listens, then a server: each mail once, none lost."""
    ids = [posted(database) for _ in range(10)]
    for _ in range(24 * 2 + 6):
        for delivery_id in ids:
            deliver(database, to_nobody, delivery_id)
        shift(database, HOUR / 2)
    assert {row(database, delivery_id).state for delivery_id in ids} == {"retrying"}
    shift(database, HOUR)
    with mail_server() as box:
        for delivery_id in ids:
            deliver(database, way_to(box.port), delivery_id)
        assert len({one.message_id for one in box.received}) == len(box.received) == 10
    assert {row(database, delivery_id).state for delivery_id in ids} == {"sent"}


# Several workers.


def test_one_worker_at_a_time_tries_a_delivery(database):
    delivery_id = posted(database)
    going_on, go_on = threading.Event(), threading.Event()

    async def slowly(_server):
        going_on.set()
        while not go_on.is_set():  # noqa: ASYNC110 - it is another thread that sets it
            await asyncio.sleep(0.01)

    with mail_server({"MAIL": slowly}) as box, ThreadPoolExecutor(4) as pool:
        way = way_to(box.port)
        tries = [pool.submit(deliver, database, way, delivery_id) for _ in range(4)]
        assert going_on.wait(HANGS)
        shift(database, HOUR, "next_try_at")
        deliver(database, way_to(box.port), delivery_id)
        go_on.set()
        for one in tries:
            one.result(HANGS)
        assert len(box.received) == 1
        assert box.steps.count("CONNECT") == 1


def test_a_lock_is_let_go_of_when_the_database_ends_the_connection(database, administration):
    """The worker notices before the last dot: what it can no longer write down it does not send."""
    delivery_id = posted(database)
    # Within this test's own database: the server is shared with tests that run at the same time.
    cut = """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = %s
    """
    name = database.name

    def end_connections(_server):
        assert administration.execute(cut, [name]).rowcount == 1

    with mail_server({"RCPT": end_connections}) as box:
        with pytest.raises(Exception, match="terminating connection"):
            deliver(database, way_to(box.port), delivery_id)
        assert box.received == []
    now = row(database, delivery_id)
    assert (now.state, now.handed_over_at) == ("sending", None)
    shift(database, HOUR)
    with mail_server() as box:
        deliver(database, way_to(box.port), delivery_id)
        assert len(box.received) == 1


# The sweep, and the jobs of the dead.


def jobs(database, condition="true"):
    with database.reading() as connection:
        return connection.execute(
            text(f"SELECT * FROM procrastinate_jobs WHERE {condition} ORDER BY id")
        ).all()


def forget_jobs(database):
    with database.writing() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


def test_the_sweep_takes_up_what_is_due_and_has_no_job(database):
    lost, put_off, failed, sent, with_job = (posted(database) for _ in range(5))
    states = {put_off: "retrying", failed: "failed", sent: "sent", lost: "sending"}
    with database.writing(DatabaseRole.OWNER) as connection:
        for delivery_id, state in states.items():
            connection.execute(update(Delivery).where(Delivery.id == delivery_id).values(state=state))
        connection.execute(
            update(Delivery)
            .where(Delivery.id == put_off)
            .values(next_try_at=text("now() + interval '1 minute'"))
        )
        connection.execute(
            text("DELETE FROM procrastinate_jobs WHERE CAST(args->>'delivery_id' AS bigint) <> :id"),
            {"id": with_job},
        )
    assert sweep(database) == 1
    assert [job.args["delivery_id"] for job in jobs(database)] == [with_job, lost]
    assert sweep(database) == 0
    shift(database, HOUR)
    assert sweep(database) == 1
    assert jobs(database)[-1].args["delivery_id"] == put_off


def test_jobs_of_a_dead_worker_go_back_to_the_queue(database):
    posted(database, "a@example.org", "b@example.org", "c@example.org")
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now()), (now() - interval '61 seconds')"
            )
        )
        connection.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'doing',"
                " worker_id = CASE args->>'delivery_id' WHEN '1' THEN 1 WHEN '2' THEN 2 END"
            )
        )
        connection.execute(
            text(
                "WITH job AS ("
                "  INSERT INTO procrastinate_jobs"
                "    (queue_name, task_name, queueing_lock, status, worker_id, args)"
                "  VALUES ('default', 'upkeep', 'upkeep', 'doing', 2, '{\"timestamp\": 1}'),"
                "  ('default', 'upkeep', 'upkeep', 'doing', 2, '{\"timestamp\": 2}') RETURNING id)"
                " INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp, job_id)"
                " SELECT 'upkeep', 2, max(id) FROM job"
            )
        )
    free_jobs(database)
    *deliveries, latest = jobs(database)
    assert [(job.task_name, job.status) for job in deliveries] == [
        ("deliver", "doing"),
        ("deliver", "todo"),
        ("deliver", "todo"),
    ]
    assert (latest.task_name, latest.status, latest.args) == ("upkeep", "todo", {"timestamp": 2})


def test_the_nightly_upkeep_erases_addresses_and_forgets_jobs_that_ended_long_ago(database):
    delivery_id = posted(database, "a@example.org", "b@example.org", "c@example.org")[0]
    long_ago, lately, never = (job.id for job in jobs(database))
    with database.writing(DatabaseRole.OWNER) as connection:
        for words in (
            "UPDATE delivery SET state = 'sent', created_at = now() - interval '31 d' WHERE id = :delivery",
            "UPDATE procrastinate_jobs SET status = 'doing'",
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE id <> :never",
            "UPDATE procrastinate_events SET at = at - interval '31 days' WHERE job_id <> :lately",
        ):
            named = {"delivery": delivery_id, "never": never, "lately": lately}
            connection.execute(text(words), {key: id_ for key, id_ in named.items() if f":{key}" in words})
    upkeep(database, datetime.now(UTC))
    assert row(database, delivery_id).recipient is None
    assert long_ago not in {lately, never}
    assert [job.id for job in jobs(database)] == [lately, never]


# What is let go of with time, and what can be seen.


def test_addresses_and_texts_are_erased_after_thirty_days_unless_the_mail_is_on_its_way(database):
    ids = dict(
        zip(DeliveryState, (posted(database, request_key=state) for state in DeliveryState), strict=True)
    )
    recent = posted(database)
    with database.writing(DatabaseRole.OWNER) as connection:
        for state, delivery_id in ids.items():
            connection.execute(update(Delivery).where(Delivery.id == delivery_id).values(state=state))
        connection.execute(
            update(Delivery)
            .where(Delivery.id != recent)
            .values(created_at=text("now() - interval '30 days 1 minute'"))
        )
        connection.execute(
            update(Delivery)
            .where(Delivery.id == recent)
            .values(created_at=text("now() - interval '29 days'"), state="sent")
        )
    with database.writing(DatabaseRole.IMPORT) as connection:
        erase_recipients(connection)
    kept = {state for state, delivery_id in ids.items() if row(database, delivery_id).recipient}
    assert kept == {"queued", "sending", "retrying"}
    assert row(database, ids["failed"]).message is None
    assert row(database, recent).recipient == "a@example.org"
    with database.writing() as connection:
        assert not renew(connection, ids["failed"], merchant_id=7)


def test_a_merchant_sees_the_deliveries_of_his_ticket_newest_first(database):
    first = posted(database, "a@example.org", list_name="transactions", row_id=5)[0]
    refused = posted(database, "b@example.org", list_name="transactions", row_id=5)[0]
    posted(database, list_name="transactions", row_id=6)
    posted(database, list_name="transactions", row_id=5, merchant_id=8)
    remise = posted(database, list_name="remittances", row_id=5, request_key="r")
    with mail_server() as box:
        deliver(database, way_to(box.port), first)
    with mail_server({"RCPT": "550 5.1.1 no such user"}) as box:
        deliver(database, way_to(box.port), refused)
    with database.reading() as connection:
        newest, oldest = deliveries_of(connection, Scope(7), list_name="transactions", row_id=5)
        [of_remise] = deliveries_of(connection, Scope(7), list_name="remittances", row_id=5)
        assert [one.id for one in deliveries_of_request(connection, 3, "r")] == [remise]
        assert deliveries_of_request(connection, 4, "r") == []
    assert (oldest.id, oldest.recipient, oldest.state) == (first, "a@example.org", DeliveryState.SENT)
    assert (newest.id, newest.state, newest.fault) == (refused, DeliveryState.FAILED, Fault.RECIPIENT_REFUSED)
    assert (newest.reply, newest.renewable, newest.uncertain) == ("550 5.1.1 no such user", True, False)
    assert (oldest.renewable, of_remise.id) == (False, remise)
