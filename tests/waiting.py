"""Waiting for what other threads and processes do, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, text

from app.locks import Lock

#: Seconds after which what is waited for can only hang.
HANGS: Final = 180
_TAKERS: Final = text("""
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted = :granted
AND (CAST(classid AS bigint) << 32) + CAST(objid AS bigint) = :key
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def wait_until(condition: Callable[[], object], seconds: float = HANGS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def wait_until_held(connection: Connection, lock: Lock) -> None:
    """Until somebody has taken ``lock``."""
    wait_until(lambda: connection.scalar(_TAKERS, {"key": int(lock), "granted": True}))


def wait_until_wanted(connection: Connection, lock: Lock) -> None:
    """Until somebody waits for ``lock``."""
    wait_until(lambda: connection.scalar(_TAKERS, {"key": int(lock), "granted": False}))
