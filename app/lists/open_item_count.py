"""A count of a merchant's open items, in one statement: it stands on the way to them, above each list."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, Subquery, func, select

from app.listing.reading import Reading
from app.listing.scope import AnyScope, Scope
from app.lists.chargebacks import answerable, sought
from app.lists.open_items import OpenItemKind, uncredited
from app.lists.proposed_lines import proposed_line_count
from app.lists.statement_chains import unjoined_count
from app.lists.unexplained_lines import unexplained_lines


def open_item_count(scope: Scope) -> Reading[int]:
    """How many items :func:`app.lists.open_items.open_items` has, were it not bounded."""
    return Reading((_counts(scope.any_such),), lambda rows: sum(rows[0]), scope.values)


@cache
def _counts(scope: AnyScope) -> Select[Any]:
    parts = [
        *(_number(uncredited(scope, kind).subquery()) for kind in (OpenItemKind.LATE, OpenItemKind.DIFFERS)),
        _number(unexplained_lines(scope).subquery()),
        proposed_line_count(scope),
        _number(answerable(scope).subquery()),
        _number(sought(scope).subquery()),
    ]
    if scope.contract_ids is None:
        parts.append(unjoined_count(scope))
    return select(*(part.scalar_subquery().label(f"part_{place}") for place, part in enumerate(parts)))


def _number(rows: Subquery) -> Select[int]:
    return select(func.count()).select_from(rows)
