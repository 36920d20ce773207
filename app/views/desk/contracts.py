"""Contracts that nobody has declared, and attaching them so that their history appears."""

from __future__ import annotations

from collections.abc import Sequence

from babel.dates import get_timezone_location
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event, record
from app.context import database, desk, request_id, visitor
from app.desk import attaching, merchants, tasks, unclaimed
from app.desk.paging import AnyRow
from app.i18n import language
from app.models import DeskTaskKind
from app.views.desk.place import after, asked, blueprint, next_page, waiting_in_words


@blueprint.get("/contrats")
def contracts() -> str:
    """What waits for a merchant, and what was attached lately."""
    words, reseller_id = asked(), desk().reseller_id
    with database().reading() as connection:
        page = unclaimed.unclaimed(connection, reseller_id, words, after())
        on_their_way = tasks.awaited(connection, reseller_id)
        attached = tasks.latest(connection, reseller_id, (DeskTaskKind.ATTACH,))
    return render_template(
        "desk/contracts.html",
        words=words,
        rows=page.rows,
        on_their_way=on_their_way,
        waiting=lambda row: waiting_in_words(row.remittances, row.transactions, unclaimed.MOST_COUNTED),
        tasks=attached,
        reasons_of=tasks.reasons,
        next_after=page.next_after,
        further=next_page("desk.contracts", page.next_after, q=words),
    )


@blueprint.route("/contrats/rattacher", methods=["GET", "POST"])
def attach() -> AnyResponse | str | tuple[str, int]:
    """Choose a merchant and an outlet for contracts, then ask the worker to attach them."""
    person, reseller_id = visitor(), desk().reseller_id
    ids = [int(text[:18]) for text in request.values.getlist("contract") if text.isdecimal()]
    with database().reading() as connection:
        wanted = attaching.wish(connection, reseller_id, ids, request.values)
        found = merchants.merchants(connection, reseller_id, asked()) if asked() else None
        sound = request.method == "POST" and attaching.check(connection, reseller_id, wanted)
    if person is None or not wanted.contracts:
        return redirect(url_for("desk.contracts"), 303)
    if not sound:
        return _form(wanted, found.rows if found else ()), 422 if wanted.faults else 200
    with database().writing() as connection:
        attaching.attach(connection, reseller_id, person.user_id, wanted)
        record(
            connection,
            Event.ATTACH_ASKED,
            user_id=person.user_id,
            merchant_id=wanted.merchant.id if wanted.merchant else None,
            request_id=request_id(),
            reseller_id=reseller_id,
            contracts=[f"{row.number}/{row.rank} {row.application}" for row in wanted.contracts],
        )
    return redirect(url_for("desk.contracts"), 303)


def _form(wanted: attaching.Wish, found: Sequence[AnyRow]) -> str:
    return render_template(
        "desk/attach.html",
        wanted=wanted,
        words=asked(),
        found=found,
        waiting=lambda row: waiting_in_words(row.remittances, row.transactions, unclaimed.MOST_COUNTED),
        zones=[
            (zone, get_timezone_location(zone, locale=language(), return_city=True))
            for zone in attaching.TIME_ZONES
        ],
        new=attaching.NEW,
    )
