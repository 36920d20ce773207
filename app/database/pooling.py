"""Connections of a pool, looked at before they are used: whether the server is still there.

To ask the server takes as long as a small statement, twice a page. Within a second of its last use a
connection is taken for good where the server has said nothing on it: one that was closed by the server has
its end to read. After a longer rest the server is asked, for a link that broke without a word.
"""

from __future__ import annotations

import select
import time
from functools import partial
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

#: How long a connection may have rested and be used without asking, in seconds.
TRUSTED_SECONDS: Final = 1.0
_SINCE = "bordereau_rests_since"


def look_before_use(engine: Engine) -> None:
    """Have the connections of ``engine`` looked at when they are taken out of its pool."""
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", partial(_look, engine))


def _rests(_connection: Any, record: Any) -> None:
    record.info[_SINCE] = time.monotonic()


def _look(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask the server where there is reason to. Raises InvalidatePoolError: the pool then connects anew."""
    since = record.info.get(_SINCE)
    if since is None:
        return  # made just now
    if time.monotonic() - since < TRUSTED_SECONDS and _is_silent(connection):
        return
    try:
        engine.dialect.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _is_silent(connection: psycopg.Connection[Any]) -> bool:
    """Whether the connection is open and the server has sent nothing on it, not even its end."""
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return not waiting.poll(0)
