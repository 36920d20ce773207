"""Notes beside the one that closes a month: issuers of meal vouchers, what was taken apart.

All of it is of the period alone: nothing is said where other filters are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from sqlalchemy import Date, Integer, and_, bindparam, case, literal, literal_column, select

from app.listing.criteria import Criteria
from app.listing.kinds import Expression, Statement
from app.listing.measures import sum_of
from app.listing.notes import Figure, GroupNote
from app.listing.reading import Reading, Rows, known
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.lists.meal_vouchers import DEBTOR, debtor
from app.models import (
    BankMovement,
    Chargeback,
    ChargebackStage,
    Contract,
    Credit,
    MovementKind,
    Remittance,
    Transaction,
)
from app.rules.payments import net, remitted
from app.wording import applications, formats
from app.wording.i18n import N_, gettext

_FIRST, _LAST = (bindparam(name, type_=Date) for name in ("closed_first", "closed_last"))
#: A terminal calls within days of a payment: so that few months are looked into.
_MARGIN: Final = literal_column("31", Integer)


@dataclass(frozen=True)
class _Taken:
    """An amount taken apart: its name, its sign, its words in the sentence and beside it in files."""

    name: str
    sign: int
    said: str
    words: str


#: What was taken apart, in the order of the sentence.
_TAKEN: Final[Mapping[str, _Taken]] = {
    MovementKind.FEE: _Taken(
        "commission", 1, N_("%(amount)s of commission by the bank"), N_("Commission by the bank")
    ),
    ChargebackStage.DEBIT: _Taken("chargebacks", 1, N_("%(amount)s of chargebacks"), N_("Chargebacks")),
    ChargebackStage.REVERSAL: _Taken(
        "given_back", -1, N_("less %(amount)s of chargebacks given back"), N_("Chargebacks given back")
    ),
}


def closing_notes(
    scope: Scope, criteria: Criteria, names: Mapping[str, str]
) -> Reading[tuple[GroupNote, ...]]:
    """The notes, in the language of the moment; ``names`` are those of issuers by prefix of cards."""
    period = criteria.period
    if period is None or criteria.filters:
        return known(())
    chosen = scope.any_such
    taken = (_movements, _chargebacks) if scope.contract_ids is None else (_chargebacks,)
    selects = (_issuers(chosen), _vouchers(chosen), *(made(chosen) for made in taken))
    days = {"closed_first": period.first, "closed_last": period.last}
    return Reading(selects, partial(_said, names), {**scope.values, **days})


def _said(names: Mapping[str, str], issuers: Rows, vouchers: Rows, *taken: Rows) -> tuple[GroupNote, ...]:
    return (*_of_vouchers(names, issuers, vouchers), *_of_taken([row for rows in taken for row in rows]))


def _of_vouchers(names: Mapping[str, str], issuers: Rows, vouchers: Rows) -> Iterator[GroupNote]:
    """What each issuer pays of the vouchers of a currency; what no payment tells of is nobody's."""
    for whole in vouchers:
        own: Counter[str | None] = Counter()
        for row in issuers:
            if row.currency == whole.currency:
                own[debtor(row, names)] += row.amount
        own[None] += whole.amount - own.total()
        ordered = sorted(own.items(), key=lambda item: (item[0] is None, -item[1]))
        figures = tuple(
            Figure(issuer, issuer or gettext("Issuer not communicated"), amount)
            for issuer, amount in ordered
            if amount
        )
        said = ", ".join(f"{one.words} {formats.money(one.amount, whole.currency)}" for one in figures)
        if figures:
            yield GroupNote(
                name="vouchers",
                title=gettext("Meal vouchers by issuer"),
                currency=whole.currency,
                figures=figures,
                sentence=gettext("Meal vouchers by issuer: %(parts)s.", parts=said),
            )


def _of_taken(rows: Rows) -> Iterator[GroupNote]:
    for currency in sorted({row.currency for row in rows}):
        amounts = {row.what: row.amount for row in rows if row.currency == currency and row.amount}
        taken = [(one, amounts[what]) for what, one in _TAKEN.items() if what in amounts]
        said = ", ".join(gettext(one.said, amount=formats.money(amount, currency)) for one, amount in taken)
        if taken:
            yield GroupNote(
                name="taken_apart",
                title=gettext("Taken apart in this period"),
                currency=currency,
                figures=tuple(
                    Figure(one.name, gettext(one.words), one.sign * amount) for one, amount in taken
                ),
                sentence=gettext("Taken apart in this period: %(parts)s.", parts=said),
            )


def _paid_by_issuers(scope: AnyScope) -> tuple[Any, ...]:
    return (
        *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
        Remittance.collected_on.between(_FIRST, _LAST),
        Remittance.credit == Credit.NOT_EXPECTED.value,
        remitted(Remittance.seal, Remittance.status, Remittance.transmission),
        Contract.application.in_(applications.MEAL_VOUCHERS),
    )


_CONTRACT: Final = and_(Contract.merchant_id == Remittance.merchant_id, Contract.id == Remittance.contract_id)
_PAYMENTS: Final = and_(
    Transaction.merchant_id == Remittance.merchant_id,
    Transaction.remittance_id == Remittance.id,
    Transaction.collected_on == Remittance.collected_on,
)


@cache
def _vouchers(scope: AnyScope) -> Statement:
    return (
        select(Remittance.currency, sum_of("amount", Remittance.net_amount))
        .join(Contract, _CONTRACT)
        .where(*_paid_by_issuers(scope))
        .group_by(Remittance.currency)
        .order_by(Remittance.currency)
    )


@cache
def _issuers(scope: AnyScope) -> Statement:
    signed: Expression = net(
        lambda total: case(
            (total.condition(Transaction.type, Transaction.outcome), Transaction.amount), else_=0
        )
    )
    return (
        select(*DEBTOR, Remittance.currency, sum_of("amount", signed))
        .select_from(Remittance)
        .join(Contract, _CONTRACT)
        .join(Transaction, _PAYMENTS)
        .where(*_paid_by_issuers(scope), Transaction.occurred_on.between(_FIRST - _MARGIN, _LAST + _MARGIN))
        .group_by(*DEBTOR, Remittance.currency)
    )


@cache
def _movements(scope: AnyScope) -> Statement:
    """The commission that the bank debited on lines of its own."""
    return (
        select(
            literal(MovementKind.FEE.value).label("what"),
            BankMovement.currency,
            sum_of("amount", -BankMovement.amount),
        )
        .where(
            BankMovement.merchant_id == scope.merchant_id,
            BankMovement.booked_on.between(_FIRST, _LAST),
            BankMovement.kind == MovementKind.FEE.value,
        )
        .group_by(BankMovement.currency)
    )


@cache
def _chargebacks(scope: AnyScope) -> Statement:
    """The chargebacks that were debited and given back, by the bank and by acquirers."""
    return (
        select(Chargeback.stage.label("what"), Chargeback.currency, sum_of("amount", Chargeback.amount))
        .where(
            *in_scope(Chargeback.merchant_id, Chargeback.contract_id, scope),
            Chargeback.noticed_on.between(_FIRST, _LAST),
            Chargeback.stage != ChargebackStage.NOTICE.value,
        )
        .group_by(Chargeback.stage, Chargeback.currency)
    )
