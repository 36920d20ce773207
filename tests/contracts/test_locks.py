"""Advisory locks are told apart by number alone: one enumeration names them all, for everybody."""

from __future__ import annotations

import re

from sqlalchemy import text

from app.config import ROOT
from app.database.engine import DatabaseRole
from app.locks import Lock

CODE = [path for folder in ("app", "importers") for path in sorted((ROOT / folder).rglob("*.py"))]
TAKEN_BY_NUMBER = re.compile(r"pg_(?:try_)?advisory_(?:xact_)?lock\w*\(\s*([\d_]+)")


def test_no_two_purposes_share_a_number():
    assert len({lock.value for lock in Lock.__members__.values()}) == len(Lock.__members__)
    assert all(lock.of(number) not in set(Lock) for lock in Lock for number in (0, 1, 2**32 - 1))


def test_one_thing_among_many_has_a_key_of_its_own():
    keys = {lock.of(number) for lock in Lock for number in (0, 1, 2**31, 2**32 - 1)}
    assert len(keys) == 4 * len(Lock)
    assert all(key < 2**63 for key in keys)


def test_no_code_takes_a_lock_by_a_number_of_its_own():
    assert [path.name for path in CODE if TAKEN_BY_NUMBER.search(path.read_text(encoding="utf-8"))] == []


def test_the_functions_of_the_database_take_locks_that_are_named_here(module_database):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        bodies = connection.scalars(
            text(
                "SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                " AND proname NOT LIKE 'procrastinate%' AND prosrc LIKE '%advisory%'"
            )
        ).all()
    taken = [int(number) for body in bodies for number in TAKEN_BY_NUMBER.findall(body)]
    assert taken == [Lock.PARTITIONS]
