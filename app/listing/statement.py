"""A statement: what each of those who owe money to a merchant owes for a period, and by which remittances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from app.listing.criteria import Criteria
from app.listing.scope import Scope
from app.listing.spec import ListSpec, StatementSpec
from app.listing.summed import CurrencyTotals, Group
from app.listing.sums import series

#: Days of one paper: the longest month.
MOST_DAYS = 31


@dataclass(frozen=True)
class StatementLine:
    """A remittance with payments of one debtor, ``net`` in minor units; ``is_remitted``: the bank has it."""

    day: date
    number: str
    place: str
    count: int
    net: int
    is_remitted: bool


@dataclass(frozen=True)
class Debt:
    """The debt of one debtor in one currency; ``debtor`` is None for one that nobody named.

    ``net`` is the sum of ``sums`` as the rules of money have it; ``pending`` is the part of it that has not
    reached the bank.
    """

    debtor: str | None
    currency: str
    count: int
    sums: Mapping[str, int]
    net: int
    pending: int
    lines: tuple[StatementLine, ...]

    @property
    def amounts(self) -> tuple[int, ...]:
        """Debits, refunds and cancellations with their signs, what is due, what is pending."""
        refunds = self.sums["refund"] - self.sums["refund_cancelled"]
        return (self.sums["debit"], -refunds, -self.sums["cancelled"], self.due, self.pending)

    @property
    def is_settled(self) -> bool:
        """Whether the bank has all of its remittances."""
        return all(line.is_remitted for line in self.lines)

    @property
    def due(self) -> int:
        """What has been handed in, and is owed."""
        return self.net - self.pending


def statement(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, names: Mapping[str, str]
) -> tuple[Debt, ...]:
    """The debts of ``criteria``, the largest first; ``names`` are those of debtors by prefix of cards."""
    made = spec.owing
    groups = series(connection, spec, scope, asked_of(made, criteria), made.by)
    parts: dict[tuple[str, str], list[tuple[Group, CurrencyTotals]]] = {}
    for group in groups:
        for totals in group.totals.lines:
            debtor = made.debtor(group.key, names) or ""
            parts.setdefault((totals.currency, debtor), []).append((group, totals))
    debts = (_debt(made, currency, debtor, part) for (currency, debtor), part in parts.items())
    return tuple(sorted(debts, key=lambda debt: (debt.currency, debt.debtor is None, -debt.due)))


def sums_of(debts: Iterable[Debt]) -> tuple[Debt, ...]:
    """What ``debts`` add up to, by currency; their remittances are left with them."""
    parts: dict[str, list[Debt]] = {}
    for debt in debts:
        parts.setdefault(debt.currency, []).append(debt)
    return tuple(_sum(currency, part) for currency, part in parts.items())


def _sum(currency: str, debts: Sequence[Debt]) -> Debt:
    names = {name for debt in debts for name in debt.sums}
    return Debt(
        debtor=None,
        currency=currency,
        count=sum(debt.count for debt in debts),
        sums={name: sum(debt.sums.get(name, 0) for debt in debts) for name in names},
        net=sum(debt.net for debt in debts),
        pending=sum(debt.pending for debt in debts),
        lines=(),
    )


def fits_on_paper(criteria: Criteria) -> bool:
    """Whether the period of a statement is short enough for one file, as those of the lists must be."""
    return criteria.period is not None and criteria.period.days <= MOST_DAYS


def asked_of(made: StatementSpec, criteria: Criteria) -> Criteria:
    """``criteria`` with what the statement is always about."""
    filters = MappingProxyType({**criteria.filters, **made.filters})
    return replace(criteria, filters=filters, after=None, by="")


def _debt(
    made: StatementSpec, currency: str, debtor: str, parts: Iterable[tuple[Group, CurrencyTotals]]
) -> Debt:
    every = tuple(parts)
    sums: dict[str, int] = {}
    for _, totals in every:
        for name, amount in totals.sums.items():
            sums[name] = sums.get(name, 0) + amount
    lines = tuple(_lines(made.line, every))
    return Debt(
        debtor=debtor or None,
        currency=currency,
        count=sum(line.count for line in lines),
        sums=sums,
        net=sum(line.net for line in lines),
        pending=sum(line.net for line in lines if not line.is_remitted),
        lines=lines,
    )


def _lines(
    read: Callable[[Any], tuple[date, str, str, bool]], parts: Iterable[tuple[Group, CurrencyTotals]]
) -> Iterator[StatementLine]:
    """A line for each remittance, in the order of days; several prefixes of one debtor make one line."""
    found: dict[tuple[date, str, str, bool], tuple[int, int]] = {}
    for group, totals in parts:
        key = read(group.key)
        count, net = found.get(key, (0, 0))
        found[key] = (count + totals.count, net + totals.net)
    for (day, number, place, is_remitted), (count, net) in sorted(found.items()):
        yield StatementLine(day, number, place, count, net, is_remitted)
