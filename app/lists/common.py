"""Fields that several lists share, declared once: what a contract, its outlet and its terminal tell.

What a telecollection tells of its terminal and its host stands on the remittance, and is the same for its
payments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Text, and_, case, cast, func, literal_column

from app.listing.categories import Category
from app.listing.constants import written_out
from app.listing.dimension import BETWEEN, Dimension
from app.listing.field import Field, Link
from app.listing.filter_groups import CONTRACT_AND_TERMINAL, SHOP
from app.listing.filters import ApplicationCode, Bank, Code, FreeText, Siret
from app.listing.kinds import Expression, Kind, Row
from app.listing.source import Join, Parent
from app.models import DEFAULT_TIME_ZONE, Contract, Credit, Outlet, Remittance
from app.rules.payments import UNCAPTURED_NUMBER
from app.wording import applications, formats
from app.wording.i18n import N_

#: The portal's day, wherever the database thinks that it is.
TODAY: Final = cast(func.timezone(DEFAULT_TIME_ZONE, func.now()), Date)

OUTLET_JOIN = Join(
    Outlet.__table__,
    lambda _scope: and_(Outlet.merchant_id == Contract.merchant_id, Outlet.id == Contract.outlet_id),
)
#: "FOURNIL ANNECY LAC · Caisse 1": the name of a till alone tells no place in a chain. Empty without both.
PLACE = func.concat_ws(" · ", Outlet.trade_name, func.nullif(Contract.label, Outlet.trade_name), type_=Text)
#: Up to so many contracts, their rows are looked up one contract after the other.
FEW_CONTRACTS = 100


def is_row(model: Any, merchant_id: Expression, row_id: Expression) -> ColumnElement[bool]:
    """Whether a row of ``model`` is the one that is named: an id is one of its merchant's."""
    return and_(model.merchant_id == merchant_id, model.id == row_id)


def has_credit(state: Credit) -> ColumnElement[bool]:
    """Whether the credit of a remittance is in ``state``, written out.

    The index of the few states that are asked for cannot be part of a plan that is kept for any state.
    """
    return written_out(Remittance.credit == state.value)


def place(row: Row) -> str:
    """As :data:`PLACE`, of a row that has ``trade_name`` and ``label``."""
    return " · ".join(dict.fromkeys(filter(None, (row["trade_name"], row["label"]))))


def contract_joins(contract_id: Expression) -> tuple[Join, ...]:
    """The contract that ``contract_id`` names, and its outlet."""
    own = Join(
        Contract.__table__,
        lambda scope: and_(Contract.merchant_id == scope.merchant_id, Contract.id == contract_id),
    )
    return own, OUTLET_JOIN


def contract_parent(contract_id: Expression) -> Parent:
    """The contract that ``contract_id`` names, as the parent of its rows."""
    return Parent(
        table=Contract.__table__,
        merchant_id=Contract.merchant_id,
        contract_id=Contract.id,
        link=(contract_id,),
        keys=(Contract.id,),
        joins=(OUTLET_JOIN,),
        few=FEW_CONTRACTS,
    )


#: Titles of sections of the details.
CONTRACT = N_("Contract")
OUTLET = N_("Outlet")
TERMINAL = N_("Terminal")
REMITTANCE = N_("Batch")

CONTRACT_FIELDS = (
    Field(
        name="application",
        label=N_("Payments"),
        kind=ApplicationCode(labels=applications.LABELS),
        column=Contract.application,
        section=CONTRACT,
        filter=True,
        slot="title",
    ),
    Field(
        name="contract",
        label=N_("Contract no."),
        kind=Code(longest=15, digits=True),
        column=Contract.number,
        section=CONTRACT,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
        copied=True,
    ),
    Field(
        name="label",
        label=N_("Label"),
        kind=FreeText(),
        column=Contract.label,
        section=CONTRACT,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
        slot="meta",
    ),
    Field(
        name="rank",
        label=N_("Rank"),
        kind=Code(longest=3, digits=True),
        column=Contract.rank,
        section=CONTRACT,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
    ),
)
_BETWEEN = literal_column(f"'{BETWEEN}'", Text)


def _named(first: Expression, *others: Expression) -> Expression:
    """The parts of a name in one text; NULL where one of them is unknown."""
    return reduce(lambda name, part: name.concat(_BETWEEN).concat(part), others, first)


BY_APPLICATION = Dimension(
    name="application",
    label=N_("Application"),
    kind=ApplicationCode(labels=applications.LABELS),
    rows=Contract.application,
    parameter="application",
)
BY_CONTRACT = Dimension(
    name="contract",
    label=N_("Contract"),
    kind=Kind(),
    parts=(N_("Contract no."), N_("Rank"), N_("Payments")),
    rows=_named(Contract.number, Contract.rank, Contract.application),
)
BANK = Field(
    name="bank",
    label=N_("Bank code"),
    kind=Bank(name=Contract.bank_name),
    column=func.coalesce(Remittance.bank_code, Contract.bank_code),
    section=CONTRACT,
    filter=True,
    filter_group=CONTRACT_AND_TERMINAL,
)
BANK_NAME = Field(
    name="bank_name", label=N_("Bank"), kind=Kind(), column=Contract.bank_name, section=CONTRACT
)
TRADE_NAME = Field(
    name="trade_name",
    label=N_("Trade name"),
    kind=FreeText(kept=Outlet.trade_name_key),
    column=Outlet.trade_name,
    section=OUTLET,
    filter=True,
    filter_group=SHOP,
    slot="meta",
)
BY_OUTLET = Dimension(
    name="outlet",
    label=N_("Outlet"),
    kind=Kind(),
    parts=(N_("Trade name"), N_("SIRET")),
    rows=_named(Outlet.trade_name, Outlet.siret),
)
OUTLET_FIELDS = (
    TRADE_NAME,
    Field(
        name="siret",
        label=N_("SIRET"),
        kind=Siret(said=Remittance.siret),
        column=func.coalesce(Remittance.siret, Outlet.siret),
        section=OUTLET,
        filter=True,
        filter_group=SHOP,
    ),
)


def serial_field(column: Expression, *, indexed: bool = False) -> Field:
    """The serial number of the device, kept in ``column``."""
    return Field(
        name="serial",
        label=N_("Serial no."),
        kind=Code(longest=24, indexed=indexed),
        column=column,
        section=TERMINAL,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
        copied=True,
    )


def manufacturer_field(column: Expression) -> Field:
    """The manufacturer of the device, kept in ``column``."""
    return Field(
        name="manufacturer",
        label=N_("Manufacturer"),
        full_label=N_("Manufacturer of the device"),
        kind=Category(),
        column=column,
        section=TERMINAL,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
    )


def terminal_field(column: Expression, *, indexed: bool = False, in_table: bool | None = None) -> Field:
    """The number of a terminal at its outlet, kept in ``column``."""
    return Field(
        name="terminal",
        label=N_("Terminal no."),
        kind=Code(longest=3, indexed=indexed, digits=True),
        column=column,
        section=TERMINAL,
        filter=True,
        filter_group=CONTRACT_AND_TERMINAL,
        in_table=in_table,
    )


TERMINAL_FIELDS = (
    serial_field(Remittance.serial_number, indexed=True),
    manufacturer_field(Remittance.manufacturer),
)
TERMINAL_NUMBER = terminal_field(Remittance.terminal_number, indexed=True, in_table=False)


def terminal_name(number: Expression) -> Expression:
    """What the terminal of that number at its outlet is called among the groups by terminal."""
    return _named(Outlet.trade_name, Outlet.siret, number)


BY_TERMINAL = Dimension(
    name="terminal",
    label=N_("Terminal"),
    kind=Kind(),
    parts=(N_("Trade name"), N_("SIRET"), N_("Terminal no.")),
    rows=terminal_name(Remittance.terminal_number),
)
#: What the sums of remittances and of their payments can be grouped by.
DIMENSIONS = (BY_OUTLET, BY_TERMINAL, BY_CONTRACT, BY_APPLICATION)
#: Digits of the number that a terminal gives a remittance, and characters of one that a platform gives.
TERMINAL_DIGITS, PLATFORM_CHARACTERS = 6, 35


def remittance_number_field(name: str, link: Callable[[Row], Link | None] | None = None) -> Field:
    """The number of a remittance, where it has one. Without a platform it is a terminal's: of few digits."""
    kind = Code(longest=PLATFORM_CHARACTERS, indexed=True, digits=True)
    return Field(
        name=name,
        label=N_("Batch no."),
        kind=kind,
        narrow=replace(kind, most_digits=TERMINAL_DIGITS),
        column=case((Remittance.number.not_in(("", UNCAPTURED_NUMBER)), Remittance.number)),
        filter_column=Remittance.number,
        section=REMITTANCE,
        link=link,
        filter=True,
        copied=True,
    )


FILE_NUMBER = Field(
    name="file_number",
    label=N_("File no."),
    kind=Code(longest=6),
    column=Remittance.file_number,
    section=REMITTANCE,
    filter=True,
)
#: What a ticket says of its outlet, besides the fields.
TICKET_COLUMNS = {"address": Outlet.address, "postcode": Outlet.postcode, "city": Outlet.city}


def day_and_time(row: Row) -> tuple[str, str]:
    """The day and the time of a row in words, by the terminal's own clock."""
    return formats.day(row["date"]), formats.clock(row["date"])
