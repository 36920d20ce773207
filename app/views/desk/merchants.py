"""The merchants of a reseller, and one of them with all that is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import merchants as found
from app.desk import staff_alerts, tasks
from app.desk.numbers import numbers
from app.desk.paging import NO_ROWS, AnyRow
from app.desk.silent_terminals import silent_terminals
from app.models import AlertKind, DeskTaskKind
from app.views.desk.common import ID, blueprint, next_page
from app.views.tables import TableColumn, table
from app.web.context import database, desk
from app.web.journal import journal
from app.web.page_query import page_query
from app.web.questions import asking
from app.wording import formats
from app.wording.i18n import N_, gettext, ngettext

#: Outlets whose terminals are silent, named in a row.
MOST_NAMED = 2
#: The pages that an alert leads to. Files that were refused are counted instead.
ALERT_PAGES = {
    AlertKind.FILES_LEFT: "desk.files",
    AlertKind.NIGHT_MISSING: "desk.files",
    AlertKind.MAIL_STUCK: "desk.deliveries",
}


def _alert_lines(rows: Sequence[AnyRow]) -> list[tuple[str, str | None]]:
    """The alerts in words, each with the address of its page."""
    shown = [row for row in rows if row.kind != AlertKind.FILE_REFUSED]
    pages = [ALERT_PAGES.get(AlertKind(row.kind)) for row in shown]
    words = [staff_alerts.in_words(AlertKind(row.kind), row.details) for row in shown]
    return [(said, url_for(page) if page else None) for said, page in zip(words, pages, strict=True)]


def _state(row: AnyRow) -> str:
    return gettext("Suspended") if row.suspended_at else ""


def _people_column(people: Mapping[int, int]) -> TableColumn:
    """How many people may enter each merchant."""

    def card(row: AnyRow) -> str:
        return ngettext("%(num)s person", "%(num)s people", people.get(row.id, 0))

    return TableColumn(N_("People"), lambda row: str(people.get(row.id, 0)), card=card, style="number")


def _silent_column(silent: Mapping[int, Sequence[str]]) -> TableColumn:
    """Whose terminals were silent: the outlets of the first ones, and how many others."""

    def words(row: AnyRow) -> str:
        names = list(dict.fromkeys(silent.get(row.id, ())))
        shown = ", ".join(names[:MOST_NAMED])
        more = len(names) - MOST_NAMED
        return f"{shown} + {more}" if more > 0 else shown

    def card(row: AnyRow) -> str:
        named = words(row)
        return gettext("silent: %(names)s", names=named) if named else ""

    return TableColumn(N_("Silent terminals"), words, slot="badge", card=card, tone=lambda _: "bad")


MERCHANTS = (
    TableColumn(N_("Merchant"), lambda row: row.name, "title"),
    TableColumn(N_("Code"), lambda row: row.code, "meta"),
    TableColumn(
        N_("Outlets"),
        lambda row: str(row.outlets),
        card=lambda row: ngettext("%(num)s outlet", "%(num)s outlets", row.outlets),
        style="number",
    ),
    TableColumn(
        N_("Contracts"),
        lambda row: str(row.contracts),
        card=lambda row: ngettext("%(num)s contract", "%(num)s contracts", row.contracts),
        style="number",
    ),
)
CALLS = (
    TableColumn(
        N_("Last telecollection"),
        lambda row: formats.day(row.last_day) if row.last_day else "",
        slot="aside",
    ),
    TableColumn(N_("State"), _state, slot="badge", tone=lambda _: "warn"),
)
OUTLETS = (
    TableColumn(N_("Outlet"), lambda row: row.trade_name, "title"),
    TableColumn(N_("SIRET"), lambda row: row.siret),
    TableColumn(N_("Town"), lambda row: " ".join(filter(None, (row.postcode, row.city)))),
    TableColumn(
        N_("Contracts"),
        lambda row: " · ".join(contract_in_words(**contract) for contract in row.contracts),
        style="wrapped",
    ),
)


def contract_in_words(number: str, rank: str, application: str, label: str | None = None) -> str:
    """``7654321/001 CBEMV``: how an operator names a contract."""
    return f"{number}/{rank} {application}" + (f" ({label})" if label else "")


@blueprint.get("/")
def home() -> Response:
    """The desk opens on the merchants."""
    return redirect(url_for("desk.merchants"), 303)


@blueprint.get("/commercants")
def merchants() -> str:
    """Merchants by name or last call: all, those searched for, or those with silent terminals."""
    choices = {"sort": tuple(found.ORDERS), "state": ("silent",)}
    query, reseller_id = page_query(request.args, choices=choices), desk().reseller_id
    words, sort, state = query.text("q"), query.text("sort"), query.text("state")
    page = NO_ROWS
    with asking(desk()) as connection:
        silent = silent_terminals(connection)
        if not query.faults:
            among = silent if state else None
            by = sort or found.BY_NAME
            page = found.merchants(connection, reseller_id, words, query.after, by=by, among=among)
        people = found.people(connection, [row.id for row in page.rows])
        waits = numbers(connection, reseller_id)
        wrong = staff_alerts.alerts(connection, reseller_id)
    title = gettext("Merchants")
    columns = (*MERCHANTS, _people_column(people), *CALLS, _silent_column(silent))
    return render_template(
        "desk/merchants.html",
        title=title,
        query=query,
        waits=waits,
        alerts=_alert_lines(wrong),
        list=table(title, columns, page.rows, lambda row: url_for("desk.merchant", id=row.id)),
        silent=silent,
        next_after=page.next_after,
        further=next_page("desk.merchants", page.next_after, q=words, sort=sort, state=state),
    )


@blueprint.get(f"/commercants/{ID}")
def merchant(id: int) -> str:  # noqa: A002 - the name in the address
    """One merchant: what it has, who may enter."""
    query, reseller_id = page_query(request.args), desk().reseller_id
    words, outlets = query.text("q"), NO_ROWS
    with asking(desk()) as connection:
        row = found.merchant(connection, reseller_id, id)
        if row is None:
            abort(404)
        if not query.faults:
            outlets = found.outlets(connection, reseller_id, id, words, query.after)
        declared = tasks.latest(connection, reseller_id, (DeskTaskKind.DECLARE,), merchant_id=id)
        people = found.people(connection, [id])
        loose = found.contracts_without_outlet(connection, reseller_id, id)
    return render_template(
        "desk/merchant.html",
        merchant=row,
        people=people.get(id, 0),
        query=query,
        outlets=table(gettext("Outlets"), OUTLETS, outlets.rows),
        tasks=declared,
        reasons_of=tasks.reasons,
        next_after=outlets.next_after,
        further=next_page("desk.merchant", outlets.next_after, id=id, q=words),
        loose=[contract_in_words(**contract._mapping) for contract in loose],  # noqa: SLF001 - the documented name
    )


@blueprint.post(f"/commercants/{ID}/suspendre", defaults={"suspended": True})
@blueprint.post(f"/commercants/{ID}/retablir", defaults={"suspended": False})
def suspend(id: int, suspended: bool) -> Response:  # noqa: A002, FBT001 - the names in the address
    """Close a merchant to its people, or open it again."""
    _known(id)
    with database().writing() as connection:
        changed = found.suspend(connection, desk().reseller_id, id, suspended=suspended)
    if changed:
        journal(Event.MERCHANT_SUSPENDED if suspended else Event.MERCHANT_RESTORED, merchant_id=id)
    return redirect(url_for("desk.merchant", id=id), 303)


def _known(merchant_id: int) -> None:
    with database().reading_as(desk()) as connection:
        if found.merchant(connection, desk().reseller_id, merchant_id) is None:
            abort(404)
