"""The catalogue of remittances: every column of the table is here or in ``INTERNAL``."""

from __future__ import annotations

from functools import partial

from sqlalchemy import BigInteger, Connection, Text, case, func

from app.listing import typed
from app.listing.amounts import AmountFilter
from app.listing.asked_period import PERIOD
from app.listing.criteria import BY
from app.listing.field import Field, Link
from app.listing.filter_groups import HOW_MUCH, WHEN
from app.listing.filters import Choice, flagged
from app.listing.kinds import Kind, Moment, Money, Row, Whole
from app.listing.scope import Scope
from app.listing.spec import (
    DetailPart,
    Heading,
    ListSpec,
    Noun,
    OrdinaryCase,
    PageLink,
    PlaceSpec,
    TicketSpec,
)
from app.lists import credit, remote_payments
from app.lists.choices import offering
from app.lists.common import (
    BANK,
    BANK_NAME,
    CONTRACT,
    CONTRACT_FIELDS,
    DIMENSIONS,
    FILE_NUMBER,
    OUTLET,
    OUTLET_FIELDS,
    REMITTANCE,
    TERMINAL,
    TERMINAL_DIGITS,
    TERMINAL_FIELDS,
    TERMINAL_NUMBER,
    TICKET_COLUMNS,
    day_and_time,
    place,
    remittance_number_field,
)
from app.lists.credit import BY_CREDIT, BY_REASON, CREDIT, CREDIT_FIELDS, credit_lines
from app.lists.credited_together import credited_together
from app.lists.declared import DECLARED_SUMS, compared, declared
from app.lists.freshness import days, freshness
from app.lists.nights import REMITTED
from app.lists.not_received import ANSWER
from app.lists.open_item_count import open_item_count
from app.lists.open_items import TITLE as OPEN_ITEMS
from app.lists.remittance_course import alerts, course, named, verdict
from app.lists.remittance_kinds import ASKED_STATUS, CONTROL, HOST_STATUS, HOST_TONES, PaymentCount
from app.lists.remittance_payments import payments, payments_of
from app.lists.remittance_sums import MEASURES, SOURCE, TypeSum, sums_by_type
from app.lists.settlements import remittance_payments
from app.lists.statement_notices import statement_notices
from app.lists.terminals import SILENT
from app.lists.untold import untold
from app.models import Completeness, Contract, Outlet, Remittance, RemittanceDay
from app.rules.payments import REMOTE
from app.tickets import remittance_ticket
from app.wording import codes, formats
from app.wording.i18n import N_, NN_, gettext

#: Columns that are no field: keys, the day of the partition, what another column already tells.
INTERNAL = frozenset(
    {
        "merchant_id",
        "id",
        "collected_on",
        "reseller_id",
        "contract_id",
        "opened_at",
        "collected_at",
        "second_fold",
        "has_totals",
        "ticket",
        "header_file_id",
        "totals_file_id",
    }
)

#: Title of a section of the details.
CONTROLLED = N_("Control of the payments")
_MONEY = Money(currency=Remittance.currency)
_LAST_MONTH = N_("Reconcile last month")
_CLOSING = ((PERIOD, "last-month"), (BY, BY_REASON.name))


def _its_payments(row: Row) -> Link | None:
    return payments_of(row) if row["count"] and row["seal"] != Completeness.NO_PAYMENTS else None


def _title(row: Row) -> str:
    names = (_BY_NAME["application"].show(row), place(row))
    return " · ".join(filter(None, (named(row), *names)))


#: In the order of the table and of the details.
FIELDS = (
    Field(
        name="date",
        label=N_("Date"),
        kind=Moment(),
        column=Remittance.collected_local,
        section=REMITTANCE,
        filter=True,
        filter_group=WHEN,
        sort=True,
        sort_column=Remittance.collected_at,
        slot="meta",
    ),
    *CONTRACT_FIELDS,
    Field(
        name="amount",
        label=N_("Amount"),
        kind=AmountFilter(currency=Remittance.currency),
        column=Remittance.net_amount,
        section=REMITTANCE,
        filter_column=func.abs(Remittance.net_amount, type_=BigInteger),
        filter=True,
        filter_group=HOW_MUCH,
        sort=True,
        sort_column=func.abs(Remittance.net_amount, type_=BigInteger),
        slot="aside",
    ),
    Field(
        name="net_amount",
        label=N_("Counted amount"),
        kind=_MONEY,
        column=case((REMITTED, Remittance.net_amount), else_=0),
        section=REMITTANCE,
    ),
    Field(
        name="status",
        label=N_("Status"),
        kind=HOST_STATUS,
        filter_kind=ASKED_STATUS,
        column=declared(Remittance.status),
        section=REMITTANCE,
        daily=case((RemittanceDay.awaiting_totals.is_(False), RemittanceDay.status)),
        filter=True,
        slot="badge",
        tones=HOST_TONES,
    ),
    Field(
        name="count",
        label=N_("Number"),
        full_label=N_("Transactions"),
        kind=PaymentCount(),
        column=Remittance.transaction_count,
        section=REMITTANCE,
        link=_its_payments,
        filter_kind=Choice(labels=codes.CONTENTS),
        filter_column=flagged(Remittance.transaction_count > 0, "with", "without"),
        daily=flagged(RemittanceDay.is_empty, "without", "with"),
        elsewhere={"silent": SILENT},
        filter=True,
        slot="meta",
    ),
    BANK,
    *TERMINAL_FIELDS,
    remittance_number_field("number"),
    FILE_NUMBER,
    *OUTLET_FIELDS,
    BANK_NAME,
    Field(name="currency", label=N_("Currency"), kind=Kind(), column=Remittance.currency, section=REMITTANCE),
    TERMINAL_NUMBER,
    Field(
        name="opened", label=N_("Opened"), kind=Moment(), column=Remittance.opened_local, section=REMITTANCE
    ),
    Field(
        name="status_text",
        label=N_("Answer of the host"),
        kind=Kind(),
        column=declared(Remittance.status_text),
        section=REMITTANCE,
    ),
    Field(
        name="transmission",
        label=N_("Transmission"),
        kind=Choice(labels=codes.TRANSMISSIONS),
        column=declared(Remittance.transmission),
        section=REMITTANCE,
        filter=True,
        in_table=False,
    ),
    *DECLARED_SUMS,
    Field(
        name="seal",
        label=CONTROLLED,
        kind=CONTROL,
        column=Remittance.seal,
        section=CONTROLLED,
        filter=True,
        slot="badge",
        tones={
            "awaiting_payments": "warn",
            "awaiting_totals": "warn",
            "differs": "bad",
        },
    ),
    *CREDIT_FIELDS,
    Field(
        name="received_count",
        label=N_("Number of payments received"),
        kind=Whole(),
        column=Remittance.received_count,
        section=CONTROLLED,
    ),
    Field(
        name="received_net",
        label=N_("Net of the payments received"),
        kind=_MONEY,
        column=Remittance.received_net,
        section=CONTROLLED,
    ),
    Field(
        name="gap_count",
        label=N_("Gap in number"),
        kind=Whole(),
        column=compared(Remittance.transaction_count - Remittance.received_count),
        section=CONTROLLED,
    ),
    Field(
        name="gap_amount",
        label=N_("Gap in amount"),
        kind=_MONEY,
        column=compared(Remittance.net_amount - Remittance.received_net),
        section=CONTROLLED,
    ),
    Field(
        name="missing_sequences",
        label=N_("Missing transactions"),
        kind=Whole(),
        column=Remittance.missing_sequences,
        section=CONTROLLED,
    ),
)

_BY_NAME = {field.name: field for field in FIELDS}


def _sums(connection: Connection, scope: Scope, row: Row) -> tuple[TypeSum, ...]:
    """The sums of all types; none of what no terminal sent, which never declares any, nor of no payment."""
    if row["seal"] in REMOTE or not (row["count"] or row["received_count"]):
        return ()
    return sums_by_type(connection, scope, row["id"], row["collected_on"])


def _subject(row: Row) -> str:
    day, time = day_and_time(row)
    return gettext("your batch ticket of %(day)s, %(time)s", day=day, time=time)


def _opening(row: Row) -> str:
    day, time = day_and_time(row)
    return gettext(
        "Here is the ticket of the batch no. %(number)s of %(day)s at %(time)s (%(application)s). "
        "Its total is %(amount)s.",
        number=row["number"],
        day=day,
        time=time,
        application=_BY_NAME["application"].show(row),
        amount=formats.money(row["amount"], row["currency"]),
    )


def is_remitted(row: Row) -> bool:
    """Whether the payments of a telecollection are at the bank; see ``nights.REMITTED``."""
    arrived = row["seal"] != Completeness.AWAITING_TOTALS and row["transmission"] != "failed"
    return bool(arrived and row["status"] == "correct")


def _counted(row: Row) -> int:
    return int(row["amount"]) if is_remitted(row) else 0


def _terminal(row: Row) -> Heading:
    """The terminal that called, under the name that people give it."""
    names = (row["label"] or row["trade_name"] or "", row["terminal"] or "")
    note = gettext("terminal %(number)s", number=names[1]) if names[1] else ""
    key = "/".join((row["trade_name"] or "", *names))
    return Heading(key, names[0] or note, note if names[0] else "", is_place=True)


def _outlet(row: Row) -> Heading:
    """The outlet of a remittance that reached the bank; the others stand together, whatever their outlet."""
    if not is_remitted(row):
        return Heading("", gettext("Not remitted to the bank"))
    name = row["trade_name"] or gettext("Unknown")
    return Heading(str(row["outlet_id"]), name, is_place=True)


#: What a place is called, as rows are ordered by it: letters as people read them, twins apart.
_NAMES = (func.coalesce(Outlet.trade_name_key, ""), Contract.outlet_id, Contract.label)
PLACE = PlaceSpec(
    order=func.concat_ws(
        "/", case((REMITTED, "1"), else_="0"), *_NAMES, Remittance.terminal_number, type_=Text
    ).collate("C"),
    terminal=_terminal,
    outlet=_outlet,
    names=("trade_name", "label"),
)


REMITTANCES = ListSpec(
    name="remittances",
    path="/remises",
    title=N_("Batches"),
    noun=Noun(*NN_("%(num)s batch", "%(num)s batches")),
    see=N_("See the batches"),
    back=N_("All batches"),
    empty=N_("No terminal called in this period."),
    source=SOURCE,
    measures=MEASURES,
    dimensions=(*DIMENSIONS, BY_CREDIT, BY_REASON),
    row_keys={
        "id": Remittance.id,
        "contract_id": Remittance.contract_id,
        "outlet_id": Contract.outlet_id,
        "collected_on": Remittance.collected_on,
    },
    fields=FIELDS,
    usual_period="last-night",
    sections=(REMITTANCE, CREDIT, CONTROLLED, CONTRACT, OUTLET, TERMINAL),
    offers=offering("application", "bank", "manufacturer"),
    search={
        "number": typed.digits(1, TERMINAL_DIGITS),
        "amount": typed.AMOUNT,
        "contract": typed.digits(7, 15),
        "siret": typed.SIRET,
        "trade_name": typed.WORDS,
        "label": typed.WORDS,
    },
    search_choices=("status", "application", "bank"),
    row_title=_title,
    freshness=partial(freshness, "remittances"),
    days=partial(days, "remittances"),
    verdict=verdict,
    facts=("number", "contract", "serial"),
    alerts=alerts,
    table=(
        ("date",),
        ("application",),
        ("trade_name", "label"),
        ("contract",),
        ("number",),
        ("count",),
        ("credited_on",),
        ("amount",),
    ),
    subtitle=("count",),
    counted=_counted,
    place=PLACE,
    ordinary=OrdinaryCase(
        holds=is_remitted,
        word=codes.STATUSES["correct"],
        noun=Noun(*NN_("%(num)s correct", "%(num)s correct")),
    ),
    answer=ANSWER,
    notices=statement_notices,
    detail_parts=(
        DetailPart(read=course, template="lists/course.html"),
        DetailPart(read=payments, template="lists/remittance_payments.html"),
        DetailPart(read=credit_lines, template="lists/credit_lines.html", of="credit_gap"),
        DetailPart(read=remittance_payments, template="lists/settlements.html", of="fee_amount"),
        DetailPart(read=credited_together, template="lists/credited_together.html", of="credit"),
        DetailPart(read=_sums, template="lists/remittance_sums.html"),
    ),
    page_links=(
        PageLink("open_items.show", OPEN_ITEMS, "credit_gap", open_item_count, month="month"),
        PageLink("bank_credits.index", N_("Bank"), "credit_gap", spans=True),
        PageLink("remittances.index", _LAST_MONTH, "credit_gap", args=_CLOSING, short=N_("Reconcile")),
    ),
    absent=partial(untold, (credit, remote_payments)),
    ticket=TicketSpec(
        columns={**TICKET_COLUMNS, "ticket": Remittance.ticket},
        print=remittance_ticket,
        subject=_subject,
        opening=_opening,
        facts=(
            "trade_name",
            "date",
            "number",
            "application",
            "contract",
            "rank",
            "count",
            "amount",
            "status",
        ),
    ),
)
