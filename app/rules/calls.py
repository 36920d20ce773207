"""Calls of a terminal by day, and the days of a month as bits of a number: a later day is a lower bit.

What a rhythm asks of the days of a month is told by a few such numbers, and no day has to be a row.
"""

from __future__ import annotations

from typing import Final

#: Parts of a day, by the clock of the terminal: the night ends, noon, the evening begins.
MORNING: Final = "04:00"
NOON: Final = "12:00"
EVENING: Final = "20:00"
#: The longest month.
MONTH_DAYS: Final = 31
#: What is kept of the days of a month on which a terminal called, in SQL text for such a day.
DAYS_KEPT: Final = {
    "called": "true",
    "first_at_night": f"first_called::time < '{MORNING}'",
    "last_at_night": f"last_called::time < '{MORNING}'",
    "last_from_noon": f"last_called::time >= '{NOON}'",
    "last_in_evening": f"last_called::time >= '{EVENING}'",
}


def month_sql(day: str) -> str:
    """The first day of the month, in SQL text, for a column of dates."""
    return f"date_trunc('month', {day}::timestamp)::date"


def bit_sql(day: str) -> str:
    """The bit of a day in its month, in SQL text, for a column of dates."""
    return f"(1 << {month_sql(day)} + {MONTH_DAYS - 1} - {day})"


def bits_sql(is_one: str) -> str:
    """The bits of the days of a month of which ``is_one`` holds, in SQL text, for days in column ``day``."""
    return f"bit_or(CASE WHEN {is_one} THEN {bit_sql('day')} ELSE 0 END)"
