"""Dates, times, numbers and money for the eye, in the language of the moment: Babel's, from one module.

A language needs nothing here. Where Babel's usual short day would leave day and month to be guessed, the
language has its own in ``DAYS``.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from babel.numbers import (
    NumberPattern,
    format_decimal,
    get_currency_symbol,
    get_decimal_symbol,
    parse_pattern,
)

from app.wording.i18n import gettext, language
from app.wording.money import exponent

#: The short and the long day of a language, where they are not Babel's ``short`` and ``full``.
DAYS: Final = {"en": ("d MMM y", "EEEE d MMMM y")}
_USUAL: Final = ("short", "full")
#: The sign of what is taken away, as wide as a figure: Babel's is the hyphen of a keyboard in most languages.
MINUS: Final = "\u2212"
_CLOCK: Final = "HH:mm:ss"
_MINUTE: Final = "HH:mm"
#: Amounts kept as they are written: about a megabyte.
_MOST_AMOUNTS: Final = 10_000
#: The minutes of a day, in two languages.
_MOST_MINUTES: Final = 2_880
#: Numbers kept so: the counts of pages are small ones.
_MOST_NUMBERS: Final = 2_000
#: Days kept so: 15 months of them, in the patterns that lists use.
_MOST_DAYS: Final = 4_000
#: The first day in front of its month, where a language counts that day alone so and Babel does not.
FIRST_DAYS: Final = {"fr": "1er"}
_FIRST: Final = re.compile(r"\b1(?= [^\W\d])")


def day(value: date) -> str:
    """``21/11/2026``."""
    return written_day(value, DAYS.get(language(), _USUAL)[0])


def long_day(value: date) -> str:
    """``samedi 21 novembre 2026``."""
    return written_day(value, DAYS.get(language(), _USUAL)[1])


def written_day(value: date, pattern: str) -> str:
    """``value`` as the language of the moment writes ``pattern``, in the letters of Babel."""
    return _written_day(value.date() if isinstance(value, datetime) else value, pattern, language())


@lru_cache(maxsize=_MOST_DAYS)
def _written_day(value: date, pattern: str, chosen: str) -> str:
    """The same in a language: a page names the same few days again and again."""
    written = format_date(value, pattern, locale=chosen)
    return _FIRST.sub(FIRST_DAYS.get(chosen, "1"), written)


def clock(value: datetime) -> str:
    """``07:12:03``: the time of a day, on whatever clock it was read."""
    return format_time(value, _CLOCK, locale=language())


def moment(value: datetime) -> str:
    """``21/11/2026 07:12:03``."""
    return f"{day(value)} {clock(value)}"


def minute(value: datetime) -> str:
    """``21/11/2026 07:12``."""
    return f"{day(value)} {_minute(value.hour, value.minute, language())}"


@lru_cache(maxsize=_MOST_MINUTES)
def _minute(hour: int, minute: int, chosen: str) -> str:
    """The time of a day in a language: each page says which one it is."""
    return format_time(time(hour, minute), _MINUTE, locale=chosen)


def spoken_moment(at: datetime, zone: str) -> str:
    """``mardi 24 novembre 2026 à 08:55 (heure de Paris)``: ``at`` as people say it where ``zone`` is."""
    local = at.astimezone(ZoneInfo(zone))
    return gettext(
        "%(day)s, %(time)s (%(city)s time)",
        day=long_day(local),
        time=format_time(local, _MINUTE, locale=language()),
        city=get_timezone_location(zone, locale=language(), return_city=True),
    )


def number(value: float | Decimal) -> str:
    """``7 139``, ``0,1``."""
    return _number(value, language())


@lru_cache(maxsize=_MOST_NUMBERS)
def _number(value: float | Decimal, chosen: str) -> str:
    """The same in a language, kept for the reason of :func:`_money`."""
    return _signed(format_decimal(value, locale=chosen))


def percent(share: float, *, in_column: bool = False) -> str:
    """``2,4 %`` from 0.0238: a share of one, to a tenth of a percent.

    ``3 %`` in a sentence, ``3,0 %`` below others in a column.
    """
    return _percent(share, 1 if in_column else 0, language())


@lru_cache(maxsize=_MOST_NUMBERS)
def _percent(share: float, fewest: int, chosen: str) -> str:
    """The same with so many decimals at least, in a language, kept for the reason of :func:`_money`."""
    locale, pattern = _percent_pattern(chosen, fewest)
    return _signed(pattern.apply(share, locale))


@cache
def _percent_pattern(chosen: str, fewest: int) -> tuple[Locale, NumberPattern]:
    locale = Locale.parse(chosen)
    pattern = parse_pattern(locale.percent_formats[None].pattern)
    pattern.frac_prec = (fewest, 1)
    return locale, pattern


def _signed(figures: str) -> str:
    """``figures`` with a minus that reads as one."""
    return figures.replace("-", MINUS)


def decimal_sign() -> str:
    """What stands between the units and the decimals: ``,`` in French."""
    return get_decimal_symbol(language())


def money(minor: int, currency: str) -> str:
    """``−1 234,56 €`` from minor units, with the decimals of ``currency``."""
    return _money(minor, currency, language())


@lru_cache(maxsize=_MOST_AMOUNTS)
def _money(minor: int, currency: str, chosen: str) -> str:
    """The same in a language: prices come again and again, and Babel takes its time over each."""
    amount = Decimal(minor).scaleb(-exponent(currency))
    locale, pattern = _money_pattern(chosen, currency, exponent(currency))
    return _signed(pattern.apply(amount, locale, currency=currency, currency_digits=False))


def exact_money(hundredths: int, currency: str) -> str:
    """``0,3120 €`` from hundredths of minor units: a commission, two decimals finer than ``currency``."""
    digits = exponent(currency) + 2
    locale, pattern = _money_pattern(language(), currency, digits)
    amount = Decimal(hundredths).scaleb(-digits)
    return _signed(pattern.apply(amount, locale, currency=currency, currency_digits=False))


@cache
def _money_pattern(chosen: str, currency: str, digits: int) -> tuple[Locale, NumberPattern]:
    """How a language writes amounts of a currency; a sign made of letters stands apart from the figures."""
    locale = Locale.parse(chosen)
    written = locale.currency_formats["standard"].pattern
    if get_currency_symbol(currency, locale=locale)[-1].isalpha():
        written = written.replace("¤#", "¤\u00a0#")
    pattern = parse_pattern(written)
    pattern.frac_prec = (digits, digits)
    return locale, pattern
