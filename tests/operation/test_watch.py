"""The watch: what is wrong is mailed once when it begins and once when it ends, and stands at the desk."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import psycopg
import pytest
from sqlalchemy import insert, select, text, update

from app import create_app
from app.config import Security, SmtpServer
from app.database.engine import DatabaseRole
from app.desk import tasks
from app.desk.tasks import NewTask
from app.jobs import MOST_BEGUN, free_jobs
from app.mail.posting import TASK as MAIL_JOB
from app.models import Delivery, DeskTaskKind, Fault, ImportFile, Source, StaffAlert
from app.operation import conditions
from app.operation.watch import watch, watch_by_itself
from tests.accounts.mails import mails, words
from tests.factories import a_reseller, a_source
from tests.mail.messages import SENDER, a_message, a_request
from tests.mail.servers import mail_server
from tests.operation.conftest import BORDEREAU, bordereau
from tests.operation.test_health import hears_of_a_worker
from tests.views.staff import let_staff_in

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ANNE, BENO = "anne@north.example", "beno@south.example"


@pytest.fixture(autouse=True)
def roomy(monkeypatch):
    """A disk with room, whatever this machine's has."""
    monkeypatch.setattr(conditions, "FREE_BYTES", 0)
    monkeypatch.setattr(conditions, "FREE_SHARE", 0)


@pytest.fixture
def resellers(database):
    """Two resellers with somebody each, and a worker that answers."""
    hears_of_a_worker(database, 0)
    made = {}
    for email, slug in ((ANNE, "north"), (BENO, "south")):
        with database.writing(DatabaseRole.OWNER) as connection:
            made[slug] = a_reseller(connection, slug=slug)
        let_staff_in(database, email, slug)
    return made


def arrives(database, source_id, *moments, **values):
    row = {"size": 1, "format": "REMISE-TPE", "status": "loaded", "seconds": 0.1, "source_id": source_id}
    rows = [
        {**row, "sha256": f"{source_id}-{moment}-{values}", "name": "n.txt", "received_at": moment, **values}
        for moment in moments
    ]
    with database.writing(DatabaseRole.IMPORT) as connection:
        return connection.scalars(insert(ImportFile).returning(ImportFile.id), rows).all()


def looks(config, database, now=None):
    """What one look tells each of the staff: the words of the mails that it posts."""
    if now is None:
        now = datetime.now(UTC)
    posted = watch(config, database, now).delivery_ids
    with database.reading(DatabaseRole.OWNER) as connection:
        mailed = select(Delivery.recipient).where(Delivery.id.in_(posted)).order_by(Delivery.id)
        recipients = connection.scalars(mailed).all()
    texts = [words(mail) for mail in mails(database)]
    return dict(zip(recipients, texts[len(texts) - len(recipients) :], strict=True))


def test_a_sound_portal_says_nothing(config, database, resellers):
    assert looks(config, database) == {}


def test_a_refused_file_is_told_once_to_whose_it_is_and_once_when_it_is_settled(config, database, resellers):
    with database.writing(DatabaseRole.IMPORT) as connection:
        source_id = a_source(connection, reseller_id=resellers["north"], name="host")
    (file_id,) = arrives(database, source_id, datetime.now(UTC), status="quarantined")
    said = looks(config, database)
    assert said.keys() == {ANNE}
    assert "Le fichier n.txt est refusé" in said[ANNE]
    assert looks(config, database) == {}
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(update(ImportFile).where(ImportFile.id == file_id).values(status="loaded"))
    assert "réglé" in looks(config, database)[ANNE]
    assert looks(config, database) == {}


def test_the_mail_leads_to_the_desk(config, database, resellers):
    hears_of_a_worker(database, 3600)
    development = replace(config, database_url=None, web_url=None, import_url=None)
    said = looks(development, database)[BENO]
    (path,) = re.findall(r"http://localhost:8000(/\S+)", said)
    adapter = create_app(config, database).url_map.bind("localhost")
    assert adapter.match(path) == ("desk.home", {"reseller_id": resellers["south"]})


def test_a_night_that_does_not_come_is_told_and_settled_by_the_next_file(config, database, resellers):
    with database.writing(DatabaseRole.IMPORT) as connection:
        source_id = a_source(connection, reseller_id=resellers["north"], name="host")
    nights = [NOW.replace(hour=2) - DAY * number for number in range(30, 0, -1)]
    for content in ("TELECOLLECTES", "TRANSACTIONS"):
        arrives(database, source_id, *nights, content=content)
    hears_of_a_worker(database, (datetime.now(UTC) - NOW).total_seconds())
    arrives(database, source_id, NOW.replace(hour=2), content="TELECOLLECTES")
    assert looks(config, database, NOW.replace(hour=3)) == {}
    said = looks(config, database, NOW)[ANNE]
    assert "host (TRANSACTIONS)\u00a0: le fichier attendu le vendredi 20 novembre 2026" in said
    assert "TELECOLLECTES" not in said
    arrives(database, source_id, NOW, content="TRANSACTIONS")
    assert "réglé" in looks(config, database, NOW + HOUR)[ANNE]


def test_what_somebody_expects_is_missed_though_nothing_ever_came(config, database, resellers):
    with database.writing(DatabaseRole.IMPORT) as connection:
        source_id = a_source(connection, reseller_id=resellers["south"], name="bank", expected_days="daily")
    assert "bank" in looks(config, database)[BENO]
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(update(Source).where(Source.id == source_id).values(expected_days="none"))
    assert "réglé" in looks(config, database)[BENO]


@pytest.mark.parametrize(
    ("fault", "told"), [(None, True), (Fault.CONNECTION_REFUSED, True), (Fault.RECIPIENT_REFUSED, False)]
)
def test_mail_that_waits_for_its_server_is_told_of_and_not_one_that_waits_for_its_recipient(
    config, database, resellers, fault, told
):
    from app.mail import post  # noqa: PLC0415 - as the portal does

    waiting = {"north": 1, "south": 2}
    with database.writing() as connection:
        for slug, number in waiting.items():
            for _ in range(number):
                request = a_request(reseller_slug=slug)
                post(connection, a_message(), ["a@example.org"], request, SENDER)
    assert looks(config, database) == {}
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Delivery).values(deadline=Delivery.deadline - 2 * HOUR, last_fault=fault))
    said = looks(config, database)
    assert said.keys() == ({ANNE, BENO} if told else set())
    for email, slug in ((ANNE, "north"), (BENO, "south")):
        assert f"({waiting[slug]} en attente)" in said.get(email, f"({waiting[slug]} en attente)")


def test_what_stays_in_the_inbox_is_told(config, database, resellers):
    inbox = config.data / "inbox"
    inbox.mkdir()
    os.mkfifo(inbox / "pipe")
    (inbox / ".hidden").touch()
    assert looks(config, database) == {}
    said = looks(config, database, datetime.now(UTC) + 2 * HOUR)[ANNE]
    assert "boîte de réception" in said
    assert "(1)" not in said, "a count of everybody's files"


def test_a_disk_that_is_nearly_full_is_told(config, database, resellers, monkeypatch):
    monkeypatch.setattr(conditions, "FREE_SHARE", 1)
    assert "disque" in looks(config, database)[ANNE]


def test_a_worker_that_is_gone_is_mailed_without_it(config, database, resellers):
    hears_of_a_worker(database, 3600)
    with mail_server() as box:
        served = replace(config, smtp=SmtpServer(host="localhost", port=box.port, security=Security.NONE))
        watch_by_itself(served, database, datetime.now(UTC))
        assert [message.recipients for message in box.received] == [[ANNE], [BENO]]
        watch_by_itself(served, database, datetime.now(UTC))
        assert len(box.received) == 2
        hears_of_a_worker(database, 0)
        watch_by_itself(served, database, datetime.now(UTC))
    assert len(box.received) == 2, "a worker that answers sends the last word itself"
    with database.reading(DatabaseRole.OWNER) as connection:
        assert connection.scalar(text("SELECT count(*) FROM delivery WHERE state = 'queued'")) == 2
        assert connection.scalars(select(StaffAlert.kind)).all() == []


@pytest.mark.parametrize(("minutes", "told"), [(4, set()), (6, {ANNE, BENO})])
def test_a_worker_that_stops_for_moments_is_not_gone(config, database, resellers, minutes, told):
    """A worker that is told to stop takes its heartbeat along: the calendar knows until when it was there."""
    now = datetime.now(UTC)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))
        connection.execute(
            text(
                "INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp)"
                " VALUES ('free_jobs', :seconds)"
            ),
            {"seconds": int((now - timedelta(minutes=minutes)).timestamp())},
        )
    assert looks(config, database, now).keys() == told


def test_a_job_over_which_workers_die_is_given_up_and_told(config, database, resellers, caplog):
    with database.writing(DatabaseRole.OWNER) as connection:
        number = connection.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('q', 'desk_task')"
                " RETURNING id"
            )
        )
    for begun in range(1, MOST_BEGUN + 1):
        assert looks(config, database) == {}
        with database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
        free_jobs(database)
        assert ("job_given_up" in caplog.text) is (begun == MOST_BEGUN)
    free_jobs(database)
    told = looks(config, database)
    assert told.keys() == {ANNE, BENO}
    assert f"desk_task, numéro {number}" in told[ANNE]
    assert told[ANNE].count("desk_task") == 1
    assert "réglé" in looks(config, database, datetime.now(UTC) + timedelta(hours=25))[ANNE]


def test_a_job_that_one_reseller_asked_for_is_told_to_them_alone(config, database, resellers):
    """Its number and its kind are no business of another maintainer's desk."""
    from app.mail import post  # noqa: PLC0415 - as the portal does

    with database.writing() as connection:
        post(connection, a_message(), ["a@example.org"], a_request(reseller_slug="south"), SENDER)
        task = NewTask(reseller_id=resellers["north"], user_id=1, kind=DeskTaskKind.RETRY, details={})
        tasks.ask(connection, task)
    for _ in range(MOST_BEGUN):
        with database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
        free_jobs(database)
    said = looks(config, database)
    assert tasks.JOB in said[ANNE]
    assert tasks.JOB not in said[BENO]
    assert MAIL_JOB in said[BENO]
    assert MAIL_JOB not in said[ANNE]


def test_the_work_of_the_night_is_not_given_up_for_what_died_beside_it(database, resellers):
    """Else somebody's file that kills the worker five times would cost everybody the upkeep of a night."""

    def states():
        with database.reading(DatabaseRole.OWNER) as connection:
            found = connection.execute(text("SELECT task_name, status::text FROM procrastinate_jobs"))
            return dict(found.all())

    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock)"
                " VALUES ('q', 'desk_task', NULL), ('q', 'nightly', 'nightly')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp, job_id)"
                " SELECT task_name, 0, id FROM procrastinate_jobs WHERE queueing_lock = 'nightly'"
            )
        )
    seen = []
    for _ in range(MOST_BEGUN + 1):
        with database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
        free_jobs(database)
        seen.append(states())
    assert seen[-2] == {"desk_task": "failed", "nightly": "todo"}
    assert seen[-1] == {"desk_task": "failed", "nightly": "failed"}


def test_whoever_may_not_sign_in_is_not_written_to(config, database, resellers):
    hears_of_a_worker(database, 3600)
    with database.writing() as connection:
        connection.execute(
            text("UPDATE user_account SET disabled_at = now() WHERE email = :email"), {"email": ANNE}
        )
    assert looks(config, database).keys() == {BENO}


def test_many_faults_at_once_are_one_mail(config, database, resellers):
    with database.writing(DatabaseRole.IMPORT) as connection:
        source_id = a_source(connection, reseller_id=resellers["north"])
    moments = [datetime.now(UTC) - timedelta(seconds=number) for number in range(23)]
    arrives(database, source_id, *moments, status="quarantined")
    said = looks(config, database)[ANNE]
    assert said.count("n.txt") == 20
    assert "et 3 autres" in said


def test_a_command_says_when_files_are_due(external):
    said = ("source", "host", "--expected-at", "07:30", "--expected-days", "working")
    unknown = bordereau(*said, env=external)
    assert unknown.returncode == 2
    assert "host" in unknown.stderr
    with psycopg.connect(external["BORDEREAU_DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO source (name, reseller_id) VALUES ('host', 0)")
    assert bordereau(*said, env=external).returncode == 0
    with psycopg.connect(external["BORDEREAU_DATABASE_URL"]) as connection:
        found = connection.execute("DELETE FROM source RETURNING expected_at, expected_days").fetchall()
    assert found == [(time(7, 30), "working")]


def test_the_command_says_it_too_and_exits_with_three(external):
    done = bordereau("watch", env=external)
    assert done.returncode == 3
    assert "Le worker ne répond pas" in done.stdout


def test_a_look_that_cannot_be_taken_is_no_look_that_found_something(external):
    away = {"BORDEREAU_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/portal"}
    assert bordereau("watch", env=external | away).returncode == 1


def test_where_no_timer_starts_it_the_command_looks_again_and_again(external):
    with subprocess.Popen(
        [*BORDEREAU, "watch", "--every", "1"], env=external, stdout=subprocess.PIPE
    ) as looks:
        said = [looks.stdout.readline().decode() for _ in range(2)]
        looks.terminate()
    assert all("Le worker ne répond pas" in line for line in said)
