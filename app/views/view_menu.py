"""The views above a list: a pill for each, and the way to keep, change or remove what the page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from app.accounts.saved_views import KeptView
from app.listing.criteria import Criteria
from app.views.cells import address


@dataclass(frozen=True)
class ViewPill:
    """A view to go to: its name and address, whether the page shows it.

    ``shared_by`` is the colleague who shares it, "" for a view of one's own: their mail address without its
    domain, for no more of it is told to who is limited to some outlets.
    """

    name: str
    href: str
    shared_by: str
    is_current: bool


@dataclass(frozen=True)
class ViewMenu:
    """The views of a list for one person.

    ``current`` is the view of their own that the page shows. ``asked`` is the query that would be kept, ""
    for the list as it opens.
    """

    pills: tuple[ViewPill, ...]
    current: KeptView | None
    asked: str

    @classmethod
    def of(cls, criteria: Criteria, columns: tuple[str, ...], views: Iterable[KeptView]) -> ViewMenu:
        """The menu of a page that shows ``criteria`` with these ``columns``, the list's own without any."""
        shown = replace(criteria, after=None, columns=columns).to_args()
        views = tuple(views)
        pills = tuple(
            ViewPill(
                view.name,
                address(view.list_name, view.args),
                "" if view.is_own else view.keeper.partition("@")[0],
                view.args == shown,
            )
            for view in views
        )
        current = next((view for view in views if view.is_own and view.args == shown), None)
        return cls(pills, current, urlencode(shown))
