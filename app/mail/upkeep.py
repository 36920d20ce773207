"""The upkeep of mail: recipients, and texts that never left, are let go of with time."""

from __future__ import annotations

from sqlalchemy import Connection, text, update

from app.models import OPEN_STATES, Delivery

#: How long the address of a recipient is kept, and the text of a mail that failed and may be sent again.
KEPT_FOR = "30 days"


def erase_recipients(connection: Connection) -> None:
    """Erase addresses and texts KEPT_FOR after a delivery was asked for, unless it is still on its way."""
    connection.execute(
        update(Delivery)
        .where(Delivery.recipient.is_not(None) | Delivery.message.is_not(None))
        .where(
            Delivery.state.not_in(OPEN_STATES), Delivery.created_at < text(f"now() - interval '{KEPT_FOR}'")
        )
        .values(recipient=None, message=None)
    )
