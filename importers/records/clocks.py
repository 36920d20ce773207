"""Dates held against something: a file's own against now, its rows' against the file's.

One payment of 2062 in place of 2026 is a fault of a clock or of a hand, and would make a partition for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.database.migrate import MONTHS_BEHIND
from app.refusals import AFTER_FILE, FUTURE_FILE, TOO_OLD, Unit
from app.wording.i18n import N_
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal

if TYPE_CHECKING:
    from importers.records import Header, Records

#: How far a time may be ahead: clocks run fast by minutes, and zones differ by hours.
AHEAD: Final = timedelta(days=1)


def check(records: Records, now: datetime) -> None:
    """Hold the dates of a file against one another and against ``now``. Raises FileRefusedError."""
    faults = [*_of_file(records.header, now)] or [*records.clock_faults(now)]
    if faults:
        raise FileRefusedError(sorted(faults, key=lambda fault: fault.line or 0))


def checked(records: Records, now: datetime, *, trusts: bool) -> FileRefusedError | None:
    """The same; where somebody ``trusts`` the clocks of the file, what they let pass is returned."""
    try:
        check(records, now)
    except FileRefusedError as wrong:
        if not trusts:
            raise
        return wrong
    return None


def _of_file(header: Header, now: datetime) -> Iterator[Refusal]:
    if header.created_at is not None and header.created_at > now + AHEAD:
        yield Refusal(reason=FUTURE_FILE, line=1, column=N_("created at"))


def later(
    local: pd.Series[Any], created_at: datetime, lines: NDArray[np.int64], column: str, unit: Unit = Unit.LINE
) -> Iterator[Refusal]:
    """A refusal for each of the local times that is later than a file made at ``created_at`` may know."""
    latest = np.datetime64(created_at.astimezone(UTC).replace(tzinfo=None) + AHEAD)
    yield from _refusals(
        local.to_numpy() > latest, lines, Refusal(reason=AFTER_FILE, column=column, unit=unit)
    )


def older(
    local: pd.Series[Any],
    than: pd.Series[Any],
    lines: NDArray[np.int64],
    column: str,
    unit: Unit = Unit.LINE,
) -> Iterator[Refusal]:
    """A refusal for each of the local times that is too long before ``than``, row by row."""
    oldest = than - pd.DateOffset(months=MONTHS_BEHIND)
    reason = Refusal(reason=TOO_OLD, column=column, unit=unit, params={"months": MONTHS_BEHIND})
    yield from _refusals(local.to_numpy() < oldest.to_numpy(), lines, reason)


def local(instant: datetime, rows: int) -> pd.Series[Any]:
    """An instant beside each of ``rows`` local times, whose zones differ by hours only."""
    return pd.Series(
        [pd.Timestamp(instant.astimezone(UTC).replace(tzinfo=None))] * rows, dtype="datetime64[s]"
    )


def _refusals(wrong: NDArray[np.bool_], lines: NDArray[np.int64], reason: Refusal) -> Iterator[Refusal]:
    for line in lines[wrong][:MOST_REASONS]:
        yield replace(reason, line=int(line))
