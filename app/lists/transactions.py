"""The catalogue of transactions: every column of the table is here or in ``INTERNAL``."""

from __future__ import annotations

from sqlalchemy import and_, case, func

from app.listing.amounts import Amount
from app.listing.field import Field, ListSpec
from app.listing.filters import (
    ApplicationCode,
    Bank,
    Card,
    Choice,
    Code,
    Expiry,
    ResponseCode,
    Siret,
    Words,
    flagged,
    masked,
)
from app.listing.kinds import Flag, Identifier, Kind, Moment, Money, Rate
from app.models import Contract, Outlet, Remittance, Transaction, TransactionDay
from app.wording import applications, codes
from app.wording.i18n import N_

#: Columns that are no field: keys, the day of the partition, what another column already tells.
INTERNAL = frozenset(
    {
        "merchant_id",
        "id",
        "occurred_on",
        "reseller_id",
        "contract_id",
        "remittance_id",
        "collected_on",
        "occurred_at",
        "second_fold",
        "ticket",
        "import_file_id",
    }
)

_MONEY = Money(currency=Transaction.currency)
#: Money goes back to the cardholder.
_NEGATIVE = Transaction.type.in_(("refund", "cancellation"))
_COUNTED = and_(Transaction.outcome == "accepted", Transaction.type != "preauthorisation")
_SIGNED = case((_NEGATIVE, -Transaction.amount), else_=Transaction.amount)

#: In the order of the table and of the details.
FIELDS = (
    Field(
        name="date",
        label=N_("Date"),
        kind=Moment(),
        column=Transaction.occurred_local,
        filter=True,
        sort=True,
        slot="meta",
    ),
    Field(
        name="state",
        label=N_("Transactions"),
        kind=Choice(labels=codes.STATES),
        column=flagged(Transaction.remitted, "remitted", "pending"),
        daily=flagged(TransactionDay.remitted, "remitted", "pending"),
        filter=True,
        slot="badge",
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
        name="bank",
        label=N_("Bank code"),
        kind=Bank(name=Contract.bank_name),
        column=func.coalesce(Remittance.bank_code, Contract.bank_code),
        filter=True,
    ),
    Field(
        name="amount",
        label=N_("Amount"),
        kind=Amount(currency=Transaction.currency),
        column=_SIGNED,
        asked=Transaction.amount,
        filter=True,
        sort=True,
        slot="aside",
    ),
    Field(
        name="type",
        label=N_("Type"),
        kind=Choice(labels=codes.TYPES),
        column=Transaction.type,
        daily=TransactionDay.type,
        filter=True,
        slot="badge",
    ),
    Field(
        name="outcome",
        label=N_("Result"),
        kind=Choice(labels=codes.OUTCOMES),
        column=Transaction.outcome,
        daily=TransactionDay.outcome,
        filter=True,
        slot="badge",
    ),
    Field(
        name="response_code",
        label=N_("Response code"),
        kind=ResponseCode(),
        column=Transaction.response_code,
        filter=True,
    ),
    Field(
        name="card",
        label=N_("Card no."),
        kind=Card(bin=Transaction.card_bin),
        column=masked(Transaction.card_bin, Transaction.card_last4),
        asked=Transaction.card_last4,
        filter=True,
        slot="meta",
    ),
    Field(name="expiry", label=N_("Expiry"), kind=Expiry(), column=Transaction.expiry, filter=True),
    Field(
        name="authorisation",
        label=N_("Authorisation no."),
        kind=Code(longest=12, indexed=True),
        column=Transaction.authorisation_number,
        filter=True,
    ),
    Field(name="issuer", label=N_("Issuer"), kind=Words(), column=Transaction.issuer, filter=True),
    Field(name="product", label=N_("Product"), kind=Words(), column=Transaction.product, filter=True),
    Field(
        name="remittance",
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
        name="dossier",
        label=N_("Dossier no."),
        kind=Code(longest=40),
        column=Transaction.dossier_number,
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
    Field(name="currency", label=N_("Currency"), kind=Kind(), column=Transaction.currency),
    Field(
        name="net_amount",
        label=N_("Counted amount"),
        kind=_MONEY,
        column=case((_COUNTED, _SIGNED), else_=0),
    ),
    Field(
        name="requested_amount",
        label=N_("Requested amount"),
        kind=_MONEY,
        column=Transaction.requested_amount,
    ),
    Field(
        name="sequence_number",
        label=N_("Sequence no."),
        kind=Identifier(),
        column=Transaction.sequence_number,
    ),
    Field(
        name="original_sequence_number",
        label=N_("Original sequence no."),
        kind=Identifier(),
        column=Transaction.original_sequence_number,
    ),
    Field(name="collected", label=N_("Collected"), kind=Moment(), column=Remittance.collected_local),
    Field(
        name="terminal_number",
        label=N_("Terminal no."),
        kind=Identifier(),
        column=Remittance.terminal_number,
    ),
    Field(
        name="entry_mode",
        label=N_("Card reading"),
        kind=Choice(labels=codes.ENTRY_MODES),
        column=Transaction.entry_mode,
    ),
    Field(name="scheme", label=N_("Scheme"), kind=Kind(), column=Transaction.scheme),
    Field(name="aid", label=N_("AID"), kind=Identifier(), column=Transaction.aid),
    Field(
        name="authorisation_asked",
        label=N_("Authorisation asked"),
        kind=Flag(),
        column=Transaction.authorisation_asked,
    ),
    Field(name="certificate", label=N_("Certificate"), kind=Identifier(), column=Transaction.certificate),
    Field(
        name="order_reference",
        label=N_("Order reference"),
        kind=Identifier(),
        column=Transaction.order_reference,
    ),
    Field(
        name="cardholder_amount",
        label=N_("Amount in the cardholder's currency"),
        kind=Money(currency=Transaction.cardholder_currency, currency_field="cardholder_currency"),
        column=Transaction.cardholder_amount,
    ),
    Field(
        name="cardholder_currency",
        label=N_("Cardholder's currency"),
        kind=Kind(),
        column=Transaction.cardholder_currency,
    ),
    Field(
        name="exchange_rate",
        label=N_("Exchange rate"),
        kind=Rate(),
        column=Transaction.exchange_rate,
    ),
    Field(
        name="markup_percent",
        label=N_("Mark-up"),
        kind=Rate(unit="%"),
        column=Transaction.markup_percent,
    ),
)

TRANSACTIONS = ListSpec(
    name="transactions",
    title=N_("Transactions"),
    model=Transaction,
    on=Transaction.occurred_on,
    at=Transaction.occurred_at,
    size=Transaction.amount,
    keys={
        "id": Transaction.id,
        "contract_id": Transaction.contract_id,
        "remittance_id": Transaction.remittance_id,
        "occurred_on": Transaction.occurred_on,
        "collected_on": Transaction.collected_on,
    },
    fields=FIELDS,
)
