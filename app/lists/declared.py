"""The sums that a telecollection declares of its payments; nothing is known of them until it has come."""

from __future__ import annotations

from sqlalchemy import case

from app.listing.field import Field
from app.listing.kinds import Expression, Money, Whole
from app.models import Remittance
from app.wording.i18n import N_

_MONEY = Money(currency=Remittance.currency)


def declared(column: Expression) -> Expression:
    """What the telecollection declares; NULL until it has been received."""
    return case((Remittance.has_totals, column))


DECLARED_SUMS = (
    Field(
        name="debit_count",
        label=N_("Number of debits"),
        kind=Whole(),
        column=declared(Remittance.debit_count),
    ),
    Field(name="debit", label=N_("Debits"), kind=_MONEY, column=declared(Remittance.debit_amount)),
    Field(
        name="cancelled_count",
        label=N_("Number of cancelled debits"),
        kind=Whole(),
        column=declared(Remittance.cancellation_count),
    ),
    Field(
        name="cancelled",
        label=N_("Cancelled debits"),
        kind=_MONEY,
        column=declared(Remittance.cancellation_amount),
    ),
    Field(
        name="refund_count",
        label=N_("Number of refunds"),
        kind=Whole(),
        column=declared(Remittance.refund_count),
    ),
    Field(name="refund", label=N_("Refunds"), kind=_MONEY, column=declared(Remittance.refund_amount)),
    Field(
        name="refund_cancelled_count",
        label=N_("Number of cancelled refunds"),
        kind=Whole(),
        column=declared(Remittance.refund_cancellation_count),
    ),
    Field(
        name="refund_cancelled",
        label=N_("Cancelled refunds"),
        kind=_MONEY,
        column=declared(Remittance.refund_cancellation_amount),
    ),
    Field(
        name="declined_count",
        label=N_("Number of declined payments"),
        kind=Whole(),
        column=declared(Remittance.declined_count),
    ),
    Field(
        name="declined",
        label=N_("Declined payments"),
        kind=_MONEY,
        column=declared(Remittance.declined_amount),
    ),
    Field(
        name="abandoned_count",
        label=N_("Number of abandoned payments"),
        kind=Whole(),
        column=declared(Remittance.abandoned_count),
    ),
    Field(
        name="abandoned",
        label=N_("Abandoned payments"),
        kind=_MONEY,
        column=declared(Remittance.abandoned_amount),
    ),
)
