"""A sale and what took it back: what its row says of it, and the way from each to the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, func, select

from app.listing.field import Field
from app.listing.filters import Choice
from app.listing.kinds import Day, Money, Row, Whole
from app.listing.scope import Scope
from app.listing.source import in_scope
from app.models import Transaction
from app.rules.payments import Reversal, signed
from app.wording import codes, formats
from app.wording.i18n import N_, gettext


class ReversalChoice(Choice):
    """The fate of a sale; a badge only of those that were taken back, with how much of it."""

    def badge(self, value: str, row: Row) -> str:
        return "" if value == Reversal.NONE else self.cell(value, row)

    def cell(self, value: str, row: Row) -> str:
        if value == Reversal.PARTLY_REFUNDED:
            part, whole = (
                formats.money(row[name], row["currency"]) for name in ("reversed_amount", "amount")
            )
            return gettext("Refunded %(part)s of %(whole)s", part=part, whole=whole)
        return self.show(value, row)


REVERSAL = ReversalChoice(labels=codes.REVERSALS)


def reversal_fields(section: str) -> tuple[Field, ...]:
    """The fields of a sale that was taken back, and of what took it back, in ``section`` of the details."""
    return (
        Field(
            name="reversal",
            label=N_("Cancelled or refunded"),
            kind=REVERSAL,
            column=Transaction.reversal,
            section=section,
            filter=True,
            slot="badge",
            tones=dict.fromkeys((Reversal.CANCELLED, Reversal.REFUNDED, Reversal.PARTLY_REFUNDED), "info"),
        ),
        Field(
            name="reversed_amount",
            label=N_("Amount cancelled or refunded"),
            kind=Money(currency=Transaction.currency),
            column=func.nullif(Transaction.reversed_amount, 0, type_=BigInteger),
            section=section,
        ),
        Field(
            name="original_id",
            label=N_("Identifier of the original sale"),
            kind=Whole(),
            column=Transaction.original_id,
            is_key=True,
        ),
        Field(
            name="original_on",
            label=N_("Day of the original sale"),
            kind=Day(),
            column=Transaction.original_on,
            section=section,
        ),
    )


@dataclass(frozen=True)
class Counterpart:
    """The sale of an operation, or an operation on a sale.

    ``amount`` is in minor units of ``currency``, less than nothing where it went back to the cardholder.
    """

    id: int
    type: str
    at: datetime
    amount: int
    currency: str

    @property
    def words(self) -> str:
        """Such as ``Remboursement, 02/03/2026 à 12:31``, in the language of the moment."""
        moment = gettext("%(day)s at %(time)s", day=formats.day(self.at), time=f"{self.at:%H:%M}")
        return f"{gettext(codes.TYPES[self.type])}, {moment}"


def counterparts(connection: Connection, scope: Scope, row: Row) -> tuple[Counterpart, ...]:
    """The sale that ``row`` took back, or what took ``row`` back, oldest first; mostly nothing."""
    where = _link(row)
    if where is None:
        return ()
    statement = (
        select(
            Transaction.id,
            Transaction.type,
            Transaction.occurred_local,
            signed(Transaction.type, Transaction.amount),
            Transaction.currency,
        )
        .where(*in_scope(Transaction.merchant_id, Transaction.contract_id, scope), where)
        .order_by(Transaction.occurred_at, Transaction.id)
    )
    return tuple(Counterpart(*found) for found in connection.execute(statement))


def _link(row: Row) -> ColumnElement[bool] | None:
    """Which payments belong to ``row``; the days leave only the partitions that can hold them."""
    if row["original_id"] is not None:
        return and_(Transaction.id == row["original_id"], Transaction.occurred_on == row["original_on"])
    if row["reversal"] != Reversal.NONE:
        return and_(
            Transaction.original_id == row["id"],
            Transaction.original_on == row["occurred_on"],
            Transaction.occurred_on >= row["occurred_on"],
        )
    return None
