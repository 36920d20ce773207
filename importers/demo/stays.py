"""Nights at the hotel: a dossier is opened by a pre-authorisation and closed by a debit."""

from __future__ import annotations

import numpy as np

from importers.demo import cards
from importers.demo.days import Floats
from importers.demo.drafts import (
    ACCEPTED,
    APPROVED,
    CHIP,
    CODES,
    DECLINED,
    MANUAL,
    NONE,
    PREAUTHORISATION,
    Frame,
    Ints,
    drafts,
    together,
)
from importers.demo.estate import TRADE_NAMES, Estate
from importers.demo.trades import APPLICATIONS, DATED

_DAY, _HOUR = 86_400, 3_600
_SHARES = (0.42, 0.16, 0.12, 0.3)  # of DATED
_PER_SALE = 0.45  # stays for each sale at the desk
_ROOM = (8_900, 11_900, 14_900, 18_900)  # minor units a night
_REFUSED = 0.04
_EXTRA = 450  # minor units: a breakfast


def stays(rng: np.random.Generator, estate: Estate, expected: Floats, first_id: int, day_0: int) -> Frame:
    """The dossiers opened on each day, from day ``day_0`` on; ``expected`` is sales [till, day].

    Ids begin at ``first_id``. A closing may lie beyond the last day.
    """
    desks = np.flatnonzero(estate.tills["trade"] == TRADE_NAMES.index("reception"))
    counts = rng.poisson(expected[desks] * _PER_SALE)
    # However small the demo, each kind of dossier opens once a week.
    weekly = np.zeros_like(counts)
    weekly[:, ::2] = 1
    counts = np.maximum(counts, weekly)
    tills = np.repeat(np.repeat(desks, counts.shape[1]), counts.ravel())
    days = np.repeat(np.tile(np.arange(counts.shape[1]), len(desks)), counts.ravel()) + day_0
    return _dossiers(rng, estate, tills, days, first_id)


def _dossiers(rng: np.random.Generator, estate: Estate, tills: Ints, days: Ints, first_id: int) -> Frame:
    count = len(tills)
    kinds = rng.choice(len(DATED), size=count, p=_SHARES)
    kinds[: len(DATED)] = np.arange(len(DATED))[:count]
    nights = rng.integers(1, 6, count)
    rooms = rng.choice(_ROOM, size=count)
    customers = cards.customers(rng, tills + 500_000)
    abroad = kinds == DATED.index("DCCPLBS")
    opened = first_id + np.arange(count)
    common = drafts(
        slot=estate.slot_of[tills, np.array([APPLICATIONS.index(name) for name in DATED])[kinds]],
        customer=customers,
        kind=np.where(abroad, cards.kinds_of("abroad", customers), cards.kinds_of("cb", customers)),
        dossier=opened,
        original=opened,
        asked=True,
        code=APPROVED,
    )
    openings = _openings(rng, common, days * _DAY, nights * rooms)
    granted = openings["outcome"] != DECLINED
    longer = (kinds == DATED.index("PLBS+")) & (nights > 1) & granted
    extensions = common.assign(
        at=(days + 1) * _DAY + rng.integers(9 * _HOUR, 12 * _HOUR, count),
        type=PREAUTHORISATION,
        amount=rooms,
    )
    closings = common.assign(
        at=(days + nights) * _DAY + rng.integers(7 * _HOUR, 11 * _HOUR, count),
        amount=nights * rooms + rng.integers(0, 12, count) * _EXTRA,
    )
    return together([openings, extensions[longer], closings[granted]])


def _openings(rng: np.random.Generator, common: Frame, midnights: Ints, estimates: Ints) -> Frame:
    """The pre-authorisations on arrival; a dossier that is refused goes no further."""
    count = len(common)
    refused = rng.random(count) < _REFUSED
    return common.assign(
        id=common["dossier"],
        original=NONE,
        at=midnights + rng.integers(14 * _HOUR, 21 * _HOUR, count),
        type=PREAUTHORISATION,
        amount=estimates,
        outcome=np.where(refused, DECLINED, ACCEPTED),
        code=np.where(refused, CODES.index("51"), APPROVED),
        entry=np.where(rng.random(count) < 0.1, MANUAL, CHIP),  # noqa: PLR2004
    )
