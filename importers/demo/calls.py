"""The nightly calls: which terminals called, what each call collected, and the numbers it bears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from importers.demo.drafts import NONE, Flags, Frame, Ints
from importers.demo.estate import Estate

_DAY = 86_400
_MISSED_SHARE = 0.003
_JITTER = 400  # seconds: a terminal does not call on the dot
_BETWEEN_CALLS = 32  # seconds from one application to the next
_LAST_NUMBER = 999_999
_LAST_FILE = 99_999
_WEEKLY = 7  # an application that is hardly used still calls once a week

#: ``FAILED``: the call was cut short. ``UNSENT``: it was whole, and was not passed on.
CORRECT, REJECTED, INCOMPLETE, FAILED, UNSENT = range(5)
_STATES = (0.9965, 0.0013, 0.0014, 0.0004, 0.0004)


@dataclass(frozen=True)
class Calls:
    """The calls of tills; each array is [till, night].

    ``made``: whether the terminal called. ``following``: the night of the next call, that night's included
    (the number of nights when there is none left). ``moment``: local seconds from the first midnight.
    ``since``: the moment of the call before.
    """

    made: Flags
    following: Ints
    moment: Ints
    since: Ints


def plan_calls(rng: np.random.Generator, estate: Estate, nights: int) -> Calls:
    """The calls of every terminal on each of ``nights``; one that was off calls the night after."""
    tills = estate.tills
    shape = (len(tills), nights)
    numbers = np.arange(nights)
    made = rng.random(shape) >= _MISSED_SHARE
    # The first and the last nights are whole, whatever the dice.
    made[:, [0, -1]] = True
    made &= numbers >= tills["installed"].to_numpy()[:, None]
    at = numbers * _DAY + tills["call"].to_numpy()[:, None] + rng.integers(0, _JITTER, shape)
    following = np.where(made, numbers, nights)
    following = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1]
    latest = np.maximum.accumulate(np.where(made, at, NONE), axis=1)
    since = np.concatenate([np.full((len(tills), 1), NONE), latest[:, :-1]], axis=1)
    return Calls(made, following, at, np.where(since < 0, at - _DAY, since))


def collected(estate: Estate, calls: Calls, drafted: Frame) -> Ints:
    """The night of the call that collects each draft; the number of nights when it is still to come."""
    tills = estate.slots["till"].to_numpy()[drafted["slot"]]
    first = (drafted["at"].to_numpy() - estate.tills["call"].to_numpy()[tills]) // _DAY + 1
    nights = calls.made.shape[1]
    found = calls.following[tills, np.minimum(first, nights - 1)]
    taken: Ints = np.where(first < nights, found, nights)
    return taken


@dataclass
class Counters:
    """The state of each numbering, for a till's first and second terminal: [2 * slot] and [2 * till]."""

    sequences: Ints
    remittances: Ints

    @classmethod
    def at_start(cls, rng: np.random.Generator, estate: Estate) -> Counters:
        """Terminals in the middle of their life, some about to come round; a replacement starts from 0."""
        sequences = np.zeros(2 * len(estate.slots), dtype=np.int64)
        sequences[::2] = rng.integers(0, 60_000, len(estate.slots))
        remittances = np.zeros(2 * len(estate.tills), dtype=np.int64)
        remittances[::2] = rng.integers(0, 900_000, len(estate.tills))
        remittances[:8:4] = _LAST_NUMBER - 30
        return cls(sequences, remittances)


def numbered(counters: Ints, keys: Ints, steps: Ints) -> Ints:
    """Numbers that go on from ``counters``, advanced in place; equal ``keys`` are neighbours."""
    firsts = np.flatnonzero(np.diff(keys, prepend=NONE))
    lasts = np.append(firsts[1:], len(keys)) - 1
    running = np.cumsum(steps)
    before = np.repeat(running[firsts] - steps[firsts], np.diff(np.append(firsts, len(keys))))
    counts = running - before
    numbers: Ints = counters[keys] + counts
    counters[keys[lasts]] += counts[lasts]
    return numbers


def around(numbers: Ints, last: int = _LAST_NUMBER) -> Ints:
    """Numbers that come round: 1 follows ``last``."""
    return (numbers - 1) % last + 1


def with_sequences(rng: np.random.Generator, estate: Estate, counters: Counters, drafted: Frame) -> Frame:
    """``drafted`` in the order of its terminals, with its sequence ``number``.

    It has ``night``; ``instant`` orders it within a slot. Now and then a number is missing.
    """
    till = estate.slots["till"].to_numpy()[drafted["slot"]]
    second = drafted["night"].to_numpy() >= estate.tills["replaced"].to_numpy()[till]
    keys = drafted["slot"].to_numpy() * 2 + second
    order = np.lexsort((drafted["id"], drafted["instant"], keys))
    steps = 1 + (rng.random(len(order)) < 1 / 15_000)
    steps[len(order) // 2] += 1
    numbers = numbered(counters.sequences, keys[order], steps)
    return drafted.iloc[order].assign(number=around(numbers))


def remittances(
    rng: np.random.Generator, estate: Estate, calls: Calls, counters: Counters, nights: range, drafted: Frame
) -> Frame:
    """The remittances of ``nights``, night by night and in the order of the calls.

    Columns: ``night``, ``slot``, ``till``, ``number``, ``file``, ``opened``, ``collected`` (local seconds),
    ``state`` (CORRECT…) and ``payments``, how many of ``drafted`` it holds.
    """
    slots = estate.slots
    payments = np.zeros((len(slots), len(nights)), dtype=np.int64)
    np.add.at(payments, (drafted["slot"].to_numpy(), drafted["night"].to_numpy() - nights.start), 1)
    till = slots["till"].to_numpy()
    weekly = (np.arange(nights.start, nights.stop) + till[:, None]) % _WEEKLY == 0
    held = calls.made[till, nights.start : nights.stop]
    held = held & (slots["nightly"].to_numpy()[:, None] | (payments > 0) | weekly)
    slot, night = np.nonzero(held)
    frame = pd.DataFrame({"night": night + nights.start, "slot": slot, "till": till[slot]})
    frame["payments"] = payments[slot, night]
    frame = frame.sort_values(["night", "till", "slot"], ignore_index=True)
    _number(estate, counters, frame)
    turn = slots["turn"].to_numpy()[frame["slot"]]
    frame["collected"] = calls.moment[frame["till"], frame["night"]] + _BETWEEN_CALLS * turn
    frame["opened"] = calls.since[frame["till"], frame["night"]] + _BETWEEN_CALLS * turn + 9
    frame["state"] = rng.choice(len(_STATES), size=len(frame), p=_STATES)
    return frame


def _number(estate: Estate, counters: Counters, frame: Frame) -> None:
    """Add ``number`` and ``file`` to ``frame``: one numbering for all the applications of a terminal."""
    till = frame["till"].to_numpy()
    keys = till * 2 + (frame["night"].to_numpy() >= estate.tills["replaced"].to_numpy()[till])
    order = np.lexsort((frame.index, keys))
    numbers: NDArray[np.int64] = np.empty(len(frame), dtype=np.int64)
    numbers[order] = numbered(counters.remittances, keys[order], np.ones(len(frame), dtype=np.int64))
    frame["number"] = around(numbers)
    frame["file"] = around(numbers, _LAST_FILE)
