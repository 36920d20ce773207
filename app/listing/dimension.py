"""What sums can be grouped by, declared beside the fields of a list."""

from __future__ import annotations

from dataclasses import dataclass

from app.listing.kinds import Expression, Kind
from app.wording.i18n import gettext


@dataclass(frozen=True, kw_only=True, eq=False)
class Dimension:
    """A way to group: by day, by shop, by application.

    ``name`` is the value of ``by`` in an address, ``rows`` the value of each row; ``daily`` is the same over
    the daily sums and the parents of their contracts, None when these do not know it. ``kind`` shows it.
    """

    name: str
    label: str
    rows: Expression
    daily: Expression | None = None
    kind: Kind

    @property
    def title(self) -> str:
        """The label in the language of the moment."""
        return gettext(self.label)
