"""The reseller's desk: pages for its staff alone, always within its own merchants."""

from app.views.desk import (
    appearance,
    bank,
    contracts,
    deliveries,
    directories,
    files,
    merchants,
    people,
    sources,
    view_as,
)
from app.views.desk.common import blueprint

__all__ = [
    "appearance",
    "bank",
    "blueprint",
    "contracts",
    "deliveries",
    "directories",
    "files",
    "merchants",
    "people",
    "sources",
    "view_as",
]
