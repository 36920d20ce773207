"""Posting: a delivery for each recipient and the job that makes it, in the transaction of the request."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from app.locks import Lock, hold
from app.mail.addresses import mail_address
from app.mail.compose import composed
from app.mail.message import MailRequest, Message, Sender
from app.mail.quotas import check_limits
from app.models import TRIED_FOR, Delivery, DeliveryState

TASK = "deliver"
#: Other jobs go before mail: a mail server that hangs delays mail, and nothing else for long.
PRIORITY = -10

_DEFER = text("""
SELECT procrastinate_defer_jobs_v1(array_agg(ROW(
  'default', CAST(:task AS text), CAST(:priority AS int), NULL, NULL,
  jsonb_build_object('delivery_id', id), NULL
)::procrastinate_job_to_defer_v1)) FROM unnest(CAST(:ids AS bigint[])) AS id
""")


def post(
    connection: Connection, message: Message, recipients: Sequence[str], request: MailRequest, sender: Sender
) -> list[int]:
    """Write one delivery for each recipient and defer its job; nothing is sent unless the caller commits.

    Returns the ids in the order of ``recipients``, those of an earlier posting of the same request included;
    an address given twice counts once. Raises AddressError, MailError (too large, unsafe) and
    TooManyMailsError, before anything is written.
    """
    wanted = list(dict.fromkeys(mail_address(recipient) for recipient in recipients))
    hold(connection, Lock.POSTING)
    known = _known(connection, request, wanted)
    new = [recipient for recipient in wanted if recipient not in known]
    check_limits(connection, request, new)
    rows = [_row(message, recipient, request, sender) for recipient in new]
    written = {row["recipient"]: _insert(connection, row) for row in rows}
    defer(connection, list(written.values()))
    return [(known | written)[recipient] for recipient in wanted]


def renew(connection: Connection, delivery_id: int, *, merchant_id: int | None) -> bool:
    """Try a failed delivery of this merchant again, for as long as a new one.

    ``merchant_id`` None means those of no merchant. Returns whether there was one to renew: one whose
    address has been erased stays as it is.
    """
    renewed = connection.scalar(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.merchant_id.is_not_distinct_from(merchant_id),
            Delivery.state == DeliveryState.FAILED,
            Delivery.recipient.is_not(None),
        )
        .values(
            state=DeliveryState.QUEUED,
            next_try_at=func.now(),
            deadline=text(f"now() + interval '{TRIED_FOR}'"),
        )
        .returning(Delivery.id)
    )
    if renewed is not None:
        defer(connection, [renewed])
    return renewed is not None


def defer(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Queue the job of each delivery, in the transaction of ``connection``: Procrastinate's own function."""
    if delivery_ids:
        connection.execute(_DEFER, {"task": TASK, "priority": PRIORITY, "ids": list(delivery_ids)})


def _known(connection: Connection, request: MailRequest, recipients: Sequence[str]) -> dict[str, int]:
    """The deliveries that this request already has, by recipient."""
    rows = connection.execute(
        select(Delivery.recipient, Delivery.id).where(
            func.coalesce(Delivery.user_id, 0) == (request.user_id or 0),
            Delivery.request_key == request.request_key,
            Delivery.recipient.in_(recipients),
        )
    )
    return {str(row.recipient): int(row.id) for row in rows}


def _row(message: Message, recipient: str, request: MailRequest, sender: Sender) -> dict[str, Any]:
    message_id = f"<{secrets.token_hex(16)}@{sender.address.rpartition('@')[2]}>"
    return {
        "kind": request.kind,
        "reseller_slug": request.reseller_slug,
        "merchant_id": request.merchant_id,
        "user_id": request.user_id,
        "request_key": request.request_key,
        "list_name": request.list_name,
        "row_id": request.row_id,
        "sender": sender.address,
        "recipient": recipient,
        "message_id": message_id,
        "message": composed(message, recipient, sender, message_id, datetime.now(UTC)),
    }


def _insert(connection: Connection, row: dict[str, Any]) -> int:
    return connection.execute(insert(Delivery).values(row).returning(Delivery.id)).scalar_one()
