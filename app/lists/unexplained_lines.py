"""Lines of a bank that explain nothing: the money that came beside a remittance that is not credited."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
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
    line = (BankMovement.booked_on, BankMovement.amount, BankMovement.currency)
    account = (BankAccount.account_key, BankAccount.label.label("account_label"))
    collected_on = Remittance.collected_on
    return (
        select(
            *line,
            *account,
            Contract.number.label("contract"),
            func.min(PLACE).label("place"),
            func.array_agg(aggregate_order_by(Remittance.number, Remittance.collected_at)).label("numbers"),
            func.min(collected_on).label("first"),
            func.max(collected_on).label("last"),
        )
        .join(BankAccount, is_row(BankAccount, BankMovement.merchant_id, BankMovement.bank_account_id))
        .join(Contract, _names(Contract))
        .join(Remittance, _is_in_time(Remittance))
        .outerjoin(Outlet, is_row(Outlet, Contract.merchant_id, Contract.outlet_id))
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            has_credit(Credit.LATE),
            explains_nothing(),
            *(() if period is None else (collected_on.between(period.first, period.last),)),
        )
        .group_by(BankMovement.id, *line, BankAccount.account_key, BankAccount.label, Contract.number)
        .order_by(func.abs(BankMovement.amount).desc(), BankMovement.booked_on, BankMovement.id)
    )


def _names(contract: Any) -> Any:
    return and_(
        contract.merchant_id == BankMovement.merchant_id, contract.number == BankMovement.contract_number
    )


def _is_in_time(remittance: Any) -> Any:
    """Whether a line is booked while the remittance of its contract is expected."""
    return and_(
        remittance.merchant_id == Contract.merchant_id,
        remittance.contract_id == Contract.id,
        remittance.currency == BankMovement.currency,
        BankMovement.booked_on.between(remittance.collected_on, remittance.expected_by),
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
