"""What stops the portal is said in one line, with its cure: no traceback, and never a part of a password."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from app.cli import _explained
from app.themes import FOLDER
from tests.operation.conftest import BORDEREAU, address, bordereau

PASSWORD = "hunter2-canary"
SMALL = ("--merchants", "1", "--days", "2", "--transactions", "20")


@pytest.fixture(scope="module")
def spoilt(own_server):
    """Databases and roles as an operator may have made them."""
    with psycopg.connect(own_server.get_uri(), autocommit=True) as connection:
        for statement in (
            f"CREATE ROLE poor LOGIN PASSWORD '{PASSWORD}'",
            "CREATE DATABASE poor OWNER poor TEMPLATE template0",
            "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
            "CREATE DATABASE plain TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
        ):
            connection.execute(statement)
        with (own_server.pgdata / "pg_hba.conf").open("r+", encoding="utf-8") as rules:
            kept = rules.read()
            rules.seek(0)
            rules.write(f"local guarded all scram-sha-256\n{kept}")
        connection.execute("CREATE DATABASE guarded TEMPLATE template0")
        connection.execute("SELECT pg_reload_conf()")
    return own_server


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.errors.DiskFull("could not extend file"), "disque"),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute"), "ne fait que lire"),
        (psycopg.errors.InsufficientPrivilege("permission denied for table delivery"), "bordereau migrate"),
        (psycopg.errors.InsufficientPrivilege("permission denied to create role"), "CREATEROLE"),
        (psycopg.errors.AdminShutdown("terminating connection"), "ne répond pas"),
        (psycopg.InterfaceError("the connection is closed"), "ne répond pas"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError(errno.EACCES, "Permission denied", "/inbox"), "/inbox"),
    ],
)
def test_faults_of_disk_and_server_are_one_line(error, words):
    said, status = _explained(error)
    assert words in said
    assert (len(said.splitlines()), status) == (1, 1)


def wrong_with(done, *words):
    """What is wrong with how a command failed: it says one line that holds ``words``, and no password."""
    said = done.stderr.strip().replace("\u00a0", " ")
    is_wrong = {
        "status": done.returncode not in (1, 2),
        "lines": len(said.splitlines()) != 1,
        "password": re.search("hunter2|canary", said) is not None,
        **{word: word not in said for word in words},
    }
    return [f"{name}: {said}" for name, wrong in is_wrong.items() if wrong]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"database": "poor", "username": "poor"}, ["ALTER ROLE", "CREATEROLE"]),
        ({"database": "bytes"}, ["UTF-8", "CREATE DATABASE"]),
        ({"database": "latin"}, ["UTF-8", "CREATE DATABASE"]),
        ({"database": "plain"}, ["locale C", "CREATE DATABASE"]),
        ({"database": "absent"}, ["« absent »", "CREATE DATABASE absent"]),
        ({"username": "nobody"}, ["« nobody »", "CREATE ROLE nobody"]),
        (
            {"database": "guarded", "username": "poor", "password": "wrong-canary"},
            ["mot de passe", "BORDEREAU_DATABASE_URL"],
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_its_cure(spoilt, external, parts, words):
    named = external | {"BORDEREAU_DATABASE_URL": address(spoilt, **parts)}
    assert wrong_with(bordereau("migrate", env=named), *words) == []


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("postgresql://u:hunter2/canary@127.0.0.1:1/portal", "PostgreSQL"),
        ("postgresql://u:12?hunter2@127.0.0.1:1/portal", "PostgreSQL"),
        ("postgresql://u:hunter2#canary@127.0.0.1:1/portal", "PostgreSQL"),
        ("postgresql://u:pass@hunter2-canary@127.0.0.1/portal", "%40"),
        ("postgresql://127.0.0.1/hunter2@canary", "%40"),
        ("hunter2-canary", "BORDEREAU_DATABASE_URL"),
        (f"postgresql://u:{PASSWORD}@no.such.host.invalid/portal", "BORDEREAU_DATABASE_URL"),
        (f"postgresql://u:{PASSWORD}@127.0.0.1:1/portal", "PostgreSQL"),
    ],
)
def test_an_address_that_leads_nowhere_keeps_its_password(external, url, word):
    assert wrong_with(bordereau("migrate", env=external | {"BORDEREAU_DATABASE_URL": url}), word) == []


def test_a_database_of_a_newer_portal_is_left_alone(own_server, external):
    with psycopg.connect(own_server.get_uri(), autocommit=True) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_tomorrow'")
        try:
            for command in ("migrate", "serve", "worker", "maintain"):
                assert wrong_with(bordereau(command, env=external), "plus récent") == []
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", [found])


@pytest.mark.parametrize(
    ("command", "setting"), [("worker", "BORDEREAU_IMPORT_URL"), ("serve", "BORDEREAU_WEB_URL")]
)
def test_whoever_is_not_let_in_says_so_instead_of_trying_for_ever(own_server, external, command, setting):
    stranger = address(own_server, username="nobody")
    assert wrong_with(bordereau(command, env=external | {setting: stranger}), "« nobody »") == []


def test_whoever_has_read_enough_is_told_nothing(external):
    """As `bordereau doctor | head -1` does."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        done = subprocess.run(
            [*BORDEREAU, "doctor"], env=external, stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_inbox_that_is_not_there_is_asked_for(external):
    assert wrong_with(bordereau("import", env=external), "mkdir", "inbox") == []


def test_a_night_says_what_it_leaves_to_the_next(external, tmp_path):
    """A file that has just come may be a half: whoever tries the command by hand reads why it stays."""
    inbox = Path(external["BORDEREAU_DATA"]) / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "n.txt").write_bytes(b"FIC")
    done = bordereau("nightly", env=external)
    assert done.returncode == 0, done.stderr
    assert "1 fichier est arrivé depuis moins d’une minute" in done.stdout
    assert (inbox / "n.txt").exists()


def test_a_night_without_an_inbox_does_the_rest_and_says_so(external):
    done = bordereau("nightly", env=external)
    assert done.returncode == 1
    assert "partitions" in done.stdout
    logged = [json.loads(line)["event"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert "inbox_missing" in logged
    assert "mkdir" in done.stderr.splitlines()[-1]


def test_the_default_theme_must_be_sound_and_the_others_are_named(external, tmp_path):
    own = tmp_path / "data" / "themes"
    shutil.copytree(FOLDER / "demo", own / "demo")
    (own / "demo" / "theme.toml").write_text("name = ", encoding="utf-8")
    assert wrong_with(bordereau("themes", "check", env=external), "themes/demo", "theme.toml") == []
    shutil.rmtree(own / "demo")
    sound = bordereau("themes", "check", env=external)
    assert sound.returncode == 0
    assert "demo: Monétique Horizon (horizon.example)" in sound.stdout
    shutil.copytree(FOLDER / "default", own / "default")
    (own / "default" / "logo.svg").unlink()
    assert wrong_with(bordereau("serve", env=external), "themes/default") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_theme_that_may_not_be_read_is_named(external, tmp_path):
    own = tmp_path / "data" / "themes"
    shutil.copytree(FOLDER / "demo", own / "demo")
    (own / "demo" / "theme.toml").chmod(0)
    assert wrong_with(bordereau("themes", "check", env=external), "themes/demo") == []


def test_the_version_is_said(external):
    assert re.fullmatch(r"bordereau \d+\.\d+\.\d+\n", bordereau("--version", env=external).stdout)


def test_what_the_portal_keeps_is_its_users_alone(external, tmp_path):
    """Under a umask that lets everybody read."""
    data = tmp_path / "data"
    done = bordereau("demo-files", str(data / "inbox"), *SMALL, env=external)
    assert done.returncode == 0, done.stderr
    assert bordereau("import", env=external).returncode == 0
    modes = {path.relative_to(data): path.stat().st_mode & 0o077 for path in [data, *data.rglob("*")]}
    assert {path for path, others in modes.items() if others} == set()
    assert any(path.parts[:1] == ("archive",) for path in modes)
