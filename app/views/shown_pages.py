"""The pages of a list shown at once: its first ones, one below the other, or one after a cursor.

The number of pages is in the address, so that coming back to it shows the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from app.listing.asked_period import KEPT
from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.query import PAGE_SIZE, Page

#: So many pages stand below each other; those that follow are pages of their own. Paper shows no more.
MOST_PAGES: Final = 10
PARAMETER: Final = "pages"


@dataclass(frozen=True)
class ShownPages:
    """``pages`` of a list, counted from its beginning; 0 when the page begins at a cursor."""

    criteria: Criteria
    pages: int

    @classmethod
    def of_address(cls, criteria: Criteria, text: str) -> ShownPages:
        """What an address asks for by its parameter; anything that is no number of pages is one page."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PAGES)) else 0
        if 0 < number <= MOST_PAGES:
            return cls(criteria, number)
        return cls(criteria, 0 if criteria.after else 1)

    @property
    def size(self) -> int:
        """How many rows are read for it: what follows a cursor is one page more."""
        return PAGE_SIZE if self.criteria.after else PAGE_SIZE * max(self.pages, 1)

    @property
    def rows(self) -> int:
        """How many rows of the list's beginning stand on the page when others follow."""
        return PAGE_SIZE * self.pages

    def address_args(self) -> Args:
        """The parameters of the address that shows as much."""
        more = ((PARAMETER, str(self.pages)),) if self.pages > 1 else ()
        return (*replace(self.criteria, after=None).to_args(), *more)

    def below_args(self, found: Page) -> Args | None:
        """The parameters of what follows below; None when it is a page of its own, or nothing."""
        if found.next_args is None or not 0 < self.pages < MOST_PAGES:
            return None
        kept = ((KEPT, self.criteria.relative),) if self.criteria.relative else ()
        return (*found.next_args, *kept, (PARAMETER, str(self.pages + 1)))
