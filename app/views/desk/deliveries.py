"""Mails on their way, and those that did not arrive."""

from __future__ import annotations

from flask import render_template, request

from app.desk.deliveries import deliveries as found
from app.desk.paging import NO_ROWS, AnyRow
from app.mail.failure_labels import FAULTS, STATES
from app.models import DeliveryState, Fault, MailKind
from app.views.desk.common import blueprint, next_page
from app.views.moments import show_moment
from app.views.tables import TableColumn, table
from app.web.context import desk
from app.web.page_query import page_query
from app.web.questions import asking
from app.wording.i18n import N_, gettext

KINDS = {
    MailKind.TICKET: N_("Ticket"),
    MailKind.INVITATION: N_("Invitation"),
    MailKind.RESET: N_("New password"),
    MailKind.NOTICE: N_("Notice"),
    MailKind.REPORT: N_("Daily email"),
}
#: What was sent needs no badge: most mails are.
TONES = {DeliveryState.SENT: None, DeliveryState.RETRYING: "warn", DeliveryState.FAILED: "bad"}


def _last(row: AnyRow) -> str:
    if row.sent_at:
        return gettext("sent %(at)s", at=show_moment(row.sent_at))
    if row.state == DeliveryState.RETRYING:
        return gettext("next try %(at)s", at=show_moment(row.next_try_at))
    return ""


DELIVERIES = (
    TableColumn(N_("Recipient"), lambda row: row.recipient or gettext("(erased)"), "title", style="lines"),
    TableColumn(
        N_("State"),
        lambda row: gettext(STATES[DeliveryState(row.state)]),
        "badge",
        tone=lambda row: TONES.get(DeliveryState(row.state), "info"),
        style="lines",
    ),
    TableColumn(N_("Kind"), lambda row: gettext(KINDS[MailKind(row.kind)])),
    TableColumn(N_("Merchant"), lambda row: row.merchant or "", style="lines"),
    TableColumn(N_("Asked for"), lambda row: show_moment(row.created_at)),
    TableColumn(N_("Last step"), _last, style="lines"),
    TableColumn(
        N_("Reason"),
        lambda row: gettext(FAULTS[Fault(row.last_fault)]) if row.last_fault and not row.sent_at else "",
        style="lines",
    ),
    TableColumn(N_("Tries"), lambda row: str(row.attempts), "", style="number"),
)


@blueprint.get("/envois")
def deliveries() -> str:
    """Every mail of this reseller's, the newest first."""
    query = page_query(request.args, choices={"state": set(DeliveryState)})
    words, state = query.text("q"), query.text("state")
    page = NO_ROWS
    if not query.faults:
        chosen = DeliveryState(state) if state else None
        with asking(desk()) as connection:
            page = found(connection, desk().reseller_slug, chosen, words, query.after)
    title = gettext("Emails")
    return render_template(
        "desk/deliveries.html",
        title=title,
        query=query,
        state=state,
        states=[(value.value, gettext(said)) for value, said in STATES.items()],
        list=table(title, DELIVERIES, page.rows),
        next_after=page.next_after,
        further=next_page("desk.deliveries", page.next_after, q=words, state=state),
    )
