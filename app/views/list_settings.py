"""The settings of a list for one person: the columns of its table, and the views that they find above it."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.column_choices import chosen_columns
from app.accounts.saved_views import Keeper, KeptView, views_of
from app.listing.criteria import Criteria
from app.listing.reading import Reading, together
from app.listing.table_columns import known_columns
from app.web.context import access, signed_in


@dataclass(frozen=True)
class ListSettings:
    """``columns`` are those of this page, none for the list's own."""

    columns: tuple[str, ...]
    views: tuple[KeptView, ...]


def keeper() -> Keeper:
    """Whoever asks, as one who may keep views at this merchant."""
    return Keeper(signed_in().user_id, access().merchant_id)


def list_settings(criteria: Criteria) -> Reading[ListSettings]:
    """The settings of whoever asks; columns that the address names go before those chosen last."""

    def made(kept: tuple[str, ...], views: tuple[KeptView, ...]) -> ListSettings:
        return ListSettings(known_columns(criteria.spec, criteria.columns or kept), views)

    name = criteria.spec.name
    return together(made, chosen_columns(signed_in().user_id, name), views_of(keeper(), name))
