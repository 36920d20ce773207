"""The summary of a period above its rows: how it compares with the one before, and its best day.

Of the sums of days alone. What has not arrived is never taken for nothing: a period that is not over is
compared as far as it came, and one of which a day is missing is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from app.listing.period import Freshness, Period
from app.views.groupings import change_in_words
from app.wording import formats
from app.wording.days import capital, day_in_words, in_a_sentence
from app.wording.i18n import gettext

#: The net of days, in minor units by currency.
Nets = Mapping[date, Mapping[str, int]]


def period_summary(period: Period, fresh: Freshness, nets: Nets, today: date) -> str:
    """Both in one line, in the language of the moment; "" for nothing, or several currencies."""
    came = [day for day in period.each_day if fresh.tells_of(day, today)]
    own = {day: nets[day] for day in came if day in nets}
    currencies = {currency for by_currency in own.values() for currency in by_currency}
    if period.days == 1 or len(currencies) != 1:
        return ""
    (currency,) = currencies
    of_days = {day: by_currency[currency] for day, by_currency in own.items()}
    parts = (
        _compared(Period(period.first, came[-1]), fresh, nets, currency, today),
        _best(of_days, currency, today),
    )
    return capital(" · ".join(filter(None, parts)))


def _compared(period: Period, fresh: Freshness, nets: Nets, currency: str, today: date) -> str:
    """How the net changed; "" where a day of either period did not arrive, or there was none before."""
    before = period.before
    if not all(fresh.is_whole(one, today) for one in (before, period)):
        return ""
    now, then = (_net(one, nets, currency) for one in (period, before))
    return change_in_words(Decimal(now - then) / then, period, today) if then > 0 else ""


def _net(period: Period, nets: Nets, currency: str) -> int:
    return sum(nets.get(day, {}).get(currency, 0) for day in period.each_day)


def _best(nets: Mapping[date, int], currency: str, today: date) -> str:
    """The day with the highest net; "" where there are no two to choose from, or two have the same."""
    first, second = [*sorted(nets, key=lambda day: nets[day], reverse=True), None, None][:2]
    if first is None or second is None or nets[first] == nets[second] or nets[first] <= 0:
        return ""
    return gettext(
        "best day: %(day)s, %(amount)s",
        day=in_a_sentence(day_in_words(first, today)),
        amount=formats.money(nets[first], currency),
    )
