"""Days and instants for the eye, in the language of the moment."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.listing.kinds import MOMENTS
from app.models import DEFAULT_TIME_ZONE
from app.wording.i18n import language


def show_day(day: date) -> str:
    """``21/11/2026``."""
    return format_date(day, "dd/MM/yyyy" if language() == "fr" else "yyyy-MM-dd", locale=language())


def show_long_day(day: date) -> str:
    """``samedi 21 novembre 2026``."""
    return format_date(day, "full", locale=language())


def show_moment(at: datetime) -> str:
    """``21/11/2026 07:12:03``: an instant on the clock of metropolitan France."""
    return at.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).strftime(MOMENTS[language()])
