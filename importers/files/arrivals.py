"""The days that a file vouches for: they tell "nothing happened" from "not arrived"."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, insert

from app.models import ReceivedDay
from importers.records import Entry, Header, Loaded

_DAY = timedelta(days=1)
#: The clocks of the earth, from the latest to the earliest.
_OFFSETS = (timedelta(hours=-12), timedelta(hours=14))


def receive_days(connection: Connection, entry: Entry, header: Header, loaded: Loaded) -> None:
    """Write down the days that a file vouches for, by subject.

    They are the last day that had ended when it was made, which depends on the clock of the outlet, and
    the earlier ones that it catches up. Whether a day is received for a contract is asked of
    :mod:`app.listing.freshness`, with the outlet's clock.
    """
    if entry.source is None or header.created_at is None:
        return
    made_at = header.created_at.astimezone(UTC)
    rows = [
        {
            "source_id": entry.source.id,
            "subject": subject,
            "day": day,
            "import_file_id": entry.file_id,
            "made_at": made_at,
            "caught_up": day in days,
        }
        for subject, days in loaded.received.items()
        for day in sorted(_ended(made_at) | set(days))
    ]
    if rows:
        connection.execute(insert(ReceivedDay), rows)


def _ended(made_at: datetime) -> set[date]:
    """The last day that had ended at an instant, on each clock of the earth."""
    first, last = ((made_at + offset).date() - _DAY for offset in _OFFSETS)
    return {first + _DAY * number for number in range((last - first).days + 1)}
