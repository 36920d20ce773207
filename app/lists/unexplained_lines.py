"""Lines of a bank that explain nothing: the money that came beside a remittance that is not credited."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, and_, exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.listing.period import Period
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.lists.common import PLACE, has_credit, is_row
from app.models import (
    BankAccount,
    BankMovement,
    Contract,
    Credit,
    CreditLink,
    MovementKind,
    Outlet,
    Remittance,
    Settlement,
)

#: The kinds of lines that bring or take back what batches declare.
CREDITING: Final = (MovementKind.REMITTANCE, MovementKind.REFUND, MovementKind.PAYOUT)


def unexplained_lines(scope: Scope | AnyScope, period: Period | None = None) -> Select[*tuple[Any, ...]]:
    """The lines that explain nothing and name, in time, the contract of a remittance that is late."""
    late = _late(scope, period).c
    line = (BankMovement.booked_on, BankMovement.amount, BankMovement.currency)
    account = (BankAccount.account_key, BankAccount.label.label("account_label"))
    return (
        select(
            BankMovement.id.label("movement_id"),
            *line,
            *account,
            late.contract,
            func.min(late.place).label("place"),
            func.array_agg(aggregate_order_by(late.number, late.collected_at)).label("numbers"),
            func.min(late.collected_on).label("first"),
            func.max(late.collected_on).label("last"),
        )
        .join(BankAccount, is_row(BankAccount, BankMovement.merchant_id, BankMovement.bank_account_id))
        .join(late.contract.table, _names_in_time(late))
        .where(BankMovement.merchant_id == scope.merchant_id, explains_nothing())
        .group_by(BankMovement.id, *line, BankAccount.account_key, BankAccount.label, late.contract)
        .order_by(func.abs(BankMovement.amount).desc(), BankMovement.booked_on, BankMovement.id)
    )


def _late(scope: Scope | AnyScope, period: Period | None) -> CTE:
    """The remittances in ``scope`` that are late, with the number of their contract.

    Found first: the lines of each are looked up by contract and day then, not all lines of its contract.
    """
    collected_on = Remittance.collected_on
    return (
        select(
            *(Remittance.number, Remittance.currency, Remittance.collected_at, collected_on),
            Remittance.expected_by,
            Contract.number.label("contract"),
            PLACE.label("place"),
        )
        .join(Contract, is_row(Contract, Remittance.merchant_id, Remittance.contract_id))
        .outerjoin(Outlet, is_row(Outlet, Contract.merchant_id, Contract.outlet_id))
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            has_credit(Credit.LATE),
            *(() if period is None else (collected_on.between(period.first, period.last),)),
        )
        .cte("late")
        .prefix_with("MATERIALIZED")
    )


def _names_in_time(late: Any) -> Any:
    """Whether a line names the contract of a late remittance and is booked while that is expected."""
    return and_(
        late.contract == BankMovement.contract_number,
        late.currency == BankMovement.currency,
        BankMovement.booked_on.between(late.collected_on, late.expected_by),
    )


def explains_nothing() -> ColumnElement[bool]:
    """Whether a line credits no remittance, not even as a proposal, and brings no payment of an acquirer."""
    linked = exists().where(
        CreditLink.merchant_id == BankMovement.merchant_id, CreditLink.bank_movement_id == BankMovement.id
    )
    return and_(BankMovement.kind.in_(CREDITING), ~linked, ~exists().where(brings_payment()))


def brings_payment() -> ColumnElement[bool]:
    """Whether a payment of an acquirer came by a line."""
    return and_(
        Settlement.merchant_id == BankMovement.merchant_id, Settlement.bank_movement_id == BankMovement.id
    )
