"""The source of remittances, the sums over them, and the six totals of one.

A remittance declares a sum of each type; its payments, as received, add up to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, literal, select

from app.listing.kinds import Expression, Statement
from app.listing.measures import Measure, row_count, sum_of
from app.listing.scope import Scope
from app.listing.source import Condition, DailySums, ListSource, ThirdSums, in_scope
from app.lists.common import contract_joins, contract_parent
from app.lists.credit import CREDIT_GROUP
from app.lists.declared import TITLES
from app.models import ALL_CONTRACTS, Credit, Remittance, RemittanceDay, RemittanceThird, Transaction
from app.rules.payments import TOTAL, TOTALS, RemittanceStatus, Total, Transmission, awaited, remitted
from app.wording.i18n import N_, gettext

SOURCE = ListSource(
    table=Remittance.__table__,
    id=Remittance.id,
    merchant_id=Remittance.merchant_id,
    contract_id=Remittance.contract_id,
    day=Remittance.collected_on,
    instant=Remittance.collected_at,
    currency=Remittance.currency,
    local=Remittance.collected_local,
    joins=contract_joins(Remittance.contract_id),
    parents=(contract_parent(Remittance.contract_id),),
    daily=DailySums(
        table=RemittanceDay.__table__,
        merchant_id=RemittanceDay.merchant_id,
        contract_id=RemittanceDay.contract_id,
        day=RemittanceDay.day,
        currency=RemittanceDay.currency,
        all_contracts=ALL_CONTRACTS,
        thirds=ThirdSums(table=RemittanceThird.__table__, third=RemittanceThird.third),
    ),
)
_ARRIVED = ~awaited(Remittance.seal)
_REMITTED = remitted(Remittance.seal, Remittance.status, Remittance.transmission)
_DAY_NET = (
    RemittanceDay.debit - RemittanceDay.cancelled - RemittanceDay.refund + RemittanceDay.refund_cancelled
)


def _counted(
    name: str, rows: Expression, daily: Expression, sign: int, label: str, *, optional: bool = False
) -> Measure:
    """A figure that remittances declare, of those that reached the bank; an ``optional`` one is rare too."""
    return Measure(
        name=name,
        rows=rows,
        where=(_REMITTED,),
        daily=daily,
        daily_where=(RemittanceDay.remitted.is_(True),),
        sign=sign,
        label=label,
        optional=optional,
        rare=optional,
    )


def _apart(why: str, rows: Condition, daily: Condition, label: str, aside: str) -> tuple[Measure, Measure]:
    """The number and the net of remittances that did not reach the bank, for one reason."""
    same: dict[str, Any] = {"where": (rows,), "daily_where": (daily,), "apart": True, "optional": True}
    count = Measure(
        name=f"{why}_count",
        rows=literal(1, BigInteger),
        daily=RemittanceDay.count,
        group=(why, "count"),
        **same,
    )
    net = Measure(
        name=f"{why}_net",
        rows=Remittance.net_amount,
        daily=_DAY_NET,
        group=(why, "net"),
        label=label,
        aside=aside,
        **same,
    )
    return count, net


def _with_totals(status: RemittanceStatus) -> tuple[Condition, Condition]:
    """The remittances that have arrived with that status, by row and by day."""
    return (
        and_(_ARRIVED, Remittance.status == status.value),
        and_(~RemittanceDay.awaiting_totals, RemittanceDay.status == status.value),
    )


def _by_credit(state: Credit, label: str) -> Measure:
    """The net of remittances in one state of their credit; those of all states add up to the net."""
    return Measure(
        name=f"credit_{state.value}",
        rows=Remittance.net_amount,
        where=(_REMITTED, Remittance.credit == state.value),
        daily=_DAY_NET,
        daily_where=(RemittanceDay.remitted.is_(True), RemittanceDay.credit == state.value),
        group=(CREDIT_GROUP, state.value),
        label=label,
        apart=True,
        optional=True,
        of="credit",
        rare=state not in _ANSWERS,
    )


def _to_confirm() -> Measure:
    """The net of remittances that a line of the bank may credit, whatever their state says until then."""
    return Measure(
        name="credit_to_confirm",
        rows=Remittance.net_amount,
        where=(_REMITTED, Remittance.credit_proposed.is_(True)),
        daily=RemittanceDay.to_confirm,
        daily_where=(RemittanceDay.remitted.is_(True),),
        group=(CREDIT_GROUP, "to_confirm"),
        label=N_("Of the net, credit to be confirmed"),
        apart=True,
        optional=True,
        of="credit_proposal",
        rare=True,
    )


def _of_bank(name: str, rows: Expression, daily: Expression, label: str) -> Measure:
    """A figure that a bank or an acquirer says of each remittance, for whoever may see the bank."""
    return Measure(
        name=f"credit_{name}",
        rows=func.coalesce(rows, 0),
        daily=daily,
        group=(CREDIT_GROUP, name),
        label=label,
        apart=True,
        optional=True,
        of=_OF_BANK[name],
        rare=True,
    )


#: What became of the money: the other states of a credit are asked for seldom.
_ANSWERS = frozenset({Credit.CREDITED, Credit.EXPECTED, Credit.LATE})
#: The field that each figure of the bank speaks of.
_OF_BANK = {"gap": "credit_gap", "fee": "fee_amount"}
#: The parts of the net by the state of their credit: a month is closed when each is explained.
_CREDITED = {
    Credit.CREDITED: N_("Of the net, credited by the bank"),
    Credit.DIFFERS: N_("Of the net, credited with a gap"),
    Credit.ANNOUNCED: N_("Of the net, payment announced"),
    Credit.EXPECTED: N_("Of the net, credit expected"),
    Credit.LATE: N_("Of the net, not credited"),
    Credit.NOT_EXPECTED: N_("Of the net, not paid through the bank"),
    Credit.UNKNOWN: N_("Of the net, without a bank statement"),
}
_CORRECT, _CORRECT_DAYS = _with_totals(RemittanceStatus.CORRECT)
#: The sums of remittances, from the figures that each declares.
MEASURES = (
    row_count(RemittanceDay.count),
    _counted("debit", Remittance.debit_amount, RemittanceDay.debit, 1, N_("Debits")),
    _counted("refund", Remittance.refund_amount, RemittanceDay.refund, -1, N_("Refunds")),
    _counted("cancelled", Remittance.cancellation_amount, RemittanceDay.cancelled, -1, N_("Cancellations")),
    _counted(
        "refund_cancelled",
        Remittance.refund_cancellation_amount,
        RemittanceDay.refund_cancelled,
        1,
        N_("Cancelled refunds"),
        optional=True,
    ),
    Measure(
        name="declined",
        rows=Remittance.declined_amount,
        where=(_ARRIVED,),
        daily=RemittanceDay.declined,
        daily_where=(RemittanceDay.awaiting_totals.is_(False),),
        label=N_("Declined, not counted"),
        apart=True,
        rare=True,
    ),
    *_apart(
        "rejected",
        *_with_totals(RemittanceStatus.REJECTED),
        N_("Rejected, apart"),
        N_("%(amount)s rejected, apart"),
    ),
    *_apart(
        "incomplete",
        *_with_totals(RemittanceStatus.INCOMPLETE),
        N_("Interrupted or not captured yet, apart"),
        N_("%(amount)s interrupted or not captured yet, apart"),
    ),
    *_apart(
        "untransmitted",
        and_(_CORRECT, Remittance.transmission == Transmission.FAILED.value),
        and_(_CORRECT_DAYS, ~RemittanceDay.remitted),
        N_("Not transmitted, apart"),
        N_("%(amount)s not transmitted, apart"),
    ),
    *_apart(
        "awaiting_totals",
        ~_ARRIVED,
        RemittanceDay.awaiting_totals.is_(True),
        N_("Waiting for their telecollection, apart"),
        N_("%(amount)s waiting for their telecollection, apart"),
    ),
    *(_by_credit(state, label) for state, label in _CREDITED.items()),
    _to_confirm(),
    _of_bank("gap", Remittance.credit_gap, RemittanceDay.gap, N_("Of the net, gap of the credits")),
    _of_bank("fee", Remittance.fee_amount, RemittanceDay.fee, N_("Fees of the payments")),
)


@dataclass(frozen=True)
class TypeSum:
    """The sum a remittance declares of one type, None until it does, and that of its payments."""

    type: str
    declared_count: int | None
    declared_amount: int | None
    received_count: int
    received_amount: int

    @property
    def title(self) -> str:
        """What it is the sum of, in the language of the moment."""
        return gettext(TITLES[self.type])


def sums_by_type(
    connection: Connection, scope: Scope, remittance_id: int, collected_on: date
) -> tuple[TypeSum, ...]:
    """The six totals of a remittance, declared and received; empty when it is not in scope."""
    statement = _sums_by_type(scope, remittance_id, collected_on)
    found = connection.execute(statement).mappings().one_or_none()
    if found is None:
        return ()
    return tuple(TypeSum(name, *(found[f"{name}_{part}"] for part in _PARTS)) for name in TOTAL)


_PARTS = ("declared_count", "declared_amount", "received_count", "received_amount")


def _sums_by_type(scope: Scope, remittance_id: int, collected_on: date) -> Statement:
    table = Remittance.__table__
    received = and_(
        Transaction.merchant_id == scope.merchant_id,
        Transaction.remittance_id == Remittance.id,
        Transaction.collected_on == Remittance.collected_on,
    )
    return (
        select(*(column for total in TOTALS for column in _type_sums(total)))
        .select_from(table.outerjoin(Transaction.__table__, received))
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            Remittance.id == remittance_id,
            Remittance.collected_on == collected_on,
        )
        .group_by(*table.primary_key)
    )


def _type_sums(total: Total) -> Iterator[ColumnElement[int]]:
    """The columns of ``_PARTS`` for one total."""
    columns = Remittance.__table__.c
    where = total.condition(Transaction.type, Transaction.outcome)
    declares = Remittance.has_totals
    yield case((declares, columns[total.count])).label(f"{total.name}_declared_count")
    yield case((declares, columns[total.amount])).label(f"{total.name}_declared_amount")
    yield func.count(Transaction.id).filter(where).label(f"{total.name}_received_count")
    yield sum_of(f"{total.name}_received_amount", Transaction.amount, where)
