"""The catalogue of remittances: every column of the table is here or in ``INTERNAL``."""

from __future__ import annotations

from sqlalchemy import func

from app.listing.amounts import Amount
from app.listing.field import Field, ListSpec
from app.listing.filters import ApplicationCode, Bank, Choice, Code, Siret, Words, flagged
from app.listing.kinds import Identifier, Kind, Moment, Money, Whole
from app.models import Contract, Outlet, Remittance, RemittanceDay
from app.wording import applications, codes
from app.wording.i18n import N_

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

_MONEY = Money(currency=Remittance.currency)

#: In the order of the table and of the details.
FIELDS = (
    Field(
        name="date",
        label=N_("Date"),
        kind=Moment(),
        column=Remittance.collected_local,
        filter=True,
        sort=True,
        slot="meta",
    ),
    Field(
        name="application",
        label=N_("Payments"),
        kind=ApplicationCode(labels=applications.LABELS),
        column=Contract.application,
        filter=True,
        slot="title",
    ),
    Field(
        name="contract",
        label=N_("Contract no."),
        kind=Code(longest=15, long_numbers=True),
        column=Contract.number,
        filter=True,
    ),
    Field(name="label", label=N_("Label"), kind=Words(), column=Contract.label, filter=True, slot="meta"),
    Field(name="rank", label=N_("Rank"), kind=Code(longest=3), column=Contract.rank, filter=True),
    Field(
        name="amount",
        label=N_("Amount"),
        kind=Amount(currency=Remittance.currency),
        column=Remittance.net_amount,
        asked=func.abs(Remittance.net_amount),
        filter=True,
        sort=True,
        slot="aside",
    ),
    Field(
        name="status",
        label=N_("Status"),
        kind=Choice(labels=codes.STATUSES),
        column=Remittance.status,
        daily=RemittanceDay.status,
        filter=True,
        slot="badge",
    ),
    Field(
        name="count",
        label=N_("Transactions"),
        kind=Whole(),
        column=Remittance.transaction_count,
        ask=Choice(labels=codes.CONTENTS),
        asked=flagged(Remittance.transaction_count > 0, "with", "without"),
        daily=flagged(RemittanceDay.is_empty, "without", "with"),
        filter=True,
        slot="meta",
    ),
    Field(
        name="bank",
        label=N_("Bank code"),
        kind=Bank(name=Contract.bank_name),
        column=func.coalesce(Remittance.bank_code, Contract.bank_code),
        filter=True,
    ),
    Field(
        name="serial",
        label=N_("Serial no."),
        kind=Code(longest=24, long_numbers=True, indexed=True),
        column=Remittance.serial_number,
        filter=True,
    ),
    Field(
        name="manufacturer",
        label=N_("Maker"),
        kind=Words(),
        column=Remittance.manufacturer,
        filter=True,
    ),
    Field(
        name="number",
        label=N_("Remittance no."),
        kind=Code(longest=6, indexed=True),
        column=Remittance.number,
        filter=True,
    ),
    Field(
        name="file_number",
        label=N_("File no."),
        kind=Code(longest=6),
        column=Remittance.file_number,
        filter=True,
    ),
    Field(
        name="trade_name",
        label=N_("Trade name"),
        kind=Words(),
        column=Outlet.trade_name,
        filter=True,
        slot="meta",
    ),
    Field(
        name="siret",
        label=N_("SIRET"),
        kind=Siret(said=Remittance.siret),
        column=func.coalesce(Remittance.siret, Outlet.siret),
        filter=True,
    ),
    Field(name="bank_name", label=N_("Bank"), kind=Kind(), column=Contract.bank_name),
    Field(name="currency", label=N_("Currency"), kind=Kind(), column=Remittance.currency),
    Field(
        name="terminal_number",
        label=N_("Terminal no."),
        kind=Identifier(),
        column=Remittance.terminal_number,
    ),
    Field(name="opened", label=N_("Opened"), kind=Moment(), column=Remittance.opened_local),
    Field(name="status_text", label=N_("Answer of the host"), kind=Kind(), column=Remittance.status_text),
    Field(
        name="transmission",
        label=N_("Transmission"),
        kind=Choice(labels=codes.TRANSMISSIONS),
        column=Remittance.transmission,
    ),
    Field(name="debit_count", label=N_("Number of debits"), kind=Whole(), column=Remittance.debit_count),
    Field(name="debit", label=N_("Debits"), kind=_MONEY, column=Remittance.debit_amount),
    Field(
        name="cancelled_count",
        label=N_("Number of cancelled debits"),
        kind=Whole(),
        column=Remittance.cancellation_count,
    ),
    Field(
        name="cancelled",
        label=N_("Cancelled debits"),
        kind=_MONEY,
        column=Remittance.cancellation_amount,
    ),
    Field(
        name="refund_count",
        label=N_("Number of refunds"),
        kind=Whole(),
        column=Remittance.refund_count,
    ),
    Field(name="refund", label=N_("Refunds"), kind=_MONEY, column=Remittance.refund_amount),
    Field(
        name="refund_cancelled_count",
        label=N_("Number of cancelled refunds"),
        kind=Whole(),
        column=Remittance.refund_cancellation_count,
    ),
    Field(
        name="refund_cancelled",
        label=N_("Cancelled refunds"),
        kind=_MONEY,
        column=Remittance.refund_cancellation_amount,
    ),
    Field(
        name="declined_count",
        label=N_("Number of declined payments"),
        kind=Whole(),
        column=Remittance.declined_count,
    ),
    Field(name="declined", label=N_("Declined payments"), kind=_MONEY, column=Remittance.declined_amount),
    Field(
        name="abandoned_count",
        label=N_("Number of abandoned payments"),
        kind=Whole(),
        column=Remittance.abandoned_count,
    ),
    Field(
        name="abandoned",
        label=N_("Abandoned payments"),
        kind=_MONEY,
        column=Remittance.abandoned_amount,
    ),
    Field(
        name="seal",
        label=N_("Control of the payments"),
        kind=Choice(labels=codes.SEALS),
        column=Remittance.seal,
        slot="badge",
    ),
    Field(
        name="received_count",
        label=N_("Number of payments received"),
        kind=Whole(),
        column=Remittance.received_count,
    ),
    Field(
        name="received_net",
        label=N_("Net of the payments received"),
        kind=_MONEY,
        column=Remittance.received_net,
    ),
    Field(
        name="gap_count",
        label=N_("Gap in number"),
        kind=Whole(),
        column=Remittance.transaction_count - Remittance.received_count,
    ),
    Field(
        name="gap_amount",
        label=N_("Gap in amount"),
        kind=_MONEY,
        column=Remittance.net_amount - Remittance.received_net,
    ),
    Field(
        name="missing_sequences",
        label=N_("Missing transactions"),
        kind=Whole(),
        column=Remittance.missing_sequences,
    ),
)

REMITTANCES = ListSpec(
    name="remittances",
    title=N_("Remittances"),
    model=Remittance,
    on=Remittance.collected_on,
    at=Remittance.collected_at,
    size=func.abs(Remittance.net_amount),
    keys={
        "id": Remittance.id,
        "contract_id": Remittance.contract_id,
        "collected_on": Remittance.collected_on,
    },
    fields=FIELDS,
)
