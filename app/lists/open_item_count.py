"""A count of a merchant's open items, in one statement: it stands on the way to them, above each list."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, Subquery, and_, exists, func, not_, select
from sqlalchemy.orm import aliased

from app.listing.reading import Reading
from app.listing.scope import AnyScope, Scope
from app.lists.chargebacks import answerable
from app.lists.open_items import OpenItemKind, proposed_lines, uncredited
from app.models import BankStatement


def open_item_count(scope: Scope) -> Reading[int]:
    """How many items :func:`app.lists.open_items.open_items` has, were it not bounded."""
    return Reading((_counts(scope.any_such),), lambda rows: sum(rows[0]), scope.values)


@cache
def _counts(scope: AnyScope) -> Select[Any]:
    lines = proposed_lines(scope).subquery()
    parts = [
        *(_number(uncredited(scope, kind).subquery()) for kind in (OpenItemKind.LATE, OpenItemKind.DIFFERS)),
        select(func.count(lines.c.movement_id.distinct())),
        _number(answerable(scope).subquery()),
    ]
    if scope.contract_ids is None:
        parts.append(_unjoined(scope))
    return select(*(part.scalar_subquery().label(f"part_{place}") for place, part in enumerate(parts)))


def _number(rows: Subquery) -> Select[int]:
    return select(func.count()).select_from(rows)


def _unjoined(scope: AnyScope) -> Select[int]:
    """Statements whose balance does not begin where that of the one before ended."""
    one = BankStatement
    order = (one.closed_on, one.opened_on.desc(), one.part)
    before = func.lag(one.closing).over(partition_by=one.bank_account_id, order_by=order)
    chain = (
        select((before != one.opening).label("is_apart"))
        .where(one.merchant_id == scope.merchant_id, not_(_is_within_another()))
        .subquery()
    )
    return select(func.count()).where(chain.c.is_apart)


def _is_within_another() -> Any:
    """Whether another statement of the account covers all days of one, and two more."""
    one, other = BankStatement, aliased(BankStatement)
    return exists().where(
        and_(
            other.merchant_id == one.merchant_id,
            other.bank_account_id == one.bank_account_id,
            other.opened_on <= one.opened_on,
            other.closed_on >= one.closed_on,
            other.closed_on - other.opened_on > one.closed_on - one.opened_on + 1,
        )
    )
