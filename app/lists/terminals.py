"""The catalogue of terminals: which called last, and which are silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Column, Date, String, Text, and_, any_, case, cast, func, literal_column, select, text

from app.listing.field import Field, Link, Tone
from app.listing.filter_groups import CONTRACT_AND_TERMINAL
from app.listing.filters import ApplicationCode, Choice, FreeText
from app.listing.kinds import Expression, Identifier, Kind, Moment, Row
from app.listing.measures import row_count
from app.listing.source import Join, ListSource
from app.listing.spec import Alert, AnswerPart, DetailPart, ListSpec, Noun, Verdict
from app.lists import terminal_calls
from app.lists.choices import offering
from app.lists.common import (
    OUTLET,
    TERMINAL,
    TRADE_NAME,
    manufacturer_field,
    place,
    serial_field,
    terminal_field,
)
from app.lists.freshness import days
from app.lists.last_calls import last_calls
from app.lists.silence import LAST_DAYS, quiet_terminals
from app.lists.terminal_card import terminal_card
from app.models import Contract, Outlet, Terminal
from app.wording import applications
from app.wording.days import capital
from app.wording.i18n import N_, NN_, gettext

#: Columns that are no field: keys, and what another column already tells.
INTERNAL = frozenset(
    {"merchant_id", "id", "reseller_id", "outlet_id", "contract_ids", "first_on", "last_called_at"}
)
#: Days without a call after which a terminal is said to have stopped.
_STOPPED_DAYS = 14
_QUIET = quiet_terminals(LAST_DAYS)
_LAST = (
    text(LAST_DAYS)
    .columns(Column("merchant_id", Terminal.merchant_id.type), Column("day", Date))
    .subquery("last_day")
)
#: The list of the silent ones, as a choice of other lists.
SILENT = Link("terminals", args=terminal_calls.SILENT, words=N_("silent terminals"))
STATES = {"silent": N_("silent"), "stopped": N_("no longer calls"), "calling": N_("calls")}
_TONES: dict[str, Tone] = {"silent": "bad", "stopped": "warn", "calling": "good"}
_STATE = case(
    (_QUIET.c.is_silent.is_(True), literal_column("'silent'", Text)),
    (Terminal.last_on < _LAST.c.day - _STOPPED_DAYS, literal_column("'stopped'", Text)),
    else_=literal_column("'calling'", Text),
)


def _of_contracts(found: Expression) -> Expression:
    """An aggregate over the contracts of a terminal."""
    its = Contract.merchant_id == Terminal.merchant_id, Contract.id == any_(Terminal.contract_ids)
    return select(found).where(*its).correlate(Terminal).scalar_subquery()


def _listed(column: Expression) -> Expression:
    """The distinct values of ``column``, separated by commas."""
    return _of_contracts(func.string_agg(column.distinct(), literal_column("', '", String)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Applications(Kind):
    """The applications of a terminal: their codes for programs, their words for people."""

    def show(self, value: str | None, row: Row) -> str:  # noqa: ARG002
        return ", ".join(applications.label(code) for code in value.split(", ")) if value else ""

    def csv(self, column: Expression) -> Expression:  # noqa: ARG002 - each code has its words
        return _listed(ApplicationCode(labels=applications.LABELS).csv(Contract.application))


FIELDS = (
    Field(
        name="date",
        label=N_("Last call"),
        kind=Moment(),
        column=Terminal.last_called,
        section=TERMINAL,
        sort=True,
        sort_column=Terminal.last_called_at,
        slot="meta",
    ),
    Field(
        name="state",
        label=N_("State"),
        kind=Choice(labels=STATES),
        column=_STATE,
        section=TERMINAL,
        filter=True,
        slot="badge",
        tones={state: tone for state, tone in _TONES.items() if tone != "good"},
    ),
    Field(
        name="label",
        label=N_("Label"),
        kind=FreeText(),
        column=func.coalesce(_of_contracts(func.min(Contract.label)), Outlet.trade_name, type_=Text),
        section=TERMINAL,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
        sort=True,
        slot="title",
    ),
    TRADE_NAME,
    Field(name="siret", label=N_("SIRET"), kind=Identifier(), column=Outlet.siret, section=OUTLET),
    terminal_field(Terminal.number),
    serial_field(Terminal.serial_number),
    manufacturer_field(Terminal.manufacturer),
    Field(
        name="contract",
        label=N_("Contract no."),
        kind=Identifier(),
        column=_listed(Contract.number),
        section=TERMINAL,
    ),
    Field(
        name="application",
        label=N_("Payments"),
        kind=Applications(),
        column=_listed(Contract.application),
        section=TERMINAL,
    ),
)


def _title(row: Row) -> str:
    return place(row) or gettext("terminal %(number)s", number=row["terminal"])


def _verdict(row: Row) -> Verdict:
    state = row["state"]
    return Verdict(capital(gettext(STATES[state])), _TONES[state])


def _alerts(row: Row) -> Iterator[Alert]:
    if row["state"] == "silent":
        yield Alert(
            words=gettext("It did not call on a day when it usually does"),
            reason=gettext("Check that it is on and connected, then start a telecollection."),
            tone="bad",
            to_report=True,
        )


TERMINALS = ListSpec(
    name="terminals",
    path="/terminaux",
    title=N_("Terminals"),
    noun=Noun(*NN_("%(num)s terminal", "%(num)s terminals")),
    see=N_("See the terminals"),
    back=N_("All terminals"),
    empty=N_("No terminal has called yet."),
    row_permission="terminal",
    in_menu=False,
    source=ListSource(
        table=Terminal.__table__,
        id=Terminal.id,
        merchant_id=Terminal.merchant_id,
        contract_id=Terminal.contract_ids,
        day=None,
        instant=Terminal.last_called_at,
        currency=cast(literal_column("''"), Text),
        joins=(
            Join(
                Outlet.__table__,
                lambda scope: and_(Outlet.merchant_id == scope.merchant_id, Outlet.id == Terminal.outlet_id),
            ),
            Join(
                _QUIET,
                lambda scope: and_(
                    _QUIET.c.merchant_id == scope.merchant_id, _QUIET.c.terminal_id == Terminal.id
                ),
            ),
            Join(_LAST, lambda scope: _LAST.c.merchant_id == scope.merchant_id),
        ),
    ),
    measures=(row_count(),),
    row_keys={"id": Terminal.id, "outlet_id": Terminal.outlet_id, "contract_ids": Terminal.contract_ids},
    fields=FIELDS,
    sections=(TERMINAL, OUTLET),
    row_title=_title,
    verdict=_verdict,
    alerts=_alerts,
    facts=("date", "trade_name", "terminal", "contract", "serial", "manufacturer"),
    days=partial(days, "remittances"),
    offers=offering("manufacturer"),
    answer=AnswerPart(read=last_calls, template="lists/last_calls.html"),
    table=(
        ("date",),
        ("trade_name",),
        ("label",),
        ("contract",),
        ("serial",),
        ("manufacturer",),
        ("terminal",),
    ),
    subtitle=("label",),
    detail_parts=(DetailPart(read=terminal_card, template="lists/terminal_card.html"),),
)
