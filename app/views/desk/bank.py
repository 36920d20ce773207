"""The bank at the desk: sources, accounts to claim, proposals to decide on, lines that explain nothing."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import credit_decisions, merchants, money_on_its_way, tasks
from app.lists.credit import shown_account
from app.lists.open_items import OpenItem
from app.models import CreditVerdict, DeskTaskKind
from app.refusals import Refusal
from app.rules import account_columns, account_keys
from app.rules.row_ids import row_id
from app.rules.source_columns import DAYS, ROLES
from app.rules.time_zones import today
from app.views.desk.common import blueprint
from app.views.moments import show_moment
from app.views.tables import Table, TableColumn, table
from app.web.account_form import AccountForm
from app.web.context import database, desk, signed_in
from app.web.journal import journal
from app.web.questions import asking
from app.web.security import SAFE_METHODS
from app.wording import codes, counts, formats
from app.wording.i18n import N_, gettext

_EVENTS: Final = {
    CreditVerdict.CONFIRMED: Event.CREDIT_CONFIRMED,
    CreditVerdict.REJECTED: Event.CREDIT_REJECTED,
}


def _expected(row: Any) -> str:
    """``on working days, by 06:30``; empty where nobody has said it."""
    days = gettext(DAYS[row.expected_days]) if row.expected_days else ""
    by = gettext("by %(time)s", time=row.expected_at.strftime("%H:%M")) if row.expected_at else ""
    return ", ".join(filter(None, (days, by)))


def _cure(*, shared: bool) -> str:
    """What is to be done about a contract of acquirers; ``shared``: several merchants have its number."""
    return gettext(_SHARED if shared else _UNDECLARED)


def _place(row: Any) -> str:
    return " · ".join(filter(None, (row.inbox, row.file_pattern)))


_KEPT: Final = ("settlements", "chargebacks", "operations")
_UNDECLARED: Final = N_("declare this contract, or say in the profile of its source whose it is")
_SHARED: Final = N_("several merchants have this number: leave it to one of them")
_SOURCES: Final = (
    TableColumn(N_("Source"), lambda row: row.name, "title"),
    TableColumn(N_("Role"), lambda row: gettext(ROLES[row.role])),
    TableColumn(N_("Format"), lambda row: row.format or ""),
    TableColumn(N_("Folder, names"), _place),
    TableColumn(N_("Expected"), _expected),
    TableColumn(N_("Last file"), lambda row: show_moment(row.last) if row.last else gettext("none yet")),
    TableColumn(
        N_("In quarantine"),
        lambda row: formats.number(row.refused) if row.refused else "",
        "badge",
        card=lambda row: (
            gettext("%(label)s: %(value)s", label=gettext("In quarantine"), value=row.refused)
            if row.refused
            else ""
        ),
        tone=lambda row: "bad" if row.refused else "",
    ),
)
_ACCOUNTS: Final = (
    TableColumn(N_("Account"), lambda row: shown_account(row.account_key, None), "title"),
    TableColumn(N_("Currency"), lambda row: row.currency),
    TableColumn(N_("Source"), lambda row: row.source or ""),
    TableColumn(N_("Statements"), lambda row: formats.number(row.statements), "aside"),
    TableColumn(N_("First day"), lambda row: formats.day(row.first_on) if row.first_on else ""),
    TableColumn(N_("Last day"), lambda row: formats.day(row.last_on) if row.last_on else ""),
)
_CONTRACTS: Final = (
    TableColumn(N_("Contract no."), lambda row: row["number"], "title"),
    TableColumn(N_("Source"), lambda row: row["source"] or ""),
    TableColumn(
        N_("What is kept aside"),
        lambda row: ", ".join(counts.in_words({name: int(row[name]) for name in _KEPT if row[name]})),
        "aside",
        style="wrapped",
    ),
    TableColumn(N_("First day"), lambda row: formats.day(row["first_on"])),
    TableColumn(N_("Last day"), lambda row: formats.day(row["last_on"])),
    TableColumn(N_("To be done"), lambda row: _cure(shared=row["is_shared"]), style="wrapped"),
)
_LINES: Final = (
    TableColumn(N_("Merchant"), lambda row: row.merchant, "title"),
    TableColumn(N_("Booked on"), lambda row: formats.day(row.booked_on)),
    TableColumn(N_("Account"), lambda row: shown_account(row.account_key, row.account_label)),
    TableColumn(N_("Label"), lambda row: row.label, style="wrapped"),
    TableColumn(N_("Amount"), lambda row: formats.money(row.amount, row.currency), "aside", style="money"),
)
_MISSING: Final = (
    TableColumn(N_("Merchant"), lambda item: item.place, "title"),
    TableColumn(N_("Account"), lambda item: item.account),
    TableColumn(N_("After"), lambda item: formats.day(item.day)),
    TableColumn(N_("Before"), lambda item: formats.day(item.until)),
)
_CONFLICTS: Final = (
    TableColumn(N_("File"), lambda row: row.name, "title"),
    TableColumn(N_("Source"), lambda row: row.source),
    TableColumn(N_("Received"), lambda row: show_moment(row.received_at)),
    TableColumn(
        N_("Why"),
        lambda row: Refusal(reason=row.reason, params=row.params).words(at_desk=True),
        style="wrapped",
    ),
)


@blueprint.get("/banque")
def bank() -> str:
    """All that the maintainer's staff see of money on its way."""
    reseller_id = desk().reseller_id
    with asking(desk()) as connection:
        sources = money_on_its_way.sources(connection, reseller_id)
        tables = (
            _accounts(money_on_its_way.accounts_to_claim(connection, reseller_id)),
            table(
                gettext("Contracts of acquirers that nobody has declared"),
                _CONTRACTS,
                money_on_its_way.contracts_to_claim(connection, reseller_id),
                lambda row: url_for("desk.source", id=row["source_id"]) if row["source_id"] else None,
            ),
            _missing(money_on_its_way.missing(connection, reseller_id)),
            table(
                gettext("Lines that explain no batch"),
                _LINES,
                money_on_its_way.unexplained(connection, reseller_id, today()),
            ),
        )
        conflicts = table(
            gettext("Files that contradict what is known"),
            _CONFLICTS,
            money_on_its_way.conflicts(connection, reseller_id),
            lambda row: url_for("desk.file", id=row.id),
        )
        proposed = money_on_its_way.proposed(connection, reseller_id)
        under_way = credit_decisions.under_way(connection, {row.merchant_id for row in proposed})
    return render_template(
        "desk/bank.html",
        title=gettext("Bank"),
        sources=table(
            gettext("Sources of files"), _SOURCES, sources, lambda row: url_for("desk.source", id=row.id)
        ),
        conflicts=conflicts,
        tables=[one for one in tables if one.lines],
        proposed=proposed,
        under_way=under_way,
        account=shown_account,
        why=_why,
    )


def _why(rule: str) -> str:
    return gettext(codes.CREDIT_RULES.get(rule, rule))


def _accounts(rows: list[Any]) -> Table:
    return table(gettext("Accounts that nobody has declared"), _ACCOUNTS, rows)


def _missing(items: list[OpenItem]) -> Table:
    return table(gettext("Statements that are missing"), _MISSING, items)


@blueprint.route("/banque/compte", methods=["GET", "POST"])
def declare_account() -> Response | str | tuple[str, int]:
    """Declare a bank account of a merchant: what waited for it appears."""
    form, here = AccountForm.sent(), desk()
    if request.method in SAFE_METHODS:
        return render_template("desk/account.html", form=form)
    sound = form.validate()
    with database().reading_as(here) as connection:
        merchant_id = merchants.of_code(connection, here.reseller_id, form.merchant_code.data or "")
    if merchant_id is None and not form.merchant_code.errors:
        sound = False
        form.refuse("merchant_code", gettext("No merchant has this code."))
    if not sound:
        return render_template("desk/account.html", form=form), 422
    account = shown_account(account_keys.of_declared(form.iban_or_rib.data) or "", form.label.data)
    with database().writing() as connection:
        task_id = tasks.ask(
            connection,
            tasks.NewTask(
                reseller_id=here.reseller_id,
                user_id=signed_in().user_id,
                kind=DeskTaskKind.DECLARE,
                merchant_id=merchant_id,
                details={"account": account, "merchant_code": form.merchant_code.data},
                content=account_columns.text({**form.line, "reseller": here.reseller_slug}),
            ),
        )
        journal(Event.ACCOUNT_DECLARED, connection, merchant_id=merchant_id, account=account)
    return redirect(url_for("desk.task", id=task_id), 303)


@blueprint.post("/banque")
def decide_credit() -> Response:
    """Confirm or reject what a line is proposed to credit; one of another maintainer does not exist."""
    verdict, line = request.form.get("verdict", ""), row_id(request.form.get("line", ""))
    if verdict not in set(CreditVerdict) or line is None:
        abort(400)
    chosen = CreditVerdict(verdict)
    with database().reading_as(desk()) as connection:
        proposed = money_on_its_way.proposed(connection, desk().reseller_id)
    found = next((row for row in proposed if row.id == line), None)
    if found is None:
        abort(404)
    with database().writing() as connection:
        credit_decisions.decide(connection, found.merchant_id, signed_in().user_id, [found.id], chosen)
        journal(
            _EVENTS[chosen],
            connection,
            merchant_id=found.merchant_id,
            numbers=list(found.numbers),
            day=found.booked_on.isoformat(),
        )
    return redirect(url_for("desk.bank"), 303)
