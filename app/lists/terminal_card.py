"""The card of a terminal: its rhythm, its devices over time, its incidents and last telecollections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, any_, desc, extract, func, literal, not_, or_, select
from sqlalchemy.types import ARRAY, BigInteger

from app.listing.kinds import Row, Statement
from app.listing.scope import Scope
from app.listing.source import Condition, in_scope
from app.lists.nights import REASON, REASONS, REMITTED, with_places
from app.lists.silence import RHYTHM_DAYS
from app.models import Contract, Remittance, TerminalDay
from app.wording import applications, days
from app.wording.i18n import gettext, ngettext

_DAY = timedelta(days=1)
#: Incidents and telecollections on the card; the list has the others.
_MOST = 6


@dataclass(frozen=True)
class Weekday:
    """A weekday (1 is Monday): how often a terminal called on it in eight weeks, and at what time."""

    number: int
    called: int
    weeks: int
    usual_time: str

    @property
    def title(self) -> str:
        """Its name, in the language of the moment."""
        return days.weekday(str(self.number))

    def words(self) -> str:
        """How often, in the language of the moment."""
        if not self.called:
            return gettext("does not call")
        if 4 * self.called >= 3 * self.weeks:
            return gettext("usually calls, at about %(time)s", time=self.usual_time)
        return ngettext(
            "called on %(num)s of %(weeks)s", "called on %(num)s of %(weeks)s", self.called, weeks=self.weeks
        )


@dataclass(frozen=True)
class Device:
    """A device that called as this terminal, from its first to its last call."""

    serial: str
    manufacturer: str
    first: date
    last: date


@dataclass(frozen=True)
class CardRemittance:
    """A telecollection of the terminal; ``reason`` is why it did not reach the bank, "" when it did."""

    id: int
    called: datetime
    application: str
    net: int
    currency: str
    count: int
    reason: str

    def words(self) -> str:
        """What it is, and what became of it."""
        what = applications.label(self.application)
        return gettext(REASONS[self.reason], what=what) if self.reason else what


@dataclass(frozen=True)
class TerminalCard:
    """The card of a terminal, besides its fields. The last eight weeks end with its last call."""

    weekdays: tuple[Weekday, ...]
    devices: tuple[Device, ...]
    incidents: tuple[CardRemittance, ...]
    remittances: tuple[CardRemittance, ...]


def terminal_card(connection: Connection, scope: Scope, row: Row) -> TerminalCard:
    """The card of the listed terminal ``row``, of its contracts in ``scope``."""
    last = row["date"].date()
    return TerminalCard(
        weekdays=tuple(_weekdays(connection, scope, row, last)),
        devices=tuple(
            Device(found.serial_number or "", found.manufacturer or "", found.first, found.last)
            for found in connection.execute(_devices(scope, row))
        ),
        incidents=tuple(_remittances(connection, scope, row, last, not_(REMITTED))),
        remittances=tuple(_remittances(connection, scope, row, last)),
    )


def _its_days(scope: Scope, row: Row) -> Iterator[Condition]:
    yield from in_scope(TerminalDay.merchant_id, TerminalDay.contract_id, scope)
    yield TerminalDay.contract_id == any_(literal(row["contract_ids"], ARRAY(BigInteger)))
    yield TerminalDay.terminal_number == row["terminal"]


def _weekdays(connection: Connection, scope: Scope, row: Row, last: date) -> Iterator[Weekday]:
    number = extract("isodow", TerminalDay.day)
    seconds = extract("epoch", TerminalDay.last_called - func.date_trunc("day", TerminalDay.last_called))
    statement = (
        select(
            number.label("number"),
            func.count(TerminalDay.day.distinct()).label("called"),
            func.min(TerminalDay.day).label("first"),
            func.percentile_disc(0.5).within_group(seconds).label("seconds"),
        )
        .where(*_its_days(scope, row), TerminalDay.day > last - RHYTHM_DAYS * _DAY)
        .group_by(number)
    )
    found = {int(each.number): each for each in connection.execute(statement)}
    first = min((each.first for each in found.values()), default=last)
    for weekday in range(1, 8):
        weeks = sum((first + ago * _DAY).isoweekday() == weekday for ago in range((last - first).days + 1))
        each = found.get(weekday)
        time = str(timedelta(minutes=int(each.seconds) // 60))[:-3].zfill(5) if each else ""
        yield Weekday(weekday, each.called if each else 0, weeks, time)


def _devices(scope: Scope, row: Row) -> Statement:
    """The newest first."""
    device = TerminalDay.serial_number, TerminalDay.manufacturer
    first, last = func.min(TerminalDay.day).label("first"), func.max(TerminalDay.day).label("last")
    return (
        select(*device, first, last)
        .where(*_its_days(scope, row), or_(*(column.is_not(None) for column in device)))
        .group_by(*device)
        .order_by(desc("last"), desc("first"), *device)
    )


def _remittances(
    connection: Connection, scope: Scope, row: Row, last: date, *where: Condition
) -> Iterator[CardRemittance]:
    statement = (
        select(
            Remittance.id,
            Remittance.collected_local,
            Contract.application,
            Remittance.net_amount,
            Remittance.currency,
            Remittance.transaction_count,
            REASON.label("reason"),
            REMITTED.label("passed"),
        )
        .select_from(with_places())
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            Remittance.contract_id == any_(literal(row["contract_ids"], ARRAY(BigInteger))),
            func.coalesce(Remittance.terminal_number, "") == row["terminal"],
            Remittance.collected_on.between(last - RHYTHM_DAYS * _DAY, last),
            *where,
        )
        .order_by(Remittance.collected_at.desc(), Remittance.id.desc())
        .limit(_MOST)
    )
    for found in connection.execute(statement):
        yield _card_remittance(found)


def _card_remittance(found: Any) -> CardRemittance:
    return CardRemittance(
        id=found.id,
        called=found.collected_local,
        application=found.application,
        net=found.net_amount,
        currency=found.currency,
        count=found.transaction_count,
        reason="" if found.passed else found.reason,
    )
