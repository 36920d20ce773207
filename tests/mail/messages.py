"""Messages and requests for tests, keyword by keyword."""

from __future__ import annotations

from itertools import count
from typing import Any

from app.mail import Attachment, Kind, MailRequest, Message, Sender

SENDER = Sender("Monétique Horizon", "no-reply@horizon.example", "assistance@horizon.example")
_numbers = count(1)


def a_message(**values: Any) -> Message:
    given = {
        "subject": "Votre ticket du 02/03/2026, 12:31:09",
        "text": "Cher client,\n\nVoici le ticket : 39,00 €.\n",
        "html": "<!doctype html><html lang='fr'><p>Cher client,</p><p>Voici le ticket : 39,00 €.</p></html>",
        "attachments": (Attachment("ticket.pdf", "application/pdf", b"%PDF-1.4 not really"),),
        **values,
    }
    return Message(**given)


def a_request(**values: Any) -> MailRequest:
    given = {
        "kind": Kind.TICKET,
        "reseller_slug": "horizon",
        "merchant_id": 7,
        "user_id": 3,
        "request_key": f"request-{next(_numbers)}",
        **values,
    }
    return MailRequest(**given)
