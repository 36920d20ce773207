"""What became of the mails that carried a ticket: for those who may see its payment or remittance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from app.lists import REMITTANCES, TRANSACTIONS
from app.models import Delivery, DeliveryState

#: A ticket sent more often than this shows its latest mails.
MOST_SHOWN = 50
_OF = {
    TRANSACTIONS.name: Delivery.transaction_id,
    REMITTANCES.name: Delivery.remittance_id,
}


@dataclass(frozen=True)
class Sent:
    """A ticket that was sent to somebody. ``recipient`` is None once it has been erased; times are in UTC.

    ``reply`` is what the mail server, or the way to it, had to say about the last try that failed.
    """

    id: int
    recipient: str | None
    state: DeliveryState
    asked_at: datetime
    sent_at: datetime | None
    next_try_at: datetime
    fault: str | None
    reply: str | None

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.state not in (DeliveryState.SENT, DeliveryState.FAILED)

    @property
    def is_renewable(self) -> bool:
        """Whether it can be sent again as it was."""
        return self.state is DeliveryState.FAILED and self.recipient is not None


def sent_tickets(connection: Connection, spec_name: str, merchant_id: int, row_id: int) -> tuple[Sent, ...]:
    """The deliveries of the ticket of a row, newest first; the caller has checked that it is in scope."""
    rows = connection.execute(
        select(
            Delivery.id,
            Delivery.recipient,
            Delivery.state,
            Delivery.created_at,
            Delivery.sent_at,
            Delivery.next_try_at,
            Delivery.last_fault,
            Delivery.last_reply,
        )
        .where(Delivery.merchant_id == merchant_id, _OF[spec_name] == row_id)
        .order_by(Delivery.id.desc())
        .limit(MOST_SHOWN)
    )
    return tuple(
        Sent(
            id=row.id,
            recipient=row.recipient,
            state=DeliveryState(row.state),
            asked_at=row.created_at,
            sent_at=row.sent_at,
            next_try_at=row.next_try_at,
            fault=row.last_fault,
            reply=row.last_reply,
        )
        for row in rows
    )
