"""Working days of banks in France."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from importers.matching import working_days


def test_the_closed_days_of_2026_are_those_of_the_calendar():
    assert sorted(working_days.holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 8),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 7, 14),
        date(2026, 8, 15),
        date(2026, 11, 1),
        date(2026, 11, 11),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-08", 1, "2026-03-09"),
        ("2026-03-07", 0, "2026-03-09"),
        ("2026-03-06", 5, "2026-03-13"),
        ("2026-12-24", 1, "2026-12-28"),
    ],
)
def test_the_next_working_days_are_found(day, count, expected):
    days = np.array([day], dtype="datetime64[D]")
    assert str(working_days.after(days, count)[0]) == expected
