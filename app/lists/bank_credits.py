"""The catalogue of what the bank credited: its lines of card money, and the batches that each of them pays.

For whoever may see the bank. A line tells of all that it pays: whoever may not see one of these contracts
does not see the line, nor one that names no contract, nor one by which an acquirer pays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, cast, func, literal_column

from app.listing import typed
from app.listing.amounts import AmountFilter
from app.listing.dimension import Dimension
from app.listing.field import Field, Link, Tone
from app.listing.filter_groups import HOW_MUCH, WHEN
from app.listing.filters import Choice, FreeText
from app.listing.kinds import Day, Identifier, Kind, Money, Row, Whole
from app.listing.measures import Measure, row_count
from app.listing.source import Join, ListSource
from app.listing.spec import Alert, DetailPart, ListSpec, Noun, Verdict
from app.lists.chargebacks import disputes_of_line
from app.lists.common import is_row
from app.lists.credit import CREDIT
from app.lists.line_batches import (
    BATCHES,
    COMMA,
    CONTRACT_IDS,
    EXPLAINED,
    FEE,
    ONLY_BATCH,
    PAYMENT,
    RULE,
    STATE,
    of_batches,
    paid_batches,
)
from app.lists.statement_notices import line_notices, statement_days, statement_freshness
from app.lists.unexplained_lines import explains_nothing
from app.models import BankAccount, BankMovement, Contract, MovementKind, Outlet
from app.wording import codes, formats
from app.wording.i18n import N_, NN_, gettext

#: Columns that are no field: keys, hints that batches were looked for by, what another column already tells.
INTERNAL = frozenset(
    {
        "merchant_id",
        "id",
        "reseller_id",
        "bank_account_id",
        "bank_statement_id",
        "rank",
        "code",
        "inner_code",
        "entry_number",
        "reference",
        "contract_rank",
        "remittance_number",
        "settlement_number",
        "payer",
        "batch_count",
        "gross",
        "reversal",
        "import_file_id",
    }
)
#: So many contracts are named in a cell; all of them among the details, in files and where one asks for them.
_FEW_CONTRACTS: Final = 2
#: Title of a section of the details.
LINE = N_("Line of the bank")
_DOTS: Final = literal_column("'•••• '", Text)
_SHOWN_DIGITS: Final = literal_column("4", Integer)
#: Lines have a day and no hour: midnight orders them.
_INSTANT = func.timezone(literal_column("'UTC'", Text), cast(BankMovement.booked_on, DateTime))
_ACCOUNT = func.concat_ws(
    literal_column("' '", Text),
    BankAccount.label,
    _DOTS.concat(func.right(BankAccount.account_key, _SHOWN_DIGITS)),
    type_=Text,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Batches(Whole):
    """The number of batches that a line pays."""

    def below(self, value: int | None, row: Row) -> str:  # noqa: ARG002 - a number alone says nothing there
        return (
            Noun(*NN_("%(num)s batch", "%(num)s batches")).count(value, formats.number(value))
            if value
            else ""
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Contracts(Identifier):
    """The contracts of what a line pays: their number where they are many, which took 15 lines of a row."""

    def short(self, value: str | None, row: Row) -> str:
        number = len(value.split(", ")) if value else 0
        if number <= _FEW_CONTRACTS:
            return self.show(value, row)
        return Noun(*NN_("%(num)s contract", "%(num)s contracts")).count(number, formats.number(number))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gap(Money):
    """A gap between a line and its batches; no text where there is none to look into."""

    def cell(self, value: int | None, row: Row) -> str:
        return self.show(value, row) if value else ""


def _its_batches(row: Row) -> Link | None:
    """The only batch that it pays; the page of the line has several, and says what of one that is gone is."""
    if not row["batches"]:
        return None
    is_there = row["batches"] == 1 and row["only_batch"]
    return Link("remittances", row["only_batch"]) if is_there else Link("bank_credits", row["id"])


FIELDS = (
    Field(
        name="date",
        label=N_("Booked on"),
        kind=Day(),
        column=BankMovement.booked_on,
        section=LINE,
        filter=True,
        filter_group=WHEN,
        sort=True,
        sort_column=_INSTANT,
        slot="meta",
    ),
    Field(name="value_on", label=N_("Value on"), kind=Day(), column=BankMovement.value_on, section=LINE),
    Field(
        name="kind",
        label=N_("Kind"),
        kind=Choice(labels=codes.MOVEMENTS),
        column=BankMovement.kind,
        section=LINE,
        filter=True,
        slot="title",
    ),
    Field(
        name="state",
        label=N_("State"),
        kind=Choice(labels=codes.LINE_STATES),
        column=STATE,
        section=CREDIT,
        filter=True,
        slot="badge",
        tones={"proposed": "warn", "unexplained": "bad"},
    ),
    Field(
        name="wording",
        label=N_("Wording of the bank"),
        kind=FreeText(),
        column=BankMovement.label,
        section=LINE,
        filter=True,
    ),
    Field(name="account", label=N_("Account"), kind=FreeText(), column=_ACCOUNT, section=LINE, filter=True),
    Field(
        name="contract",
        label=N_("Contract no."),
        kind=_Contracts(),
        filter_kind=FreeText(),
        column=func.coalesce(
            of_batches(func.string_agg(Contract.number.distinct(), COMMA)),
            func.nullif(BankMovement.contract_number, literal_column("''", Text)),
            type_=Text,
        ),
        section=CREDIT,
        filter=True,
    ),
    Field(
        name="trade_name",
        label=N_("Trade name"),
        kind=FreeText(),
        column=of_batches(func.string_agg(Outlet.trade_name.distinct(), COMMA)),
        section=CREDIT,
        filter=True,
        in_table=False,
    ),
    Field(
        name="batches",
        label=N_("Batches"),
        kind=_Batches(),
        column=BATCHES,
        section=CREDIT,
        link=_its_batches,
        in_table=True,
    ),
    Field(name="payment", label=N_("Payment no."), kind=Identifier(), column=PAYMENT, section=CREDIT),
    Field(name="rule", label=N_("Why"), kind=Choice(labels=codes.CREDIT_RULES), column=RULE, section=CREDIT),
    Field(
        name="amount",
        label=N_("Amount"),
        kind=AmountFilter(currency=BankMovement.currency),
        column=BankMovement.amount,
        section=LINE,
        filter_column=func.abs(BankMovement.amount, type_=BigInteger),
        filter=True,
        filter_group=HOW_MUCH,
        sort=True,
        sort_column=func.abs(BankMovement.amount, type_=BigInteger),
        slot="aside",
    ),
    Field(
        name="paid",
        label=N_("Amount of its batches"),
        kind=Money(currency=BankMovement.currency),
        column=EXPLAINED,
        section=CREDIT,
        in_table=True,
    ),
    Field(
        name="gap",
        label=N_("Gap"),
        kind=_Gap(currency=BankMovement.currency),
        column=BankMovement.amount - EXPLAINED,
        section=CREDIT,
        in_table=True,
    ),
    Field(
        name="fee",
        label=N_("Commission taken off"),
        kind=Money(currency=BankMovement.currency),
        column=FEE,
        section=CREDIT,
    ),
    Field(name="currency", label=N_("Currency"), kind=Kind(), column=BankMovement.currency, section=LINE),
)


def _sum(name: str, label: str, *kinds: MovementKind, sign: int = 1) -> Measure:
    """What lines of ``kinds`` brought; with a ``sign`` of -1 what they took."""
    return Measure(
        name=name,
        rows=sign * BankMovement.amount,
        where=(BankMovement.kind.in_([kind.value for kind in kinds]),),
        sign=sign,
        label=label,
        optional=name != "credited",
    )


MEASURES = (
    row_count(),
    _sum("credited", N_("Credited"), MovementKind.REMITTANCE, MovementKind.PAYOUT),
    _sum("refund", N_("Refunds"), MovementKind.REFUND, sign=-1),
    _sum("chargeback", N_("Chargebacks"), MovementKind.CHARGEBACK, sign=-1),
    _sum("given_back", N_("Chargebacks given back"), MovementKind.CHARGEBACK_REVERSAL),
    _sum("commission", N_("Commission by the bank"), MovementKind.FEE, sign=-1),
    Measure(
        name="unexplained",
        rows=BankMovement.amount,
        where=(explains_nothing(),),
        label=N_("Of the net, explains no batch"),
        apart=True,
        optional=True,
    ),
)


def _title(row: Row) -> str:
    kind = row["kind"]
    return gettext("%(what)s of %(day)s", what=gettext(codes.MOVEMENTS[kind]), day=formats.day(row["date"]))


def _verdict(row: Row) -> Verdict:
    state = row["state"]
    return Verdict(gettext(codes.LINE_STATES[state]), _TONES[state])


_TONES: Final[Mapping[str, Tone]] = {
    "explained": "good",
    "proposed": "warn",
    "unexplained": "bad",
    "apart": "info",
}
_REASONS: Final[Mapping[str, str]] = {
    "proposed": N_("It may pay these batches: confirm or reject it under “To do”."),
    "unexplained": N_("No batch received has this amount. Ask your bank what it is of."),
}


def _alerts(row: Row) -> Iterator[Alert]:
    state = row["state"]
    if state in _REASONS:
        words, reason = gettext(codes.LINE_STATES[state]), gettext(_REASONS[state])
        yield Alert(words=words, reason=reason, tone=_TONES[state])


BANK_CREDITS = ListSpec(
    name="bank_credits",
    path="/credits",
    title=N_("Bank credits"),
    noun=Noun(*NN_("%(num)s line of the bank", "%(num)s lines of the bank")),
    see=N_("See the lines"),
    back=N_("All lines of the bank"),
    empty=N_("The bank tells of no card money in this period."),
    permission="bank",
    in_menu=False,
    source=ListSource(
        table=BankMovement.__table__,
        id=BankMovement.id,
        merchant_id=BankMovement.merchant_id,
        contract_id=CONTRACT_IDS,
        day=BankMovement.booked_on,
        instant=_INSTANT,
        currency=BankMovement.currency,
        joins=(
            Join(
                BankAccount.__table__,
                lambda _scope: is_row(BankAccount, BankMovement.merchant_id, BankMovement.bank_account_id),
            ),
        ),
    ),
    measures=MEASURES,
    dimensions=(
        Dimension(
            name="kind",
            label=N_("Kind"),
            kind=Choice(labels=codes.MOVEMENTS),
            rows=BankMovement.kind,
            parameter="kind",
        ),
        Dimension(name="account", label=N_("Account"), kind=Kind(), rows=_ACCOUNT),
        Dimension(
            name="state",
            label=N_("State"),
            kind=Choice(labels=codes.LINE_STATES),
            rows=STATE,
            parameter="state",
        ),
    ),
    row_keys={"id": BankMovement.id, "only_batch": ONLY_BATCH},
    fields=FIELDS,
    usual_period="last-30-days",
    sections=(LINE, CREDIT),
    search={
        "amount": typed.AMOUNT,
        "contract": typed.digits(7, 15),
        "trade_name": typed.WORDS,
        "wording": typed.WORDS,
    },
    row_title=_title,
    verdict=_verdict,
    alerts=_alerts,
    facts=(
        "date",
        "value_on",
        "account",
        "wording",
        "contract",
        "batches",
        "payment",
        "paid",
        "gap",
        "fee",
        "rule",
    ),
    days=statement_days,
    freshness=statement_freshness,
    table=(
        ("date",),
        ("kind",),
        ("wording",),
        ("contract",),
        ("batches",),
        ("paid",),
        ("gap",),
        ("amount",),
    ),
    subtitle=("batches", "wording"),
    counted=lambda row: int(row["amount"]),
    notices=line_notices,
    detail_parts=(
        DetailPart(read=paid_batches, template="lists/credited_together.html"),
        DetailPart(read=disputes_of_line, template="lists/chargebacks.html"),
    ),
)
