"""Lines of what a day did not bring, as shown: where each leads for whoever looks."""

from __future__ import annotations

from typing import NamedTuple

from app.accounts.roles import Permission
from app.listing.field import Link
from app.listing.missing import NotReceived
from app.lists import LISTS
from app.views.cells import linked
from app.web.context import access


class ShownNotReceived(NamedTuple):
    """A line of what did not come: its name, its words, and its address."""

    title: str
    words: str
    href: str


def shown_line(line: NotReceived) -> ShownNotReceived:
    """A line, with the address that whoever looks may open."""
    words = " · ".join(filter(None, (line.part, line.reason)))
    return ShownNotReceived(line.title, words, next(linked(link) for link in line.links if _opens(link)))


def _opens(link: Link) -> bool:
    needed = LISTS[link.list].row_permission if link.id is not None else None
    return needed is None or access().allows(Permission(needed))
