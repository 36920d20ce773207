"""Lines of a bank that may credit remittances, as somebody has to confirm."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, select
from sqlalchemy.orm import aliased

from app.listing.constants import written_out
from app.listing.period import Period
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.lists.common import PLACE, is_row
from app.models import BankAccount, BankMovement, Certainty, Contract, CreditLink, Outlet, Remittance


def proposed_lines(scope: Scope | AnyScope, period: Period | None = None) -> Select[*tuple[Any, ...]]:
    """Each line that may credit remittances (``movement_id``), once for each of these."""
    return (
        select(
            BankMovement.id.label("movement_id"),
            BankMovement.booked_on,
            BankMovement.amount,
            BankMovement.currency,
            BankAccount.account_key,
            BankAccount.label.label("account_label"),
            CreditLink.rule,
            CreditLink.remittance_id,
            CreditLink.collected_on,
            CreditLink.amount.label("explained"),
            Remittance.number,
            Contract.number.label("contract"),
            PLACE.label("place"),
        )
        .join(CreditLink, _line_of(CreditLink))
        .join(BankAccount, is_row(BankAccount, BankMovement.merchant_id, BankMovement.bank_account_id))
        .join(Remittance, _remittance_of(CreditLink))
        .join(Contract, is_row(Contract, Remittance.merchant_id, Remittance.contract_id))
        .outerjoin(Outlet, is_row(Outlet, Contract.merchant_id, Contract.outlet_id))
        .where(*_are_proposed(scope), *(() if period is None else (_credits_one_of(scope, period),)))
        .order_by(
            func.abs(BankMovement.amount).desc(),
            BankMovement.booked_on,
            BankMovement.id,
            Remittance.collected_at,
            Remittance.id,
        )
    )


def proposed_line_count(scope: AnyScope) -> Select[int]:
    """How many lines :func:`proposed_lines` has: links tell, without any line of the bank."""
    in_sight = in_scope(Remittance.merchant_id, Remittance.contract_id, scope)
    # OFFSET keeps the planner, which cannot know how few proposals there are, from reading all remittances.
    of_one = select(Remittance.id).where(_remittance_of(CreditLink), *in_sight).offset(0).exists()
    return select(func.count(CreditLink.bank_movement_id.distinct())).where(*_are_to_confirm(scope), of_one)


def _are_proposed(scope: Scope | AnyScope) -> tuple[ColumnElement[bool], ...]:
    """Whether links to remittances in ``scope`` are for somebody to confirm who sees all of their line."""
    return (*in_scope(Remittance.merchant_id, Remittance.contract_id, scope), *_are_to_confirm(scope))


def _are_to_confirm(scope: Scope | AnyScope) -> tuple[ColumnElement[bool], ...]:
    # Nothing of a merchant is out of sight of whoever sees all of it: to look for it would read every link.
    sees_all = scope.contract_ids is None
    return (
        CreditLink.merchant_id == scope.merchant_id,
        # Written out: the index of proposals is no part of a plan that is kept for any certainty.
        written_out(CreditLink.certainty == Certainty.PROPOSED),
        *(() if sees_all else (not_(_credits_out_of_sight(scope)),)),
    )


def _line_of(link: Any) -> Any:
    return and_(
        link.merchant_id == BankMovement.merchant_id,
        link.bank_movement_id == BankMovement.id,
        link.booked_on == BankMovement.booked_on,
    )


def _remittance_of(link: Any) -> Any:
    return and_(
        Remittance.merchant_id == link.merchant_id,
        Remittance.id == link.remittance_id,
        Remittance.collected_on == link.collected_on,
    )


def _credits_out_of_sight(scope: Scope | AnyScope) -> Any:
    """Whether a line is of a remittance too that is not in ``scope``."""
    link, other = aliased(CreditLink), aliased(Remittance)
    hidden = not_(and_(*in_scope(other.merchant_id, other.contract_id, scope)))
    return exists().where(
        link.merchant_id == scope.merchant_id,
        link.bank_movement_id == CreditLink.bank_movement_id,
        other.merchant_id == link.merchant_id,
        other.id == link.remittance_id,
        other.collected_on == link.collected_on,
        hidden,
    )


def _credits_one_of(scope: Scope | AnyScope, period: Period) -> Any:
    """Whether a line may credit a remittance of ``period``, whatever else it does."""
    link = aliased(CreditLink)
    return exists().where(
        link.merchant_id == scope.merchant_id,
        link.bank_movement_id == BankMovement.id,
        link.collected_on.between(period.first, period.last),
    )
