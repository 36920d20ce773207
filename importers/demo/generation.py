"""The demo's files, night by night: drawn, collected, numbered, worded and written a month at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from importers.demo.accounts import ACCOUNTS, DemoAccount
from importers.demo.calls import Calls, Counters, collected, plan_calls, remittances, with_sequences
from importers.demo.days import Floats, clock_changes, days_from, demand, is_holiday
from importers.demo.drafts import (
    CANCELLATION,
    NONE,
    REFUND_CANCELLATION,
    Flags,
    Frame,
    Ints,
    drafts,
    together,
)
from importers.demo.estate import TRADE_NAMES, Estate, build
from importers.demo.nights import NightFile, Plan, month_lines, plan_nights, write_directory_file, write_night
from importers.demo.reversals import reversals
from importers.demo.sales import sales, times_of_day
from importers.demo.stays import stays
from importers.demo.trades import APPLICATIONS
from importers.demo.wording import moments, remittance_words, transaction_words

Progress = Callable[[int, int], object]
_MONTH = 30  # nights drawn at once: what bounds the memory
_DAY, _HOUR = 86_400, 3_600
_IDS = 10**10  # a range of ids for each month
#: Sales are this part of all transactions; the rest follows from them.
_SALES_SHARE = 0.965
_OWLS = np.arange(2 * _HOUR, 3 * _HOUR, 300)


@dataclass(frozen=True, kw_only=True)
class DemoManifest:
    """The files written, and where their surprises are. ``files`` are in the order of their delivery.

    ``late_nights``: telecollections and transactions of the chain came as two files; of the
    ``differing_night`` a transaction is lost. ``awaited``: SIRETs whose last night has transactions and no
    telecollection yet. ``undeclared``: contracts (number, rank, application) left out of the merchant
    directory. ``replaced``: (SIRET, terminal number, first night).
    """

    folder: Path
    directory: Path
    files: tuple[Path, ...]
    first_day: date
    last_day: date
    merchants: tuple[str, ...]
    outlets: int
    remittances: int
    transactions: int
    size: int
    missing_nights: tuple[date, ...]
    late_nights: tuple[date, ...]
    differing_night: date | None
    awaited: tuple[str, ...]
    undeclared: tuple[tuple[str, str, str], ...]
    replaced: tuple[tuple[str, str, date], ...]
    clock_changes: tuple[date, ...]
    accounts: tuple[DemoAccount, ...]


@dataclass(frozen=True)
class _World:
    """Everything that is settled before the first sale."""

    seed: int
    days: list[date]
    estate: Estate
    calls: Calls
    counters: Counters
    expected: Floats
    meals: Flags
    plan: Plan


def generate(  # noqa: PLR0913 - all of them by name, most with a default
    folder: Path,
    *,
    seed: int,
    last_day: date,
    merchants: int = 7,
    days: int = 457,
    transactions: int = 1_000_000,
    chain_shops: int = 40,
    progress: Progress | None = None,
) -> DemoManifest:
    """Write the demo's REFERENTIEL and a REMISE-TPE file a night into ``folder`` (made if need be).

    The same arguments give the same bytes. ``merchants``: a chain of ``chain_shops`` outlets, then
    independents; ``days`` end with ``last_day``; ``transactions`` is met within a few percent.
    ``progress`` is called with nights done and nights in all. Raises ValueError for numbers below 1.
    """
    if min(merchants, days, transactions, chain_shops) < 1:
        raise ValueError("merchants, days, transactions and chain shops must be at least 1")
    folder.mkdir(parents=True, exist_ok=True)
    first_day = last_day - timedelta(days=days - 1)
    world = _world(seed, days_from(first_day, days), merchants, chain_shops, transactions)
    directory = write_directory_file(folder, world.estate, first_day, last_day)
    nights = []
    carried = drafts(slot=np.array([], dtype=np.int64))
    for start in range(0, days, _MONTH):
        written, carried = _month(folder, world, range(start, min(start + _MONTH, days)), carried, progress)
        nights += written
    return _manifest(folder, world, directory, nights)


def _world(seed: int, days: list[date], merchants: int, chain_shops: int, transactions: int) -> _World:
    estate = build(_stream(seed, 0), merchants, chain_shops, len(days))
    return _World(
        seed=seed,
        days=days,
        estate=estate,
        calls=plan_calls(_stream(seed, 1), estate, len(days)),
        counters=Counters.at_start(_stream(seed, 2), estate),
        expected=demand(_stream(seed, 3), estate, days, round(transactions * _SALES_SHARE)),
        meals=np.array([day.weekday() < 6 and not is_holiday(day) for day in days]),  # noqa: PLR2004 - Sunday
        plan=plan_nights(estate, days),
    )


def _stream(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number])


def _month(
    folder: Path, world: _World, nights: range, carried: Frame, progress: Progress | None
) -> tuple[list[NightFile], Frame]:
    """Write ``nights``; gives what was written, and the drafts that later nights collect."""
    rng = _stream(world.seed, 100 + nights.start)
    drafted = _on_the_clock(world, together([carried, _drawn(rng, world, nights)]))
    drafted = _undone_in_time(drafted.assign(night=collected(world.estate, world.calls, drafted)))
    due = (drafted["night"] < nights.stop).to_numpy()
    carried = drafted[~due & (drafted["night"] < len(world.days))].drop(columns=["night", "instant"])
    numbered = with_sequences(rng, world.estate, world.counters, drafted[due])
    numbers = numbered.loc[numbered["id"] != NONE].set_index("id")["number"]
    numbered, carried = _with_originals(numbered, numbers), _with_originals(carried, numbers)
    calls = remittances(rng, world.estate, world.calls, world.counters, nights, numbered)
    lines = month_lines(world.estate, world.plan, calls, *_worded(rng, world, calls, numbered))
    written = []
    for night in nights:
        tonight = (calls["night"] == night).to_numpy()
        written += write_night(folder, world.estate, world.plan, calls[tonight], lines.part(tonight))
        if progress:
            progress(night + 1, len(world.days))
    return written, carried


def _drawn(rng: np.random.Generator, world: _World, nights: range) -> Frame:
    """The sales and dossiers that begin on those days, and what is undone of them later."""
    estate, expected = world.estate, world.expected[:, nights.start : nights.stop]
    counts = rng.poisson(expected)
    tills = np.repeat(np.repeat(np.arange(len(counts)), counts.shape[1]), counts.ravel())
    days = np.repeat(np.tile(np.arange(nights.start, nights.stop), len(counts)), counts.ravel())
    at = days * _DAY + times_of_day(rng, estate.tills["trade"].to_numpy()[tills])
    sold = together([sales(rng, estate, tills, at, world.meals[days]), _owls(rng, world, nights)])
    first = _IDS * (nights.start + 1)
    sold = sold.assign(id=first + np.arange(len(sold)))
    sold["order"] = sold["order"].mask(sold["order"] != NONE, _month_numbers(nights) + sold["order"])
    undone = reversals(rng, estate, sold, world.expected > 0, first + len(sold))
    dossiers = stays(rng, estate, expected, _month_numbers(nights), nights.start)
    return together([sold, undone, dossiers])


def _month_numbers(nights: range) -> int:
    """The first of a month's dossiers and orders; the ids of dossiers, below those of all sales."""
    return 10_000_000 + nights.start * 100_000


def _owls(rng: np.random.Generator, world: _World, nights: range) -> Frame:
    """At a bar, on a night of clock change: sales all through the hour that is doubled or missing."""
    changes = [night for night in nights if world.days[night] in clock_changes([world.days[night]])]
    bars = np.flatnonzero(world.estate.tills["trade"] == TRADE_NAMES.index("bar"))
    tills = np.repeat(bars, len(changes) * 2 * len(_OWLS))
    at = np.tile(np.repeat(np.array(changes, dtype=np.int64) * _DAY, 2 * len(_OWLS)), len(bars))
    at = at + np.resize(_OWLS, len(at)) + rng.integers(0, 300, len(at))
    found = sales(rng, world.estate, tills, at, np.zeros(len(at), dtype=np.bool_))
    return found.assign(fold=np.arange(len(found)) // len(_OWLS) % 2 == 1)


def _on_the_clock(world: _World, drafted: Frame) -> Frame:
    """``drafted`` at times that its clock showed, and ``instant``, which orders what one terminal did."""
    at = drafted["at"].to_numpy()
    for day, direction in clock_changes(world.days).items():
        missing = (day - world.days[0]).days * _DAY + 2 * _HOUR
        if direction > 0:
            at = np.where((at >= missing) & (at < missing + _HOUR), at + _HOUR, at)
    # Clocks elsewhere never change, so that any zone orders their sales.
    local = pd.DatetimeIndex(moments(world.days[0], at))
    instants = local.tz_localize("Europe/Paris", ambiguous=~drafted["fold"].to_numpy())
    return drafted.assign(at=at, instant=instants.asi8)


def _undone_in_time(drafted: Frame) -> Frame:
    """Without the cancellations that would come after the call that took their original."""
    nights = drafted.loc[drafted["id"] != NONE].set_index("id")["night"]
    undone = drafted["type"].isin((CANCELLATION, REFUND_CANCELLATION))
    return drafted[~undone | (drafted["original"].map(nights) == drafted["night"])]


def _with_originals(drafted: Frame, numbers: pd.Series[int]) -> Frame:
    """Fill ``original_number`` for the originals that ``numbers`` (by id) knows."""
    found = drafted["original"].map(numbers)
    known = drafted["original_number"].mask(found.notna(), found).astype(np.int64)
    return drafted.assign(original_number=known)


def _worded(rng: np.random.Generator, world: _World, calls: Frame, numbered: Frame) -> tuple[Frame, Frame]:
    """Remittances and transactions in words, the latter in the order of the former."""
    nights = calls["night"].to_numpy() - calls["night"].min()
    rows: Ints = np.full((len(world.estate.slots), nights.max() + 1), NONE)
    rows[calls["slot"], nights] = np.arange(len(calls))
    owner = rows[numbered["slot"], numbered["night"] - calls["night"].min()]
    payments = numbered.assign(remittance=owner).sort_values("remittance", kind="stable", ignore_index=True)
    first_day = world.days[0]
    headers = remittance_words(world.estate, first_day, calls)
    return headers, transaction_words(rng, world.estate, first_day, payments)


def _manifest(folder: Path, world: _World, directory: Path, nights: list[NightFile]) -> DemoManifest:
    estate, plan = world.estate, world.plan
    codes = tuple(dict.fromkeys(estate.tills["merchant_code"]))
    sirets = set(estate.tills["siret"])
    return DemoManifest(
        folder=folder,
        directory=directory,
        files=tuple(night.path for night in sorted(nights, key=lambda night: night.created_at)),
        first_day=world.days[0],
        last_day=world.days[-1],
        merchants=codes,
        outlets=len(sirets),
        remittances=sum(night.remittances for night in nights),
        transactions=sum(night.transactions for night in nights),
        size=sum(night.size for night in nights),
        missing_nights=tuple(world.days[night] for night in plan.missing),
        late_nights=tuple(world.days[night] for night in plan.apart),
        differing_night=None if plan.differing is None else world.days[plan.differing],
        awaited=tuple(estate.tills.loc[plan.awaited, "siret"].unique()),
        undeclared=_undeclared(estate),
        replaced=_replaced(world),
        clock_changes=tuple(clock_changes(world.days)),
        accounts=tuple(
            account
            for account in ACCOUNTS
            if account.merchant_code in codes and sirets.issuperset(account.sirets)
        ),
    )


def _undeclared(estate: Estate) -> tuple[tuple[str, str, str], ...]:
    slots = estate.slots[~estate.slots["declared"]]
    names = slots["application"].map(dict(enumerate(APPLICATIONS)))
    return tuple(zip(slots["contract"], slots["rank"], names, strict=True))


def _replaced(world: _World) -> tuple[tuple[str, str, date], ...]:
    tills = world.estate.tills
    tills = tills[tills["replaced"] < len(world.days)]
    days = [world.days[night] for night in tills["replaced"]]
    return tuple(zip(tills["siret"], tills["terminal_number"], days, strict=True))
