"""A merchant directory handed over, a contract declared, a merchant's new name; then how far each is."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import declare_contract, files, merchants, model_files, tasks, upload_checks
from app.desk.paging import AnyRow
from app.models import DeskTaskKind
from app.refusals import Refusal
from app.rules.directory_columns import HEADINGS
from app.views.desk import sources
from app.views.desk.common import ID, blueprint
from app.views.desk.contracts import filled_in
from app.views.tables import TableColumn, table
from app.web.context import database, desk, signed_in
from app.web.contract_forms import DeclareForm
from app.web.errors import on_http
from app.web.forms import NameForm
from app.web.journal import journal
from app.web.security import SAFE_METHODS
from app.wording import formats
from app.wording.applications import APPLICATIONS
from app.wording.i18n import N_, gettext, ngettext

UPLOAD: Final = "desk.upload"
#: The pages that take a file.
UPLOADS: Final = frozenset({UPLOAD, "desk.try_file"})
#: What a browser sends around a file, and what is held at once while it is read in pieces of 64 KB.
ENVELOPE: Final = 64 * 1024
PIECES: Final = 2 * 64 * 1024
MODELS = {
    "csv": (model_files.as_text, "text/csv; charset=utf-8"),
    "xlsx": (
        model_files.as_workbook,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
COLUMNS = (
    TableColumn(N_("Column"), lambda heading: heading.name, "title"),
    TableColumn(N_("Meaning"), lambda heading: gettext(heading.label)),
    TableColumn(
        N_("Required"),
        lambda heading: gettext("required") if heading.required else "",
        "aside",
    ),
    TableColumn(
        N_("What to write"),
        lambda heading: gettext(heading.hint, slug=desk().reseller_slug) if heading.hint else "",
        style="wrapped",
    ),
)


# A file


@blueprint.before_app_request
def allow_a_file() -> None:
    """Of one form more may be sent than of all others; said before it is read for its token."""
    if request.endpoint in UPLOADS:
        request.max_content_length = upload_checks.MOST_BYTES + ENVELOPE
        request.max_form_memory_size = PIECES


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response | tuple[str, int]:
    """What is too large is not even read: its form says so."""
    if request.endpoint not in UPLOADS:
        return on_http(error)
    if request.endpoint != UPLOAD:
        return sources.trial(upload_checks.too_large().text()), 413
    return _upload_form((upload_checks.too_large(),)), 413


@blueprint.route("/imports/deposer", methods=["GET", "POST"])
def upload() -> Response | str | tuple[str, int]:
    """Hand over a merchant directory: looked at here, then kept for the worker to load."""
    if request.method in SAFE_METHODS:
        return _upload_form()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload_form(gettext("Choose a file.")), 422
    data, here = file.stream.read(), desk()
    refusals = upload_checks.refusals(data, here.reseller_slug)
    if refusals:
        journal(Event.DIRECTORY_REFUSED)
        return _upload_form(refusals), 422
    name = declare_contract.file_name(file.filename)
    return _asked(Event.DIRECTORY_HANDED_OVER, data, file=name)


@blueprint.get("/imports/modele.csv", defaults={"kind": "csv"})
@blueprint.get("/imports/modele.xlsx", defaults={"kind": "xlsx"})
def model(kind: str) -> Response:
    """A merchant directory to begin with, in the name of this reseller."""
    made, mimetype = MODELS[kind]
    response = Response(made(desk().reseller_slug), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="referentiel.{kind}"'
    return response


def _upload_form(faults: tuple[Refusal, ...] | str = ()) -> str:
    with database().reading_as(desk()) as connection:
        before = tasks.latest(connection, desk().reseller_id, (DeskTaskKind.DECLARE,))
    return render_template(
        "desk/upload.html",
        title=gettext("Upload a contract file"),
        faults=[faults] if isinstance(faults, str) else [refusal.text() for refusal in faults],
        most=upload_checks.MOST_BYTES // 1024**2,
        most_reasons=upload_checks.MOST_REASONS,
        columns=table(gettext("Columns"), COLUMNS, HEADINGS),
        tasks=before,
        reasons_of=tasks.reasons,
    )


# A contract


@blueprint.route("/commercants/declarer", methods=["GET", "POST"])
def declare() -> Response | str | tuple[str, int]:
    """Declare one contract, of a new merchant or of a known one."""
    here = desk()
    with database().reading_as(desk()) as connection:
        form = DeclareForm(request.values)
        wanted = declare_contract.wish(connection, here.reseller_id, form.values)
        if wanted.merchant is None and not wanted.makes_merchant:
            abort(404)
        sound = request.method == "POST" and declare_contract.check(connection, here.reseller_id, wanted)
    if sound:
        return _asked(
            Event.CONTRACT_DECLARED,
            declare_contract.text(here.reseller_slug, wanted),
            wanted.merchant.id if wanted.merchant else None,
            contracts=[declare_contract.in_words(wanted)],
        )
    back = url_for("desk.merchant", id=wanted.merchant.id) if wanted.merchant else url_for("desk.merchants")
    known = {code: f"{application.label} ({code})" for code, application in APPLICATIONS.items()}
    form.application.choices = {"": gettext("Choose…"), **known}
    page = render_template("desk/declare.html", form=filled_in(form, wanted), wanted=wanted, back=back)
    return page, 422 if wanted.faults else 200


# A name


@blueprint.route(f"/commercants/{ID}/renommer", methods=["GET", "POST"])
def rename(id: int) -> Response | str | tuple[str, int]:  # noqa: A002 - the name in the address
    """Give a merchant another name."""
    here = desk()
    with database().reading_as(desk()) as connection:
        row = merchants.merchant(connection, here.reseller_id, id)
        if row is None:
            abort(404)
        form = NameForm.sent(name=row.name)
        name = " ".join((form.name.data or "").split())
        content = declare_contract.renaming(connection, here, id, name)
    if request.method in SAFE_METHODS:
        return _name_form(row, form)
    fault = declare_contract.check_name(row, name)
    if content is None:
        fault = gettext("This merchant has no outlet with a contract yet: declare one first.")
    if content is None or fault:
        return _name_form(row, form.refuse("name", fault or "")), 422
    return _asked(Event.RENAME_ASKED, content, id, name=name)


def _name_form(row: AnyRow, form: NameForm) -> str:
    return render_template("desk/rename.html", merchant=row, form=form)


# How far it is


def _asked(event: Event, content: bytes, merchant_id: int | None = None, **details: Any) -> Response:
    """Ask the worker, write it in the journal, and lead to where one sees how far it is."""
    user_id, here = signed_in().user_id, desk()
    with database().writing() as connection:
        task_id = declare_contract.declare(connection, here, user_id, content, merchant_id, **details)
        journal(event, connection, merchant_id=merchant_id, **details)
    return redirect(url_for("desk.task", id=task_id), 303)


@blueprint.get(f"/imports/demandes/{ID}")
def task(id: int) -> str:  # noqa: A002 - the name in the address
    """One thing asked of the worker: waiting, done with what it brought, or refused and why."""
    reseller_id = desk().reseller_id
    with database().reading_as(desk()) as connection:
        row = tasks.task(connection, reseller_id, id)
        if row is None:
            abort(404)
        file = files.file(connection, reseller_id, row.import_file_id) if row.import_file_id else None
        code = row.details.get("merchant_code")
        merchant_id = merchants.of_code(connection, reseller_id, code) if code else row.merchant_id
    return render_template(
        "desk/task.html",
        task=row,
        file=file,
        was_known=file is not None and file.received_at < row.asked_at,
        counts=_counts(row, file),
        merchant_id=merchant_id,
        since=date.fromisoformat(row.details["since"]) if "since" in row.details else None,
        reasons_of=tasks.reasons,
    )


def _counts(row: AnyRow, file: AnyRow | None) -> str:
    """What a declaration brought, in words."""
    if row.details.get("account"):
        return gettext("Account %(account)s", account=row.details["account"])
    contracts = file.counts.get("contracts", 0) if file else 0
    outlets, merchants_ = row.details.get("outlets", 0), row.details.get("merchants", 0)
    return ", ".join(
        (
            ngettext("%(num)s contract", "%(num)s contracts", contracts, num=_grouped(contracts)),
            ngettext("%(num)s outlet", "%(num)s outlets", outlets, num=_grouped(outlets)),
            ngettext("%(num)s merchant", "%(num)s merchants", merchants_, num=_grouped(merchants_)),
        )
    )


def _grouped(count: int) -> str:
    return formats.number(count)
