"""The people of the desk: the maintainer's own staff and those of its merchants, and the way out for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts import departures
from app.accounts.departures import Decider
from app.accounts.users import UserError
from app.desk import people as found
from app.desk.paging import NO_ROWS, AnyRow
from app.views.desk.common import ID, blueprint, next_page
from app.views.moments import show_minute
from app.views.tables import TableColumn, table
from app.web.context import database, desk, request_id, signed_in
from app.web.page_query import page_query
from app.web.questions import asking
from app.wording.i18n import N_, gettext

#: Merchants that are named in a row.
MOST_NAMED = 2
STATES = {found.STAFF: N_("Our staff"), found.SUSPENDED: N_("Suspended")}
#: What was just done, as the page says it.
DONE = {
    "suspended": N_("The account is suspended."),
    "restored": N_("The account is open again."),
    "erased": N_("The account is erased."),
    "removed": N_("This person no longer works here."),
}


def _remove(connection: Any, email: str, by: Decider) -> None:
    departures.remove_staff(connection, email, desk().reseller_id, by)


#: What an account's own maintainer may do with it.
ACTIONS: dict[str, tuple[Callable[[Any, str, Decider], None], str]] = {
    "suspendre": (departures.suspend, "suspended"),
    "retablir": (departures.restore, "restored"),
    "effacer": (departures.erase, "erased"),
}
#: What each maintainer may do for itself, whomever else somebody works for.
LEAVING = "retirer"


def _belongs_to(row: AnyRow) -> str:
    """The staff, and the first merchants that somebody has an access to, and how many others."""
    named = [*([gettext("Our staff")] if row.is_staff else []), *row.merchants[:MOST_NAMED]]
    more = len(row.merchants) - MOST_NAMED
    return ", ".join(named) + (f" + {more}" if more > 0 else "")


def _last_sign_in(row: AnyRow) -> str:
    return show_minute(row.signed_in_at) if row.signed_in_at else gettext("never")


PEOPLE = (
    TableColumn(N_("Email address"), lambda row: row.email, "title"),
    TableColumn(N_("Belongs to"), _belongs_to, style="wrapped"),
    TableColumn(
        N_("Last sign-in"),
        _last_sign_in,
        card=lambda row: gettext(
            "%(label)s: %(value)s", label=gettext("Last sign-in"), value=_last_sign_in(row)
        ),
    ),
    TableColumn(
        N_("State"),
        lambda row: gettext("Suspended") if row.disabled_at else "",
        "badge",
        tone=lambda _: "warn",
    ),
)


@blueprint.get("/personnes")
def people() -> str:
    """Everybody who may see something of this maintainer's, by address or last sign-in."""
    choices = {"state": found.STATES, "done": DONE, "sort": tuple(found.ORDERS)}
    query, page = page_query(request.args, choices=choices), NO_ROWS
    words, state, sort = query.text("q"), query.text("state"), query.text("sort")
    if not query.faults:
        with asking(desk()) as connection:
            page = found.people(
                connection, desk().reseller_id, state, words, query.after, by=sort or found.BY_ADDRESS
            )
    title, done = gettext("People"), DONE.get(query.text("done"))
    return render_template(
        "desk/people.html",
        title=title,
        query=query,
        state=state,
        states=[(value, gettext(said)) for value, said in STATES.items()],
        done=done and gettext(done),
        list=table(title, PEOPLE, page.rows, lambda row: url_for("desk.person", id=row.id)),
        next_after=page.next_after,
        further=next_page("desk.people", page.next_after, q=words, sort=sort, state=state),
    )


@blueprint.get(f"/personnes/{ID}")
def person(id: int) -> str:  # noqa: A002 - the name in the address
    """One of them: what they may see, and the ways out."""
    query = page_query(request.args, choices={"done": DONE})
    done = DONE.get(query.text("done"))
    return render_template(
        "desk/person.html",
        person=_known(id),
        is_oneself=id == signed_in().user_id,
        query=query,
        done=done and gettext(done),
    )


@blueprint.post(f"/personnes/{ID}/<action>")
def decide(id: int, action: str) -> Response:  # noqa: A002 - the name in the address
    """Suspend, open again or erase an account, or let somebody work here no longer."""
    row, is_leaving = _known(id), action == LEAVING
    if not is_leaving and (action not in ACTIONS or row.serves_others):
        abort(404)
    act, done = (_remove, "removed") if is_leaving else ACTIONS[action]
    by = Decider(signed_in().user_id, desk().reseller_id, request_id())
    try:
        with database().writing() as connection:
            act(connection, row.email, by)
    except UserError:  # oneself, somebody who has gone meanwhile, or one who works here no longer
        abort(404)
    with database().reading() as connection:
        stays = found.person(connection, desk().reseller_id, id) is not None
    page = url_for("desk.person", id=id, done=done) if stays else url_for("desk.people", done=done)
    return redirect(page, 303)


def _known(user_id: int) -> AnyRow:
    with database().reading() as connection:
        row = found.person(connection, desk().reseller_id, user_id)
    return row or abort(404)
