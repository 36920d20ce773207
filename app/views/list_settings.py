"""The settings of a list for one person: the columns of its table, and the views that they find above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.accounts.column_choices import chosen_columns
from app.accounts.saved_views import Keeper, KeptView, views_of
from app.listing.criteria import Criteria
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


def list_settings(connection: Any, criteria: Criteria) -> ListSettings:
    """The settings of whoever asks; columns that the address names go before those chosen last."""
    name = criteria.spec.name
    kept = criteria.columns or chosen_columns(connection, signed_in().user_id, name)
    return ListSettings(known_columns(criteria.spec, kept), views_of(connection, keeper(), name))
