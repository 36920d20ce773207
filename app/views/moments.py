"""Instants for the eye, on the clock of metropolitan France."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.models import DEFAULT_TIME_ZONE
from app.wording import formats

_PARIS = ZoneInfo(DEFAULT_TIME_ZONE)


def show_moment(at: datetime) -> str:
    """``21/11/2026 07:12:03``."""
    return formats.moment(at.astimezone(_PARIS))


def show_minute(at: datetime | None = None) -> str:
    """``21/11/2026 07:12``: an instant, or this one."""
    return formats.minute((at or datetime.now(UTC)).astimezone(_PARIS))


def spoken_moment(at: datetime) -> str:
    """``mardi 24 novembre 2026 à 08:55 (heure de Paris)``."""
    return formats.spoken_moment(at, DEFAULT_TIME_ZONE)
