"""The sums that a telecollection declares of its payments; nothing is known of them until it has come."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case

from app.listing.field import Field
from app.listing.kinds import Expression, Money, Whole
from app.models import Completeness, Remittance
from app.rules.payments import TOTAL, awaited
from app.wording.i18n import N_

_MONEY = Money(currency=Remittance.currency)


def declared(column: Expression) -> Expression:
    """What the remittance comes to; NULL until its telecollection has been received, where there is one."""
    return case((~awaited(Remittance.seal), column))


def compared(column: Expression) -> Expression:
    """What the totals have more than the payments; NULL where one of the two is not known."""
    seal = Remittance.seal
    return case((and_(~awaited(seal), seal != Completeness.NO_PAYMENTS.value), column))


#: The sums by the names of their fields: the total, the words of its number, those of its amount.
_SUMS = (
    ("debit", TOTAL["debit"], N_("Number of debits"), N_("Debits")),
    ("cancelled", TOTAL["cancellation"], N_("Number of cancelled debits"), N_("Cancelled debits")),
    ("refund", TOTAL["refund"], N_("Number of refunds"), N_("Refunds")),
    (
        "refund_cancelled",
        TOTAL["refund_cancellation"],
        N_("Number of cancelled refunds"),
        N_("Cancelled refunds"),
    ),
    ("declined", TOTAL["declined"], N_("Number of declined payments"), N_("Declined payments")),
    ("abandoned", TOTAL["abandoned"], N_("Number of abandoned payments"), N_("Abandoned payments")),
)
#: What is added up, by the name of its total.
TITLES = {total.name: label for _, total, _, label in _SUMS}


def _fields() -> Iterator[Field]:
    for name, total, counted, added in _SUMS:
        number, amount = (declared(getattr(Remittance, column)) for column in (total.count, total.amount))
        yield Field(name=f"{name}_count", label=counted, kind=Whole(), column=number)
        yield Field(name=name, label=added, kind=_MONEY, column=amount)


DECLARED_SUMS = tuple(_fields())
