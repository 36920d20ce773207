"""The batches of a line of a bank, their contracts, and what is left between them.

By links of its own, or by the payment of an acquirer that it brings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    FromClause,
    String,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from app.listing.kinds import Expression, Row
from app.listing.scope import Scope
from app.listing.source import Condition
from app.lists.common import is_row
from app.lists.credited_together import CreditedTogether, credited_remittances
from app.lists.settlements import payment_of
from app.lists.unexplained_lines import CREDITING, brings_payment
from app.models import (
    BankMovement,
    Certainty,
    Contract,
    CreditLink,
    Outlet,
    Remittance,
    Settlement,
    SettlementLink,
)
from app.wording.i18n import N_

COMMA: Final = literal_column("', '", String)


def _looked_up(statement: Any) -> Any:
    return statement.correlate(BankMovement).scalar_subquery()


def _is_of_line(link: Any) -> Condition:
    return and_(link.merchant_id == BankMovement.merchant_id, link.bank_movement_id == BankMovement.id)


_BRINGS_PAYMENT = exists().where(brings_payment()).correlate(BankMovement)


def _links() -> FromClause:
    """The batches of a line by id and day: those of the payment that it brings, else those linked to it."""
    by_payment = (
        select(SettlementLink.merchant_id, SettlementLink.remittance_id, SettlementLink.collected_on)
        .join(Settlement, payment_of(SettlementLink))
        .where(brings_payment())
    )
    by_line = select(CreditLink.merchant_id, CreditLink.remittance_id, CreditLink.collected_on).where(
        _is_of_line(CreditLink), ~_BRINGS_PAYMENT
    )
    return union_all(*(one.correlate(BankMovement) for one in (by_payment, by_line))).subquery("links")


def _of_links(found: Callable[[FromClause], Expression]) -> Any:
    """An aggregate over the links of a line."""
    links = _links()
    return _looked_up(select(found(links)))


def of_batches(found: Expression) -> Any:
    """An aggregate over the batches of a line, their contracts and outlets."""
    links = _links()
    return _looked_up(
        select(found)
        .select_from(links)
        .join(
            Remittance,
            and_(
                is_row(Remittance, links.c.merchant_id, links.c.remittance_id),
                Remittance.collected_on == links.c.collected_on,
            ),
        )
        .join(Contract, is_row(Contract, Remittance.merchant_id, Remittance.contract_id))
        .outerjoin(Outlet, is_row(Outlet, Contract.merchant_id, Contract.outlet_id))
    )


_IS_LINKED = exists().where(_is_of_line(CreditLink), CreditLink.certainty != Certainty.PROPOSED)
_IS_PROPOSED = exists().where(_is_of_line(CreditLink), CreditLink.certainty == Certainty.PROPOSED)
#: What a line says of batches, as codes: see :data:`app.wording.codes.LINE_STATES`.
STATE = case(
    (or_(_BRINGS_PAYMENT, _IS_LINKED), literal_column("'explained'", Text)),
    (_IS_PROPOSED, literal_column("'proposed'", Text)),
    (BankMovement.kind.in_(CREDITING), literal_column("'unexplained'", Text)),
    else_=literal_column("'apart'", Text),
)
#: The contracts of a line that brings no payment of an acquirer: those that it pays, else that it names.
#: A batch that is gone counts as one of a contract that nobody has.
CONTRACT_IDS = case(
    (
        ~_BRINGS_PAYMENT,
        func.coalesce(
            _looked_up(
                select(func.array_agg(Remittance.contract_id, type_=ARRAY(BigInteger)))
                .select_from(CreditLink)
                .outerjoin(
                    Remittance,
                    and_(
                        is_row(Remittance, CreditLink.merchant_id, CreditLink.remittance_id),
                        Remittance.collected_on == CreditLink.collected_on,
                    ),
                )
                .where(_is_of_line(CreditLink))
            ),
            _looked_up(
                select(func.array_agg(Contract.id, type_=ARRAY(BigInteger))).where(
                    Contract.merchant_id == BankMovement.merchant_id,
                    Contract.number == BankMovement.contract_number,
                )
            ),
            type_=ARRAY(BigInteger),
        ),
    ),
    else_=null(),
)
#: What the batches say that it is: the sums that it was found by, gross where an acquirer pays.
EXPLAINED = case(
    (
        _BRINGS_PAYMENT,
        _looked_up(select(cast(func.sum(Settlement.gross), BigInteger)).where(brings_payment())),
    ),
    else_=_looked_up(select(cast(func.sum(CreditLink.amount), BigInteger)).where(_is_of_line(CreditLink))),
)
FEE = func.coalesce(
    _looked_up(
        select(cast(func.sum(Settlement.discount + Settlement.fee), BigInteger)).where(brings_payment())
    ),
    _looked_up(select(func.max(CreditLink.group_fee)).where(_is_of_line(CreditLink))),
    BankMovement.fee,
    type_=BigInteger,
)
PAYMENT = _looked_up(select(func.string_agg(Settlement.number.distinct(), COMMA)).where(brings_payment()))
RULE = func.coalesce(
    _looked_up(select(func.min(Settlement.rule)).where(brings_payment())),
    _looked_up(select(func.min(CreditLink.rule)).where(_is_of_line(CreditLink))),
    type_=Text,
)
BATCHES = func.nullif(
    _of_links(lambda links: func.count(links.c.remittance_id.distinct())),
    literal_column("0"),
    type_=BigInteger,
)
#: The only one of them that is still there.
ONLY_BATCH = of_batches(case((func.min(Remittance.id) == func.max(Remittance.id), func.min(Remittance.id))))


def paid_batches(connection: Connection, scope: Scope, row: Row) -> CreditedTogether | None:
    """The batches that a line pays, or may, the earliest first; None where it is of none."""
    by_payment = (
        select(SettlementLink.remittance_id, SettlementLink.collected_on)
        .join(Settlement, payment_of(SettlementLink))
        .where(Settlement.merchant_id == scope.merchant_id, Settlement.bank_movement_id == row["id"])
    )
    by_line = select(CreditLink.remittance_id, CreditLink.collected_on).where(
        CreditLink.merchant_id == scope.merchant_id, CreditLink.bank_movement_id == row["id"]
    )
    title = N_("Batches that it may pay") if row["state"] == "proposed" else N_("Batches that it pays")
    return credited_remittances(connection, scope, title, by_payment, by_line)
