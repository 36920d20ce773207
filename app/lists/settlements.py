"""The payments of acquirers, among the details of what they pay: a remittance, or a sale.

Only whoever may see the bank is shown them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, select

from app.listing.kinds import Row
from app.listing.scope import Scope
from app.models import Settlement, SettlementLine, SettlementLink
from app.wording import codes
from app.wording.i18n import N_, gettext

#: Amounts of a payment that are shown where there are any: what it is made of, and the sign of each in it.
_PARTS = (
    ("gross", 1, N_("Gross")),
    ("discount", -1, N_("Discount")),
    ("fee", -1, N_("Fee")),
    ("adjustment", 1, N_("Adjustment")),
    ("tax", -1, N_("Tax")),
    ("carried_over", 1, N_("Carried over")),
)


def payment_of(part: type[SettlementLink | SettlementLine]) -> ColumnElement[bool]:
    """Which payment a link to a remittance, or a line, is part of."""
    return and_(Settlement.merchant_id == part.merchant_id, Settlement.id == part.settlement_id)


@dataclass(frozen=True)
class PaymentShown:
    """A payment that a remittance is part of.

    ``received`` is what of the remittance its payer received, ``fee`` what they kept of it, None where that
    is said of several together. ``parts`` and ``net`` are of the whole payment: empty and None for whoever
    does not see all that it pays. Amounts in minor units.
    """

    payer: str
    number: str
    reference: str
    paid_on: date
    currency: str
    credited_on: date | None
    received: int
    fee: int | None
    rule: str
    parts: tuple[tuple[str, int], ...]
    net: int | None

    @property
    def why(self) -> str:
        """Why it is said to be of this payment, in the language of the moment."""
        return gettext(codes.CREDIT_RULES.get(self.rule, self.rule))


def remittance_payments(connection: Connection, scope: Scope, row: Row) -> tuple[PaymentShown, ...]:
    """The payments that a remittance is part of, the earliest first."""
    statement = (
        select(
            Settlement.__table__,
            SettlementLink.amount,
            SettlementLink.fee.label("own_fee"),
            SettlementLink.rule.label("own_rule"),
        )
        .select_from(SettlementLink)
        .join(Settlement, payment_of(SettlementLink))
        .where(SettlementLink.merchant_id == scope.merchant_id, SettlementLink.remittance_id == row["id"])
        .order_by(Settlement.paid_on, Settlement.id)
    )
    return tuple(_shown(found, scope) for found in connection.execute(statement).mappings())


def _shown(found: Row, scope: Scope) -> PaymentShown:
    whole = scope.contract_ids is None
    parts = ((label, sign * found[name]) for name, sign, label in _PARTS if found[name])
    return PaymentShown(
        payer=found["payer"],
        number=found["number"],
        reference=found["reference"],
        paid_on=found["paid_on"],
        currency=found["currency"],
        credited_on=found["credited_on"],
        received=found["amount"],
        fee=found["own_fee"],
        rule=found["own_rule"],
        parts=tuple(parts) if whole else (),
        net=found["net"] if whole else None,
    )


@dataclass(frozen=True)
class SalePayment:
    """The line of a payment that is a sale or its refund: amounts in minor units, or hundredths of these."""

    number: str
    paid_on: date
    currency: str
    gross: int
    fee_hundredths: int
    net_hundredths: int


def sale_payments(connection: Connection, scope: Scope, row: Row) -> tuple[SalePayment, ...]:
    """The lines of payments that are this sale, the earliest first."""
    statement = (
        select(
            Settlement.number,
            Settlement.paid_on,
            Settlement.currency,
            SettlementLine.gross,
            SettlementLine.fee_hundredths,
            SettlementLine.net_hundredths,
        )
        .select_from(SettlementLine)
        .join(Settlement, payment_of(SettlementLine))
        .where(
            SettlementLine.merchant_id == scope.merchant_id,
            SettlementLine.transaction_id == row["id"],
            SettlementLine.paid_on >= row["occurred_on"],
        )
        .order_by(Settlement.paid_on, SettlementLine.id)
    )
    return tuple(SalePayment(*found) for found in connection.execute(statement))
