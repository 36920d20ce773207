"""The catalogue of transactions: every column of the table is here or in ``INTERNAL``."""

from __future__ import annotations

from functools import partial

from sqlalchemy import case

from app.listing import filter_groups, typed
from app.listing.amounts import AmountFilter
from app.listing.card_filters import Card, Expiry, masked
from app.listing.categories import Category
from app.listing.field import Field, Link
from app.listing.filters import (
    Choice,
    Code,
    ResponseCode,
    flagged,
)
from app.listing.kinds import Flag, Identifier, Kind, Moment, Money, Row
from app.listing.spec import DetailPart, ListSpec, Noun, PageLink
from app.lists import chargebacks, payment_mail, remote_payments
from app.lists.cardholder_currency import CARDHOLDER, CARDHOLDER_FIELDS
from app.lists.chargebacks import chargeback_fields, disputes, operations
from app.lists.choices import offering
from app.lists.common import (
    BANK,
    BANK_NAME,
    CONTRACT,
    CONTRACT_FIELDS,
    FILE_NUMBER,
    OUTLET,
    OUTLET_FIELDS,
    REMITTANCE,
    TERMINAL,
    TERMINAL_DIGITS,
    TERMINAL_FIELDS,
    TERMINAL_NUMBER,
    place,
    remittance_number_field,
)
from app.lists.declines import reason_field
from app.lists.freshness import days, freshness
from app.lists.meal_vouchers import MEAL_VOUCHER_STATEMENT
from app.lists.open_item_count import open_item_count
from app.lists.open_items import TITLE as OPEN_ITEMS
from app.lists.payment_verdict import HandedIn, alerts, verdict
from app.lists.reversals import counterparts, reversal_fields
from app.lists.settlements import sale_payments
from app.lists.takings import TAKINGS
from app.lists.transaction_sums import DIMENSIONS, MEASURES, SOURCE
from app.lists.untold import untold
from app.lists.untold_refusals import UNTOLD_REFUSALS
from app.models import Remittance, Transaction, TransactionDay
from app.rules import payments
from app.rules.time_zones import today
from app.wording import codes
from app.wording import days as days_in_words
from app.wording.i18n import N_, NN_, gettext

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

PAYMENT = N_("Payment")
CARD = N_("Card")
AUTHORISATION = N_("Authorisation")

_MONEY = Money(currency=Transaction.currency)
_SIGNED = payments.signed(Transaction.type, Transaction.amount)


def _its_remittance(row: Row) -> Link | None:
    """The telecollection that a payment came with; that of a platform may have no number to be named by."""
    words = "" if row["remittance"] else gettext("See the batch")
    return Link("remittances", id=row["remittance_id"], words=words)


def _title(row: Row) -> str:
    at = row["date"]
    day = days_in_words.day_in_words(at.date(), today())
    moment = gettext("%(day)s at %(time)s", day=day, time=f"{at:%H:%M}")
    return " · ".join(filter(None, (moment, place(row))))


#: In the order of the table and of the details.
FIELDS = (
    Field(
        name="date",
        label=N_("Date"),
        kind=Moment(),
        column=Transaction.occurred_local,
        section=PAYMENT,
        filter=True,
        filter_group=filter_groups.WHEN,
        sort=True,
        sort_column=Transaction.occurred_at,
        slot="meta",
    ),
    Field(
        name="state",
        label=N_("Remitted to the bank"),
        kind=HandedIn(labels=codes.STATES),
        column=flagged(Transaction.remitted, "remitted", "pending"),
        section=REMITTANCE,
        daily=flagged(TransactionDay.remitted, "remitted", "pending"),
        filter=True,
        slot="badge",
        tones={"pending": "warn"},
    ),
    *CONTRACT_FIELDS,
    BANK,
    Field(
        name="amount",
        label=N_("Amount"),
        kind=AmountFilter(currency=Transaction.currency, daily_currency=TransactionDay.currency),
        column=_SIGNED,
        section=PAYMENT,
        filter_column=Transaction.amount,
        filter=True,
        filter_group=filter_groups.HOW_MUCH,
        sort=True,
        sort_column=Transaction.amount,
        slot="aside",
        void=lambda row: row["outcome"] != "accepted",
    ),
    Field(
        name="net_amount",
        label=N_("Counted amount"),
        kind=_MONEY,
        column=case((payments.counted(Transaction.type, Transaction.outcome), _SIGNED), else_=0),
        section=PAYMENT,
    ),
    Field(
        name="type",
        label=N_("Type"),
        kind=Choice(labels=codes.TYPES),
        column=Transaction.type,
        section=PAYMENT,
        daily=TransactionDay.type,
        filter=True,
        slot="badge",
        tones=dict.fromkeys(("refund", "cancellation", "refund_cancellation", "preauthorisation"), "info"),
    ),
    Field(
        name="outcome",
        label=N_("Result"),
        kind=Choice(labels=codes.OUTCOMES),
        column=Transaction.outcome,
        section=PAYMENT,
        daily=TransactionDay.outcome,
        filter=True,
        slot="badge",
        tones={"declined": "bad", "abandoned": "warn"},
    ),
    *reversal_fields(PAYMENT),
    *chargeback_fields(PAYMENT),
    Field(
        name="response_code",
        label=N_("Response code"),
        kind=ResponseCode(),
        column=Transaction.response_code,
        section=AUTHORISATION,
        filter=True,
    ),
    reason_field(AUTHORISATION),
    Field(
        name="card",
        label=N_("Card no."),
        kind=Card(bin=Transaction.card_bin),
        column=masked(Transaction.card_bin, Transaction.card_last4),
        section=CARD,
        filter_column=Transaction.card_last4,
        filter=True,
        filter_group=filter_groups.CARD,
        slot="meta",
    ),
    Field(
        name="expiry",
        label=N_("Expiry"),
        full_label=N_("Expiry date"),
        kind=Expiry(),
        column=Transaction.expiry,
        filter=True,
        filter_group=filter_groups.CARD,
        section=CARD,
    ),
    Field(
        name="authorisation",
        label=N_("Authorisation no."),
        full_label=N_("Authorisation number"),
        kind=Code(longest=12, indexed=True, absent=N_("Without authorisation no.")),
        column=Transaction.authorisation_number,
        section=AUTHORISATION,
        filter=True,
        filter_group=filter_groups.CARD,
        copied=True,
    ),
    Field(
        name="issuer",
        label=N_("Issuer"),
        kind=Category(),
        column=Transaction.issuer,
        filter=True,
        filter_group=filter_groups.CARD,
        section=CARD,
    ),
    Field(
        name="product",
        label=N_("Product"),
        kind=Category(),
        column=Transaction.product,
        filter=True,
        filter_group=filter_groups.CARD,
        section=CARD,
    ),
    remittance_number_field("remittance", _its_remittance),
    FILE_NUMBER,
    Field(
        name="dossier",
        label=N_("Booking ref."),
        kind=Code(longest=40),
        column=Transaction.dossier_number,
        section=PAYMENT,
        filter=True,
    ),
    *TERMINAL_FIELDS,
    *OUTLET_FIELDS,
    BANK_NAME,
    Field(name="currency", label=N_("Currency"), kind=Kind(), column=Transaction.currency, section=PAYMENT),
    Field(
        name="requested_amount",
        label=N_("Requested amount"),
        kind=_MONEY,
        column=Transaction.requested_amount,
        section=PAYMENT,
    ),
    Field(
        name="sequence_number",
        label=N_("Sequence no."),
        kind=Identifier(),
        column=Transaction.sequence_number,
        section=PAYMENT,
    ),
    Field(
        name="original_sequence_number",
        label=N_("Original sequence no."),
        kind=Identifier(),
        column=Transaction.original_sequence_number,
        section=PAYMENT,
    ),
    Field(
        name="collected",
        label=N_("Collected"),
        kind=Moment(),
        column=Remittance.collected_local,
        section=REMITTANCE,
        link=_its_remittance,
    ),
    TERMINAL_NUMBER,
    Field(
        name="entry_mode",
        label=N_("Card reading"),
        kind=Choice(labels=codes.ENTRY_MODES),
        column=Transaction.entry_mode,
        section=CARD,
        filter=True,
        filter_group=filter_groups.CARD,
        in_table=False,
    ),
    Field(
        name="scheme",
        label=N_("Scheme"),
        kind=Category(),
        column=Transaction.scheme,
        section=CARD,
        filter=True,
        filter_group=filter_groups.CARD,
        in_table=False,
    ),
    Field(name="aid", label=N_("AID"), kind=Identifier(), column=Transaction.aid, section=CARD),
    Field(
        name="authorisation_asked",
        label=N_("Authorisation asked"),
        kind=Flag(),
        column=Transaction.authorisation_asked,
        section=AUTHORISATION,
    ),
    Field(
        name="certificate",
        label=N_("Certificate"),
        kind=Identifier(),
        column=Transaction.certificate,
        section=AUTHORISATION,
    ),
    Field(
        name="order_reference",
        label=N_("Order reference"),
        kind=Code(longest=64),
        column=Transaction.order_reference,
        section=PAYMENT,
        filter=True,
        in_table=False,
    ),
    *remote_payments.FIELDS,
    *CARDHOLDER_FIELDS,
)

_BY_NAME = {field.name: field for field in FIELDS}


TRANSACTIONS = ListSpec(
    name="transactions",
    path="/transactions",
    title=N_("Transactions"),
    noun=Noun(*NN_("%(num)s transaction", "%(num)s transactions")),
    see=N_("See the payments"),
    back=N_("All transactions"),
    empty=N_("No payment in this period."),
    source=SOURCE,
    measures=MEASURES,
    dimensions=DIMENSIONS,
    row_keys={
        "id": Transaction.id,
        "contract_id": Transaction.contract_id,
        "remittance_id": Transaction.remittance_id,
        "occurred_on": Transaction.occurred_on,
        "collected_on": Transaction.collected_on,
    },
    fields=FIELDS,
    sections=(
        PAYMENT,
        CARD,
        AUTHORISATION,
        remote_payments.REMOTE,
        REMITTANCE,
        CARDHOLDER,
        CONTRACT,
        OUTLET,
        TERMINAL,
    ),
    offers=offering("application", "bank", "issuer", "product", "scheme", "manufacturer"),
    search={
        "card": typed.CARD,
        "authorisation": typed.AUTHORISATION,
        "amount": typed.AMOUNT,
        "remittance": typed.digits(1, TERMINAL_DIGITS),
        "contract": typed.digits(7, 15),
        "siret": typed.SIRET,
        "order_reference": typed.REFERENCE,
        "trade_name": typed.WORDS,
        "label": typed.WORDS,
    },
    search_choices=("outcome", "type", "application", "scheme", "product", "issuer", "bank"),
    row_title=_title,
    freshness=partial(freshness, "transactions"),
    days=partial(days, "transactions"),
    verdict=verdict,
    facts=("card", "application", "product", "authorisation", "remittance"),
    alerts=alerts,
    table=(
        ("date",),
        ("application",),
        ("card",),
        ("product", "issuer"),
        ("trade_name", "label"),
        ("authorisation",),
        ("remittance",),
        ("amount",),
    ),
    subtitle=("card", "trade_name", "label"),
    counted=lambda row: row["net_amount"],
    statement=MEAL_VOUCHER_STATEMENT,
    answer=TAKINGS,
    detail_parts=(
        DetailPart(read=counterparts, template="lists/counterparts.html"),
        DetailPart(read=disputes, template="lists/chargebacks.html", of="chargeback"),
        DetailPart(read=operations, template="lists/operations.html"),
        DetailPart(read=sale_payments, template="lists/sale_settlements.html", permission="bank"),
    ),
    absent=partial(untold, (chargebacks, remote_payments)),
    filter_notes=UNTOLD_REFUSALS,
    page_links=(
        PageLink("open_items.show", OPEN_ITEMS, "chargeback_amount", open_item_count, month="month"),
    ),
    ticket=payment_mail.TICKET,
)
