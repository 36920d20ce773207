"""Staff who look at a merchant's data: announced, journalled, reading only."""

from __future__ import annotations

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.accounts.sessions import begin_viewing, stop_viewing
from app.desk.merchants import merchant
from app.lists import FIRST
from app.views.desk.common import ID, blueprint
from app.web.context import database, desk
from app.web.journal import journal
from app.web.security import browser_session


@blueprint.post(f"/commercants/{ID}/regarder")
def view_as(id: int) -> Response:  # noqa: A002 - the name in the address
    """Look at the lists of a merchant of this reseller's, suspended or not."""
    _known(id)
    with database().writing() as connection:
        begin_viewing(connection, browser_session().key, id)
    journal(Event.STAFF_LOOKED, merchant_id=id)
    return redirect(url_for(f"{FIRST.name}.index", merchant_id=id), 303)


@blueprint.post(f"/commercants/{ID}/quitter")
def leave(id: int) -> Response:  # noqa: A002 - the name in the address
    """Look no more, and go back to that merchant's page of the desk."""
    _known(id)
    with database().writing() as connection:
        stop_viewing(connection, browser_session().key, id)
    journal(Event.STAFF_LEFT, merchant_id=id)
    return redirect(url_for("desk.merchant", id=id), 303)


def _known(merchant_id: int) -> None:
    with database().reading_as(desk()) as connection:
        if merchant(connection, desk().reseller_id, merchant_id) is None:
            abort(404)
