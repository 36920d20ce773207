"""Connections that a process keeps: asked after a rest, and never used once the server has closed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.database import pooling
from app.database.engine import DatabaseRole

if TYPE_CHECKING:
    from app.database.engine import Database

OWN = text("SELECT pg_backend_pid()")


@pytest.fixture
def web(database):
    """The database with connections of its own."""
    own = database.for_web()
    yield own
    own.dispose()


@pytest.fixture
def asked(web, monkeypatch):
    """The connections that were asked whether the server is there, one for each time."""
    dialect, found = web.engine(DatabaseRole.WEB).dialect, []
    ask = dialect.do_ping

    def noted(connection):
        found.append(connection)
        return ask(connection)

    monkeypatch.setattr(dialect, "do_ping", noted)
    return found


def used(web: Database) -> int:
    """The number of the server's process behind the connection that is used."""
    with web.reading() as connection:
        return connection.scalar(OWN)


def test_a_connection_that_was_used_just_now_is_not_asked(web, asked):
    assert used(web) == used(web)
    assert not asked


def test_a_connection_that_rested_is_asked(web, asked, monkeypatch):
    first = used(web)
    monkeypatch.setattr(pooling, "TRUSTED_SECONDS", 0)
    assert used(web) == first
    assert len(asked) == 1


def test_a_connection_that_the_server_has_just_closed_is_not_used(web, asked, administration):
    first = used(web)
    (gone,) = administration.execute("SELECT pg_terminate_backend(%s, 5000)", [first]).fetchone()
    assert gone
    assert used(web) != first
    assert len(asked) == 1


def test_connections_that_the_server_has_closed_are_all_made_anew(web, administration):
    with web.reading() as one, web.reading() as other:
        numbers = {one.scalar(OWN), other.scalar(OWN)}
    for number in numbers:
        administration.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    with web.reading() as one, web.reading() as other:
        assert not numbers & {one.scalar(OWN), other.scalar(OWN)}
