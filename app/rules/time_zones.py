"""The time zones that this machine knows, by the names of the IANA."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def known() -> frozenset[str]:
    """Their names, looked up once in a process: it goes through hundreds of files."""
    return frozenset(available_timezones())
