"""The clocks of the portal: its own, and those that this machine knows by the names of the IANA."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

#: Clock of the portal itself, and of a contract whose outlet is not known yet.
DEFAULT_TIME_ZONE = "Europe/Paris"


@cache
def known() -> frozenset[str]:
    """Their names, looked up once in a process: it goes through hundreds of files."""
    return frozenset(available_timezones())


def today(now: datetime | None = None) -> date:
    """The business day of the portal at the instant ``now``: that of metropolitan France."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()
