"""Row security: whose rows a transaction of the web reads, said once for it and gone at its end.

A query that forgets its condition then finds nothing of anybody else's, and without any isolation nothing
at all. The condition itself stays in every query: row security picks no partition and no shard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, Select, event, func, select, true

from app.database.privileges import Roles

if TYPE_CHECKING:
    from psycopg import Connection as Driver

#: The option of each engine that names the portal's roles.
ROLES: Final = "bordereau_roles"
#: What is read in it belongs together, and nothing is written.
SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_FOR_ITS_VALUES: Final = "SET LOCAL plan_cache_mode TO force_custom_plan"
#: One of the settings that go along where the first statement keeps its plan.
FOR_ALL_VALUES: Final = "SET LOCAL plan_cache_mode TO force_generic_plan"
#: How often the driver sends a statement before it prepares it: its own number, and where plans are kept.
_USUALLY, _AT_ONCE = 5, 0


@dataclass(frozen=True)
class Isolation:
    """The rows of one merchant; or, at the desk, those of all the merchants of one reseller."""

    merchant_id: int | None = None
    reseller_id: int | None = None

    def enter(self, connection: Connection, *settings: str) -> None:
        """Let the rest of the web's transaction read these rows and no others; ``settings`` go along.

        Where each statement stands by itself, the transaction is a snapshot that begins here, with them.

        SET LOCAL with its value in the text: the one form that reaches the workers of Citus (R10). What is
        asked of payments is planned for its values each time, though it is prepared: what finds a rare card
        is slow for a common one. Who somebody is has the same plan for all, and keeps it; see
        :func:`keep_plans` for what else does.
        """
        statements = [
            f"SET LOCAL bordereau.{name} = '{int(number)}'"
            for name, number in (("merchant_id", self.merchant_id), ("reseller_id", self.reseller_id))
            if number is not None
        ]
        if self.reseller_id is not None:
            roles: Roles = connection.get_execution_options()[ROLES]
            statements.append(f'SET LOCAL ROLE "{roles.desk}"')
        statements.extend((_FOR_ITS_VALUES, *settings))
        driver = _driver(connection)
        _usually(driver)
        begins = driver.autocommit and driver.info.transaction_status is TransactionStatus.IDLE
        _set(connection, *((SNAPSHOT,) if begins else ()), *statements)


def keep_plans(connection: Connection) -> None:
    """Have what is asked from here on keep its plan, whatever its values, to the end of the snapshot.

    It is prepared at once: a plan for all values takes long to make, and is made once a connection.
    """
    driver = _driver(connection)
    if driver.prepare_threshold != _AT_ONCE:
        _set(connection, FOR_ALL_VALUES)
        driver.prepare_threshold = _AT_ONCE


def plan_again() -> Select[tuple[str]]:
    """What has the statements behind the one that it is part of planned for their values, as usual.

    It need not reach the workers of Citus: plans are kept where statements are prepared.
    """
    return select(func.set_config("plan_cache_mode", "force_custom_plan", true()).label("plans"))


def prepare_as_usual(engine: Engine) -> None:
    """Have connections that come back to the pool of ``engine`` prepare what the driver usually does.

    PostgreSQL forgets :func:`keep_plans` by itself.
    """
    event.listen(engine, "checkin", _usually)


def _usually(connection: Driver[Any] | None, _record: Any = None) -> None:
    if connection is not None:
        connection.prepare_threshold = _USUALLY


def _driver(connection: Connection) -> Driver[Any]:
    return cast("Driver[Any]", connection.connection.driver_connection)


def _set(connection: Connection, *statements: str) -> None:
    connection.exec_driver_sql("; ".join(statements), execution_options={"no_parameters": True})


class Isolated(Protocol):
    """A table's rows as row security parts them: by merchant, by reseller."""

    @property
    def isolation(self) -> Isolation:
        """Whose rows they are."""
        ...
