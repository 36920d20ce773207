"""The estate: merchants, outlets, terminals, and the contracts they call for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from importers.demo.profiles import BANKS, INDEPENDENTS, RESELLER, Profile, chain, siret
from importers.demo.trades import APPLICATIONS, EVERY_NIGHT, TRADES

Ints = NDArray[np.int64]
Frame = pd.DataFrame
TRADE_NAMES = tuple(TRADES)
_HOUR = 3_600
_MAKERS = ("INGENICO", "VERIFONE", "PAX", "SAGEM", "CASTLES")
_MAKER_SHARES = (0.42, 0.22, 0.18, 0.1, 0.08)
#: This maker's terminals report only the last four digits of a card.
SHY_MAKER = "SAGEM"
_REPLACED_AT = (0.55, 0.35, 0.72)
_UNDECLARED_FOR = 20  # nights
_TEN_DIGITS = frozenset(("AMEX", "AMEXCLESS", "CONECS", "CONECSLESS"))
_CONTACTLESS_OF = {"CBCLESS": "CBEMV", "AMEXCLESS": "AMEX", "CONECSLESS": "CONECS"}


@dataclass(frozen=True)
class Estate:
    """Tills, and their slots: one contract, rank and application of a till each. Both count from 0.

    ``tills``: columns of outlet and terminal; ``merchant`` and ``outlet`` (numbers), ``trade`` (place in
    ``TRADE_NAMES``), ``call`` (seconds from midnight), ``installed`` and ``replaced`` (nights; the latter
    beyond the last when it never is), ``second_serial``, ``second_maker``, ``weight``, ``closed`` (weekday),
    ``holiday`` (week of the year), ``prints``. ``slots``: ``till``, ``application`` (in ``APPLICATIONS``),
    ``contract``, ``rank``, ``nightly``, ``declared``, ``turn`` (place in the till's call).
    ``slot_of`` is [till, application], -1 where there is none.
    """

    tills: Frame
    slots: Frame
    slot_of: Ints


def build(rng: np.random.Generator, merchants: int, chain_shops: int, nights: int) -> Estate:
    """The estate of ``merchants`` merchants, the first of them a chain of ``chain_shops`` outlets."""
    tills = pd.DataFrame(
        [
            _till_row(number, outlet, till, profile)
            for number, profile in enumerate(_profiles(merchants, chain_shops))
            for outlet, shop in enumerate(profile.outlets)
            for till in range(len(shop.tills))
        ]
    )
    tills = _equipped(rng, tills, nights)
    slots = _slots(tills)
    slot_of = np.full((len(tills), len(APPLICATIONS)), -1, dtype=np.int64)
    slot_of[slots["till"], slots["application"]] = np.arange(len(slots))
    return Estate(tills.drop(columns="applications"), slots, slot_of)


def directory(estate: Estate, first_day: date) -> Frame:
    """The declared contracts, as :func:`importers.formats.merchant_directory.write` takes them."""
    slots = estate.slots[estate.slots["declared"]]
    tills = estate.tills.loc[slots["till"]].reset_index(drop=True)
    slots = slots.reset_index(drop=True)
    columns = [
        "merchant_code",
        "merchant_name",
        "siret",
        "trade_name",
        "label",
        "address",
        "postcode",
        "city",
    ]
    opened = first_day - timedelta(days=120)
    return tills[[*columns, "time_zone", "mcc", "currency"]].assign(
        reseller=RESELLER,
        contract=slots["contract"],
        rank=slots["rank"],
        application=slots["application"].map(dict(enumerate(APPLICATIONS))),
        bank_code=slots["bank_code"],
        bank_name=slots["bank_name"],
        valid_from=opened.isoformat(),
    )


def _profiles(merchants: int, chain_shops: int) -> list[Profile]:
    """The chain, then the independents again and again, numbered from the second round on."""
    found = [chain(chain_shops)]
    for number in range(merchants - 1):
        turn, place = divmod(number, len(INDEPENDENTS))
        found.append(_renamed(INDEPENDENTS[place], turn + 1) if turn else INDEPENDENTS[place])
    return found


def _renamed(profile: Profile, number: int) -> Profile:
    outlets = tuple(replace(shop, trade_name=f"{shop.trade_name} {number}") for shop in profile.outlets)
    return replace(profile, code=f"{profile.code}-{number}", name=f"{profile.name} {number}", outlets=outlets)


def _till_row(merchant: int, outlet: int, till: int, profile: Profile) -> dict[str, object]:
    shop = profile.outlets[outlet]
    return {
        "merchant": merchant,
        "outlet": outlet,
        "merchant_code": profile.code,
        "merchant_name": profile.name,
        "siret": siret(merchant, outlet),
        "trade_name": shop.trade_name,
        "label": shop.tills[till].label,
        "address": shop.address,
        "postcode": shop.postcode,
        "city": shop.city,
        "time_zone": profile.time_zone,
        "currency": profile.currency,
        "mcc": profile.mcc,
        "bank_code": profile.banks[outlet % len(profile.banks)],
        "terminal_number": f"{till + 1:03d}",
        "rank": till + 1,
        "trade": TRADE_NAMES.index(shop.tills[till].trade),
        "applications": shop.tills[till].applications,
        "prints": shop.tills[till].prints,
        "closed": -1 if shop.closed is None else shop.closed,
    }


def _equipped(rng: np.random.Generator, tills: Frame, nights: int) -> Frame:
    """Give each till its terminal, its hour of call and its share of the trade."""
    count = len(tills)
    called = np.array([TRADES[TRADE_NAMES[trade]].called for trade in tills["trade"]])
    makers = rng.choice(len(_MAKERS), size=count, p=_MAKER_SHARES)
    serials = rng.integers(10**11, 10**12, size=(count, 2)).astype(str)
    replaced, installed = _changes(tills, nights)
    return tills.assign(
        call=(rng.uniform(called[:, 0], called[:, 1]) * _HOUR).astype(np.int64),
        manufacturer=np.array(_MAKERS)[makers],
        second_maker=np.array(_MAKERS)[makers - 1],
        serial_number=serials[:, 0],
        second_serial=serials[:, 1],
        weight=np.where(tills["merchant"] == 0, rng.lognormal(0, 0.35, count), 1.0),
        replaced=replaced,
        installed=installed,
        holiday=rng.integers(0, 52, count),
    )


def _changes(tills: Frame, nights: int) -> tuple[Ints, Ints]:
    """When each terminal is replaced, and when the one that nobody has declared yet was installed."""
    replaced = np.full(len(tills), nights, dtype=np.int64)
    third_shop = np.flatnonzero(tills["rank"] == 1)[2:3]
    bakeries = np.flatnonzero(tills["trade"] == TRADE_NAMES.index("boulangerie"))
    for place, till in enumerate((*third_shop, *bakeries)):
        replaced[till] = max(1, int(nights * _REPLACED_AT[place % len(_REPLACED_AT)]))
    installed = np.zeros(len(tills), dtype=np.int64)
    installed[_undeclared(tills)] = max(0, nights - min(_UNDECLARED_FOR, nights // 2))
    return replaced, installed


def _undeclared(tills: Frame) -> Ints:
    """The chain's newest terminal, a second one, whose contracts are not in the merchant directory yet."""
    return np.flatnonzero((tills["merchant"] == 0) & (tills["rank"] > 1))[-1:]


def _slots(tills: Frame) -> Frame:
    exploded = tills[["merchant", "outlet", "rank", "bank_code", "applications"]].explode("applications")
    names = exploded["applications"]
    private = names.isin(_TEN_DIGITS)
    contactless = names.isin(_CONTACTLESS_OF)
    outlets = exploded.groupby(["merchant", "outlet"], sort=False).ngroup()
    family = names.replace(_CONTACTLESS_OF).map(APPLICATIONS.index)
    banks = exploded["bank_code"].mask(private)
    slots = pd.DataFrame(
        {
            "till": exploded.index,
            "application": names.map(APPLICATIONS.index),
            "contract": _contracts(outlets * len(APPLICATIONS) + family, private),
            "rank": (exploded["rank"] + 700 * contactless).astype(str).str.zfill(3),
            "bank_code": banks,
            "bank_name": banks.map(BANKS).where(~private, names.map(_acquirer)),
            "nightly": names.isin(EVERY_NIGHT),
            "declared": ~exploded.index.isin(_undeclared(tills)),
            "turn": exploded.groupby(level=0).cumcount(),
        }
    )
    return slots.reset_index(drop=True)


def _acquirer(application: str) -> str:
    return "American Express" if application.startswith("AMEX") else "Conecs"


def _contracts(numbers: pd.Series[int], private: pd.Series[bool]) -> pd.Series[str]:
    """Contract numbers that look like ones, all different: seven digits, ten for private schemes."""
    # Multiplication by a number prime to the modulus only shuffles.
    seven = (numbers * 736_879 + 412_337) % 8_999_993 + 1_000_003
    ten = (numbers * 736_879_031 + 218_413) % 8_999_999_981 + 1_000_000_007
    return seven.where(~private, ten).astype(str)
