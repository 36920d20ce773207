"""Health, readiness and figures, asked as the machines of an operator do: by address, of a running portal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text

from app import create_app
from app.config import ROOT, Address
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import KEPT, Addresses, completed
from app.database.migrate import Version, version_of
from app.models import ReceivedDay, Reseller, Source
from app.operation.state import state_of
from app.web.health import Health
from app.web.metrics import Metrics
from tests.operation.conftest import hung
from tests.ports import free_port
from tests.waiting import HANGS, wait_until


@pytest.fixture
def app(config, database):
    return create_app(config, database)


def hears_of_a_worker(database, seconds):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM procrastinate_workers"))
        connection.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) SELECT now() - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )


@pytest.mark.parametrize("host", ["localhost", "10.1.2.3", "nobody.example", "bad host"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_whatever_host_was_asked(app, host, path):
    response = app.test_client().get(path, headers={"Host": host})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


def test_a_head_has_no_body_and_other_methods_are_the_portals(app):
    client = app.test_client()
    assert client.head("/healthz").data == b""
    assert client.post("/healthz", headers={"Host": "horizon.example"}).status_code == 404


@pytest.mark.parametrize(
    ("seconds", "status", "worker"), [(3, "ready", "working"), (90, "degraded", "silent")]
)
def test_readiness_says_whether_a_worker_is_there(app, database, seconds, status, worker):
    begun = time.monotonic()
    hears_of_a_worker(database, seconds)
    said = app.test_client().get("/readyz").json
    assert (said["status"], said["worker"], said["migrations"]) == (status, worker, "current")
    assert int(seconds) <= said["worker_seconds"] <= seconds + time.monotonic() - begun + 1


def test_readiness_names_the_last_night_that_every_source_delivered(app, database):
    receive(database, "one", date(2026, 3, 1), date(2026, 3, 3))
    receive(database, "two", date(2026, 3, 2))
    assert app.test_client().get("/readyz").json["last_night"] == "2026-03-02"
    assert state_of(database).ages(date(2026, 3, 4)) == {"one": 1, "two": 2}


def test_a_database_that_hangs_is_said_to_be_away_in_time(own_server):
    owner = Addresses(owner=own_server.get_uri(driver="psycopg"))
    database = Database(completed(owner, own_server.pgdata.parent / KEPT))
    health = Health(lambda *_: [], database)
    assert health.readiness()[0] == 200
    with hung(own_server):
        statuses = [health.readiness()[0] for _ in range(2)]
        figures = Metrics(lambda *_: [], Address("127.0.0.1", 9464), database).text()
    assert statuses == [503, 503]
    assert b"bordereau_database_up 0.0" in figures
    assert wait_until_ready(health) == 200
    database.dispose()


def wait_until_ready(health):
    """The status once the database has had a moment to wake up."""
    statuses = (health.readiness()[0] for _ in range(3))
    return next((status for status in statuses if status == 200), None)


def receive(database, name, *days):
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller = connection.scalar(
            insert(Reseller).values(slug=name, name=name, id=len(name) + ord(name[0])).returning(Reseller.id)
        )
        connection.execute(insert(Source).values(id=reseller, name=name, reseller_id=reseller))
        for number, day in enumerate(days):
            values = {"source_id": reseller, "day": day, "import_file_id": number}
            values |= {"subject": "transactions", "made_at": datetime.now(UTC), "caught_up": False}
            connection.execute(insert(ReceivedDay).values(values))


@pytest.mark.parametrize(
    ("revision", "version"), [("9999_from_tomorrow", Version.NEWER), ("0001", Version.BEHIND)]
)
def test_another_version_of_the_database_is_not_ready(app, database, revision, version):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    assert version_of(database) is version
    response = app.test_client().get("/readyz")
    assert (response.status_code, response.json["migrations"]) == (503, version.value)


def test_without_its_database_the_portal_lives_and_is_not_ready(app, database, administration):
    name = database.name
    administration.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    administration.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
    )
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json["status"]) == (503, "away")


def test_what_waits_is_counted_by_what_could_go(database):
    begun = time.monotonic()
    with database.writing(DatabaseRole.OWNER) as connection:
        for scheduled in (
            None,
            datetime.now(UTC) - timedelta(minutes=5),
            datetime.now(UTC) + timedelta(hours=1),
        ):
            connection.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
                    " VALUES ('default', 'free_jobs', :at)"
                ),
                {"at": scheduled},
            )
    jobs = state_of(database).jobs
    assert jobs.count == 2
    assert 300 <= jobs.oldest_seconds <= 300 + time.monotonic() - begun


# Figures, of a server with two processes.


@pytest.fixture(scope="module")
def served(module_database, tmp_path_factory):
    """A portal's ports, of its pages and of its figures: to start it takes longer than all that is asked."""
    port, figures = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    own = Addresses(web=module_database.addresses.web)  # what the web's unit is given, and no more
    environment |= {
        **own.settings(),
        "BORDEREAU_SECRET_KEY": "a key for tests, made of words and long enough",
        "BORDEREAU_DATA": str(tmp_path_factory.mktemp("served")),
        "BORDEREAU_PORT": str(port),
        "BORDEREAU_METRICS": f"127.0.0.1:{figures}",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-W", "ignore", "-m", "app.cli", "serve"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield port, figures
        finally:
            process.terminate()
            said = process.communicate(timeout=HANGS)[1]
            assert "Traceback" not in said
            assert all(json.loads(line)["at"] for line in said.splitlines())


def asked(port, path, host="horizon.example"):
    connection = HTTPConnection("127.0.0.1", port, timeout=HANGS)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return None, ""
    finally:
        connection.close()


def figure(said, name, **labels):
    return sum(
        sample.value
        for family in text_string_to_metric_families(said)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_figures_of_all_web_processes_have_an_address_of_their_own(module_database, served):
    begun = time.monotonic()
    hears_of_a_worker(module_database, 7)
    port, figures = served
    wait_until(lambda: asked(port, "/healthz")[0] == 200)
    for _ in range(20):
        assert asked(port, "/connexion")[0] == 200
    assert asked(port, "/metrics")[0] == 404
    assert asked(figures, "/connexion")[0] == 404
    wait_until(lambda: asked(figures, "/metrics", host="10.0.0.9")[0] == 200)
    said = asked(figures, "/metrics", host="10.0.0.9")[1]
    again = asked(figures, "/metrics")[1]
    assert figure(said, "bordereau_requests_total", route="accounts.sign_in", status="200") == 20
    assert figure(again, "bordereau_request_seconds_count", route="accounts.sign_in") == 20
    assert figure(said, "bordereau_statements_total") > 0
    assert figure(said, "bordereau_database_up") == 1
    age = figure(said, "bordereau_worker_heartbeat_age_seconds")
    assert 7 <= age <= 7 + time.monotonic() - begun
    assert figure(said, "bordereau_jobs_waiting") == 0


def test_figures_hold_no_address_of_a_page(served):
    port, figures = served
    wait_until(lambda: asked(port, "/transactions?card=4970100929&label=chercheur")[0])
    asked(port, "/inconnu-chercheur")
    said = asked(figures, "/metrics")[1]
    assert "bordereau_requests_total" in said
    assert "chercheur" not in said
