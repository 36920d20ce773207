"""Notices above Remises: statements of a bank that are missing, and with them its credits of these days.

For whoever sees the credit of remittances; accounts are named to whoever may see the bank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Date, Integer, Select, bindparam, func, literal_column, select

from app.listing.criteria import Criteria
from app.listing.period import Days, Freshness, Period
from app.listing.reading import Reading, Rows, known
from app.listing.scope import AnyScope, Scope
from app.listing.spec import Alert
from app.lists.credit import shown_account
from app.lists.statement_chains import gaps
from app.models import BankStatement
from app.rules import time_zones
from app.rules.holidays import public_holidays
from app.wording import formats
from app.wording.i18n import gettext, ngettext

#: The credit of a call is booked so long after it: five working days, for most accounts.
REACH = timedelta(days=7)
#: So many notices stand above a list; whoever sees the bank finds all of them under "To do".
MOST = 3
_DAY = timedelta(days=1)
_SATURDAY = 5
#: Days after which an account that has no more statements is no longer waited for.
_LATELY = literal_column("31", Integer)
_TODAY = bindparam("today", type_=Date)
_FIRST, _LAST = (bindparam(name, type_=Date) for name in ("gap_first", "gap_last"))


@dataclass(frozen=True)
class MissingDays:
    """The days that no statement tells of, both included; the two that do not join where none is between.

    ``is_between`` says which of the two.
    """

    first: date
    last: date
    is_between: bool = True

    @classmethod
    def of(cls, row: Any) -> MissingDays:
        """Those behind ``closed_before`` and before the days of the next statement, but weekends at its ends.

        A statement begins on its own day, or on that of the one before: of both, what is before its last day.
        """
        first, last = row.closed_before + _DAY, min(row.opened_on, row.closed_on - _DAY)
        open_days = [day for day in _days(first, last) if _is_open(day)]
        if open_days:
            return cls(open_days[0], open_days[-1])
        return cls(first, last) if first <= last else cls(row.closed_before, row.closed_on, is_between=False)

    def words(self) -> str:
        """What is missing, in the language of the moment."""
        first, last = formats.day(self.first), formats.day(self.last)
        if not self.is_between:
            return gettext(
                "The bank statements of %(first)s and %(last)s do not join", first=first, last=last
            )
        if self.first == self.last:
            return gettext("Bank statement of %(day)s not received", day=first)
        return gettext("Bank statements from %(first)s to %(last)s not received", first=first, last=last)


def statement_notices(scope: Scope, criteria: Criteria) -> Reading[tuple[Alert, ...]]:
    """What is missing of the days on which the remittances that are asked for may have been credited."""
    names, period = criteria.spec.by_name, criteria.period
    if "credit" not in names or period is None:
        return known(())
    return _missing(scope, period.first, period.last + REACH, with_accounts="credit_gap" in names)


def line_notices(scope: Scope, criteria: Criteria) -> Reading[tuple[Alert, ...]]:
    """What is missing between the statements of the days of lines."""
    period = criteria.period
    if period is None:
        return known(())
    return _missing(scope, period.first, period.last, with_accounts=True)


def statement_days(scope: Scope, now: datetime) -> Reading[Days]:
    """The days that periods of lines count from: the last one is that which statements tell of."""
    today = time_zones.today(now)

    def made(rows: Rows) -> Days:
        return replace(Days.of(today), last_night=rows[0].last)

    return Reading((_told(scope.any_such),), made, {**scope.values, "today": today})


def statement_freshness(scope: Scope, period: Period, days: Days) -> Reading[Freshness]:
    """What statements tell of ``period``: of the days behind them those are missing on which a bank works."""

    def made(rows: Rows) -> Freshness:
        first, told = rows[0].first, rows[0].last
        last = min(period.last, days.today - _DAY)
        behind = () if told is None else _days(max(period.first, told + _DAY), last)
        return Freshness(first, told, tuple(day for day in behind if _is_open(day)))

    return Reading((_told(scope.any_such),), made, {**scope.values, "today": days.today})


@cache
def _told(scope: AnyScope) -> Select[Any]:
    """The first day told of, and that which all accounts are told up to which were told of lately."""
    end = func.max(BankStatement.closed_on)
    accounts = (
        select(
            func.min(BankStatement.opened_on).label("first"),
            end.label("last"),
            func.max(end).over().label("latest"),
        )
        .where(BankStatement.merchant_id == scope.merchant_id, BankStatement.closed_on <= _TODAY)
        .group_by(BankStatement.bank_account_id)
        .subquery()
    )
    lately = accounts.c.last > accounts.c.latest - _LATELY
    return select(
        func.min(accounts.c.first).label("first"), func.min(accounts.c.last).filter(lately).label("last")
    )


def _missing(scope: Scope, first: date, last: date, *, with_accounts: bool) -> Reading[tuple[Alert, ...]]:
    def made(rows: Rows) -> tuple[Alert, ...]:
        return tuple(_alerts(rows, with_accounts=with_accounts))

    return Reading((_gaps(scope.any_such),), made, {**scope.values, "gap_first": first, "gap_last": last})


@cache
def _gaps(scope: AnyScope) -> Select[Any]:
    return gaps(scope, _FIRST, _LAST)


def _alerts(rows: Rows, *, with_accounts: bool) -> Iterator[Alert]:
    found: dict[MissingDays, list[str]] = {}
    for row in rows:
        found.setdefault(MissingDays.of(row), []).append(shown_account(row.account_key, row.label))
    for place, (missing, accounts) in enumerate(islice(found.items(), MOST), start=1):
        words = missing.words()
        if with_accounts:
            words = gettext("%(label)s: %(value)s", label=words, value=", ".join(accounts))
        others = len(found) - place
        if place == MOST and others:
            words = f"{words} {ngettext('and %(num)s other', 'and %(num)s others', others)}"
        yield Alert(words=words, reason=gettext("What the bank credited then is not known yet."))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + place * _DAY for place in range((last - first).days + 1))


def _is_open(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in public_holidays()
