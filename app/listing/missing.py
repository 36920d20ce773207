"""Lines of what a day was to bring and did not, which a list says for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.listing.field import Link
from app.listing.reading import Reading, known
from app.listing.scope import Scope


@dataclass(frozen=True, kw_only=True)
class NotReceived:
    """A line of what a day was to bring and did not: above those of what came, in no sum.

    ``key`` is the group of its list's sums that it belongs to, None for none; ``title`` is what it is called,
    ``part`` how much of it came ("" where nobody counts), ``reason`` what is known of the rest, in the
    language of the moment. Of ``links`` the first leads there that whoever looks may open.
    """

    key: str | None = None
    title: str
    part: str = ""
    reason: str
    links: tuple[Link, ...]


def all_received(_answer: Any) -> tuple[NotReceived, ...]:
    """Nothing is missing."""
    return ()


def all_groups_received(_scope: Scope, _criteria: Any) -> Reading[tuple[NotReceived, ...]]:
    """Nothing is missing of any group."""
    return known(())
