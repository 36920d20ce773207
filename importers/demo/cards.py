"""The cards of the demo: synthetic, never whole. Prefixes of titres-restaurant are invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

CB_AID, VISA_AID, MASTERCARD_AID = "A0000000421010", "A0000000031010", "A0000000041010"
AMEX_AID, JCB_AID = "A000000025010801", "A0000000651010"


@dataclass(frozen=True, kw_only=True)
class CardKind:
    """One product of one issuer; ``currency`` is the cardholder's when it is not the shop's."""

    means: str
    prefix: str
    scheme: str
    product: str | None
    issuer: str | None
    aid: str | None
    share: float
    currency: str | None = None


def _cb(prefix: str, product: str | None, issuer: str | None, share: float, aid: str = CB_AID) -> CardKind:
    return CardKind(
        means="cb", prefix=prefix, scheme="CB", product=product, issuer=issuer, aid=aid, share=share
    )


def _meal(prefix: str, issuer: str, share: float) -> CardKind:
    return CardKind(
        means="meal",
        prefix=prefix,
        scheme="CONECS",
        product="TITRE RESTAURANT",
        issuer=issuer,
        aid=None,
        share=share,
    )


def _abroad(prefix: str, scheme: str, aid: str, currency: str, share: float) -> CardKind:
    return CardKind(
        means="abroad",
        prefix=prefix,
        scheme=scheme,
        product=None,
        issuer=None,
        aid=aid,
        share=share,
        currency=currency,
    )


KINDS: tuple[CardKind, ...] = (
    _cb("497010", "VISA CLASSIC", "BNP PARIBAS", 0.14),
    _cb("497011", "VISA PREMIER", "BNP PARIBAS", 0.05),
    _cb("497020", "VISA CLASSIC", "SOCIETE GENERALE", 0.11),
    _cb("497030", "VISA CLASSIC", "LA BANQUE POSTALE", 0.1),
    _cb("497040", "VISA CLASSIC", "LCL", 0.08),
    _cb("497050", "VISA PREMIER", "CREDIT MUTUEL", 0.04),
    _cb("513110", "MASTERCARD", "CREDIT AGRICOLE", 0.19),
    _cb("513120", "MASTERCARD GOLD", "CREDIT AGRICOLE", 0.05),
    _cb("513130", "MASTERCARD", "CREDIT MUTUEL", 0.09),
    _cb("513140", "MASTERCARD", "CAISSE D'EPARGNE", 0.08),
    _cb("491400", None, None, 0.04, VISA_AID),
    _cb("535500", None, None, 0.03, MASTERCARD_AID),
    _meal("999101", "EDENRED", 0.36),
    _meal("999202", "PLUXEE", 0.24),
    _meal("999303", "UP DEJEUNER", 0.24),
    _meal("999404", "BIMPLI", 0.16),
    CardKind(
        means="amex",
        prefix="374500",
        scheme="AMEX",
        product="AMEX GREEN",
        issuer="AMERICAN EXPRESS",
        aid=AMEX_AID,
        share=0.6,
    ),
    CardKind(
        means="amex",
        prefix="374600",
        scheme="AMEX",
        product="AMEX GOLD",
        issuer="AMERICAN EXPRESS",
        aid=AMEX_AID,
        share=0.4,
    ),
    CardKind(means="jcb", prefix="356600", scheme="JCB", product="JCB", issuer="JCB", aid=JCB_AID, share=1.0),
    _abroad("400010", "VISA", VISA_AID, "USD", 0.4),
    _abroad("520010", "MASTERCARD", MASTERCARD_AID, "GBP", 0.3),
    _abroad("400020", "VISA", VISA_AID, "CHF", 0.18),
    _abroad("400030", "VISA", VISA_AID, "JPY", 0.12),
)
#: Whose cards serve for each means of payment: quasi-cash and distance selling take the usual ones.
_CARDS_OF: Mapping[str, str] = {"quasi": "cb", "vad": "cb", "jcb_vad": "jcb"}
#: Currency of the cardholder -> (units for one unit of the shop's, in ten-thousandths; its decimals).
EXCHANGE: Mapping[str, tuple[int, int]] = {
    "USD": (10_824, 2),
    "GBP": (8_532, 2),
    "CHF": (9_471, 2),
    "JPY": (1_623_500, 0),
}
MARKUP_HUNDREDTHS = 300  # 3.00 %
_POOL = 900  # customers a shop knows by their card; the first of them come most often
_EXPIRY_MONTHS = 48


def customers(rng: np.random.Generator, outlets: Ints) -> Ints:
    """A customer of each of ``outlets``; the same come back."""
    who = (rng.random(len(outlets)) ** 2 * _POOL).astype(np.int64)
    return outlets * _POOL + who


def kinds_of(means: str, who: Ints) -> Ints:
    """The place in :data:`KINDS` of each customer's card for ``means``: always the same for a customer."""
    wanted = _CARDS_OF.get(means, means)
    places = np.array([place for place, kind in enumerate(KINDS) if kind.means == wanted])
    shares = np.cumsum([KINDS[place].share for place in places])
    drawn = _scattered(who, 1) % 10_000 / 10_000
    chosen: Ints = places[np.searchsorted(shares / shares[-1], drawn, side="right")]
    return chosen


def last_four(who: Ints, kinds: Ints) -> Ints:
    """The last four digits of each customer's card of that kind."""
    return _scattered(who * 64 + kinds, 2) % 10_000


def expiries(who: Ints, kinds: Ints, months: Ints) -> Ints:
    """MMYY as a number, for cards used in ``months`` (months since year 0): renewed when they expire."""
    left = (_scattered(who * 64 + kinds, 3) - months) % _EXPIRY_MONTHS
    expiry = months + left
    shown: Ints = (expiry % 12 + 1) * 100 + expiry // 12 % 100
    return shown


def _scattered(values: Ints, salt: int) -> Ints:
    """A fixed, well-mixed 62-bit number for each value (splitmix64)."""
    mixed = values.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)
