"""Sums by group: a month of the chain's lists by shop, by application and by day, from the daily sums."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.listing.sums import daily_sums, series
from tests.bench.report import Measurement, timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.criteria import Criteria
    from app.listing.dimension import Dimension
    from app.listing.scope import Scope

WAYS = ("outlet", "application", "day")


def lines(database: Database, scope: Scope, criteria: Criteria) -> Iterator[Measurement]:
    """A line for each way to group; the daily sums know all of them."""
    for by in WAYS:
        dimension = criteria.spec.groupings[by]
        if daily_sums(criteria.spec, scope, criteria, dimension) is None:
            raise LookupError(by)
        with database.reading_as(scope) as connection:
            work = partial(_groups, connection, scope, criteria, dimension)
            yield timed(f"a month of {criteria.spec.name} by {by}", 50, work, "{} groups of the chain")


def _groups(connection: Connection, scope: Scope, criteria: Criteria, dimension: Dimension) -> int:
    return len(series(connection, criteria.spec, scope, criteria, dimension))
