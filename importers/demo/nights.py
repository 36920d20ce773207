"""A night's files: what the host delivers at 02:00, and the nights on which it does so otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from importers.demo.days import PARIS, clock_changes
from importers.demo.drafts import Flags, Frame, Ints
from importers.demo.estate import Estate, directory
from importers.demo.profiles import RESELLER, SOURCE
from importers.demo.tickets import cardholder_tickets, remittance_tickets
from importers.formats import merchant_directory
from importers.formats.remise_tpe.columns import COMPLETE, PAYMENTS_ONLY, TOTALS_ONLY
from importers.formats.remise_tpe.writing import FileHeader, Lines, prepared, with_totals, write_lines

_DELIVERY = time(2, 0, tzinfo=PARIS)
_FEW = 6  # days: a shorter demo has neither a missing night nor one that comes apart
_LONG = 120
_MISSING_BEFORE = 75  # nights before the last
_APART_BEFORE = (9, 16, 40)
_AWAITED_OUTLETS = 3
_PRINTED_NIGHTS = 15


@dataclass(frozen=True)
class Plan:
    """The nights that go otherwise than usual.

    Nights ``missing`` for ever, nights on which the chain's telecollections and transactions come ``apart``,
    tills whose last telecollections are ``awaited``, the first night ``printed`` by the tills that print.
    """

    nights: list[date]
    missing: tuple[int, ...]
    apart: tuple[int, ...]
    awaited: Ints
    printed: int

    @property
    def differing(self) -> int | None:
        """The night that comes apart and loses a transaction on the way."""
        return self.apart[-1] if self.apart else None


@dataclass(frozen=True)
class NightFile:
    """A file that was written, and how many remittances and transactions it was the first to hold."""

    path: Path
    created_at: datetime
    remittances: int
    transactions: int
    size: int


@dataclass(frozen=True)
class _Parcel:
    """A file to write: some of a night's remittances, in one of the contents.

    ``again`` when another file has counted those remittances already; ``loses`` one of its transactions.
    """

    content: str
    delivery: date
    number: int
    chosen: Flags
    again: bool = False
    loses: bool = False

    @property
    def name(self) -> str:
        part = "" if self.content == COMPLETE else f"_{self.content.lower()}"
        return f"REMISE-TPE_{SOURCE}_{self.delivery:%Y%m%d}{part}.txt"

    @property
    def header(self) -> FileHeader:
        return FileHeader(
            source=SOURCE,
            file_key=f"{self.delivery:%Y%m%d}-{self.number:04d}",
            content=self.content,
            created_at=datetime.combine(self.delivery, _DELIVERY),
        )


def plan_nights(estate: Estate, days: list[date]) -> Plan:
    """The irregular nights of ``days``."""
    count = len(days)
    missing: tuple[int, ...] = ()
    apart: tuple[int, ...] = ()
    if count >= _FEW:
        changed = {(day - days[0]).days for day in clock_changes(days)}
        first = count - 1 - _MISSING_BEFORE if count > _LONG else count // 2
        missing = (next(night for night in range(first, count) if night not in changed),)
        apart = tuple(count - 1 - before for before in _APART_BEFORE if before < count - 2)
        apart = tuple(night for night in apart if night not in missing) or (1,)
    chain = estate.tills[(estate.tills["merchant"] == 0) & (estate.tills["installed"] == 0)]
    outlets = chain["outlet"].unique()[-_AWAITED_OUTLETS - 1 : -1]
    awaited = np.flatnonzero((estate.tills["merchant"] == 0) & estate.tills["outlet"].isin(outlets))
    return Plan(days, missing, apart, awaited, count - _PRINTED_NIGHTS)


def write_directory_file(folder: Path, estate: Estate, first_day: date, last_day: date) -> Path:
    """Write who owns which contract, as it stands the night after ``last_day``."""
    path = folder / f"REFERENTIEL_{RESELLER}_{last_day + timedelta(days=1):%Y%m%d}.csv"
    with path.open("wb") as file:
        merchant_directory.write(file, directory(estate, first_day))
    return path


def month_lines(estate: Estate, plan: Plan, calls: Frame, headers: Frame, payments: Frame) -> Lines:
    """The lines of a month's remittances (``calls``, and the same in words) and of their ``payments``."""
    headers = with_totals(headers, payments)
    if calls["night"].max() >= plan.printed:
        headers, payments = _printed(estate, plan, calls, headers, payments)
    return prepared(headers, payments)


def write_night(folder: Path, estate: Estate, plan: Plan, calls: Frame, lines: Lines) -> list[NightFile]:
    """Write the files that deliver a night; ``calls`` and ``lines`` are of that night alone."""
    return [_write(folder, parcel, lines) for parcel in _parcels(estate, plan, calls)]


def _parcels(estate: Estate, plan: Plan, calls: Frame) -> Iterator[_Parcel]:
    night = int(calls["night"].iloc[0])
    if night in plan.missing:
        return
    delivery = plan.nights[night] + timedelta(days=1)
    chain = (estate.tills["merchant"].to_numpy() == 0)[calls["till"]]
    if night in plan.apart:
        # Every other time the transactions come a night later still.
        late = delivery + timedelta(days=plan.apart.index(night) % 2)
        yield _Parcel(COMPLETE, delivery, 1, ~chain)
        yield _Parcel(TOTALS_ONLY, delivery, 2, chain)
        yield _Parcel(PAYMENTS_ONLY, late, 3, chain, again=True, loses=night == plan.differing)
        return
    awaited = np.isin(calls["till"], plan.awaited) & (night == len(plan.nights) - 1)
    yield _Parcel(COMPLETE, delivery, 1, ~awaited)
    if awaited.any():
        yield _Parcel(PAYMENTS_ONLY, delivery, 2, awaited)


def _write(folder: Path, parcel: _Parcel, lines: Lines) -> NightFile:
    lines = lines.part(parcel.chosen)
    if parcel.loses:
        lines = _without_one(lines)
    path = folder / parcel.name
    with path.open("wb") as file:
        write_lines(file, parcel.header, lines)
        size = file.tell()
    return NightFile(
        path,
        parcel.header.created_at,
        0 if parcel.again else len(lines.remittances),
        0 if parcel.content == TOTALS_ONLY else len(lines.transactions),
        size,
    )


def _without_one(lines: Lines) -> Lines:
    kept = np.arange(len(lines.transactions)) != len(lines.transactions) // 2
    return replace(lines, transactions=lines.transactions.filter(pa.array(kept)), parents=lines.parents[kept])


def _printed(
    estate: Estate, plan: Plan, calls: Frame, headers: Frame, payments: Frame
) -> tuple[Frame, Frame]:
    """With the tickets of the tills that print, on the last nights."""
    tills = estate.tills.loc[calls["till"]].set_index(calls.index)
    shown = headers.join(tills[["trade_name", "city"]])[tills["prints"] & (calls["night"] >= plan.printed)]
    some = payments[payments["remittance"].isin(shown.index)]
    return (
        headers.assign(ticket=remittance_tickets(shown)),
        payments.assign(ticket=cardholder_tickets(shown, some)),
    )
