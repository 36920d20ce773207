"""The fields of Transactions that a merchant has nothing of."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Select, select

from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.lists import chargebacks, remote_payments

_PARTS: Final = (chargebacks, remote_payments)


def untold(scope: Scope) -> Reading[frozenset[str]]:
    """The fields of whatever nobody has told anything of: chargebacks, remote payments."""

    def made(rows: Rows) -> frozenset[str]:
        return frozenset[str]().union(
            *(part.NAMES for part, is_told in zip(_PARTS, rows[0], strict=True) if not is_told)
        )

    return Reading((_told(scope.any_such),), made, scope.values)


@cache
def _told(scope: AnyScope) -> Select[Any]:
    return select(*(part.told(scope).label(f"part_{place}") for place, part in enumerate(_PARTS)))
