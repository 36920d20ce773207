"""The sources of files at the desk: one with its profile and files, the form that changes it, a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import declare_contract, files, source_profiles, tasks, undeclared_contracts, upload_checks
from app.desk.paging import AnyRow
from app.models import DeskTaskKind
from app.refusals import Refusal
from app.rules import source_columns, unread_files
from app.views.desk.common import ID, blueprint, kept_aside
from app.views.desk.files import ARRIVAL, counts
from app.views.tables import TableColumn, table
from app.web.context import database, desk, signed_in
from app.web.journal import journal
from app.web.security import SAFE_METHODS
from app.web.source_form import DeliverForm, SourceForm, fields_of
from app.wording.i18n import N_, gettext

#: What is asked of a source.
_ASKED: Final = (DeskTaskKind.SOURCE, DeskTaskKind.TRY, DeskTaskKind.DELIVER)
# What is packed could hold a card number that nobody sees before it is kept.
_PACKED: Final = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")
_CARD_LIKE: Final = N_(
    "line %(line)s holds what looks like a full card number: the file is not taken here. "
    "Whoever runs the portal can have it explained on the server."
)


@blueprint.get(f"/banque/source/{ID}")
def source(id: int) -> str:  # noqa: A002 - the name in the address
    """A source: what is said of it, its latest files, and why some were quarantined."""
    row = _source(id)
    with database().reading_as(desk()) as connection:
        latest = source_profiles.latest_files(connection, id)
        reasons = {one.id: files.refusals(connection, one.id) for one in latest if not one.counts}
        aside = undeclared_contracts.second_sources(connection, desk().reseller_id, id)
        asked = tasks.latest(connection, desk().reseller_id, _ASKED)
    said = {**row._mapping, **row.settings}  # noqa: SLF001 - the documented name
    return render_template(
        "desk/source.html",
        source=row,
        brings_aside=bool(aside),
        said=list(source_columns.shown(said)),
        files=table(
            gettext("Latest files"),
            (*ARRIVAL, TableColumn(N_("Content"), lambda one: _said_of(one, reasons), style="wrapped")),
            latest,
            lambda one: url_for("desk.file", id=one.id),
        ),
        tasks=[task for task in asked if task.details.get("source") == row.name],
        reasons_of=tasks.reasons,
    )


def _said_of(row: AnyRow, reasons: Mapping[int, tuple[Refusal, ...]]) -> str:
    """What a file brought, or the first reason why it was quarantined."""
    return counts(row) or " ".join(reason.text(at_desk=True) for reason in reasons.get(row.id, ())[:1])


@blueprint.route("/banque/source", methods=["GET", "POST"])
def new_source() -> Response | str | tuple[str, int]:
    """Make a source of files."""
    form = SourceForm.sent()
    if request.method in SAFE_METHODS:
        return _form(form)
    return _asked(form, form.name.data) if _is_sound(form) else (_form(form), 422)


@blueprint.route(f"/banque/source/{ID}/modifier", methods=["GET", "POST"])
def change_source(id: int) -> Response | str | tuple[str, int]:  # noqa: A002 - the name in the address
    """Change the profile of a source."""
    row = _source(id)
    columns = dict(row._mapping)  # noqa: SLF001 - the documented name
    form = SourceForm.sent(**fields_of(columns, row.settings))
    del form.name  # a source keeps its name
    if request.method in SAFE_METHODS:
        return _form(form, row)
    return _asked(form, row.name) if _is_sound(form) else (_form(form, row), 422)


def _is_sound(form: SourceForm) -> bool:
    """Whether nothing is to be said against a form, of itself or by the database."""
    if not form.validate():
        return False
    with database().reading_as(desk()) as connection:
        faults = source_profiles.faults(
            connection,
            desk().reseller_id,
            form.name and form.name.data,
            form.file_pattern.data or "",
        )
    for name, fault in faults.items():
        form.refuse(name, gettext(fault))
    return not faults


def _source(source_id: int) -> AnyRow:
    with database().reading_as(desk()) as connection:
        row = source_profiles.source(connection, desk().reseller_id, source_id)
    if row is None:
        abort(404)
    return row


def _form(form: SourceForm, row: AnyRow | None = None) -> str:
    account = row.settings.get("account", "")[-4:] if row else ""
    return render_template("desk/source_form.html", form=form, source=row, account=account)


def _asked(form: SourceForm, name: str) -> Response:
    with database().writing() as connection:
        task_id = source_profiles.change(
            connection, desk().reseller_id, signed_in().user_id, name, form.said()
        )
        journal(Event.SOURCE_CHANGED, connection, source=name)
    return redirect(url_for("desk.task", id=task_id), 303)


# --- the contracts that it delivers -------------------------------------------------------------------


@blueprint.route(f"/banque/source/{ID}/livrer", methods=["GET", "POST"])
def deliver(id: int) -> Response | str | tuple[str, int]:  # noqa: A002 - the name in the address
    """Let a source deliver a contract from a day on: what was kept aside of it appears."""
    row = _source(id)
    with database().reading_as(desk()) as connection:
        aside = undeclared_contracts.second_sources(connection, desk().reseller_id, id)
    form = DeliverForm.sent(**_usual(aside, request.args.get("contract", "")))
    form.contract.choices = {
        one.row.number: gettext(
            "%(contract)s: %(source)s delivers it", contract=one.row.number, source=one.delivered_by
        )
        for one in aside
    }
    if request.method in SAFE_METHODS:
        return _delivering(form, row, aside)
    sound = form.validate()
    if form.contract.data not in form.contract.choices:
        sound = False
        form.refuse("contract", gettext("Nothing that it brought for this contract is kept aside."))
    if not sound:
        return _delivering(form, row, aside), 422
    said = {"source": row.name, "contract": form.contract.data}
    with database().writing() as connection:
        task_id = source_profiles.deliver(
            connection, desk().reseller_id, signed_in().user_id, row.name, said["contract"], form.day
        )
        journal(Event.CONTRACT_MOVED, connection, **said, day=form.day.isoformat())
    return redirect(url_for("desk.task", id=task_id), 303)


def _usual(aside: Sequence[undeclared_contracts.SecondSource], number: str) -> dict[str, str]:
    """The contract that is asked for, or the first one, and the first day of what is kept aside for it."""
    rows = [one.row for one in aside if one.row.number == number] or [one.row for one in aside[:1]]
    days = [row.since for row in rows if row.since]
    return {"contract": rows[0].number if rows else "", "since": min(days).isoformat() if days else ""}


def _delivering(form: DeliverForm, row: AnyRow, aside: Sequence[undeclared_contracts.SecondSource]) -> str:
    return render_template("desk/deliver.html", form=form, source=row, aside=aside, waiting=kept_aside)


# --- a trial ---------------------------------------------------------------------------------------


@blueprint.route("/banque/essai", methods=["GET", "POST"])
def try_file() -> Response | str | tuple[str, int]:
    """Have a sample file explained: nothing of it is loaded."""
    if request.method in SAFE_METHODS:
        return trial()
    sent, name = request.files.get("file"), request.form.get("source", "")
    with database().reading_as(desk()) as connection:
        known = source_profiles.own_names(connection, desk().reseller_id)
    if name and name not in known:
        abort(404)
    if sent is None or not sent.filename:
        return trial(gettext("Choose a file.")), 422
    data = sent.stream.read()
    fault = _fault(data)
    if fault:
        return trial(fault, name), 422
    details = {
        "file": declare_contract.shown_name(sent.filename) or gettext("a file"),
        **({"source": name} if name else {}),
    }
    with database().writing() as connection:
        task_id = source_profiles.try_file(connection, desk().reseller_id, signed_in().user_id, data, details)
        journal(Event.FILE_TRIED, connection, file=details["file"])
    return redirect(url_for("desk.task", id=task_id), 303)


def _fault(data: bytes) -> str:
    """Why a sample is not even kept until it is explained."""
    if not data.strip():
        return gettext(upload_checks.EMPTY)
    if len(data) > upload_checks.MOST_BYTES:
        return upload_checks.too_large().text()
    if data.startswith(_PACKED):
        return gettext("A packed file or a workbook: upload the text that is inside.")
    line = unread_files.line_with_card(data)
    return gettext(_CARD_LIKE, line=line) if line else ""


def trial(fault: str = "", chosen: str | None = None) -> str:
    """The page on which a sample is handed over, with what is wrong with the last one."""
    with database().reading_as(desk()) as connection:
        names = source_profiles.own_names(connection, desk().reseller_id)
        before = tasks.latest(connection, desk().reseller_id, (DeskTaskKind.TRY,))
    return render_template(
        "desk/try_file.html",
        names=names,
        chosen=chosen or request.args.get("source", ""),
        fault=fault,
        most=upload_checks.MOST_BYTES // 1024**2,
        tasks=before,
        reasons_of=tasks.reasons,
    )
