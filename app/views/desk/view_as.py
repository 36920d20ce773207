"""Where staff are: at whose desk, or looking at a merchant's data, announced, journalled, reading only."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event, record
from app.accounts.sessions import choose_desk, choose_merchant
from app.desk.merchants import merchant
from app.lists import FIRST
from app.views.desk.common import ID, blueprint, journal
from app.web.context import database, desk, request_id, signed_in, visitor
from app.web.security import browser_session


@blueprint.post(f"/commercants/{ID}/regarder")
def look(id: int) -> Response:  # noqa: A002 - the name in the address
    """Look at the lists of a merchant of this maintainer's, suspended or not."""
    with database().reading_as(desk()) as connection:
        if merchant(connection, desk().reseller_id, id) is None:
            abort(404)
    with database().writing() as connection:
        choose_merchant(connection, browser_session().key, id)
    journal(Event.STAFF_LOOKED, id)
    return redirect(url_for(f"{FIRST.name}.index"), 303)


@blueprint.post("/mainteneur")
def choose() -> Response:
    """Go over to the desk of another maintainer that one works for; that of any other does not exist."""
    person, chosen = signed_in(), request.form.get("reseller", type=int)
    if chosen not in {one.reseller_id for one in person.staff}:
        abort(404)
    with database().writing() as connection:
        choose_desk(connection, browser_session().key, chosen)
        record(
            connection,
            Event.DESK_CHOSEN,
            user_id=person.user_id,
            request_id=request_id(),
            reseller_id=chosen,
        )
    return redirect(url_for("desk.home"), 303)


@blueprint.post("/quitter")
def leave() -> Response:
    """Look no more, and go back to that merchant's page of the desk."""
    person = visitor()
    if person is None or person.access is None or not person.access.is_look:
        return redirect(url_for("desk.merchants"), 303)
    merchant_id = person.access.merchant_id
    with database().writing() as connection:
        choose_merchant(connection, browser_session().key, None)
    journal(Event.STAFF_LEFT, merchant_id)
    return redirect(url_for("desk.merchant", id=merchant_id), 303)
