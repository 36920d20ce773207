"""The place that an address names: the data of one merchant, or the desk of one reseller."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A merchant or a desk, by its id; a short address names neither."""

    merchant_id: int | None = None
    reseller_id: int | None = None


#: The place of an address that names none.
UNNAMED = Place()
