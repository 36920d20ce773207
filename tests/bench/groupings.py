"""Sums by group: a month of the chain's lists by shop, by application and by day, from the daily sums."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.listing.sums import daily_sums, series
from tests.bench.pages import SAMPLES
from tests.bench.report import Measurement, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.database.engine import Database
    from app.listing.criteria import Criteria
    from app.listing.scope import Scope

WAYS = ("outlet", "application", "day")


def lines(database: Database, scope: Scope, criteria: Criteria) -> Iterator[Measurement]:
    """A line for each way to group; the daily sums know all of them."""
    for by in WAYS:
        dimension = criteria.spec.groupings[by]
        if daily_sums(criteria.spec, scope, criteria, dimension) is None:
            raise LookupError(by)
        times, groups = [], 0
        with database.reading_as(scope) as connection:
            for _ in range(SAMPLES):
                started = time.perf_counter()
                groups = len(series(connection, criteria.spec, scope, criteria, dimension))
                times.append((time.perf_counter() - started) * 1000)
        yield Measurement(
            what=f"a month of {criteria.spec.name} by {by}, p95",
            measured=percentile(times[1:], 0.95),
            bar=50,
            unit=" ms",
            is_time=True,
            notes=f"{groups} groups of the chain",
        )
