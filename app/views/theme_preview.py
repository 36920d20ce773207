"""The preview of a theme: every component, a ticket and a mail, as a maintainer's people get them.

All of it is invented: nobody's payment is shown.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Response, render_template

from app.listing.kinds import Row
from app.listing.period import Period
from app.lists import TRANSACTIONS
from app.lists.nights import Bar
from app.mail.ticket_message import ticket_message
from app.rules.time_zones import today
from app.themes import Theme
from app.views.mail_frames import CarriedPicture, framing, mail_page, with_pictures
from app.views.tickets import shown_ticket

#: What the sample's days took, in cents, and what of the last one did not pass.
_DAYS = (41_250, 12_980, 38_410, 44_075, 45_320, 47_905, 52_160)
_APART = 6_480


def preview(theme: Theme, mail_address: str) -> Response:
    """The page of a theme; ``mail_address`` is that of :func:`preview_mail`."""
    return framing(
        render_template(
            "themes/preview.html",
            theme=theme,
            mail_address=mail_address,
            ticket=shown_ticket(TRANSACTIONS.printing.print(_sample())),
            days=_sample_days(),
            period=Period.up_to(today() - timedelta(days=1), 1),
        )
    )


def preview_mail(theme: Theme) -> Response:
    """The mail with the sample's ticket, as a mail program shows it."""
    message = ticket_message(TRANSACTIONS, _sample(), theme)
    pictures = (CarriedPicture(each.name, each.media_type, each.content) for each in message.pictures)
    return mail_page(with_pictures(message.html, pictures))


def _sample_days() -> tuple[Bar, ...]:
    """A week until yesterday."""
    first = today() - timedelta(days=len(_DAYS))
    *_, last = _DAYS
    return tuple(
        Bar(first + timedelta(days=place), amount, _APART if amount == last else 0)
        for place, amount in enumerate(_DAYS)
    )


def _sample() -> Row:
    """A payment that nobody made, with all that its ticket and its mail need."""
    fields: dict[str, Any] = dict.fromkeys((*TRANSACTIONS.by_name, *TRANSACTIONS.printing.columns))
    at = datetime.combine(today() - timedelta(days=1), time(12, 31, 9))
    return fields | {
        "id": 1,
        "date": at,
        "state": "remitted",
        "application": "CBEMV",
        "contract": "7654321",
        "label": "Comptoir",
        "rank": "001",
        "bank": "30004",
        "amount": 2340,
        "net_amount": 2340,
        "currency": "EUR",
        "type": "debit",
        "outcome": "accepted",
        "response_code": "00",
        "card": "497010******0929",
        "expiry": "1128",
        "authorisation": "123456",
        "authorisation_asked": True,
        "remittance": "000417",
        "remittance_id": 1,
        "original_id": None,
        "serial": "219300290018",
        "terminal": "001",
        "entry_mode": "chip",
        "aid": "A0000000421010",
        "certificate": "A1B2C3D4E5F60718",
        "sequence_number": "000101",
        "trade_name": "Café de la Fiction",
        "siret": "99999999800019",
        "address": "1 rue de l’Exemple",
        "postcode": "99000",
        "city": "Exempleville",
    }
