"""The mails of a reseller's portal: to whom, how far, and what kept them."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from app.desk.paging import KeysetOrder, KeysetPage, page
from app.models import Delivery, DeliveryState, Merchant
from app.wording.searching import tidy

_NEWEST = KeysetOrder((Delivery.created_at, Delivery.id), Delivery.id, descending=True)


def deliveries(
    connection: Connection,
    reseller_slug: str,
    state: DeliveryState | None = None,
    search: str = "",
    after: int | None = None,
) -> KeysetPage:
    """Deliveries, the newest first, in one state or any; ``search`` is part of a recipient."""
    visible = [Delivery.reseller_slug == reseller_slug]
    where = [] if state is None else [Delivery.state == state]
    if words := tidy(search).lower():
        where.append(func.strpos(func.lower(Delivery.recipient), words) > 0)
    statement = (
        select(
            Delivery.id,
            Delivery.kind,
            Delivery.state,
            Delivery.recipient,
            Delivery.created_at,
            Delivery.sent_at,
            Delivery.attempts,
            Delivery.next_try_at,
            Delivery.last_fault,
            Merchant.name.label("merchant"),
        )
        .outerjoin(Merchant, Merchant.id == Delivery.merchant_id)
        .where(*visible, *where, *_NEWEST.behind(after, visible))
    )
    return page(connection, statement, _NEWEST)
