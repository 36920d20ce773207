"""The payments of a remittance, as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.listing.field import Link
from app.listing.kinds import Row, Statement
from app.listing.scope import Scope
from app.listing.source import in_scope
from app.lists.remittance_kinds import CONTROL, is_uncaptured
from app.models import Completeness, Transaction
from app.rules.payments import Outcome, signed
from app.wording import codes, formats
from app.wording.days import capital
from app.wording.i18n import gettext, ngettext

#: Payments on the page of a remittance; the list has the others.
MOST = 50
#: When a terminal did not say when it opened a remittance, its payments are not older than this.
OPENED_BEFORE = timedelta(days=29)


@dataclass(frozen=True)
class RemittancePayment:
    """A payment of a remittance; ``amount`` in minor units, negative where money goes back."""

    id: int
    at: datetime
    last4: str | None
    type: str
    outcome: str
    amount: int
    currency: str

    @property
    def card(self) -> str:
        """Its card as it may be shown, in the language of the moment."""
        return f"•••• {self.last4}" if self.last4 else gettext("Card not read")

    @property
    def note(self) -> str:
        """What is out of the ordinary about it, in the language of the moment; mostly nothing."""
        if self.is_void:
            return gettext(codes.OUTCOMES[self.outcome])
        return "" if self.type == "debit" else gettext(codes.TYPES[self.type])

    @property
    def is_void(self) -> bool:
        """Whether it was not accepted, and counts for nothing."""
        return self.outcome != Outcome.ACCEPTED.value


@dataclass(frozen=True)
class RemittancePayments:
    """The first payments of a remittance; ``count`` of all, ``net`` of those that count, in minor units."""

    rows: tuple[RemittancePayment, ...]
    count: int
    net: int
    currency: str
    control: str
    is_complete: bool
    all: Link


def payments_of(row: Row, words: str = "") -> Link:
    """The transactions of a remittance."""
    collected = row["collected_on"]
    args = (
        ("date_from", min(_opened_on(row), collected).isoformat()),
        ("date_to", collected.isoformat()),
        ("application", row["application"]),
        ("contract", row["contract"]),
        ("rank", row["rank"]),
        _own(row),
    )
    return Link("transactions", args=args, words=words)


def _own(row: Row) -> tuple[str, str]:
    """The filter that tells the payments of a remittance from others of its contract and days."""
    if row["number"]:
        return "remittance", row["number"]
    if is_uncaptured(row):
        return "state", "pending"
    return "captured_on", row["collected_on"].isoformat()


def _opened_on(row: Row) -> date:
    """The day since when its payments may have been made; those not captured stand by the day they were."""
    if row["opened"]:
        opened: datetime = row["opened"]
        return opened.date()
    collected: date = row["collected_on"]
    return collected if is_uncaptured(row) else collected - OPENED_BEFORE


def payments(connection: Connection, scope: Scope, row: Row) -> RemittancePayments | None:
    """The payments of the remittance ``row``, the latest first; None while none has been received."""
    count = row["received_count"]
    if not count:
        return None
    return RemittancePayments(
        rows=tuple(_payment(found) for found in connection.execute(_rows(scope, row))),
        count=count,
        net=row["received_net"],
        currency=row["currency"],
        control=_control(row),
        is_complete=row["seal"] in (Completeness.COMPLETE, Completeness.NO_TOTALS),
        all=payments_of(row, gettext("See its transactions (%(count)s)", count=formats.number(count))),
    )


def _control(row: Row) -> str:
    """Whether those received are those declared, in the language of the moment."""
    if row["seal"] == Completeness.COMPLETE:
        return ngettext("Received, as declared", "All received, as declared", row["received_count"])
    return capital(CONTROL.cell(row["seal"], row))


def _rows(scope: Scope, row: Row) -> Statement:
    return (
        select(
            Transaction.id,
            Transaction.occurred_local,
            Transaction.card_last4,
            Transaction.type,
            Transaction.outcome,
            signed(Transaction.type, Transaction.amount).label("amount"),
            Transaction.currency,
        )
        .where(
            *in_scope(Transaction.merchant_id, Transaction.contract_id, scope),
            Transaction.remittance_id == row["id"],
            Transaction.collected_on == row["collected_on"],
        )
        .order_by(Transaction.occurred_at.desc(), Transaction.id.desc())
        .limit(MOST)
    )


def _payment(found: Any) -> RemittancePayment:
    return RemittancePayment(
        id=found.id,
        at=found.occurred_local,
        last4=found.card_last4,
        type=found.type,
        outcome=found.outcome,
        amount=found.amount,
        currency=found.currency,
    )
