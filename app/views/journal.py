"""The journal: an owner reads that of their merchant, the reseller's staff that of all of theirs."""

from __future__ import annotations

from typing import Any, BinaryIO

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import event_labels, history, members
from app.accounts.journal import Event
from app.views.desk.common import LONGEST_SEARCH, after
from app.views.desk.common import blueprint as desk_blueprint
from app.views.moments import show_moment
from app.views.tables import TableColumn, table
from app.web.context import access, database, desk, request_id, signed_in, today
from app.web.downloads import file_name, send_csv
from app.web.journal import journal as write_down
from app.wording.i18n import N_, gettext

blueprint = Blueprint("journal", __name__)

_WHO_AND_WHAT = (
    TableColumn(N_("What"), lambda row: event_labels.title(row.event), "title"),
    TableColumn(N_("When"), lambda row: show_moment(row.at)),
    TableColumn(N_("Who"), lambda row: row.email or ""),
    TableColumn(N_("Details"), lambda row: event_labels.detail(row.event, row.details, row.local.date())),
)
_WITH_MERCHANT = (
    *_WHO_AND_WHAT[:3],
    TableColumn(N_("Merchant"), lambda row: row.merchant or ""),
    *_WHO_AND_WHAT[3:],
)


@blueprint.get("/journal")
def show() -> str:
    """What was done at one's own merchant, as far as one sees it."""
    return _page(_own(), _WHO_AND_WHAT, "journal.show", "journal.download")


@blueprint.get("/journal.csv")
def download() -> AnyResponse:
    """The same as CSV, whole."""
    return _file(_own(), access().merchant_name)


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
    return _page(history.of_reseller(desk().reseller_id), _WITH_MERCHANT, "desk.journal", "desk.journal_csv")


@desk_blueprint.get("/journal.csv")
def journal_csv() -> AnyResponse:
    """The same as CSV, whole."""
    return _file(history.of_reseller(desk().reseller_id), desk().reseller_name)


def _search() -> history.JournalSearch:
    person = request.args.get("person", "")[:LONGEST_SEARCH]
    return history.JournalSearch(
        person="".join(letter for letter in person if letter.isprintable()).strip(),
        event=request.args.get("event", "") if request.args.get("event", "") in set(Event) else "",
        after=after(),
    )


def _page(seen: Any, columns: tuple[TableColumn, ...], endpoint: str, file: str) -> str:
    search = _search()
    with database().reading() as connection:
        found = history.entries(connection, seen, search)
    kept = {name: value for name in ("person", "event") if (value := getattr(search, name))}
    title = gettext("Journal")
    return render_template(
        "desk/journal.html" if endpoint.startswith("desk.") else "journal/index.html",
        title=title,
        search=search,
        events=event_labels.events(),
        list=table(title, columns, found.rows),
        next_after=found.next_after,
        further=url_for(endpoint, **kept, after=found.next_after),
        action=url_for(endpoint),
        file=url_for(file, **kept),
    )


def _file(seen: Any, whose: str) -> AnyResponse:
    def write(file: BinaryIO) -> None:
        with database().reading() as connection:
            rows = history.write_csv(connection, seen, _search(), file)
        write_down(Event.JOURNAL_EXPORTED, rows=rows)

    return send_csv(write, file_name("journal", whose, today().isoformat(), kind="csv"))
