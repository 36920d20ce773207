"""The trades of the demo: when each sells, for how much, and how its customers pay. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The applications a terminal may call for; their place here is their number in the demo's arrays.
APPLICATIONS = (
    "CBEMV",
    "CBCLESS",
    "CBVAD",
    "PLBS",
    "PLBS+",
    "PLBSGCB",
    "AMEX",
    "AMEXCLESS",
    "DCCPLBS",
    "QUASI CASH",
    "CONECS",
    "CONECSLESS",
    "JCBEMV",
    "JCBVAD",
)
#: What a customer pays with -> the application for a chip, and the one for contactless if there is one.
MEANS: Mapping[str, tuple[str, str | None]] = {
    "cb": ("CBEMV", "CBCLESS"),
    "meal": ("CONECS", "CONECSLESS"),
    "amex": ("AMEX", "AMEXCLESS"),
    "jcb": ("JCBEMV", None),
    "quasi": ("QUASI CASH", None),
    "vad": ("CBVAD", None),
    "jcb_vad": ("JCBVAD", None),
}
DATED = ("PLBS", "PLBS+", "PLBSGCB", "DCCPLBS")
EVERY_NIGHT = frozenset(("CBEMV", "CBCLESS", "CBVAD", "AMEX", "AMEXCLESS", "CONECS", "CONECSLESS"))


@dataclass(frozen=True)
class Rush:
    """A part of the day, in hours from midnight (beyond 24: the next morning), and its share of the sales."""

    opens: float
    closes: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Trade:
    """The sales of a kind of till. Money is in minor units of the shop's currency.

    ``payments`` on an ordinary day, relative to the other trades; ``week`` from Monday and ``months``
    from January multiply it. Baskets are log-normal around ``basket`` and end in one of ``endings``
    modulo ``step``. ``called`` is when the terminal calls, in hours: 2 to 25.5, so that the file of the
    following night at 02:00 has it.
    """

    payments: float
    rushes: tuple[Rush, ...]
    basket: int
    spread: float
    endings: tuple[int, ...]
    step: int = 100
    least: int = 100
    most: int = 50_000
    week: tuple[float, ...] = (1.0,) * 7
    months: tuple[float, ...] = (1.0,) * 12
    holidays: float = 1.0
    away: tuple[tuple[int, int], tuple[int, int]] | None = None
    means: Mapping[str, float]
    contactless: float = 0.75
    contactless_limit: int = 5_000
    called: tuple[float, float]


# Prices as shops write them: most end in 0 or 5, many in 90 or 50.
_PASTRY = (0, 10, 15, 20, 30, 40, 45, 50, 50, 60, 65, 70, 80, 85, 90, 90, 95)
_MENU = (0, 0, 0, 50, 50, 50, 80, 90, 90, 20, 40)
_SHELF = (90, 90, 90, 99, 99, 50, 49, 0, 95, 75, 39, 12, 68, 5)
_ROUND = (0, 0, 0, 0, 50)

TRADES: Mapping[str, Trade] = {
    "fournil": Trade(
        payments=44,
        rushes=(Rush(6.75, 9.5, 0.33), Rush(11.5, 14, 0.42), Rush(14, 16, 0.07), Rush(16, 19.25, 0.18)),
        basket=720,
        spread=0.5,
        endings=_PASTRY,
        most=9_000,
        week=(0.95, 1.0, 1.02, 1.05, 1.12, 0.95, 0.6),
        months=(0.98, 1.0, 1.02, 1.02, 1.0, 1.02, 0.9, 0.75, 1.05, 1.05, 1.03, 1.12),
        holidays=0.45,
        means={"cb": 0.83, "meal": 0.17},
        contactless=0.82,
        called=(20.1, 21.6),
    ),
    "station": Trade(
        payments=62,
        rushes=(Rush(5.75, 9.5, 0.42), Rush(11, 14, 0.28), Rush(16, 21.5, 0.3)),
        basket=860,
        spread=0.55,
        endings=_PASTRY,
        most=20_000,
        week=(1.05, 1.0, 1.0, 1.05, 1.25, 0.85, 0.9),
        months=(0.92, 0.97, 1.0, 1.05, 1.05, 1.05, 1.15, 1.05, 1.0, 1.02, 0.96, 1.12),
        holidays=0.9,
        means={"cb": 0.85, "meal": 0.08, "amex": 0.045, "quasi": 0.025},
        contactless=0.85,
        called=(22.2, 23.4),
    ),
    "boulangerie": Trade(
        payments=155,
        rushes=(Rush(6.5, 9, 0.3), Rush(11.25, 13.5, 0.33), Rush(15.5, 20, 0.37)),
        basket=480,
        spread=0.6,
        endings=_PASTRY,
        most=12_000,
        week=(0, 0.95, 0.95, 1.0, 1.05, 1.25, 1.3),
        months=(1.0, 1.0, 1.0, 1.02, 1.0, 1.0, 0.95, 0.9, 1.0, 1.0, 1.0, 1.2),
        holidays=0.8,
        away=((8, 4), (8, 20)),
        means={"cb": 0.9, "meal": 0.1},
        contactless=0.86,
        called=(20.4, 20.6),
    ),
    "restaurant": Trade(
        payments=72,
        rushes=(Rush(12, 14.6, 0.44), Rush(19.25, 22.9, 0.56)),
        basket=3_650,
        spread=0.5,
        endings=_MENU,
        least=900,
        most=60_000,
        week=(0, 0.8, 0.9, 1.0, 1.3, 1.45, 0),
        months=(0.85, 1.0, 0.95, 1.0, 1.05, 1.1, 1.1, 0.9, 1.0, 0.95, 0.9, 1.3),
        holidays=0.9,
        away=((8, 9), (8, 24)),
        means={"cb": 0.71, "meal": 0.22, "amex": 0.07},
        contactless=0.6,
        called=(23.6, 24.2),
    ),
    "reception": Trade(
        payments=20,
        rushes=(Rush(7, 11, 0.5), Rush(15, 22.5, 0.5)),
        basket=12_900,
        spread=0.55,
        endings=_ROUND,
        least=250,
        most=300_000,
        week=(0.9, 1.0, 1.0, 1.0, 1.1, 1.2, 0.8),
        months=(0.6, 0.7, 0.8, 1.0, 1.15, 1.25, 1.5, 1.6, 1.15, 0.9, 0.65, 0.9),
        holidays=1.2,
        means={"cb": 0.72, "amex": 0.12, "jcb": 0.07, "quasi": 0.09},
        contactless=0.5,
        called=(23.7, 23.9),
    ),
    "bar": Trade(
        payments=46,
        rushes=(Rush(17.5, 20, 0.22), Rush(20, 24, 0.38), Rush(24, 28, 0.4)),
        basket=1_650,
        spread=0.6,
        endings=_ROUND,
        least=250,
        most=40_000,
        week=(0.5, 0.6, 0.7, 1.0, 1.8, 2.0, 0.5),
        months=(0.7, 0.75, 0.85, 1.0, 1.1, 1.25, 1.5, 1.5, 1.1, 0.95, 0.8, 1.1),
        holidays=1.2,
        means={"cb": 0.93, "amex": 0.07},
        contactless=0.8,
        called=(5.6, 6.2),
    ),
    "vpc": Trade(
        payments=52,
        rushes=(Rush(8, 12, 0.22), Rush(12, 14, 0.16), Rush(14, 19, 0.24), Rush(19, 23.9, 0.38)),
        basket=5_400,
        spread=0.7,
        endings=_SHELF,
        least=490,
        most=90_000,
        week=(1.15, 1.0, 0.95, 0.9, 0.85, 0.9, 1.25),
        months=(0.7, 1.0, 1.5, 1.6, 1.4, 0.9, 0.6, 0.6, 0.9, 1.0, 1.2, 1.3),
        means={"vad": 0.97, "jcb_vad": 0.03},
        contactless=0.0,
        called=(24.6, 25.2),
    ),
    "pharmacie": Trade(
        payments=118,
        rushes=(Rush(8.5, 12.5, 0.48), Rush(14, 19.5, 0.52)),
        basket=1_390,
        spread=0.8,
        endings=_SHELF,
        most=40_000,
        week=(1.25, 1.0, 1.0, 1.0, 1.1, 0.75, 0),
        months=(1.25, 1.2, 1.1, 1.0, 0.95, 0.9, 0.85, 0.75, 0.95, 1.05, 1.1, 1.2),
        holidays=0.0,
        means={"cb": 1.0},
        contactless=0.74,
        called=(20.8, 21.1),
    ),
    # Its currency has no decimals: amounts are whole francs, contactless stops at 5 000.
    "lagon": Trade(
        payments=58,
        rushes=(Rush(7.5, 11.5, 0.5), Rush(13, 18, 0.5)),
        basket=3_200,
        spread=0.7,
        endings=(0, 0, 50, 90, 95, 20, 80),
        least=150,
        most=250_000,
        week=(1.0, 1.0, 1.0, 1.0, 1.15, 1.2, 0),
        months=(1.1, 1.0, 0.95, 0.95, 0.95, 0.95, 1.1, 1.05, 1.05, 1.1, 1.1, 1.5),
        holidays=0.0,
        means={"cb": 0.95, "jcb": 0.05},
        contactless=0.7,
        called=(19.2, 19.6),
    ),
}
