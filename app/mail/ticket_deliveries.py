"""The deliveries of a ticket, for whoever may see what it is of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from app.listing.scope import Scope
from app.models import Delivery, DeliveryState, Fault


@dataclass(frozen=True)
class DeliveryStatus:
    """The status of a delivery. ``recipient`` is None once erased; ``reply`` is in the server's words.

    ``uncertain`` says that the mail may have arrived twice, or may have arrived although it is not sent.
    """

    id: int
    recipient: str | None
    state: DeliveryState
    fault: Fault | None
    reply: str
    attempts: int
    created_at: datetime
    next_try_at: datetime
    sent_at: datetime | None
    uncertain: bool

    @property
    def renewable(self) -> bool:
        """Whether it can be sent again as it is."""
        return self.state is DeliveryState.FAILED and self.recipient is not None


def deliveries_of(
    connection: Connection,
    scope: Scope,
    list_name: str,
    row_id: int,
) -> list[DeliveryStatus]:
    """The deliveries of one ticket, newest first.

    The caller has found the row ``row_id`` of the list ``list_name`` in ``scope``: a delivery knows its
    merchant, not its contract.
    """
    of_this = (Delivery.list_name == list_name, Delivery.row_id == row_id)
    return _statuses(connection, Delivery.merchant_id == scope.merchant_id, *of_this)


def deliveries_of_request(
    connection: Connection, user_id: int | None, request_key: str
) -> list[DeliveryStatus]:
    """The deliveries that one request asked for, newest first."""
    same_user = Delivery.user_id.is_not_distinct_from(user_id)
    return _statuses(connection, same_user, Delivery.request_key == request_key)


def _statuses(connection: Connection, *which: ColumnElement[bool]) -> list[DeliveryStatus]:
    columns = (
        Delivery.id,
        Delivery.recipient,
        Delivery.state,
        Delivery.last_fault,
        Delivery.last_reply,
        Delivery.attempts,
        Delivery.created_at,
        Delivery.next_try_at,
        Delivery.sent_at,
        Delivery.uncertain_tries,
        Delivery.handed_over_at,
    )
    rows = connection.execute(select(*columns).where(*which).order_by(Delivery.id.desc()))
    return [
        DeliveryStatus(
            id=row.id,
            recipient=row.recipient,
            state=DeliveryState(row.state),
            fault=Fault(row.last_fault) if row.last_fault else None,
            reply=row.last_reply or "",
            attempts=row.attempts,
            created_at=row.created_at,
            next_try_at=row.next_try_at,
            sent_at=row.sent_at,
            uncertain=row.uncertain_tries > 0 or (row.sent_at is None and row.handed_over_at is not None),
        )
        for row in rows
    ]
