"""Days as people say them: ``jeudi 26 novembre``, ``du 20 au 26 novembre``, ``octobre 2026``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from babel.dates import get_day_names

from app.wording.formats import written_day
from app.wording.i18n import gettext, language

_DAY = timedelta(days=1)
#: Days kept as they stand under a bar: those of two years of charts, in two languages.
_MOST_DAYS: Final = 2_000


def day_in_words(day: date, today: date) -> str:
    """``Jeudi 26 novembre``; with its year when that is another one than today's."""
    return capital(_written(day, "EEEE d MMMM", today))


def days_in_words(first: date, last: date, today: date) -> str:
    """A day, a whole month, or ``Du 20 au 26 novembre``."""
    if first == last:
        return day_in_words(first, today)
    if first.day == 1 and last + _DAY == _next_month(first):
        return capital(written_day(first, "MMMM yyyy"))
    same_month = (first.year, first.month) == (last.year, last.month)
    begun = (
        written_day(first, "d MMMM").partition(" ")[0]
        if same_month
        else _written(first, "d MMMM", last if first.year == last.year else today)
    )
    return gettext("%(first)s to %(last)s", first=begun, last=_written(last, "d MMMM", today))


def month_and_year(day: date) -> str:
    """``Novembre 2026``."""
    return capital(written_day(day, "LLLL yyyy"))


def month_alone(day: date) -> str:
    """``novembre``: where its year is plain."""
    return written_day(day, "LLLL")


def brief_month(day: date) -> str:
    """``nov. 26``: what stands under a bar."""
    return written_day(day, "LLL yy")


def weekday(number: str) -> str:
    """``Lundi``; ``number`` is ``1`` for Monday."""
    return capital(get_day_names("wide", "stand-alone", locale=language())[int(number) - 1])


def brief_weekday(number: str) -> str:
    """``lun``: what stands under a bar."""
    return str(get_day_names("abbreviated", "stand-alone", locale=language())[int(number) - 1]).rstrip(".")


def short_day(day: date) -> str:
    """``jeu 26``: what stands under a bar."""
    return _short_day(day, language())


@lru_cache(maxsize=_MOST_DAYS)
def _short_day(day: date, _language: str) -> str:
    """The same in a language: a chart has dozens, day by day the same."""
    return written_day(day, "EEE d").replace(".", "")


def brief_day(day: date) -> str:
    """``21/11``, ``21 Nov``: a day of these months."""
    return written_day(day, "dd/MM" if language() == "fr" else "d MMM")


def short_moment(at: datetime) -> str:
    """``vendredi 20 à 21:15``: a moment of these days, by the terminal's own clock."""
    day = written_day(at, "EEEE d")
    return gettext("%(day)s at %(time)s", day=day, time=at.strftime("%H:%M"))


def _written(day: date, pattern: str, today: date) -> str:
    return written_day(day, pattern if day.year == today.year else f"{pattern} yyyy")


def _next_month(first: date) -> date:
    return (first + 31 * _DAY).replace(day=1)


def in_a_sentence(words: str) -> str:
    """The words of days within a sentence, where French writes no capital."""
    return words[:1].lower() + words[1:] if language() == "fr" else words


def capital(words: str) -> str:
    """``words`` with a capital in front."""
    return words[:1].upper() + words[1:]
