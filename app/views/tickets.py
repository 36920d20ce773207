"""The ticket of a payment or of a remise, as the terminal printed it: on the page and as PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from flask import Blueprint, abort, render_template, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.context import access, database
from app.lists import REMITTANCES, TRANSACTIONS
from app.lists.kinds import Row
from app.tickets import Ticket, cardholder_ticket, columns, laid_out, query, remittance_ticket, why_no_ticket
from app.tickets.pdf import pdf
from app.tickets.text import COLUMNS
from app.views.lists import PATHS

blueprint = Blueprint("tickets", __name__)


@dataclass(frozen=True)
class _Printer:
    """How the rows of a list are fetched and become tickets."""

    fetch: Callable[..., Row | None]
    print: Callable[[Row], Ticket]


_PRINTERS = {
    TRANSACTIONS.name: _Printer(query.payment, cardholder_ticket),
    REMITTANCES.name: _Printer(query.remittance, remittance_ticket),
}


def show(name: str, id: int) -> str:  # noqa: A002 - the name in the address
    """The ticket on a page."""
    ticket = _ticket(name, id)
    return render_template(
        "tickets/ticket.html",
        ticket=ticket,
        printed=laid_out(ticket),
        wide=columns(ticket) > COLUMNS,
        back=url_for("lists.detail", name=name, id=id),
        file=url_for("tickets.download", name=name, id=id),
        current_list=name,
    )


def download(name: str, id: int) -> AnyResponse:  # noqa: A002 - the name in the address
    """The ticket as PDF, on 80 mm paper."""
    ticket = _ticket(name, id)
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


def _ticket(name: str, row_id: int) -> Ticket:
    """The ticket of a row in sight whose application has tickets; anything else does not exist."""
    printer = _PRINTERS[name]
    with database().reading() as connection:
        row = printer.fetch(connection, access().scope, row_id)
    if row is None or why_no_ticket(row) is not None:
        abort(404)
    return printer.print(row)
