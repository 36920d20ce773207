"""The work of a night, by the worker's calendar, by cron or by hand, over both changes of the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.periodic import PeriodicDeferrer

from app.jobs import queue
from importers.load import Status
from importers.nightly import nightly, nightly_job
from tests.importers.conftest import Operator
from tests.importers.files import NIGHT, written

#: The nights on which the clocks of Paris go forward and back, and the hours of UTC that a cron at half past
#: two there would run at: on the first there is no such hour, on the second there are two.
FORWARD, BACK = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
BY_CRON = {FORWARD: (), BACK: (BACK + timedelta(minutes=30), BACK + timedelta(minutes=90))}


@pytest.fixture(params=["Europe/Paris", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock is another one."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_the_worker_does_each_night_once_whatever_the_clock_of_its_machine(change: datetime) -> None:
    calendar, began = PeriodicDeferrer(queue.periodic_registry), change - timedelta(days=1)
    asked = {
        timestamp
        for minutes in range(5, 3 * 24 * 60, 5)
        for task, timestamp in calendar.get_previous_tasks((began + timedelta(minutes=minutes)).timestamp())
        if task.task is nightly_job
    }
    expected = [began + timedelta(days=day, hours=3, minutes=17) for day in range(3)]
    assert sorted(datetime.fromtimestamp(timestamp, UTC) for timestamp in asked) == expected


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_a_night_that_is_worked_at_twice_or_not_at_all_ends_as_any_other(
    operator: Operator, change: datetime
) -> None:
    operator.declare({})
    inbox = operator.data / "inbox"
    inbox.mkdir()
    _delivered(inbox)
    told = [nightly(operator.database, operator.data, now) for now in BY_CRON[change]]
    by_hand = nightly(operator.database, operator.data, change + timedelta(hours=8))
    results = [result.status for night in (*told, by_hand) if night for result in night.results]
    assert results == [Status.LOADED]
    assert (operator.count("transaction"), list(inbox.iterdir())) == (3, [])


def _delivered(inbox: Path) -> None:
    """A night that has settled in the inbox."""
    came = time.time() - 3600
    os.utime(written(inbox, "night.txt", NIGHT.data()), (came, came))
