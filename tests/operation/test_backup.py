"""A backup that restores: on an empty server, equal to the cent, to the embedded server and back."""

from __future__ import annotations

import json
import os
import shutil

import psycopg
import pytest
from sqlalchemy import text

from app.config import ROOT
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from tests.operation.conftest import SECRET_KEY, a_server, address, bordereau
from tests.waiting import HANGS

SMALL = ("--merchants", "2", "--shops", "3", "--days", "4", "--transactions", "300")
TOTALS = text("""
SELECT currency, count(*), sum(net_amount) FROM remittance GROUP BY currency
UNION ALL SELECT currency, count(*), sum(amount) FROM transaction GROUP BY currency ORDER BY 1, 2
""")


@pytest.fixture(scope="module")
def saved(tmp_path_factory, own_server):
    """A portal with payments, people and files on one server, and its backup."""
    folder = tmp_path_factory.mktemp("saved")
    environment = named(folder / "data", own_server.get_uri())
    done = bordereau("demo-files", str(folder / "data" / "inbox"), *SMALL, env=environment)
    assert done.returncode == 0, done.stderr
    assert bordereau("import", env=environment).returncode == 0
    done = bordereau("backup", str(folder / "backup"), env=environment)
    assert done.returncode == 0, done.stderr
    assert "BORDEREAU_SECRET_KEY" in done.stderr
    return folder / "backup", totals(own_server.get_uri())


def named(data, url):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BORDEREAU_")}
    settings = {"BORDEREAU_DATA": str(data), "BORDEREAU_SECRET_KEY": SECRET_KEY, "PYTHONPATH": str(ROOT)}
    return kept | settings | ({"BORDEREAU_DATABASE_URL": url} if url else {})


def totals(url):
    database = Database(Addresses(owner=url.replace("postgresql://", "postgresql+psycopg://")))
    try:
        with database.reading(DatabaseRole.OWNER) as connection:
            return [tuple(row) for row in connection.execute(TOTALS)]
    finally:
        database.dispose()


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory):
    """Another server, which has never heard of the portal: no table, no role; its owner is no superuser."""
    with a_server(tmp_path_factory.mktemp("empty"), migrated=False) as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN CREATEROLE")
            connection.execute("CREATE DATABASE portal OWNER keeper TEMPLATE template0")
        yield address(server, username="keeper", database="portal")


def test_a_backup_fills_an_empty_server_to_the_cent(saved, empty_server, tmp_path):
    folder, before = saved
    environment = named(tmp_path / "data", empty_server)
    done = bordereau("restore", str(folder), env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert totals(empty_server) == before
    assert before[0][1] > 0
    archived = {path.name for path in (folder / "data" / "archive").iterdir()}
    assert {path.name for path in (tmp_path / "data" / "archive").iterdir()} == archived
    assert (tmp_path / "data" / "inbox").is_dir()
    # What was loaded is known there, and goes on being written and read by roles of its own.
    assert bordereau("maintain", env=environment).returncode == 0
    again = bordereau("import", str(tmp_path / "data" / "archive"), env=environment)
    assert again.returncode == 0, again.stderr + again.stdout
    assert totals(empty_server) == before
    refused = bordereau("restore", str(folder), env=environment)
    assert refused.returncode == 1
    assert "n’est pas vide" in refused.stderr


def test_what_cannot_be_copied_from_the_inbox_is_named_and_stops_nothing(saved, own_server, tmp_path):
    data = tmp_path / "data"
    (data / "inbox" / "bank").mkdir(parents=True)
    (data / "archive").mkdir()
    (data / "inbox" / "bank" / "statement").write_bytes(b"on its way")
    os.mkfifo(data / "inbox" / "pipe")
    (data / "inbox" / "link").symlink_to("/etc/hostname")
    (data / "archive" / f".{'0' * 64}.17").write_bytes(b"half of a copy")
    done = bordereau("backup", str(tmp_path / "backup"), env=named(data, own_server.get_uri()))
    assert done.returncode == 0, done.stderr
    assert all(f"{data / 'inbox' / name} ne peut pas" in done.stderr for name in ("pipe", "link"))
    kept = [path for path in (tmp_path / "backup" / "data").rglob("*") if not path.is_dir()]
    assert [path.name for path in kept] == ["statement"]


def test_a_backup_moves_a_portal_to_the_embedded_server(saved, tmp_path):
    folder, before = saved
    environment = named(tmp_path / "data", None)
    done = bordereau("restore", str(folder), env=environment, seconds=HANGS)
    assert (done.returncode, done.stderr) == (0, "")
    second = tmp_path / "second"
    done = bordereau("backup", str(second), env=environment, seconds=HANGS)
    assert done.returncode == 0, done.stderr
    figures = [json.loads((place / "manifest.json").read_text())["figures"] for place in (folder, second)]
    assert figures[0] == figures[1]
    assert before


def test_a_backup_is_its_owners_alone_and_holds_no_key(saved):
    folder, _ = saved
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}
    assert not list(folder.rglob("secret_key"))
    assert SECRET_KEY not in (folder / "manifest.json").read_text()


def test_what_does_not_add_up_is_said(saved, own_server, tmp_path):
    folder = shutil.copytree(saved[0], tmp_path / "backup")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["figures"][0][2] += 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with psycopg.connect(own_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE other TEMPLATE template0")
    done = bordereau(
        "restore", str(folder), env=named(tmp_path / "data", address(own_server, database="other"))
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("backup", "{there}"), ("restore", "{there}")])
def test_a_folder_that_is_something_else_is_left_alone(external, tmp_path, words):
    there = tmp_path / "there"
    there.mkdir()
    done = bordereau(*(word.format(there=there) for word in words), env=external)
    assert done.returncode == 1
    assert list(there.iterdir()) == []
