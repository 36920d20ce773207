"""Sums over a whole filter: from the daily sums when these know all that is asked, else from the rows.

Both ways give the same figures, held by a property test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)

from app.listing.criteria import Criteria
from app.listing.kinds import Expression, Statement
from app.listing.scope import Scope
from app.listing.source import (
    Condition,
    SortedConditions,
    asked_of,
    contracts,
    in_scope,
    parents_of,
    rows_alone,
)
from app.listing.spec import ListSpec
from app.models import ALL_CONTRACTS, Remittance, RemittanceDay, Transaction, TransactionDay


@dataclass(frozen=True)
class CurrencyTotals:
    """Sums of one currency in minor units, none negative but ``net``.

    ``net`` = debit - cancelled - refund + refund_cancelled. ``declined`` is never a part of it;
    ``declined_count`` is None for remittances, whose daily sums do not count them.
    """

    currency: str
    count: int
    debit: int
    refund: int
    cancelled: int
    refund_cancelled: int
    net: int
    declined: int
    declined_count: int | None


@dataclass(frozen=True)
class Totals:
    """The number of rows, and the sums of each currency in the order of its code."""

    count: int
    lines: tuple[CurrencyTotals, ...]


def totals(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> Totals:
    """The sums of all the rows of ``criteria``, whatever its page."""
    daily = daily_totals(spec, scope, criteria)
    statement = row_totals(spec, scope, criteria) if daily is None else daily
    lines = tuple(_line(row) for row in connection.execute(statement).mappings())
    return Totals(sum(line.count for line in lines), lines)


def _line(row: Mapping[Any, Any]) -> CurrencyTotals:
    net = row["debit"] - row["cancelled"] - row["refund"] + row["refund_cancelled"]
    return CurrencyTotals(**{"declined_count": None, **row}, net=net)


def row_totals(spec: ListSpec, scope: Scope, criteria: Criteria) -> Executable:
    """The sums, added up from the rows."""
    source, where = rows_alone(spec, scope, criteria)
    currency = spec.model.currency
    rows = select(currency, *_sums_of(spec)).where(*where).group_by(currency)
    parents = parents_of(spec, scope, criteria)
    if parents is None:
        return rows.select_from(source).order_by(currency)
    few = rows.select_from(source.join(parents.few, parents.of(parents.few.c))).where(parents.is_few)
    joined, has_parent = parents.all_joined(source)
    many = rows.select_from(joined).where(~parents.is_few, has_parent)
    return union_all(few, many).order_by("currency")


def _sums_of(spec: ListSpec) -> Iterator[ColumnElement[int]]:
    if spec.model is Transaction:
        return _transaction_sums(Transaction, literal(1, BigInteger), Transaction.amount)
    return _row_sums()


def daily_totals(spec: ListSpec, scope: Scope, criteria: Criteria) -> Statement | None:
    """The sums, added up from the daily ones; None when these do not know what is asked."""
    daily = TransactionDay if spec.model is Transaction else RemittanceDay
    asked = asked_of(spec, criteria)
    known = [condition for field in spec.filters for condition in field.daily_conditions(criteria.asked)]
    if asked.remittance or asked.joined or len(known) < len(asked.own):
        return None
    sums = _transaction_sums(daily, daily.count, daily.amount) if daily is TransactionDay else _day_sums()
    return (
        select(daily.currency, *sums)
        .where(
            *_daily_scope(daily, scope, asked),
            daily.day.between(criteria.period.first, criteria.period.last),
            *known,
        )
        .group_by(daily.currency)
        .order_by(daily.currency)
    )


def _daily_scope(
    daily: type[TransactionDay | RemittanceDay], scope: Scope, asked: SortedConditions
) -> Iterator[Condition]:
    """The contracts' own sums when they matter, otherwise the one sum over all of them."""
    yield from in_scope(daily.merchant_id, daily.contract_id, scope)
    if asked.contract:
        yield daily.contract_id.in_(contracts(scope, asked.contract))
    elif scope.contract_ids is None:
        yield daily.contract_id == ALL_CONTRACTS


def _transaction_sums(
    of: type[Transaction | TransactionDay], count: Expression, amount: Expression
) -> Iterator[ColumnElement[int]]:
    """The sums by type and outcome, from rows or from their daily sums."""
    accepted = of.outcome == "accepted"
    declined = and_(of.outcome == "declined", of.type != "preauthorisation")
    yield sum_of("count", count)
    yield sum_of("debit", amount, accepted, of.type == "debit")
    yield sum_of("refund", amount, accepted, of.type == "refund")
    yield sum_of("cancelled", amount, accepted, of.type == "cancellation")
    yield sum_of("refund_cancelled", amount, accepted, of.type == "refund_cancellation")
    yield sum_of("declined", amount, declined)
    yield sum_of("declined_count", count, declined)


def _row_sums() -> Iterator[ColumnElement[int]]:
    """The sums of remittances, from the figures that each declares."""
    yield sum_of("count", literal(1, BigInteger))
    yield sum_of("debit", Remittance.debit_amount)
    yield sum_of("refund", Remittance.refund_amount)
    yield sum_of("cancelled", Remittance.cancellation_amount)
    yield sum_of("refund_cancelled", Remittance.refund_cancellation_amount)
    yield sum_of("declined", Remittance.declined_amount)


def _day_sums() -> Iterator[ColumnElement[int]]:
    for name in ("count", "debit", "refund", "cancelled", "refund_cancelled", "declined"):
        yield sum_of(name, getattr(RemittanceDay, name))


def sum_of(name: str, column: Expression, *where: Condition) -> ColumnElement[int]:
    """The sum of ``column`` over the rows that meet ``where``, 0 when there is none, called ``name``."""
    total: Expression = func.sum(column)
    if where:
        total = func.sum(column).filter(*where)
    return cast(func.coalesce(total, 0), BigInteger).label(name)
