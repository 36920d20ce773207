"""Sending a ticket by mail: to whom, beside what is sent. One click is one mail, whatever is clicked twice.

The number of a request stands in the address of the page, so that going back to it or loading it again asks
for the same mails, not for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event
from app.accounts.sessions import is_key, new_key
from app.listing.kinds import Row
from app.listing.spec import ListSpec
from app.lists.sole_place import sole_place
from app.mail import Kind, MailError, MailRequest, post, renew, sender_of
from app.mail.ticket_deliveries import deliveries_of, deliveries_of_request
from app.mail.ticket_message import ticket_message
from app.views.cells import row_title
from app.views.rendering import htmx, page_or_part
from app.views.tickets import fetched, shown_ticket
from app.web.context import access, database, signed_in, theme
from app.web.journal import journal
from app.web.sending_form import SendingForm

#: Where htmx puts the steps: in the dialogue of the page.
PARTS = {"steps": "sending/part.html"}


def show(spec: ListSpec, id: int) -> AnyResponse | str:  # noqa: A002 - as the address calls it
    """The ticket and to whom it goes, on one page; its address gets the number of the request."""
    row, key = fetched(spec, id), request.args.get("envoi", "")
    if is_key(key) or htmx:
        return _step("form", spec, row, form=SendingForm(request_key=key if is_key(key) else new_key()))
    return redirect(url_for(f"{spec.name}.sending", id=id, envoi=new_key()), 303)


def send(spec: ListSpec, id: int) -> AnyResponse | str | tuple[str, int]:  # noqa: A002 - as the address calls it
    """Post the ticket to every address of the form, or to none."""
    row, form, refused = fetched(spec, id), SendingForm.sent(), ""
    key = form.request_key.data or ""
    if not is_key(key):
        abort(400)
    if form.validate():
        try:
            _post(spec, row, form.addresses(), key)
        except MailError as error:
            refused = str(error)
        else:
            return _sent(spec, row, key) if htmx else _followed(spec, id)
    page = _step("form", spec, row, form=form, refused=refused)
    return page, 200 if htmx else 422  # a browser complains of a part that is 422, though it shows it


def send_again(spec: ListSpec, id: int, delivery_id: int) -> AnyResponse:  # noqa: A002 - as the address calls it
    """Try once more what has failed; what is not of this ticket does not exist."""
    fetched(spec, id)
    with database().writing() as connection:
        known = deliveries_of(connection, access().scope, spec.name, id)
        if delivery_id not in {delivery.id for delivery in known}:
            abort(404)
        if renew(connection, delivery_id, merchant_id=access().merchant_id):
            journal(Event.TICKET_SENT, connection, list=spec.name, id=id, recipients=1, again=True)
    return _followed(spec, id)


def _post(spec: ListSpec, row: Row, recipients: Sequence[str], key: str) -> None:
    """The mails, and a line in the journal that names nobody. Raises MailError, with nothing written."""
    mail_request = MailRequest(
        kind=Kind.TICKET,
        reseller_slug=access().reseller_slug,
        merchant_id=access().merchant_id,
        user_id=signed_in().user_id,
        request_key=key,
        list_name=spec.name,
        row_id=row["id"],
    )
    message = ticket_message(spec, row, theme())
    with database().writing() as connection:
        before = {known.id for known in deliveries_of_request(connection, mail_request.user_id, key)}
        asked = post(connection, message, recipients, mail_request, sender_of(theme()))
        if new := set(asked) - before:
            sent = {"list": spec.name, "id": row["id"], "recipients": len(new)}
            journal(Event.TICKET_SENT, connection, **sent)


def _sent(spec: ListSpec, row: Row, key: str) -> str:
    """What became of it, in the dialogue of the page it was asked from."""
    with database().reading_as(access().scope) as connection:
        asked = deliveries_of_request(connection, signed_in().user_id, key)
        deliveries = deliveries_of(connection, access().scope, spec.name, row["id"])
    own = url_for(f"{spec.name}.detail", id=row["id"])
    below = urlsplit(htmx.current_url or "").path
    this_page = next((page for page in (own, f"{own}/ticket") if below and page.endswith(below)), None)
    return _step("sent", spec, row, asked=asked, deliveries=deliveries, own=own, this_page=this_page)


def _followed(spec: ListSpec, row_id: int) -> AnyResponse:
    """To the page of the row, where its deliveries stand."""
    return redirect(url_for(f"{spec.name}.detail", id=row_id, _anchor="envois"), 303)


def _step(step: str, spec: ListSpec, row: Row, *, refused: str = "", **values: Any) -> str:
    """The form, or what became of it, as a page or as a part for the dialogue.

    ``refused`` is why nothing was sent.
    """
    with database().reading_as(access().scope) as connection:
        sole = sole_place(access().scope).read(connection)
    return page_or_part(
        "sending/page.html",
        PARTS,
        step=step,
        ticket=shown_ticket(spec.printing.print(row)),
        id=row["id"],
        spec=spec,
        row=row,
        title=row_title(spec, row, sole),
        refused=refused,
        **values,
    )
