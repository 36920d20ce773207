"""Chargebacks and operations of sales: fields of Transactions, parts of its details, what awaits an answer.

Nothing of it is there for a merchant of whom nobody has told any. Amounts are for whoever may see the bank:
some are those of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)

from app.listing.field import Args, Field, Link, Tone
from app.listing.filters import Choice
from app.listing.kinds import Day, Kind, Money, Row
from app.listing.scope import AnyScope, Scope
from app.listing.source import Join, in_scope
from app.lists.common import TODAY
from app.models import (
    Chargeback,
    ChargebackStage,
    ChargebackState,
    Operation,
    OperationName,
    Transaction,
)
from app.wording import codes, money
from app.wording.i18n import N_, gettext, ngettext

#: How long before it is noticed a disputed sale may have been made: as far as the loader looks.
REACH = timedelta(days=180)

#: How long somebody is asked which sale the bank took back, where several may be it.
SOUGHT: Final = timedelta(days=60)

_LAST4 = 4

#: How loudly the state of a dispute is said.
TONES: Final[Mapping[str, Tone]] = {
    ChargebackState.NOTICE: "warn",
    ChargebackState.DEBITED: "bad",
    ChargebackState.REVERSED: "info",
}
#: The last that is known of the dispute of a sale: one row at most.
JOIN = Join(
    Chargeback.__table__,
    lambda scope: and_(
        Chargeback.merchant_id == scope.merchant_id,
        Chargeback.transaction_id == Transaction.id,
        Chargeback.occurred_on == Transaction.occurred_on,
        Chargeback.is_last,
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class DisputeState(Choice):
    """The state of a sale's dispute; a badge of what is disputed alone."""

    def badge(self, value: str, row: Row) -> str:
        return "" if value == ChargebackState.NONE else self.show(value, row)


def chargeback_fields(section: str) -> tuple[Field, ...]:
    """The state of a sale's dispute in ``section`` of the details, and the last that is known of it."""
    return (
        Field(
            name="chargeback",
            label=N_("Chargeback"),
            kind=DisputeState(labels=codes.CHARGEBACKS),
            column=Transaction.chargeback,
            section=section,
            filter=True,
            slot="badge",
            tones=TONES,
        ),
        Field(name="chargeback_on", label=N_("Chargeback on"), kind=Day(), column=Chargeback.noticed_on),
        Field(
            name="chargeback_amount",
            label=N_("Chargeback amount"),
            kind=Money(currency=Transaction.currency),
            column=Chargeback.amount,
            permission="bank",
        ),
        Field(
            name="chargeback_reason",
            label=N_("Chargeback reason"),
            kind=Kind(),
            column=func.nullif(
                func.btrim(Chargeback.reason_code + " " + Chargeback.reason_text), "", type_=Text
            ),
        ),
        Field(name="answer_by", label=N_("To answer by"), kind=Day(), column=Chargeback.due_on),
    )


NAMES: Final = frozenset(field.name for field in chargeback_fields(""))


def told(scope: AnyScope) -> ColumnElement[bool]:
    """Whether anybody has told of a chargeback of the merchant."""
    return exists().where(Chargeback.merchant_id == scope.merchant_id)


@dataclass(frozen=True)
class Dispute:
    """A stage of a chargeback. ``amount`` is in minor units of ``currency``; ``transaction_id`` its sale.

    Where that is not certain it is None, and ``candidates`` many may be it. ``bank_movement_id`` is the line
    of a bank that it is, if it is one.
    """

    stage: str
    noticed_on: date
    amount: int
    currency: str
    reason_code: str
    reason_text: str
    due_on: date | None
    contract_number: str
    sale_number: str
    sale_amount: int | None
    card_last4: str
    sold_on: date | None
    transaction_id: int | None
    rule: str | None
    candidates: int
    bank_movement_id: int | None

    @property
    def title(self) -> str:
        """The stage in the language of the moment."""
        return gettext(codes.CHARGEBACK_STAGES[self.stage])

    @property
    def reason(self) -> str:
        """The reason as it was told."""
        return f"{self.reason_code} {self.reason_text}".strip()

    @property
    def link(self) -> Link:
        """Its sale, or the sales among which it may be, in words of the moment."""
        if self.transaction_id is not None:
            return Link("transactions", id=self.transaction_id, words=gettext("See the sale"))
        return Link("transactions", args=self._args(), words=self._several)

    @property
    def possible_sales(self) -> str:
        """How many sales it may be of, in words of the moment; "" where that is certain, or none is found."""
        if self.transaction_id is not None or not self.candidates:
            return ""
        return self._several

    @property
    def _several(self) -> str:
        return ngettext("%(num)s possible sale", "%(num)s possible sales", self.candidates)

    def _args(self) -> Args:
        """The filters that find its candidates, as the rule that counted them did."""
        first, last = self.sold_on or self.noticed_on - REACH, self.sold_on or self.noticed_on
        by_rule: Mapping[str | None, dict[str, str]] = {
            "order_reference": {"order_reference": self.sale_number},
            "card": {"card": self.card_last4, "amount": self._whole()},
            "amount": {"amount": self._whole()},
        }
        days = {"date_from": first.isoformat(), "date_to": last.isoformat()}
        asked = {"contract": self.contract_number, **days, **by_rule.get(self.rule, {})}
        return tuple(asked.items())

    def _whole(self) -> str:
        amount = self.amount if self.sale_amount is None else self.sale_amount
        return money.plain(amount, self.currency)


def _disputes(scope: Scope | AnyScope, *where: ColumnElement[bool]) -> Select[Any]:
    columns = (getattr(Chargeback, name) for name in Dispute.__dataclass_fields__)
    mine = in_scope(Chargeback.merchant_id, Chargeback.contract_id, scope)
    return select(*columns).where(*mine, *where)


def disputes(connection: Connection, scope: Scope, row: Row) -> tuple[Dispute, ...]:
    """What is known of the dispute of a sale, the oldest first; and those that it may be the sale of."""
    order = (Chargeback.noticed_on, Chargeback.id)
    its = and_(Chargeback.transaction_id == row["id"], Chargeback.occurred_on == row["occurred_on"])
    statement = _disputes(scope, or_(its, _may_be(scope, row))).order_by(*order)
    return tuple(Dispute(*found) for found in connection.execute(statement))


def disputes_of_line(connection: Connection, scope: Scope, row: Row) -> tuple[Dispute, ...]:
    """What a line of a bank takes back, or gives back."""
    statement = _disputes(scope, Chargeback.bank_movement_id == row["id"]).order_by(Chargeback.id)
    return tuple(Dispute(*found) for found in connection.execute(statement))


def _may_be(scope: Scope, row: Row) -> ColumnElement[bool]:
    """The chargebacks among whose candidates a sale is, by the rule that counted them."""
    amount, last4 = abs(row["amount"] or 0), (row["card"] or "")[-_LAST4:]
    whole = func.coalesce(Chargeback.sale_amount, Chargeback.amount)
    first = func.coalesce(Chargeback.sold_on, Chargeback.noticed_on - REACH.days)
    last = func.coalesce(Chargeback.sold_on, Chargeback.noticed_on)
    rules = {
        "sale_number": func.ltrim(Chargeback.sale_number, "0") == row["sequence_number"].lstrip("0"),
        "order_reference": Chargeback.sale_number == row["order_reference"],
        "card": and_(Chargeback.card_last4 == last4, whole == amount),
        "amount": Chargeback.amount == amount,
    }
    return and_(
        Chargeback.merchant_id == scope.merchant_id,
        Chargeback.transaction_id.is_(None),
        Chargeback.candidates > 1,
        Chargeback.contract_number == row["contract"],
        literal(row["occurred_on"]).between(first, last),
        or_(*(and_(Chargeback.rule == name, condition) for name, condition in rules.items())),
    )


def to_answer(connection: Connection, scope: Scope, day: date | None = None) -> tuple[Dispute, ...]:
    """The disputes that may still be answered on ``day``, the most urgent first: none that is given back.

    Without a day, on that of the portal.
    """
    statement = answerable(scope, day).order_by(Chargeback.due_on, Chargeback.noticed_on, Chargeback.id)
    return tuple(Dispute(*found) for found in connection.execute(statement))


def answerable(scope: Scope | AnyScope, day: date | None = None) -> Select[*tuple[Any, ...]]:
    """The same as a statement."""
    return _disputes(
        scope,
        Chargeback.is_last.is_(True),
        Chargeback.stage != ChargebackStage.REVERSAL,
        Chargeback.due_on >= (TODAY if day is None else day),
    )


def to_find(connection: Connection, scope: Scope) -> tuple[Dispute, ...]:
    """The disputes to which nobody answers and that several sales may be of, the largest first."""
    statement = sought(scope).order_by(Chargeback.amount.desc(), Chargeback.noticed_on, Chargeback.id)
    return tuple(Dispute(*found) for found in connection.execute(statement))


def sought(scope: Scope | AnyScope) -> Select[*tuple[Any, ...]]:
    """The same as a statement: what was debited without a day to answer by, as banks do, of late."""
    return _disputes(
        scope,
        Chargeback.stage == ChargebackStage.DEBIT,
        Chargeback.is_last.is_(True),
        Chargeback.due_on.is_(None),
        Chargeback.transaction_id.is_(None),
        Chargeback.candidates > 1,
        Chargeback.noticed_on >= TODAY - SOUGHT.days,
    )


@dataclass(frozen=True)
class OperationLine:
    """An operation on a sale: ``said`` as it was received.

    ``amount`` is in minor units of ``currency``, less than nothing where it went back to the cardholder.
    """

    name: str
    said: str
    amount: int
    currency: str
    operated_on: date
    origin: str

    @property
    def title(self) -> str:
        """What was done, in the language of the moment; in the platform's own word where we have none."""
        return gettext(codes.OPERATIONS[self.name]) if self.name in codes.OPERATIONS else self.said


def operations(connection: Connection, scope: Scope, row: Row) -> tuple[OperationLine, ...]:
    """What was done to a sale, the oldest first."""
    goes_back = Operation.name.in_((OperationName.CANCEL, OperationName.REFUND))
    statement = (
        select(
            Operation.name,
            Operation.said,
            case((goes_back, -func.abs(Operation.amount)), else_=Operation.amount),
            Operation.currency,
            Operation.operated_on,
            Operation.origin,
        )
        .where(
            *in_scope(Operation.merchant_id, Operation.contract_id, scope),
            Operation.transaction_id == row["id"],
            Operation.occurred_on == row["occurred_on"],
        )
        .order_by(Operation.operated_on, Operation.sequence, Operation.id)
    )
    return tuple(OperationLine(*found) for found in connection.execute(statement))
