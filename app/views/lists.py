"""The two lists and their details: a page, a part of it, JSON or CSV, from one set of questions."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event, record
from app.listing.criteria import Criteria
from app.listing.export import json_document, too_long, write_csv
from app.listing.field import ListSpec
from app.listing.freshness import freshness
from app.listing.period import Period
from app.listing.query import one, page
from app.listing.sums import sums_by_type, totals
from app.lists import REMITTANCES, TRANSACTIONS
from app.mail.query import deliveries_of
from app.tickets import why_no_ticket
from app.views import cells
from app.views.deliveries import ticket_of
from app.views.details import sections
from app.views.periods import quick_periods
from app.views.rendering import htmx, page_or_part
from app.web.context import access, database, request_id, today, visitor
from app.web.security import local_path

blueprint = Blueprint("lists", __name__)
LISTS = {spec.name: spec for spec in (REMITTANCES, TRANSACTIONS)}
PATHS = {REMITTANCES.name: "/remises", TRANSACTIONS.name: "/transactions"}
PARTS = {"results": "lists/results.html", "more": "lists/more.html"}


@blueprint.get("/")
def home() -> AnyResponse:
    """The portal opens on last night's telecollections."""
    return redirect(url_for("lists.index", name=REMITTANCES.name), 303)


def index(name: str) -> AnyResponse:
    """A list: rows, totals over the whole filter, and what has not arrived yet."""
    spec, criteria = LISTS[name], _criteria(name)
    scope = access().scope
    with database().reading() as connection:
        found = page(connection, spec, scope, criteria)
        sums = totals(connection, spec, scope, criteria)
        fresh = freshness(connection, spec, scope, criteria.period, criteria.today)
    text = page_or_part(
        "lists/index.html",
        PARTS,
        spec=spec,
        criteria=criteria,
        found=found,
        totals=sums,
        fresh=fresh,
        too_long=too_long(criteria),
        quick_periods=tuple(quick_periods(criteria)),
        current_list=name,
    )
    response = make_response(text)
    if htmx and htmx.target == "results":
        response.headers["HX-Push-Url"] = cells.address(name, criteria.to_args())
    return response


def document(name: str) -> AnyResponse:
    """The rows and totals of a list as JSON."""
    spec, criteria = LISTS[name], _criteria(name)
    with database().reading() as connection:
        found = json_document(
            connection,
            spec,
            access().scope,
            criteria,
            lambda args: cells.address(name, args, endpoint="lists.document"),
        )
    return jsonify(found)


def download(name: str) -> AnyResponse:
    """The list as CSV: whole, or refused with the periods to ask for instead."""
    spec, criteria = LISTS[name], _criteria(name)
    split = too_long(criteria)
    if split is not None:
        return _refuse_export(spec, criteria, split)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - sent, then closed with the response
    try:
        with database().reading() as connection:
            rows = write_csv(connection, spec, access().scope, criteria, file)
        _journal_export(spec, criteria, rows)
        length = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = send_file(
        file,
        mimetype="text/csv",
        as_attachment=True,
        download_name=_file_name(name, criteria),
    )
    response.content_length = length
    return response


def detail(name: str, id: int) -> str:  # noqa: A002 - the name in the address
    """Every field of a row; a row out of sight does not exist."""
    spec, scope = LISTS[name], access().scope
    with database().reading() as connection:
        row = one(connection, spec, scope, id)
        sums = sums_by_type(connection, scope, id, row["collected_on"]) if row and spec is REMITTANCES else ()
        deliveries = deliveries_of(connection, scope, **ticket_of(name, id)) if row else ()
    if row is None:
        _journal_not_in_scope(name, id)
        abort(404)
    return render_template(
        "lists/detail.html",
        spec=spec,
        row=row,
        sums=sums,
        deliveries=deliveries,
        this_page=url_for("lists.detail", name=name, id=id),
        name=name,
        id=id,
        sections=tuple(sections(spec, row)),
        no_ticket=why_no_ticket(row),
        back=_list_left(name),
        current_list=name,
    )


for _name, _path in PATHS.items():
    _defaults = {"name": _name}
    blueprint.add_url_rule(_path, "index", index, defaults=_defaults)
    blueprint.add_url_rule(f"{_path}.json", "document", document, defaults=_defaults)
    blueprint.add_url_rule(f"{_path}.csv", "download", download, defaults=_defaults)
    blueprint.add_url_rule(f"{_path}/<int(max=9223372036854775807):id>", "detail", detail, defaults=_defaults)


def _criteria(name: str) -> Criteria:
    return Criteria.from_args(LISTS[name], request.args.items(multi=True), today())


def _list_left(name: str) -> str:
    """The list this page was opened from, with its filters; the whole list otherwise."""
    left = urlsplit(request.referrer or "")
    same = (left.netloc, left.path) == (request.host, PATHS[name])
    return (local_path(f"{left.path}?{left.query}") if same else None) or cells.address(name)


def _file_name(name: str, criteria: Criteria) -> str:
    """``transactions_2026-11-15_2026-11-21.csv``; the name of the list is the one of its address."""
    period = criteria.period
    return f"{PATHS[name].removeprefix('/')}_{period.first.isoformat()}_{period.last.isoformat()}.csv"


def _refuse_export(spec: ListSpec, criteria: Criteria, split: tuple[Period, ...]) -> AnyResponse:
    """Say why, and hand out the addresses of the parts."""
    parts = tuple(
        (period, replace(criteria, period=period, after=None).to_args(pinned=True)) for period in split
    )
    text = render_template(
        "lists/too_long.html", spec=spec, criteria=criteria, parts=parts, current_list=spec.name
    )
    return make_response(text, 422)


def _journal_export(spec: ListSpec, criteria: Criteria, rows: int) -> None:
    _journal(Event.EXPORTED, list=spec.name, asked=criteria.to_args(pinned=True), rows=rows)


def _journal_not_in_scope(name: str, row_id: int) -> None:
    _journal(Event.NOT_IN_SCOPE, list=name, id=row_id)


def _journal(event: Event, **details: Any) -> None:
    person = visitor()
    with database().writing() as connection:
        record(
            connection,
            event,
            user_id=person.user_id if person else None,
            merchant_id=access().merchant_id,
            request_id=request_id(),
            **details,
        )
