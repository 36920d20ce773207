"""The form by which the columns of a list are chosen, on a desk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.table_columns import choosable, usual


class ColumnBox(NamedTuple):
    """A box to tick: the name of a field, its title, whether it is a column now."""

    name: str
    title: str
    is_chosen: bool


@dataclass(frozen=True)
class ColumnForm:
    """The boxes of a list's columns; ``chosen`` are those of this page, none for the list's own."""

    criteria: Criteria
    chosen: tuple[str, ...]

    @property
    def boxes(self) -> tuple[ColumnBox, ...]:
        """A box for each field that can be chosen."""
        ticked, fields = self.chosen or usual(self.criteria.spec), choosable(self.criteria.spec)
        return tuple([ColumnBox(field.name, field.title, field.name in ticked) for field in fields])

    def hidden(self) -> Args:
        """The rest of the address, which stays; it is also what takes the list's own columns again."""
        return replace(self.criteria, columns=(), after=None).to_args()
