"""The fields of Transactions that a merchant has nothing of."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from app.listing.scope import Scope
from app.lists import chargebacks, remote_payments

_PARTS: Final = (chargebacks, remote_payments)


def untold(connection: Connection, scope: Scope) -> frozenset[str]:
    """The fields of whatever nobody has told anything of: chargebacks, remote payments."""
    told = connection.execute(select(*(part.told(scope) for part in _PARTS))).one()
    names = (part.NAMES for part, is_told in zip(_PARTS, told, strict=True) if not is_told)
    return frozenset[str]().union(*names)
