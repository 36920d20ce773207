"""Reversals: cancellations before the call, refunds on a later day, refunds cancelled in their turn."""

from __future__ import annotations

import numpy as np

from importers.demo.drafts import (
    ACCEPTED,
    CANCELLATION,
    DEBIT,
    NO_CODE,
    NONE,
    REFUND,
    REFUND_CANCELLATION,
    Flags,
    Frame,
    together,
)
from importers.demo.estate import Estate
from importers.demo.trades import APPLICATIONS

_DAY = 86_400
_CANCELLED, _REFUNDED, _REFUNDED_DISTANT = 0.0045, 0.005, 0.035
_REFUND_CANCELLED = 0.06
_MOST_DAYS = 12
_DISTANT = [APPLICATIONS.index(name) for name in ("CBVAD", "JCBVAD")]
_MEAL = [APPLICATIONS.index(name) for name in ("CONECS", "CONECSLESS")]


def reversals(rng: np.random.Generator, estate: Estate, sold: Frame, is_open: Flags, first_id: int) -> Frame:
    """Cancellations and refunds of ``sold``; ``is_open`` is [till, day]. New ids begin at ``first_id``.

    A cancellation follows within minutes; the caller drops those that would come after the call.
    """
    draw = rng.random(len(sold))
    plain = ((sold["type"] == DEBIT) & (sold["outcome"] == ACCEPTED) & (sold["dossier"] == NONE)).to_numpy()
    applications = estate.slots["application"].to_numpy()[sold["slot"]]
    distant, meal = np.isin(applications, _DISTANT), np.isin(applications, _MEAL)
    # A titre-restaurant is never paid back.
    share = np.where(distant, _REFUNDED_DISTANT, np.where(meal, 0, _REFUNDED))
    cancelled = sold[plain & (draw < _CANCELLED)]
    refunded = sold[plain & (draw >= _CANCELLED) & (draw < _CANCELLED + share)]
    refunds = _refunds(rng, estate, refunded, is_open, first_id)
    undone = refunds[rng.random(len(refunds)) < _REFUND_CANCELLED]
    return together(
        [_undone(rng, cancelled, CANCELLATION), refunds, _undone(rng, undone, REFUND_CANCELLATION)]
    )


def _undone(rng: np.random.Generator, originals: Frame, kind: int) -> Frame:
    """The whole of ``originals`` taken back a few minutes later, with the same card."""
    return originals.assign(
        id=NONE,
        type=kind,
        at=originals["at"] + rng.integers(60, 600, len(originals)),
        original=originals["id"],
        asked=False,
        code=NO_CODE,
        requested=NONE,
    )


def _refunds(
    rng: np.random.Generator, estate: Estate, originals: Frame, is_open: Flags, first_id: int
) -> Frame:
    """All or part of ``originals`` given back on a later opening day, most with the number of the sale."""
    later = originals["at"].to_numpy() + rng.integers(1, _MOST_DAYS, len(originals)) * _DAY
    whole = rng.random(len(originals)) < 0.6  # noqa: PLR2004
    part = np.maximum(originals["amount"] * rng.integers(15, 90, len(originals)) // 100, 1)
    known = rng.random(len(originals)) < 0.7  # noqa: PLR2004
    refunds = originals.assign(
        id=first_id + np.arange(len(originals)),
        type=REFUND,
        at=later,
        amount=np.where(whole, originals["amount"], part),
        original=np.where(known, originals["id"], NONE),
        asked=False,
        code=NO_CODE,
        requested=NONE,
    )
    days = later // _DAY
    tills = estate.slots["till"].to_numpy()[refunds["slot"]]
    kept = days < is_open.shape[1]
    kept[kept] = is_open[tills[kept], days[kept]]
    found: Frame = refunds[kept]
    return found
