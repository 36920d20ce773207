"""Numbers into the words of the format: the frames that :mod:`importers.formats.remise_tpe.writing` takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from importers.demo import cards
from importers.demo.calls import CORRECT, FAILED, INCOMPLETE, REJECTED, UNSENT
from importers.demo.drafts import (
    ABANDONED,
    ACCEPTED,
    CHIP,
    CODES,
    CONTACTLESS,
    ENTRY_MODES,
    MANUAL,
    NONE,
    ONLINE,
    OUTCOMES,
    PREAUTHORISATION,
    TYPES,
    Frame,
    Ints,
)
from importers.demo.estate import SHY_MAKER, Estate
from importers.demo.trades import APPLICATIONS

_CERTIFICATE_LENGTH = 16
_LETTERS = np.frombuffer(b"ABCDEF", dtype=np.uint8)
#: Status, its wording, transmission, for each state of a call.
_STATES = {
    CORRECT: ("correct", "TERMINAL CORRECTS", "succeeded"),
    REJECTED: ("rejected", "REMISE REJETEE", "succeeded"),
    INCOMPLETE: ("incomplete", "REMISE INCOMPLETE", "succeeded"),
    FAILED: ("incomplete", "APPEL INTERROMPU", "failed"),
    UNSENT: ("correct", "TERMINAL CORRECTS", "failed"),
}


def moments(first_day: date, seconds: Ints) -> NDArray[np.datetime64]:
    """Local times, from seconds after the first day's midnight."""
    return np.datetime64(first_day, "s") + seconds.astype("timedelta64[s]")


def remittance_words(estate: Estate, first_day: date, frame: Frame) -> Frame:
    """The columns of ``layout.REMITTANCE``, for what :func:`importers.demo.calls.remittances` gives."""
    tills = estate.tills.loc[frame["till"]].reset_index(drop=True)
    slots = estate.slots.loc[frame["slot"]].reset_index(drop=True)
    second = frame["night"] >= tills["replaced"]
    state = frame["state"].to_numpy()
    return pd.DataFrame(
        {
            "contract": slots["contract"],
            "rank": slots["rank"],
            "application": _chosen(APPLICATIONS, slots["application"].to_numpy()),
            "number": _digits(frame["number"].to_numpy(), 6),
            "file_number": "D" + _digits(frame["file"].to_numpy(), 5),
            "bank_code": slots["bank_code"],
            "siret": tills["siret"],
            "terminal_number": tills["terminal_number"],
            "serial_number": tills["serial_number"].mask(second, tills["second_serial"]),
            "manufacturer": tills["manufacturer"].mask(second, tills["second_maker"]),
            "currency": tills["currency"],
            "opened_local": moments(first_day, frame["opened"].to_numpy()),
            "collected_local": moments(first_day, frame["collected"].to_numpy()),
            "status": _chosen([words[0] for words in _STATES.values()], state),
            "status_text": _chosen([words[1] for words in _STATES.values()], state),
            "transmission": _chosen([words[2] for words in _STATES.values()], state),
        }
    )


def transaction_words(rng: np.random.Generator, estate: Estate, first_day: date, frame: Frame) -> Frame:
    """The columns of ``layout.TRANSACTION``, and ``remittance`` as in ``frame``."""
    values = {name: frame[name].to_numpy() for name in frame.columns}
    at = moments(first_day, values["at"])
    accepted = values["outcome"] == ACCEPTED
    asked = values["asked"]
    words = {
        "remittance": values["remittance"],
        "sequence_number": _digits(values["number"], 6),
        "occurred_local": at,
        "type": _chosen(TYPES, values["type"]),
        "outcome": _chosen(OUTCOMES, values["outcome"]),
        "amount": values["amount"],
        "entry_mode": _chosen(ENTRY_MODES, values["entry"]),
        "authorisation_asked": asked,
        "authorisation_number": _digits(rng.integers(1, 10**6, len(frame)), 6).where(asked & accepted),
        "response_code": _chosen([code or None for code in CODES], values["code"]),
        "certificate": _certificates(rng, len(frame)).where(
            accepted & np.isin(values["entry"], (CHIP, CONTACTLESS))
        ),
        "dossier_number": _known(values["dossier"], 8),
        "order_reference": "CMD-" + _known(values["order"], 8),
        "original_sequence_number": _known(values["original_number"], 6),
        "requested_amount": _whole(values["requested"]),
    }
    return pd.DataFrame(words | _card_words(estate, values, at) | _conversion(estate, values))


def _card_words(
    estate: Estate, values: dict[str, Ints], at: NDArray[np.datetime64]
) -> dict[str, pd.Categorical[str] | pd.Series[str]]:
    """The card as far as the terminal tells it; a maker's terminals show the last four digits alone."""
    kinds, who = values["kind"], values["customer"]
    known = kinds != NONE
    tills = estate.slots["till"].to_numpy()[values["slot"]]
    second = values["night"] >= estate.tills["replaced"].to_numpy()[tills]
    makers = np.where(
        second, estate.tills["second_maker"].to_numpy()[tills], estate.tills["manufacturer"].to_numpy()[tills]
    )
    four = _digits(cards.last_four(who, kinds), 4)
    months = at.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    shown = [(kind.prefix, "*" * (5 if kind.means == "amex" else 6)) for kind in cards.KINDS]
    heads = [head + stars for head, stars in shown] + ["******" + stars for _, stars in shown]
    head = _chosen(heads, np.where(makers == SHY_MAKER, kinds + len(shown), kinds)).astype("str")
    physical = known & ~np.isin(values["entry"], (MANUAL, ONLINE))
    return {
        "card": (pd.Series(head) + four).where(known),
        "expiry": _digits(cards.expiries(who, kinds, months), 4).where(known),
        "scheme": _chosen([kind.scheme for kind in cards.KINDS], kinds),
        "product": _chosen([kind.product for kind in cards.KINDS], kinds),
        "issuer": _chosen([kind.issuer for kind in cards.KINDS], kinds),
        "aid": _chosen([kind.aid for kind in cards.KINDS], np.where(physical, kinds, NONE)),
    }


def _conversion(estate: Estate, values: dict[str, Ints]) -> dict[str, object]:
    """What the cardholder pays in their own currency, on the dossiers that convert."""
    applications = estate.slots["application"].to_numpy()[values["slot"]]
    converted = (applications == APPLICATIONS.index("DCCPLBS")) & (values["outcome"] != ABANDONED)
    converted &= values["type"] != PREAUTHORISATION
    names = list(cards.EXCHANGE)
    currencies = np.array([names.index(kind.currency) if kind.currency else NONE for kind in cards.KINDS])
    currency = np.where(converted, currencies[values["kind"]], NONE)
    base, decimals = (np.array(column) for column in zip(*cards.EXCHANGE.values(), strict=True))
    # The rate moves by at most 1.5 % around its base, with the days.
    swing = np.round(150 * np.sin(values["at"] / 86_400 / 17 + currency)).astype(np.int64)
    rate = base[currency] * (10_000 + swing) // 10_000
    markup = 10_000 + cards.MARKUP_HUNDREDTHS
    scale = 10_000 * 10_000 * 10 ** (2 - decimals[currency])
    amount = (values["amount"] * rate * markup * 2 + scale) // (2 * scale)
    known = currency != NONE
    text = pd.Series((rate // 10_000).astype(str)) + "." + _digits(rate % 10_000, 4)
    return {
        "cardholder_amount": _whole(np.where(known, amount, NONE)),
        "cardholder_currency": _chosen(names, currency),
        "exchange_rate": text.where(known),
        "markup_percent": _chosen([f"{cards.MARKUP_HUNDREDTHS / 100:.2f}"], np.where(known, 0, NONE)),
    }


def _chosen(words: Sequence[str | None], places: Ints) -> pd.Categorical[str]:
    """The word at each place; unknown for NONE and where the word itself is."""
    found = list(dict.fromkeys(word for word in words if word is not None))
    codes: Ints = np.array([NONE if word is None else found.index(word) for word in words] + [NONE])
    return pd.Categorical.from_codes(codes[places], categories=pd.Index(found, dtype="str"))


def _digits(numbers: Ints, width: int) -> pd.Series[str]:
    """Numbers with leading zeros."""
    text = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")
    return pd.Series(text.to_pandas())


def _known(numbers: Ints, width: int) -> pd.Series[str]:
    return _digits(numbers, width).where(numbers != NONE)


def _whole(numbers: Ints) -> pd.arrays.IntegerArray:
    """Integers, unknown for NONE."""
    return pd.arrays.IntegerArray(numbers, numbers == NONE)


def _certificates(rng: np.random.Generator, count: int) -> pd.Series[str]:
    """Cryptograms of 16 hexadecimal digits, with a letter in the middle: none can pass for a card number."""
    digits = np.frombuffer(rng.bytes(8 * count).hex().upper().encode(), dtype=np.uint8).copy()
    digits[7::_CERTIFICATE_LENGTH] = rng.choice(_LETTERS, size=count)
    text = pa.array(digits.view(f"S{_CERTIFICATE_LENGTH}")).cast(pa.string())
    return pd.Series(text.to_pandas())
