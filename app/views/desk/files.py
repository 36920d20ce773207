"""The import journal, and what can be done about a file that was quarantined."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import files as found
from app.desk import tasks
from app.desk.paging import NO_ROWS, AnyRow
from app.models import DeskTaskKind, DeskTaskState, ImportStatus
from app.refusals import CARD_IN_ITS_FIELD, REPLACING, Refusal
from app.views.desk.common import ID, blueprint, next_page
from app.views.moments import show_moment
from app.views.tables import TableColumn, table
from app.web.context import database, desk, signed_in
from app.web.journal import journal
from app.web.page_query import page_query
from app.web.questions import asking
from app.wording import formats
from app.wording.counts import in_words
from app.wording.i18n import N_, gettext, ngettext

STATES = {
    ImportStatus.LOADED: N_("Loaded"),
    ImportStatus.SUPERSEDED: N_("Replaced"),
    ImportStatus.QUARANTINED: N_("In quarantine"),
}
#: What is loaded needs no badge: most files are.
TONES = {
    ImportStatus.LOADED: None,
    ImportStatus.SUPERSEDED: "plain",
    ImportStatus.QUARANTINED: "bad",
}
AGAIN = {
    DeskTaskKind.RETRY: Event.FILE_RETRY_ASKED,
    DeskTaskKind.REPLACE: Event.FILE_REPLACE_ASKED,
}


def counts(row: AnyRow) -> str:
    """What a file brought, in words."""
    return ", ".join(in_words(row.counts))


def sums(row: AnyRow) -> str:
    """The net of a file by currency."""
    return " · ".join(formats.money(sums["net"], currency) for currency, sums in row.sums.items())


#: What came, and what became of it.
ARRIVAL = (
    TableColumn(N_("File"), lambda row: row.name, "title"),
    TableColumn(
        N_("State"),
        lambda row: gettext(STATES[ImportStatus(row.status)]),
        "badge",
        tone=lambda row: TONES[ImportStatus(row.status)],
    ),
    TableColumn(N_("Received"), lambda row: show_moment(row.received_at)),
)
FILES = (
    *ARRIVAL,
    TableColumn(N_("Source"), lambda row: row.source or ""),
    TableColumn(N_("Content"), counts),
    TableColumn(N_("Net"), sums, "aside", style="money"),
)


def _kept_aside_column(kept_aside: Mapping[int, int]) -> TableColumn:
    """How many remittances of each file wait for their contract."""

    def card(row: AnyRow) -> str:
        count = kept_aside.get(row.id, 0)
        said = ngettext("%(num)s batch kept aside", "%(num)s batches kept aside", count)
        return said if count else ""

    return TableColumn(
        N_("Kept aside"), lambda row: str(kept_aside.get(row.id, "")), "badge", card=card, style="number"
    )


@blueprint.get("/imports")
def files() -> str:
    """Every file that came, the newest first."""
    query = page_query(request.args, choices={"state": set(ImportStatus)})
    words, state = query.text("q"), query.text("state")
    page = NO_ROWS
    with asking(desk()) as connection:
        if not query.faults:
            chosen = ImportStatus(state) if state else None
            page = found.files(connection, desk().reseller_id, chosen, words, query.after)
        kept_aside = found.kept_aside(connection, page.rows)
        handed_over = tasks.latest(connection, desk().reseller_id, (DeskTaskKind.DECLARE,))
    title = gettext("Imports")
    columns = (*FILES, _kept_aside_column(kept_aside))
    return render_template(
        "desk/files.html",
        title=title,
        tasks=handed_over,
        query=query,
        state=state,
        states=[(status.value, gettext(said)) for status, said in STATES.items()],
        list=table(title, columns, page.rows, lambda row: url_for("desk.file", id=row.id)),
        next_after=page.next_after,
        further=next_page("desk.files", page.next_after, q=words, state=state),
    )


@blueprint.get(f"/imports/{ID}")
def file(id: int) -> str:  # noqa: A002 - the name in the address
    """One file: what it brought, or why it was quarantined and what can be done."""
    row, reasons = _file(id)
    with database().reading_as(desk()) as connection:
        asked_before = tasks.latest(connection, desk().reseller_id, tuple(AGAIN), import_file_id=id)
        kept_aside = found.kept_aside(connection, [row])
    return render_template(
        "desk/file.html",
        file=row,
        kept_aside=kept_aside.get(id, 0),
        state=gettext(STATES[ImportStatus(row.status)]),
        tone=TONES[ImportStatus(row.status)],
        counts=counts(row),
        sums=sums(row),
        reasons=reasons,
        possible=_possible(row, reasons),
        is_kept=not _holds_card_number(reasons),
        may_be_masked=any(reason.reason == CARD_IN_ITS_FIELD for reason in reasons),
        tasks=asked_before,
        is_waiting=any(task.state == DeskTaskState.WAITING for task in asked_before),
        reasons_of=tasks.reasons,
    )


@blueprint.post(f"/imports/{ID}/reprendre", defaults={"kind": DeskTaskKind.RETRY})
@blueprint.post(f"/imports/{ID}/remplacer", defaults={"kind": DeskTaskKind.REPLACE})
def load_again(id: int, kind: DeskTaskKind) -> Response:  # noqa: A002 - the name in the address
    """Ask the worker to load a file of the quarantine once more."""
    row, reasons = _file(id)
    if kind not in _possible(row, reasons):
        abort(404)
    if _is_waiting(id):
        return redirect(url_for("desk.file", id=id), 303)
    with database().writing() as connection:
        new = tasks.NewTask(
            reseller_id=desk().reseller_id,
            user_id=signed_in().user_id,
            kind=kind,
            import_file_id=id,
            details={"file": row.name},
        )
        tasks.ask(connection, new)
        journal(AGAIN[kind], connection, file=row.name)
    return redirect(url_for("desk.file", id=id), 303)


def _file(file_id: int) -> tuple[AnyRow, tuple[Refusal, ...]]:
    """A file in sight and why it was quarantined; any other does not exist."""
    with database().reading_as(desk()) as connection:
        row = found.file(connection, desk().reseller_id, file_id)
        if row is None:
            abort(404)
        return row, found.refusals(connection, file_id)


def _is_waiting(file_id: int) -> bool:
    """Whether it has been asked for already: a second click asks for nothing more."""
    with database().reading_as(desk()) as connection:
        before = tasks.latest(connection, desk().reseller_id, tuple(AGAIN), import_file_id=file_id)
    return any(task.state == DeskTaskState.WAITING for task in before)


def _possible(row: AnyRow, reasons: tuple[Refusal, ...]) -> tuple[DeskTaskKind, ...]:
    """What can be asked about a file: nothing when not even a copy of it was kept."""
    if row.status != ImportStatus.QUARANTINED or _holds_card_number(reasons):
        return ()
    replaces = any(refusal.reason in REPLACING for refusal in reasons)
    return (DeskTaskKind.REPLACE,) if replaces else (DeskTaskKind.RETRY,)


def _holds_card_number(reasons: tuple[Refusal, ...]) -> bool:
    return any(refusal.is_card_number for refusal in reasons)
