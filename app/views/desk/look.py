"""Looking at a merchant's data as the maintainer: announced, journalled, never more than reading."""

from __future__ import annotations

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.accounts.sessions import choose_merchant
from app.context import database, desk, visitor
from app.desk.merchants import merchant
from app.security import browser_session
from app.views.desk.place import ID, blueprint, journal


@blueprint.post(f"/commercants/{ID}/regarder")
def look(id: int) -> Response:  # noqa: A002 - the name in the address
    """Look at the lists of a merchant of this maintainer's, suspended or not."""
    with database().reading() as connection:
        if merchant(connection, desk().reseller_id, id) is None:
            abort(404)
    with database().writing() as connection:
        choose_merchant(connection, browser_session().key, id)
    journal(Event.STAFF_LOOKED, id)
    return redirect(url_for("lists.index", name="remittances"), 303)


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
