"""What every test keeps to: lines of the journal, rules of each statement, and no way out of this machine.

What tests stand on, such as a database of their own, is in the modules that are named below.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.accounts.journal import Event
from app.config import Config
from app.database.engine import Database
from app.wording.i18n import DEFAULT_LANGUAGE, speaking
from tests import examples
from tests.contracts import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ("tests.databases", "tests.costs", "tests.proof")
SECRET_KEY = "a key for tests, made of words and long enough"
examples.choose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that take longest, so that all processes end at about the same time.

    They hold the tests that go over many cases, marked ``no_cover``: others have measured what each case
    runs through, and measuring would take half as long again.
    """
    long = {item.path for item in items if item.get_closest_marker("no_cover")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Config:
    """Settings as in production, on this test's own database and data folder."""
    return Config(
        database_url=database.addresses.owner,
        web_url=database.addresses.web,
        import_url=database.addresses.importer,
        data=tmp_path,
        secret_key=SECRET_KEY,
        port=8000,
    )


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """No test speaks the language of the last request of another."""
    with speaking(DEFAULT_LANGUAGE):
        yield


# What every line of the journal holds, whatever test made it.

LINE = {"at", "level", "logger", "event", "user_id", "merchant_id", "request_id", "details"}


class _Schema(logging.Handler):
    """Reads each line of the journal as the program that collects logs would."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        found = json.loads(line)
        known = (
            found["event"] in set(Event) and datetime.fromisoformat(found["at"]).utcoffset() == timedelta()
        )
        if not known or found.keys() != LINE or "\n" in line or "@" in line:
            self.faults.add(line)


@pytest.fixture(autouse=True, scope="session")
def _journal_lines() -> Iterator[None]:
    """One JSON object a line, with its instant in UTC, who, where and the request; nobody's address."""
    schema, journal = _Schema(), logging.getLogger("bordereau.journal")
    journal.addHandler(schema)
    yield
    journal.removeHandler(schema)
    assert schema.faults == set()


# What every statement keeps to, whatever test sends it.


@pytest.fixture(autouse=True, scope="session")
def _statements() -> Iterator[None]:
    """Nothing asked of PostgreSQL breaks a rule that Citus would hold it to."""
    asked: set[str] = set()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement not in asked and not _is_ours(sys._getframe(1)):
            asked.add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)
    broken = [
        (found, " ".join(asked_for.split())) for asked_for in asked for found in statements.faults(asked_for)
    ]
    if broken:
        pytest.fail("\n".join(f"{found}: {query}" for found, query in sorted(broken)), pytrace=False)


def _is_ours(frame: FrameType | None) -> bool:
    """Whether a test itself asks: it may look at the tables as it likes."""
    while frame and "sqlalchemy" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None and Path(frame.f_code.co_filename).is_relative_to(Path(__file__).parent)


# No way out of this machine, and no test that does not run.


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    """Refuse to connect to any other machine, or to ask for its address."""
    patch = pytest.MonkeyPatch()
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            _check_local(address[0])
        connect(self, address)

    def guarded_look_up(host: object, *rest: object, **named: object) -> object:
        _check_local(host)
        return look_up(host, *rest, **named)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    patch.undo()


def _check_local(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", "localhost") and not _is_loopback(str(name)):
        pytest.fail(f"a test reached out to {name}")


def _is_loopback(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test is skipped for a reason or not at all."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped").strip(": ")
        if reason in ("", "unconditional skip"):
            report.outcome, report.longrepr = "failed", f"{item.nodeid} is skipped without a reason"
    return report
