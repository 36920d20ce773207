"""The ticket of a row of a list, as the terminal printed it: on the page and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from flask import abort, render_template, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.listing.kinds import Row
from app.listing.query import printable
from app.listing.spec import ListSpec
from app.mail.ticket_deliveries import deliveries_of
from app.tickets import Line, Ticket, columns, laid_out, why_no_ticket
from app.tickets.pdf import pdf
from app.tickets.text import COLUMNS
from app.views.rows import notes
from app.web.context import access, database


def show(spec: ListSpec, id: int) -> str:  # noqa: A002 - as the address calls it
    """The ticket on a page, and to whom it was sent."""
    row = fetched(spec, id)
    with database().reading_as(access().scope) as connection:
        deliveries = deliveries_of(connection, access().scope, spec.name, id)
    return render_template(
        "tickets/ticket.html",
        spec=spec,
        ticket=shown_ticket(spec.printing.print(row)),
        notes=tuple(notes(spec, row)),
        back=url_for(f"{spec.name}.detail", id=id),
        file=url_for(f"{spec.name}.ticket_file", id=id),
        id=id,
        deliveries=deliveries,
        this_page=url_for(f"{spec.name}.ticket", id=id),
    )


def download(spec: ListSpec, id: int) -> AnyResponse:  # noqa: A002 - as the address calls it
    """The ticket as PDF, on 80 mm paper."""
    ticket = spec.printing.print(fetched(spec, id))
    return send_file(
        BytesIO(pdf(ticket)),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{ticket.name}.pdf",
    )


def fetched(spec: ListSpec, row_id: int) -> Row:
    """A row in sight whose application has tickets; anything else does not exist."""
    with database().reading_as(access().scope) as connection:
        row = printable(connection, spec, access().scope, row_id)
    if row is None or why_no_ticket(row) is not None:
        abort(404)
    return row


@dataclass(frozen=True)
class ShownTicket:
    """A ticket on a page: its title, its lines, and whether these are wider than usual."""

    title: str
    lines: Sequence[Line]
    is_wide: bool


def shown_ticket(ticket: Ticket) -> ShownTicket:
    """``ticket`` as templates take it."""
    return ShownTicket(ticket.title, laid_out(ticket), columns(ticket) > COLUMNS)
