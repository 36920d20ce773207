"""The journal: an owner reads that of their merchant, the reseller's staff that of all of theirs."""

from __future__ import annotations

from typing import Any, BinaryIO

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import event_labels, history, members
from app.accounts.journal import Event
from app.database.isolation import Isolated
from app.rules.time_zones import today
from app.views.desk.common import blueprint as desk_blueprint
from app.views.desk.common import next_page
from app.views.moments import show_moment
from app.views.tables import TableColumn, table
from app.web.context import access, database, desk, request_id, signed_in
from app.web.downloads import file_name, send_csv
from app.web.journal import journal as write_down
from app.web.page_query import PageQuery, page_query
from app.web.questions import asking, exporting
from app.wording.i18n import N_, gettext

blueprint = Blueprint("journal", __name__)

#: In the order of the file of it.
_WHO_AND_WHAT = (
    TableColumn(N_("When"), lambda row: show_moment(row.at)),
    TableColumn(N_("Who"), lambda row: row.email or ""),
    TableColumn(N_("What"), lambda row: event_labels.title(row.event), "title"),
    TableColumn(
        N_("Details"),
        lambda row: event_labels.detail(row.event, row.details, row.local.date()),
        style="wrapped",
    ),
)
_WITH_MERCHANT = (
    *_WHO_AND_WHAT[:2],
    TableColumn(N_("Merchant"), lambda row: row.merchant or ""),
    *_WHO_AND_WHAT[2:],
)


@blueprint.get("/journal")
def show() -> str:
    """What was done at one's own merchant, as far as one sees it."""
    return _page(access().scope, _own(), _WHO_AND_WHAT, "journal.show", "journal.download")


@blueprint.get("/journal.csv")
def download() -> AnyResponse:
    """The same as CSV, whole."""
    return _file(access().scope, _own(), access().merchant_name)


def _own() -> Any:
    """The entries that one may see: all of the merchant, or those of the people within one's limits."""
    if access().limits is None:
        return history.of_merchant(access().merchant_id)
    with database().reading() as connection:
        actor = members.actor_of(connection, access(), signed_in().user_id, request_id())
        return history.of_people(access().merchant_id, members.people_in_sight(connection, actor))


@desk_blueprint.get("/journal")
def journal() -> str:
    """What was done at any of the reseller's merchants, and at their desk."""
    return _page(
        desk(), history.of_reseller(desk().reseller_id), _WITH_MERCHANT, "desk.journal", "desk.journal_csv"
    )


@desk_blueprint.get("/journal.csv")
def journal_csv() -> AnyResponse:
    """The same as CSV, whole."""
    return _file(desk(), history.of_reseller(desk().reseller_id), desk().reseller_name)


def _query() -> PageQuery:
    return page_query(request.args, words=("person",), choices={"event": set(Event)})


def _search(query: PageQuery) -> history.JournalSearch:
    return history.JournalSearch(person=query.text("person"), event=query.text("event"), after=query.after)


def _page(sight: Isolated, seen: Any, columns: tuple[TableColumn, ...], endpoint: str, file: str) -> str:
    query = _query()
    found = history.NO_ENTRIES
    if not query.faults:
        with asking(sight) as connection:
            found = history.entries(connection, seen, _search(query))
    title = gettext("Journal")
    return render_template(
        "desk/journal.html" if endpoint.startswith("desk.") else "journal/index.html",
        title=title,
        query=query,
        events=event_labels.events(),
        list=table(title, columns, found.rows),
        next_after=found.next_after,
        further=next_page(endpoint, found.next_after, **query.texts),
        action=url_for(endpoint),
        file=url_for(file, **dict[str, Any](query.texts)),
    )


def _file(sight: Isolated, seen: Any, whose: str) -> AnyResponse:
    query = _query()
    if query.faults:
        return query.refusal()

    def write(file: BinaryIO) -> None:
        with exporting(sight) as connection:
            rows = history.write_csv(connection, seen, _search(query), file)
        write_down(Event.JOURNAL_EXPORTED, rows=rows)

    return send_csv(write, file_name("journal", whose, today().isoformat(), kind="csv"))
