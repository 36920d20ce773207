"""The chain of an account's statements: each begins with the balance that the one before ended with.

What has no balance, such as a notification, is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.listing.kinds import Expression
from app.listing.scope import AnyScope
from app.listing.source import in_scope
from app.models import BankAccount, BankStatement, Contract, Merchant

_HAS_BALANCE: Final = or_(BankStatement.opening.is_not(None), BankStatement.closing.is_not(None))


def unjoined(connection: Connection, *where: ColumnElement[bool]) -> Iterator[tuple[Any, Any]]:
    """Pairs of statements with another one between them missing, among those that ``where`` tells.

    Each has its days and balances, ``currency``, ``account_key`` and ``label`` of its account, and the name
    of its ``merchant``.
    """
    statement = (
        select(
            BankStatement.merchant_id,
            BankStatement.bank_account_id,
            BankStatement.opened_on,
            BankStatement.closed_on,
            BankStatement.opening,
            BankStatement.closing,
            BankStatement.currency,
            BankAccount.account_key,
            BankAccount.label,
            Merchant.name.label("merchant"),
        )
        .join(
            BankAccount,
            and_(
                BankAccount.merchant_id == BankStatement.merchant_id,
                BankAccount.id == BankStatement.bank_account_id,
            ),
        )
        .join(Merchant, Merchant.id == BankStatement.merchant_id)
        .where(*where, _HAS_BALANCE)
        .order_by(
            BankStatement.merchant_id,
            BankStatement.bank_account_id,
            BankStatement.closed_on,
            BankStatement.opened_on.desc(),
            BankStatement.part,
        )
    )
    rows = connection.execute(statement).all()
    for _, own in groupby(rows, key=lambda row: (row.merchant_id, row.bank_account_id)):
        yield from _unjoined([*own])


def _unjoined(statements: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs that follow one another and do not join.

    One that covers days of others besides (a month and its days) is part of their chain.
    """
    long = [one for one in statements if _days(one) > 1]
    longest = [one for one in statements if not any(_is_within(one, other) for other in long)]
    for before, after in pairwise(longest):
        known = before.closing is not None and after.opening is not None
        if known and before.closing != after.opening:
            yield before, after


def _days(statement: Any) -> int:
    return int((statement.closed_on - statement.opened_on).days)


def _is_within(one: Any, other: Any) -> bool:
    """Whether ``other`` covers all days of ``one``, and two more: parts of a day follow one another."""
    covers = other.opened_on <= one.opened_on and one.closed_on <= other.closed_on
    return bool(covers and _days(other) > _days(one) + 1)


def unjoined_count(scope: AnyScope) -> Select[int]:
    """How many pairs :func:`unjoined` has of a merchant."""
    chain = _chain(scope)
    return select(func.count()).where(chain.c.is_apart)


def gaps(scope: AnyScope, first: Expression, last: Expression) -> Select[Any]:
    """The same pairs about days from ``first`` to ``last``, of accounts that serve contracts in ``scope``.

    Each has ``closed_before``, the last day of the first statement, ``opened_on`` and ``closed_on`` of the
    next one, ``account_key`` and ``label``.
    """
    chain = _chain(scope)
    serves = or_(Contract.bank_account_id.is_(None), Contract.bank_account_id == BankAccount.id)
    return (
        select(
            chain.c.closed_before,
            chain.c.opened_on,
            chain.c.closed_on,
            BankAccount.account_key,
            BankAccount.label,
        )
        .join(
            BankAccount,
            and_(
                BankAccount.merchant_id == scope.merchant_id,
                BankAccount.id == chain.c.bank_account_id,
            ),
        )
        .where(
            chain.c.is_apart,
            chain.c.closed_on >= first,
            chain.c.closed_before <= last,
            exists().where(*in_scope(Contract.merchant_id, Contract.id, scope), serves),
        )
        .order_by(chain.c.closed_before, chain.c.closed_on, BankAccount.id)
    )


def _chain(scope: AnyScope) -> Subquery:
    """The statements of a merchant, each with the end of the one before and whether they do not join."""
    one = BankStatement
    order = (one.closed_on, one.opened_on.desc(), one.part)

    def before(column: Any) -> Any:
        return func.lag(column, type_=column.type).over(partition_by=one.bank_account_id, order_by=order)

    return (
        select(
            one.bank_account_id,
            one.opened_on,
            one.closed_on,
            before(one.closed_on).label("closed_before"),
            (before(one.closing) != one.opening).label("is_apart"),
        )
        .where(one.merchant_id == scope.merchant_id, _HAS_BALANCE, not_(_is_within_another()))
        .subquery()
    )


def _is_within_another() -> Any:
    """The same as :func:`_is_within`, of any other statement of the account."""
    one, other = BankStatement, aliased(BankStatement)
    return exists().where(
        and_(
            other.merchant_id == one.merchant_id,
            other.bank_account_id == one.bank_account_id,
            other.opened_on <= one.opened_on,
            other.closed_on >= one.closed_on,
            other.closed_on - other.opened_on > one.closed_on - one.opened_on + 1,
        )
    )
