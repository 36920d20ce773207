"""The remittances that were credited together with one: by the same line of a bank, or the same payment.

Whoever sees the state of a remittance sees them, as far as they are in sight; no amount of a bank is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, union
from sqlalchemy.orm import aliased

from app.listing.kinds import Row, Statement
from app.listing.scope import Scope
from app.listing.source import in_scope
from app.lists.common import PLACE
from app.lists.remittance_course import named
from app.models import Certainty, Contract, CreditLink, Outlet, Remittance, Settlement, SettlementLink
from app.wording import applications
from app.wording.i18n import N_, ngettext

#: So many are shown: what a bank credits as a sum of its own is seldom of more.
MOST = 50


@dataclass(frozen=True)
class CreditedRemittance:
    """A remittance that was credited with another; ``net`` in minor units of ``currency``."""

    id: int
    at: datetime
    title: str
    place: str
    net: int
    currency: str


@dataclass(frozen=True)
class CreditedTogether:
    """The first remittances of one line or payment, and how many there are; ``title`` is a message."""

    title: str
    rows: tuple[CreditedRemittance, ...]
    count: int

    @property
    def others(self) -> str:
        """How many are not shown, in words; "" for none."""
        hidden = self.count - len(self.rows)
        return ngettext("and %(num)s other batch", "and %(num)s other batches", hidden) if hidden else ""


def credited_together(connection: Connection, scope: Scope, row: Row) -> CreditedTogether | None:
    """The other remittances that were credited with ``row``, the earliest first; None where it was alone."""
    others = _by_line(scope, row["id"]), _by_payment(scope, row["id"])
    return credited_remittances(connection, scope, N_("Credited together with this batch"), *others)


def credited_remittances(
    connection: Connection, scope: Scope, title: str, *chosen: Statement
) -> CreditedTogether | None:
    """The remittances in sight that ``chosen`` name by id and day, the earliest first; None for none."""
    found = connection.execute(_rows(scope, *chosen)).mappings().all()
    if not found:
        return None
    return CreditedTogether(title, tuple(map(_shown, found)), found[0]["count"])


def _shown(found: Any) -> CreditedRemittance:
    names = (applications.label(found["application"]), found["place"])
    return CreditedRemittance(
        id=found["id"],
        at=found["date"],
        title=named(found),
        place=" · ".join(filter(None, names)),
        net=found["net"],
        currency=found["currency"],
    )


def _rows(scope: Scope, *chosen: Statement) -> Statement:
    together = union(*chosen).subquery()
    return (
        select(
            Remittance.id,
            Remittance.collected_local.label("date"),
            Remittance.number,
            Remittance.seal,
            Remittance.status,
            Remittance.net_amount.label("net"),
            Remittance.currency,
            Contract.application,
            PLACE.label("place"),
            func.count().over().label("count"),
        )
        .select_from(together)
        .join(
            Remittance,
            and_(
                Remittance.merchant_id == scope.merchant_id,
                Remittance.id == together.c.remittance_id,
                Remittance.collected_on == together.c.collected_on,
            ),
        )
        .join(
            Contract,
            and_(Contract.merchant_id == Remittance.merchant_id, Contract.id == Remittance.contract_id),
        )
        .outerjoin(Outlet, and_(Outlet.merchant_id == Contract.merchant_id, Outlet.id == Contract.outlet_id))
        .where(*in_scope(Remittance.merchant_id, Remittance.contract_id, scope))
        .order_by(Remittance.collected_at, Remittance.id)
        .limit(MOST)
    )


def _by_line(scope: Scope, remittance_id: int) -> Statement:
    """Those of the lines of a bank that certainly credit it."""
    own, other = aliased(CreditLink), aliased(CreditLink)
    same = and_(
        other.merchant_id == own.merchant_id,
        other.bank_movement_id == own.bank_movement_id,
        other.remittance_id != own.remittance_id,
    )
    return (
        select(other.remittance_id, other.collected_on)
        .select_from(own)
        .join(other, same)
        .where(
            own.merchant_id == scope.merchant_id,
            own.remittance_id == remittance_id,
            own.certainty != Certainty.PROPOSED,
            other.certainty != Certainty.PROPOSED,
        )
    )


def _by_payment(scope: Scope, remittance_id: int) -> Statement:
    """Those of the payments of an acquirer that have come with it."""
    own, other = aliased(SettlementLink), aliased(SettlementLink)
    same = and_(
        other.merchant_id == own.merchant_id,
        other.settlement_id == own.settlement_id,
        other.remittance_id != own.remittance_id,
    )
    paid = and_(Settlement.merchant_id == own.merchant_id, Settlement.id == own.settlement_id)
    return (
        select(other.remittance_id, other.collected_on)
        .select_from(own)
        .join(other, same)
        .join(Settlement, paid)
        .where(
            own.merchant_id == scope.merchant_id,
            own.remittance_id == remittance_id,
            Settlement.credited_on.is_not(None),
        )
    )
