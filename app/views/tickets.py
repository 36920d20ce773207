"""The ticket of a payment or of a remise, as the terminal printed it: on the page and as PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, render_template, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.listing.kinds import Row
from app.lists import REMITTANCES, TRANSACTIONS
from app.mail import Letter
from app.mail.query import deliveries_of
from app.mail.tickets import payment_letter, remittance_letter
from app.themes import Theme
from app.tickets import Ticket, cardholder_ticket, columns, laid_out, query, remittance_ticket, why_no_ticket
from app.tickets.pdf import pdf
from app.tickets.text import COLUMNS
from app.views.deliveries import ticket_of
from app.views.lists import PATHS
from app.web.context import access, database

blueprint = Blueprint("tickets", __name__)


@dataclass(frozen=True)
class Printer:
    """How the rows of a list are fetched, and become tickets and letters."""

    fetch: Callable[..., Row | None]
    print: Callable[[Row], Ticket]
    letter: Callable[[Row, Theme], Letter]


PRINTERS = {
    TRANSACTIONS.name: Printer(query.payment, cardholder_ticket, payment_letter),
    REMITTANCES.name: Printer(query.remittance, remittance_ticket, remittance_letter),
}


def show(name: str, id: int) -> str:  # noqa: A002 - the name in the address
    """The ticket on a page, and to whom it was sent."""
    ticket = PRINTERS[name].print(fetched(name, id))
    with database().reading() as connection:
        deliveries = deliveries_of(connection, access().scope, **ticket_of(name, id))
    return render_template(
        "tickets/ticket.html",
        ticket=ticket,
        back=url_for("lists.detail", name=name, id=id),
        file=url_for("tickets.download", name=name, id=id),
        name=name,
        id=id,
        deliveries=deliveries,
        this_page=url_for("tickets.show", name=name, id=id),
        current_list=name,
        **face(ticket),
    )


def download(name: str, id: int) -> AnyResponse:  # noqa: A002 - the name in the address
    """The ticket as PDF, on 80 mm paper."""
    ticket = PRINTERS[name].print(fetched(name, id))
    return send_file(
        BytesIO(pdf(ticket)),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{ticket.name}.pdf",
    )


for _name, _path in PATHS.items():
    _place = f"{_path}/<int(max=9223372036854775807):id>/ticket"
    blueprint.add_url_rule(_place, "show", show, defaults={"name": _name})
    blueprint.add_url_rule(f"{_place}.pdf", "download", download, defaults={"name": _name})


def fetched(name: str, row_id: int) -> Row:
    """A row in sight whose application has tickets; anything else does not exist."""
    with database().reading() as connection:
        row = PRINTERS[name].fetch(connection, access().scope, row_id)
    if row is None or why_no_ticket(row) is not None:
        abort(404)
    return row


def face(ticket: Ticket) -> dict[str, Any]:
    """What the template of a ticket needs: its lines, and whether they are wider than usual."""
    return {"printed": laid_out(ticket), "wide": columns(ticket) > COLUMNS}
