"""The source of transactions, the sums over them, and the dimensions of these."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, and_, literal, literal_column

from app.listing.bounds import Bounds
from app.listing.dimension import Dimension
from app.listing.filters import ExplainedCode
from app.listing.kinds import Kind
from app.listing.measures import Measure, row_count
from app.listing.source import BandSums, Condition, DailySums, Join, ListSource, Parent, ThirdSums
from app.lists.chargebacks import JOIN as CHARGEBACK
from app.lists.common import DIMENSIONS as SHARED
from app.lists.common import contract_joins, contract_parent
from app.lists.declines import BY_REASON
from app.lists.remote_payments import JOIN as REMOTE_PAYMENT
from app.models import (
    ALL_CONTRACTS,
    Remittance,
    Transaction,
    TransactionBand,
    TransactionDay,
    TransactionThird,
)
from app.rules.payments import TOTAL, Total
from app.wording.i18n import N_

#: A terminal calls within days of a payment; a month of margin also bears a clock that is wrong.
_COLLECTION_MARGIN = literal_column("31", Integer)
#: Up to so many telecollections, their payments are looked up one after the other.
FEW_REMITTANCES = 1000


def _may_hold(bounds: Bounds) -> Condition:
    """True for the telecollections that may hold payments of a period."""
    return Remittance.collected_on >= bounds.first - _COLLECTION_MARGIN


SOURCE = ListSource(
    table=Transaction.__table__,
    id=Transaction.id,
    merchant_id=Transaction.merchant_id,
    contract_id=Transaction.contract_id,
    day=Transaction.occurred_on,
    instant=Transaction.occurred_at,
    currency=Transaction.currency,
    local=Transaction.occurred_local,
    joins=(
        Join(
            Remittance.__table__,
            lambda scope: and_(
                Remittance.merchant_id == scope.merchant_id,
                Remittance.id == Transaction.remittance_id,
                Remittance.collected_on == Transaction.collected_on,
            ),
            within=_may_hold,
        ),
        *contract_joins(Transaction.contract_id),
        CHARGEBACK,
        REMOTE_PAYMENT,
    ),
    parents=(
        contract_parent(Transaction.contract_id),
        Parent(
            table=Remittance.__table__,
            merchant_id=Remittance.merchant_id,
            contract_id=Remittance.contract_id,
            link=(Transaction.remittance_id, Transaction.collected_on),
            keys=(Remittance.id, Remittance.collected_on),
            joins=contract_joins(Remittance.contract_id),
            few=FEW_REMITTANCES,
            within=_may_hold,
        ),
    ),
    daily=DailySums(
        table=TransactionDay.__table__,
        merchant_id=TransactionDay.merchant_id,
        contract_id=TransactionDay.contract_id,
        day=TransactionDay.day,
        currency=TransactionDay.currency,
        all_contracts=ALL_CONTRACTS,
        thirds=ThirdSums(table=TransactionThird.__table__, third=TransactionThird.third),
        bands=BandSums(
            table=TransactionBand.__table__,
            merchant_id=TransactionBand.merchant_id,
            day=TransactionBand.day,
            band=TransactionBand.band,
            of="amount",
        ),
    ),
)


def _measure(name: str, total: Total, label: str, *, counts: bool = False, **further: Any) -> Measure:
    """The sum of the payments that a total adds up, or their number."""
    return Measure(
        name=name,
        rows=literal(1, BigInteger) if counts else Transaction.amount,
        where=(total.condition(Transaction.type, Transaction.outcome),),
        daily=TransactionDay.count if counts else TransactionDay.amount,
        daily_where=(total.condition(TransactionDay.type, TransactionDay.outcome),),
        sign=0 if counts else total.sign,
        label=label,
        **further,
    )


MEASURES = (
    row_count(TransactionDay.count),
    _measure("debit", TOTAL["debit"], N_("Debits")),
    _measure("refund", TOTAL["refund"], N_("Refunds")),
    _measure("cancelled", TOTAL["cancellation"], N_("Cancellations")),
    _measure("refund_cancelled", TOTAL["refund_cancellation"], N_("Cancelled refunds"), optional=True),
    _measure(
        "declined",
        TOTAL["declined"],
        N_("Declined, not counted"),
        apart=True,
        aside=N_("%(amount)s declined, apart"),
    ),
    _measure("declined_count", TOTAL["declined"], "", counts=True, share=N_("%(share)s declined")),
)

DIMENSIONS = (
    *SHARED,
    Dimension(name="scheme", label=N_("Scheme"), kind=Kind(), rows=Transaction.scheme),
    Dimension(name="issuer", label=N_("Issuer"), kind=Kind(), rows=Transaction.issuer),
    BY_REASON,
    Dimension(
        name="response_code",
        label=N_("Response code"),
        kind=ExplainedCode(),
        rows=Transaction.response_code,
        weight="declined",
    ),
)
