"""The words typed into the one search box, taken apart: days, amounts, numbers and other words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Final

from babel import Locale

from app.listing.filters import CARD_TEXT, InvalidValueError, clean
from app.listing.period import Days, Period, month_of, parse_day
from app.rules.cards import holds_card
from app.rules.directory_columns import is_siret
from app.wording.i18n import LANGUAGES
from app.wording.searching import folded

#: What stands before the figures of an amount: the screen writes a real minus.
_SIGN: Final = "[-+\u2212]?€?"
#: What finds a row, as the whole of a piece.
AMOUNT: Final = rf"{_SIGN}[0-9 ]+(?:[.,][0-9]{{1,3}})? ?(?:€|eur|euros?)?"
CARD: Final = r"[0-9]{4}|[0-9A-Z ]*[*#][0-9*# ]*[0-9]{4}"
AUTHORISATION: Final = r"(?=.*[0-9])[0-9A-Z]{6}"
REFERENCE: Final = r"(?=.*[0-9])[0-9A-Z._/-]{4,64}"
SIRET: Final = r"[0-9]{14}"
WORDS: Final = r".*[^\W\d_]{2}.*"


def digits(least: int, most: int) -> str:
    """The pattern of a number of so many digits."""
    return rf"[0-9]{{{least},{most}}}"


_WEEK: Final = 7
#: A year of two digits is one of this century.
_CENTURY: Final = 2000
#: "hier" and the like by their folded words, as days counted back from today.
_SPOKEN: Final = {"aujourd hui": 0, "today": 0, "hier": 1, "yesterday": 1, "avant hier": 2}
#: "mardi dernier", "last Tuesday": what says of a day of the week what it means anyway.
_LAST_AFTER: Final = frozenset({"dernier"})
_LAST_BEFORE: Final = frozenset({"last"})
#: "le 24", "on 24 November", "en novembre": what stands before a day, and before a month.
_BEFORE_DAY: Final = frozenset({"le", "on", "the"})
_BEFORE_MONTH: Final = frozenset({"en", "in"})
_WORD = r"[^\W\d_]{3,}\.?"
#: What belongs together although there are blanks in it: a card as printed, an amount, a day in words.
_PIECE: Final = re.compile(
    r"(?<!\S)(?:"
    r"(?P<card>(?:[0-9]{4} )*[A-Za-z0-9]*[*#][0-9*# ]*[0-9]{4})"
    rf"|(?P<money>{_SIGN}"
    r"(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.,][0-9]{1,3})?"
    r"(?: ?(?:€|eur|euros?)|(?<=[.,][0-9]{2})))"
    rf"|(?P<day>[0-9]{{1,2}}(?:er)? {_WORD}(?: 20[0-9]{{2}})?|{_WORD} 20[0-9]{{2}})"
    r")(?!\S)|\S+",
    re.IGNORECASE,
)
_SHORT_DAY: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})(?:/([0-9]{2}))?")
_DAY_IN_WORDS: Final = re.compile(r"(?:([0-9]{1,2})(?:er)? )?([^\W\d_]+)(?: (20[0-9]{2}))?")


@dataclass(frozen=True)
class Typed:
    """A text taken apart.

    ``period`` is the shortest one that it names, None for none; ``pieces`` are its numbers, and its other
    words in one text; ``text`` is all of it. ``month`` is the one that it is the name of, if it is no word of
    anything else.
    """

    text: str
    period: Period | None
    pieces: tuple[str, ...]
    month: Period | None = None

    def on_any_day(self) -> Typed:
        """The same without the days that it names."""
        return replace(self, period=None)


def typed(text: str, days: Days) -> Typed:
    """What ``text`` is made of. Raises InvalidValueError for what nobody may type, or can search for."""
    whole = clean(text)
    if holds_card(whole) and not is_siret(whole.replace(" ", "")):
        raise InvalidValueError(CARD_TEXT, secret=True)
    periods: list[Period] = []
    numbers: list[str] = []
    words: list[str] = []
    for piece in _without_last(tuple(_pieces(whole))):
        before = folded(words[-1]) if words else ""
        if period := _period(piece, days):
            periods.append(period)
            if before in _BEFORE_DAY:
                words.pop()
        elif period := _after(before, piece, days.today):
            periods.append(period)
            words.pop()
        else:
            (numbers if any(letter.isdigit() for letter in piece) else words).append(piece)
    pieces = (*numbers, " ".join(words)) if words else tuple(numbers)
    shortest = min(periods, key=lambda period: period.days, default=None)
    return Typed(whole, shortest, pieces, _month(whole, days.today))


def _pieces(text: str) -> Iterator[str]:
    """The pieces of a text; what looks like a day in words but names no month falls apart."""
    for found in _PIECE.finditer(text):
        names_month = found["day"] and _months().keys() & set(folded(found[0]).split())
        yield from found[0].split() if found["day"] and not names_month else (found[0],)


def _without_last(pieces: tuple[str, ...]) -> Iterator[str]:
    """The pieces but for the word that says "last" of a day of the week."""
    words = [folded(piece) for piece in pieces]
    for piece, before, word, after in zip(pieces, ["", *words], words, [*words[1:], ""], strict=False):
        of_day_before = word in _LAST_AFTER and before in _weekdays()
        of_day_after = word in _LAST_BEFORE and after in _weekdays()
        if not (of_day_before or of_day_after):
            yield piece


def _period(piece: str, days: Days) -> Period | None:
    """The day, or the month of a year, that a piece names: the last one that has come."""
    words = folded(piece)
    if words in _SPOKEN:
        return _one(days.today - timedelta(days=_SPOKEN[words]))
    if words in _weekdays():
        return _one(days.end - timedelta(days=(days.end.weekday() - _weekdays()[words]) % _WEEK))
    if short := _SHORT_DAY.fullmatch(piece):
        day, month, year = short.groups()
        return _one(_past(int(day), int(month), None if year is None else _CENTURY + int(year), days.today))
    if spoken := _DAY_IN_WORDS.fullmatch(words):
        return _in_words(*spoken.groups(), today=days.today)
    with suppress(InvalidValueError):
        return _one(parse_day(piece))
    return None


def _after(word: str, piece: str, today: date) -> Period | None:
    """The day of a month, or the month, that a piece is after such a word: the last that has come."""
    if word in _BEFORE_MONTH:
        return _month(piece, today)
    if word in _BEFORE_DAY and re.fullmatch(r"[0-9]{1,2}", piece):
        months = (month_of(today), month_of(month_of(today).first - timedelta(days=1)))
        found = (_past(int(piece), month.first.month, month.first.year, today) for month in months)
        return _one(next((day for day in found if day is not None and day <= today), None))
    return None


def _month(text: str, today: date) -> Period | None:
    """The last month of that name that has begun."""
    number = _months().get(folded(text))
    return None if number is None else month_of(date(today.year - (number > today.month), number, 1))


def _one(day: date | None) -> Period | None:
    return None if day is None else Period(day, day)


def _in_words(day: str | None, month: str, year: str | None, *, today: date) -> Period | None:
    """``24 novembre``, ``1er novembre 2026``, ``novembre 2026``; a month alone may be a word like others."""
    number = _months().get(month)
    if number is None:
        return None
    if day is not None:
        return _one(_past(int(day), number, None if year is None else int(year), today))
    return None if year is None else month_of(date(int(year), number, 1))


def _past(day: int, month: int, year: int | None, today: date) -> date | None:
    """That day; the last one that has come where no year is said. None where there is none."""
    for chosen in (today.year, today.year - 1) if year is None else (year,):
        with suppress(ValueError):
            named = date(chosen, month, day)
            if year is not None or named <= today:
                return named
    return None


@cache
def _weekdays() -> Mapping[str, int]:
    """The days of the week in every language, folded; Monday is 0."""
    return {
        folded(name): number
        for language in LANGUAGES
        for number, name in Locale.parse(language).days["format"]["wide"].items()
    }


@cache
def _months() -> Mapping[str, int]:
    """The months in every language, whole and short, folded; January is 1."""
    return {
        folded(name): number
        for language in LANGUAGES
        for width in ("abbreviated", "wide")
        for number, name in Locale.parse(language).months["format"][width].items()
    }
