"""The nights that are missing: files that were due, by the schedule of their source, and have not come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Row, text

from app.models import ExpectedDays
from app.operation.schedule import HISTORY, Schedule, schedule

_SOURCES = text("SELECT id, reseller_id, name, expected_at, expected_days FROM source ORDER BY name")
# History that was handed over at once came when it was made.
_ARRIVALS = text("""
SELECT source_id, content, arrived_at FROM (
  SELECT *, max(arrived_at) OVER (PARTITION BY source_id, content) AS last_at FROM (
    SELECT source_id, content, CASE WHEN created_at < received_at - interval '1 day' THEN created_at
      ELSE received_at END AS arrived_at
    FROM import_file WHERE source_id IS NOT NULL
  ) AS file
) AS file WHERE arrived_at > last_at - CAST(:history AS interval) ORDER BY arrived_at
""")
#: When the files of a source came, by what they hold: a source may deliver totals and payments apart.
_Arrivals = Mapping[str | None, Sequence[datetime]]


@dataclass(frozen=True)
class MissingNight:
    """A file that was due from a source and has not come; ``content`` is what it would hold, if known."""

    source_id: int
    source: str
    reseller_id: int
    content: str | None
    due: datetime

    @property
    def details(self) -> Mapping[str, str]:
        """What fills the words of an alert."""
        named = f"{self.source} ({self.content})" if self.content else self.source
        return {"source": named, "due": self.due.isoformat()}


def missing_nights(connection: Connection, now: datetime) -> Iterator[MissingNight]:
    """Every file that was due at ``now`` and has not come."""
    arrivals: dict[int, dict[str | None, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(_ARRIVALS, {"history": HISTORY}):
        arrivals[row.source_id][row.content].append(row.arrived_at)
    for source in connection.execute(_SOURCES).all():
        for content, (expected, last) in _schedules(source, arrivals[source.id]).items():
            due = expected.missed(last, now)
            if due is not None:
                yield MissingNight(source.id, source.name, source.reseller_id, content, due)


def _schedules(
    source: Row[*tuple[Any, ...]], arrivals: _Arrivals
) -> Mapping[str | None, tuple[Schedule, datetime | None]]:
    """The schedule of each content that comes regularly, and when it came last.

    Where none does and somebody has said on which days, any file will do.
    """
    days = ExpectedDays(source.expected_days) if source.expected_days else None
    regular = {content: moments for content, moments in arrivals.items() if schedule(moments)}
    awaited = regular or {None: sorted(chain.from_iterable(arrivals.values()))}
    found = {
        content: (schedule(moments, source.expected_at, days), max(moments, default=None))
        for content, moments in awaited.items()
    }
    return {content: (expected, last) for content, (expected, last) in found.items() if expected}
