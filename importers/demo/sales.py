"""Sales across the counter: when, how much, with which card, and how the authorisation went."""

from __future__ import annotations

import numpy as np

from importers.demo import cards
from importers.demo.drafts import (
    ABANDONED,
    ACCEPTED,
    APPROVED,
    CHIP,
    CODES,
    CONTACTLESS,
    DECLINED,
    MAGSTRIPE,
    MANUAL,
    NO_CODE,
    NONE,
    ONLINE,
    PARTIAL,
    Flags,
    Frame,
    Ints,
    drafts,
    together,
)
from importers.demo.estate import TRADE_NAMES, Estate
from importers.demo.trades import APPLICATIONS, MEANS, TRADES, Trade

_DAY, _HOUR = 86_400, 3_600
_PHONE_HOURS = (9, 18)
_PHONE_SHARE = 0.35
_MEAL_CEILING = 2_500  # minor units: what a titre-restaurant card pays in a day
_SHORT_BALANCE = 0.025
_DECLINED_SHARE, _ABANDONED_SHARE = 0.024, 0.006
_COUNTER_CODES = {
    "51": 0.46,
    "05": 0.19,
    "57": 0.07,
    "61": 0.08,
    "54": 0.05,
    "75": 0.05,
    "91": 0.03,
    "96": 0.03,
    "14": 0.03,
    "43": 0.01,
}
_CONTACTLESS_CODES = {"51": 0.34, "05": 0.12, "80": 0.24, "65": 0.22, "61": 0.04, "91": 0.04}
_QUASI_CASH = np.array([1_000, 2_000, 2_000, 5_000, 5_000, 10_000, 20_000])
_ALWAYS_ASKED = frozenset(
    ("CBVAD", "AMEX", "AMEXCLESS", "QUASI CASH", "CONECS", "CONECSLESS", "JCBVAD", "JCBEMV")
)
_ASKED_FROM = 5_000  # minor units: above, the terminal always asks
_ASKED_SHARE = {CHIP: 0.6, CONTACTLESS: 0.72}

_PLACE = {name: place for place, name in enumerate(APPLICATIONS)}
_ALWAYS = np.array([name in _ALWAYS_ASKED for name in APPLICATIONS])


def times_of_day(rng: np.random.Generator, trades: Ints) -> Ints:
    """Seconds from midnight (beyond a day: the next morning), one for each of ``trades``."""
    seconds = np.zeros(len(trades))
    for place in np.unique(trades):
        mask = trades == place
        rushes = TRADES[TRADE_NAMES[place]].rushes
        opens, closes, shares = (
            np.array(values) for values in zip(*((r.opens, r.closes, r.share) for r in rushes), strict=True)
        )
        chosen = rng.choice(len(rushes), size=int(mask.sum()), p=shares / shares.sum())
        # The mean of two draws: customers gather in the middle of a rush.
        drawn = (rng.random(len(chosen)) + rng.random(len(chosen))) / 2
        seconds[mask] = (opens[chosen] + drawn * (closes - opens)[chosen]) * _HOUR
    return seconds.astype(np.int64)


def sales(rng: np.random.Generator, estate: Estate, tills: Ints, at: Ints, meals: Flags) -> Frame:
    """A sale at each of ``tills`` and times; ``meals`` says on which of them titres-restaurant are taken."""
    trades = estate.tills["trade"].to_numpy()[tills]
    parts = [
        _of_trade(
            rng,
            estate,
            TRADES[TRADE_NAMES[trade]],
            tills[trades == trade],
            at[trades == trade],
            meals[trades == trade],
        )
        for trade in np.unique(trades)
    ]
    return _judged(rng, estate, together(parts)) if parts else drafts(slot=np.array([], dtype=np.int64))


def _of_trade(
    rng: np.random.Generator, estate: Estate, trade: Trade, tills: Ints, at: Ints, meals: Flags
) -> Frame:
    names = tuple(trade.means)
    means = rng.choice(len(names), size=len(tills), p=list(trade.means.values()))
    if "meal" in names:
        means = np.where((means == names.index("meal")) & ~meals, 0, means)
    means = _possible(estate, names, means, tills)
    amounts = _amounts(rng, trade, len(tills))
    if "quasi" in names:
        quasi = means == names.index("quasi")
        amounts[quasi] = rng.choice(_QUASI_CASH, size=int(quasi.sum()))
    entry = _entry_modes(rng, trade, names, means, amounts, at)
    customers = cards.customers(rng, _outlets(estate, tills))
    distant = np.isin(means, [place for place, name in enumerate(names) if name.endswith("vad")])
    return drafts(
        slot=_slots(estate, names, means, entry, tills),
        at=at,
        fold=rng.random(len(tills)) < 0.5,  # noqa: PLR2004 - either of the two hours
        amount=amounts,
        customer=customers,
        kind=_kinds(names, means, customers),
        entry=entry,
        order=np.where(distant, np.arange(len(tills)), NONE),
    )


def _outlets(estate: Estate, tills: Ints) -> Ints:
    columns = estate.tills[["merchant", "outlet"]].to_numpy()[tills]
    outlets: Ints = columns[:, 0] * 1_000 + columns[:, 1]
    return outlets


def _possible(estate: Estate, names: tuple[str, ...], means: Ints, tills: Ints) -> Ints:
    """``means``, or the trade's first where the till lacks the application."""
    chip = np.array([_PLACE[MEANS[name][0]] for name in names])
    return np.where(estate.slot_of[tills, chip[means]] >= 0, means, 0)


def _kinds(names: tuple[str, ...], means: Ints, customers: Ints) -> Ints:
    kinds = np.full(len(means), NONE, dtype=np.int64)
    for place, name in enumerate(names):
        mask = means == place
        kinds[mask] = cards.kinds_of(name, customers[mask])
    return kinds


def _amounts(rng: np.random.Generator, trade: Trade, count: int) -> Ints:
    """Baskets with the endings of the trade's prices. What is drawn becomes money only once it is whole."""
    drawn = trade.basket * rng.lognormal(0, trade.spread, count)
    whole = np.clip(drawn, trade.least, trade.most).astype(np.int64) // trade.step * trade.step
    amounts: Ints = whole + rng.choice(np.array(trade.endings), size=count)
    return np.maximum(amounts, trade.least)


def _entry_modes(
    rng: np.random.Generator, trade: Trade, names: tuple[str, ...], means: Ints, amounts: Ints, at: Ints
) -> Ints:
    distant = np.isin(means, [place for place, name in enumerate(names) if name.endswith("vad")])
    tappable = np.isin(means, [place for place, name in enumerate(names) if MEANS[name][1] is not None])
    draw = rng.random(len(means))
    tapped = tappable & (amounts <= trade.contactless_limit) & (draw < trade.contactless)
    hours = at % _DAY // _HOUR
    phoned = (hours >= _PHONE_HOURS[0]) & (hours < _PHONE_HOURS[1]) & (draw < _PHONE_SHARE)
    counter = np.where(tapped, CONTACTLESS, np.where(draw > 0.998, MAGSTRIPE, CHIP))  # noqa: PLR2004
    return np.where(distant, np.where(phoned, MANUAL, ONLINE), counter)


def _slots(estate: Estate, names: tuple[str, ...], means: Ints, entry: Ints, tills: Ints) -> Ints:
    chip = np.array([_PLACE[MEANS[name][0]] for name in names])
    tap = np.array([_PLACE[MEANS[name][1] or MEANS[name][0]] for name in names])
    return estate.slot_of[tills, np.where(entry == CONTACTLESS, tap[means], chip[means])]


def _judged(rng: np.random.Generator, estate: Estate, sold: Frame) -> Frame:
    """The same sales with their outcome, and what is paid otherwise after a partial authorisation."""
    applications = estate.slots["application"].to_numpy()[sold["slot"]]
    entry, amounts = sold["entry"].to_numpy(), sold["amount"].to_numpy()
    draw = rng.random(len(sold))
    declined = draw < _DECLINED_SHARE
    abandoned = ~declined & (draw < _DECLINED_SHARE + _ABANDONED_SHARE)
    asked = _asked(rng, applications, entry, amounts) & ~abandoned | declined
    meal = np.isin(applications, [_PLACE["CONECS"], _PLACE["CONECSLESS"]])
    granted = _granted(rng, amounts, meal & ~declined & ~abandoned)
    short = granted < amounts
    codes = np.where(asked, APPROVED, NO_CODE)
    codes = np.where(short, PARTIAL, codes)
    codes = np.where(declined, _refusals(rng, entry), codes)
    judged = sold.assign(
        outcome=np.where(declined, DECLINED, np.where(abandoned, ABANDONED, ACCEPTED)),
        asked=asked,
        code=codes,
        requested=np.where(short, amounts, NONE),
        # Half of those who give up never presented a card.
        kind=sold["kind"].mask(abandoned & (rng.random(len(sold)) < 0.5), NONE),  # noqa: PLR2004
        amount=granted,
    )
    return together([judged, _complements(rng, estate, judged[short])])


def _asked(rng: np.random.Generator, applications: Ints, entry: Ints, amounts: Ints) -> Flags:
    shares = np.array([_ASKED_SHARE.get(mode, 1.0) for mode in range(ONLINE + 1)])
    sometimes = rng.random(len(entry)) < shares[entry]
    asked: Flags = _ALWAYS[applications] | (amounts > _ASKED_FROM) | sometimes
    return asked


def _granted(rng: np.random.Generator, amounts: Ints, meal: Flags) -> Ints:
    """What is authorised: a titre-restaurant stops at the day's ceiling, or at what is left on the card."""
    left = amounts * rng.integers(20, 95, len(amounts)) // 100
    poor = meal & (rng.random(len(amounts)) < _SHORT_BALANCE)
    granted = np.where(poor, np.maximum(left, 1), amounts)
    return np.where(meal, np.minimum(granted, _MEAL_CEILING), granted)


def _refusals(rng: np.random.Generator, entry: Ints) -> Ints:
    counter = _drawn_codes(rng, _COUNTER_CODES, len(entry))
    return np.where(entry == CONTACTLESS, _drawn_codes(rng, _CONTACTLESS_CODES, len(entry)), counter)


def _drawn_codes(rng: np.random.Generator, shares: dict[str, float], count: int) -> Ints:
    places = np.array([CODES.index(code) for code in shares])
    chances = np.array(list(shares.values()))
    return rng.choice(places, size=count, p=chances / chances.sum())


def _complements(rng: np.random.Generator, estate: Estate, short: Frame) -> Frame:
    """Most customers pay the rest of a partial authorisation by bank card, within two minutes."""
    short = short[rng.random(len(short)) < 0.7]  # noqa: PLR2004
    tills = estate.slots["till"].to_numpy()[short["slot"]]
    customers = short["customer"].to_numpy()
    return drafts(
        slot=estate.slot_of[tills, _PLACE["CBEMV"]],
        at=short["at"].to_numpy() + rng.integers(30, 120, len(short)),
        fold=short["fold"].to_numpy(),
        amount=(short["requested"] - short["amount"]).to_numpy(),
        customer=customers,
        kind=cards.kinds_of("cb", customers),
        asked=True,
        code=APPROVED,
    )
