"""A place in an ordered list, as an address carries it: where the next page starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.listing.filters import Refused
from app.wording.i18n import N_

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"(?:([0-9]{1,18})\.)?([0-9]{1,18})\.([0-9]{1,18})")
_BAD = N_("This address is not complete: the list starts from its beginning")


@dataclass(frozen=True)
class Cursor:
    """The last row seen: its instant and id, and its amount in a list ordered by amount."""

    at: datetime
    id: int
    size: int | None = None

    def text(self) -> str:
        """What :meth:`parse` reads back."""
        instant = (self.at - _EPOCH) // timedelta(microseconds=1)
        front = "" if self.size is None else f"{self.size}."
        return f"{front}{instant}.{self.id}"

    @classmethod
    def parse(cls, text: str, *, sized: bool) -> Cursor:
        """The cursor of a list ordered by amount (``sized``) or by time. Raises Refused."""
        found = _TEXT.fullmatch(text)
        if not found or (found[1] is not None) != sized:
            raise Refused(_BAD)
        try:
            at = _EPOCH + timedelta(microseconds=int(found[2]))
        except OverflowError:
            raise Refused(_BAD) from None
        return cls(at, int(found[3]), int(found[1]) if sized else None)
