"""The doctor: a line for each thing the portal needs, the cure of what it lacks, and nothing changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from app.config import Security, SmtpServer
from app.database.engine import DatabaseRole
from app.database.migrate import attach_partition, begin_partitions, ensure_partitions
from app.operation import doctor
from app.operation.doctor import Severity, examine
from app.operation.state import Backlog, State
from app.themes import FOLDER, new_theme
from tests.factories import a_reseller, a_source
from tests.mail.servers import mail_server
from tests.operation.conftest import bordereau
from tests.operation.test_watch import arrives


@pytest.fixture
def sound(config):
    """Settings of a portal that has all it needs, but for a worker and for mail."""
    (config.data / "inbox").mkdir()
    config.data.chmod(0o700)
    return config


def found(config, subject):
    return [finding for finding in examine(config) if finding.subject == subject]


def test_a_sound_portal_is_told_line_by_line(sound):
    findings = list(examine(sound))
    said = {finding.subject: finding.level for finding in findings}
    assert [subject for subject, level in said.items() if level is Severity.FAULT] == []
    assert {
        "data folder", "disk", "hosts", "database", "extensions", "clock", "migrations", "roles", "partitions"
    } <= said.keys()  # fmt: skip
    assert all(len(finding.line().splitlines()) == 1 for finding in findings)
    assert [
        finding.cure for finding in findings if finding.level is not Severity.SOUND and not finding.cure
    ] == []


def test_a_folder_that_others_may_read_is_named(sound):
    sound.data.chmod(0o755)
    (finding,) = found(sound, "data folder")
    assert (finding.level, finding.cure) == (Severity.WATCH, f"chmod 700 {sound.data}")


def test_a_way_through_to_the_inbox_is_no_look_into_the_folder(sound):
    """As an access list leaves it that lets a host deliver: see docs/operation.md."""
    sound.data.chmod(0o710)
    (finding,) = found(sound, "data folder")
    assert finding.level is Severity.SOUND


@pytest.mark.parametrize("name", doctor.FOLDERS)
def test_a_folder_that_is_not_the_portals_is_named(sound, name, monkeypatch):
    """As one that root has made: for root itself, who tests here, every folder is its own."""
    folder = sound.data / name
    folder.mkdir(exist_ok=True)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and allowed(path, mode))
    (finding,) = found(sound, "data folder")
    assert (finding.level, finding.words) == (Severity.FAULT, f"{folder} ne peut pas être écrit")
    assert finding.cure.endswith(f"{folder}; chmod u+rwx {folder}")


def test_a_maintainer_whose_theme_names_no_host_is_named(sound):
    new_theme(sound.data / "themes", "atlas", "Atlas")
    assert [finding.level for finding in found(sound, "hosts")] == [Severity.SOUND, Severity.WATCH]
    assert "atlas" in found(sound, "hosts")[1].words


def test_an_inbox_that_is_missing_is_named(sound):
    (sound.data / "inbox").rmdir()
    assert found(sound, "inbox")[0].cure == f"mkdir {sound.data / 'inbox'}"


def test_a_broken_theme_is_named(sound):
    own = sound.data / "themes" / "demo"
    shutil.copytree(FOLDER / "demo", own)
    (own / "logo.svg").unlink()
    assert "illisibles : logo.svg" in found(sound, "themes")[0].words


def test_a_mail_server_is_greeted(sound):
    with mail_server() as box:
        server = SmtpServer(host="localhost", port=box.port, security=Security.NONE)
        assert found(replace(sound, smtp=server), "email")[0].level is Severity.SOUND
    finding = found(replace(sound, smtp=server), "email")[0]
    assert finding.level is Severity.FAULT
    assert finding.cure


def test_a_database_behind_is_to_be_migrated(sound, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert found(sound, "migrations")[0].cure == "bordereau migrate"


def test_partitions_past_their_time_are_named(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        ensure_partitions(connection, {"transaction": [date(2026, 1, 31)]})
        night = doctor._partitions(connection, date(2027, 5, 3))  # the one that lets go of it, and two more
        assert night.level is Severity.SOUND
        later = doctor._partitions(connection, date(2027, 5, 4))
        assert (later.level, later.cure) == (Severity.FAULT, "bordereau maintain")


def test_a_month_that_was_begun_and_never_attached_is_named(database):
    """By hand, or by a program other than ours: a load that dies leaves none."""
    months = [date(2026, 3, 1), date(2026, 4, 1)]
    with database.writing(DatabaseRole.IMPORT) as connection:
        begin_partitions(connection, "transaction", months)
        attach_partition(connection, "transaction", months[0])
    with database.writing(DatabaseRole.OWNER) as connection:
        (finding,) = doctor._months_apart(connection)
        assert finding.level is Severity.FAULT
        assert "transaction_p202604" in finding.words
        connection.execute(text(finding.cure.partition(": ")[2]))
        assert list(doctor._months_apart(connection)) == []
    with database.writing(DatabaseRole.IMPORT) as connection:
        assert list(begin_partitions(connection, "transaction", months)) == months[1:]


def test_a_month_that_somebody_detached_is_attached_again_with_its_rows(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        ensure_partitions(connection, {"transaction": [date(2026, 4, 1)]})
        connection.execute(text("ALTER TABLE transaction DETACH PARTITION transaction_p202604"))
        (finding,) = doctor._months_apart(connection)
        connection.execute(text(finding.cure.partition(": ")[2]))
        assert list(doctor._months_apart(connection)) == []
        attached = "SELECT relispartition FROM pg_class WHERE relname = 'transaction_p202604'"
        assert connection.scalar(text(attached)) is True


@pytest.mark.parametrize(
    ("seconds", "level"), [(2, Severity.SOUND), (-2, Severity.SOUND), (60, Severity.FAULT)]
)
def test_clocks_that_differ_are_named(seconds, level):
    assert doctor._clock(datetime.now(UTC) + timedelta(seconds=seconds)).level is level


def test_a_silent_worker_old_mail_and_quarantined_files_are_to_be_watched():
    state = State(
        worker_seconds=None,
        jobs=Backlog(0, 0),
        mails=Backlog(3, 7200),
        files={"quarantined": 2},
        nights={"host": date(2020, 1, 1)},
        alerts={},
    )
    findings = [finding for check in doctor._OF_STATE for finding in check(state)]
    assert {finding.subject for finding in findings if finding.level is Severity.WATCH} == {
        "worker", "email", "files"
    }  # fmt: skip
    (files,) = (finding for finding in findings if finding.subject == "files")
    assert "bordereau import --dry-run DATA/quarantine" in files.cure  # of what no desk sees, too


@pytest.mark.parametrize(
    ("days", "age", "late"),
    [
        ("daily", 3, True),
        ("daily", 0, False),
        ("weekly", 6, False),
        ("weekly", 15, True),
        ("none", 90, False),
    ],
)
def test_a_night_is_late_by_the_days_of_its_source(sound, database, days, age, late):
    came = datetime.now(UTC) - timedelta(days=age)
    with database.writing(DatabaseRole.IMPORT) as connection:
        source_id = a_source(
            connection, reseller_id=a_reseller(connection), name="host", expected_days=days, expected_at=None
        )
    arrives(database, source_id, came)
    nights = [finding for finding in found(sound, "nights") if finding.level is Severity.WATCH]
    assert [finding.line().split(":")[0] for finding in nights] == (["! nuits\u00a0"] if late else [])
    assert all("host" in finding.words and finding.cure for finding in nights)


def test_the_command_says_in_french_what_is_wrong_and_exits_with_one(external, tmp_path):
    done = bordereau("doctor", env=external)
    assert "✓ base de données\u00a0: PostgreSQL" in done.stdout
    assert "✗ e-mails" in done.stdout
    assert done.returncode == 1
    away = external | {"BORDEREAU_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/portal"}
    done = bordereau("doctor", env=away)
    assert "✗ base de données" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
