"""Every advisory lock of the portal, its importers included.

PostgreSQL tells them apart by number alone: two purposes under one number would wait for each other.
"""

from __future__ import annotations

from enum import IntEnum, unique
from functools import cache

from sqlalchemy import BigInteger, Connection, Select, bindparam, func, or_, select

_HALF = 32


@unique
class Lock(IntEnum):
    """A purpose and its number. A new one takes the next; none is ever used again for something else."""

    #: One process migrates; the others wait.
    MIGRATION = 7_251_001
    #: One caller at a time makes partitions: ``ensure_partition`` takes it in the database.
    PARTITIONS = 7_251_002
    #: One importer writes payments; the others wait, readers never do.
    PAYMENTS = 7_251_003
    #: One posting of mail at a time: a request sees what its double wrote, no two pass a limit together.
    POSTING = 7_251_004
    #: One worker tries a delivery, by its id.
    DELIVERY = 7_251_005
    #: One attempt to sign in is counted at a time, so that the eleventh is refused whoever serves it.
    ATTEMPTS = 7_251_006
    #: One process deals with a content, by the first 32 bits of its hash, so that eight read it once.
    CONTENT = 7_251_007

    #: What one person has asked of the lists and is not answered yet; and the file that is being written.
    QUESTION = 7_251_008
    EXPORT = 7_251_009

    #: One process does the work of a night.
    NIGHTLY = 7_251_010
    #: One process looks at what is wrong: what began or ended is told once.
    WATCH = 7_251_011

    #: What workers have died over is tried alone: the desks' other tasks, which share it, wait.
    ALONE = 7_251_012

    def of(self, number: int) -> int:
        """The key of one thing among many: the purpose in its upper half, 32 bits of ``number`` below."""
        return (self << _HALF) | (number % (1 << _HALF))


def hold(connection: Connection, lock: Lock, *, shared: bool = False) -> None:
    """Wait for a lock and hold it until the transaction of ``connection`` ends, ``shared`` or for itself."""
    taken = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    connection.execute(select(taken(int(lock))))


def take_one(connection: Connection, lock: Lock, number: int, most: int) -> bool:
    """Take one of the ``most`` places of a thing until the transaction ends; False when none is free."""
    return bool(connection.scalar(one_place(most), places(lock, number, most)))


@cache
def one_place(most: int) -> Select[tuple[bool]]:
    """What takes one of ``most`` places: ``is_taken`` where one was free. Parameters as of :func:`places`."""
    keys = (bindparam(f"place_{place}", type_=BigInteger) for place in range(most))
    taken = (func.pg_try_advisory_xact_lock(key) for key in keys)
    return select(or_(*taken).label("is_taken"))


def places(lock: Lock, number: int, most: int) -> dict[str, int]:
    """The keys of the ``most`` places of a thing."""
    return {f"place_{place}": lock.of(number * most + place) for place in range(most)}
