"""Contracts that nobody has declared, and attaching them so that their history appears."""

from __future__ import annotations

from collections.abc import Sequence

from babel.dates import get_timezone_location
from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event
from app.desk import attach_contracts, merchant_form, merchants, tasks, undeclared_contracts
from app.desk.paging import NO_ROWS, AnyRow
from app.models import DeskTaskKind
from app.rules.row_ids import row_id
from app.views.desk.common import blueprint, kept_aside, next_page
from app.web.context import database, desk, signed_in
from app.web.contract_forms import AttachForm
from app.web.journal import journal
from app.web.page_query import PageQuery, page_query
from app.web.questions import asking
from app.wording.i18n import gettext, language


@blueprint.get("/contrats")
def contracts() -> str:
    """What waits for a merchant, and what was attached lately."""
    query, reseller_id = page_query(request.args), desk().reseller_id
    words, page = query.text("q"), NO_ROWS
    with asking(desk()) as connection:
        if not query.faults:
            page = undeclared_contracts.contracts(connection, reseller_id, words, query.after)
        on_their_way = tasks.awaited(connection, reseller_id)
        unknown = undeclared_contracts.of_no_maintainer(connection, reseller_id)
        second = undeclared_contracts.second_sources(connection, reseller_id)
        asked = (DeskTaskKind.ATTACH, DeskTaskKind.DELIVER)
        attached = tasks.latest(connection, reseller_id, asked)
    return render_template(
        "desk/contracts.html",
        query=query,
        rows=page.rows,
        unknown=unknown,
        second=second,
        on_their_way=on_their_way,
        waiting=kept_aside,
        tasks=attached,
        reasons_of=tasks.reasons,
        next_after=page.next_after,
        further=next_page("desk.contracts", page.next_after, q=words),
    )


@blueprint.route("/contrats/rattacher", methods=["GET", "POST"])
def attach() -> AnyResponse | str | tuple[str, int]:
    """Choose a merchant and an outlet for contracts, then ask the worker to attach them."""
    reseller_id = desk().reseller_id
    query = page_query(MultiDict({"q": request.args.get("q", "")}))
    words = query.text("q")
    ids = [known for text in request.values.getlist("contract") if (known := row_id(text)) is not None]
    with database().reading_as(desk()) as connection:
        contracts = attach_contracts.chosen(connection, reseller_id, ids)
        form = AttachForm(request.values)
        wanted = attach_contracts.wish(connection, reseller_id, contracts, form.values)
        found = merchants.merchants(connection, reseller_id, words) if words else None
        if request.method == "POST":
            merchant_form.check(connection, reseller_id, wanted)
    if not contracts:
        return redirect(url_for("desk.contracts"), 303)
    if request.method != "POST" or wanted.faults:
        page = _page(contracts, form, wanted, query, found.rows if found else ())
        return page, 422 if wanted.faults else 200
    with database().writing() as connection:
        attach_contracts.attach(connection, reseller_id, signed_in().user_id, contracts, wanted)
        journal(
            Event.ATTACH_ASKED,
            connection,
            merchant_id=wanted.merchant.id if wanted.merchant else None,
            contracts=[f"{row.number}/{row.rank} {row.application}" for row in contracts],
        )
    return redirect(url_for("desk.contracts"), 303)


def _page(
    contracts: Sequence[AnyRow],
    form: AttachForm,
    wanted: merchant_form.MerchantForm,
    query: PageQuery,
    found: Sequence[AnyRow],
) -> str:
    return render_template(
        "desk/attach.html",
        contracts=contracts,
        form=filled_in(form, wanted),
        wanted=wanted,
        query=query,
        found=found,
        waiting=kept_aside,
        new=merchant_form.NEW,
    )


def filled_in(form: AttachForm, wanted: merchant_form.MerchantForm) -> AttachForm:
    """A form as it is shown: the outlets and clocks to choose from, and what was found wrong."""
    form.outlet.choices = {
        str(outlet.id): " · ".join(filter(None, (outlet.trade_name, outlet.siret, outlet.city)))
        for outlet in wanted.outlets
    } | {merchant_form.NEW: gettext("A new outlet")}
    form.time_zone.choices = {
        zone: get_timezone_location(zone, locale=language(), return_city=True)
        for zone in merchant_form.TIME_ZONES
    }
    return form.shown(wanted.values, wanted.faults)
