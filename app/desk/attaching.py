"""Attaching undeclared contracts: what the form says, checked, and what to ask of the worker."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, select

from app.desk import merchants, unclaimed
from app.desk.paging import AnyRow
from app.desk.tasks import NewTask, ask, awaited
from app.i18n import N_, gettext
from app.models import DEFAULT_TIME_ZONE, DeskTaskKind, Merchant, Outlet

#: So many contracts at once.
MOST = 200
#: The clocks of French shops.
TIME_ZONES = (
    DEFAULT_TIME_ZONE,
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "Indian/Reunion",
    "Indian/Mayotte",
    "America/Miquelon",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)
NEW = "new"

# What a column of a referential can hold: no separator, no control character.
_WORDS = re.compile(r"[^;\"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*")
_SIRET = re.compile(r"[0-9]{14}")
_LONGEST = {"merchant_code": 40, "merchant_name": 120, "trade_name": 120, "postcode": 12, "city": 120}
_REQUIRED = N_("This must be filled in.")


@dataclass
class Wish:
    """What somebody wants attached to whom. ``faults`` says what is wrong, by field.

    ``values`` are the fields as they were typed; ``outlets`` those of the merchant, if one is chosen.
    """

    contracts: list[AnyRow]
    merchant: AnyRow | None
    outlets: list[AnyRow]
    values: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def makes_merchant(self) -> bool:
        """Whether the merchant does not exist yet."""
        return self.values["merchant"] == NEW

    @property
    def makes_outlet(self) -> bool:
        """Whether the outlet does not exist yet."""
        return self.makes_merchant or self.values["outlet"] == NEW


FIELDS = (
    "merchant",
    "merchant_code",
    "merchant_name",
    "outlet",
    "siret",
    "trade_name",
    "postcode",
    "city",
    "time_zone",
)


def wish(
    connection: Connection, reseller_id: int, contract_ids: Sequence[int], form: Mapping[str, str]
) -> Wish:
    """What is wanted, read within one reseller: contracts and merchants of others are left out."""
    on_their_way = awaited(connection, reseller_id)
    contracts = [
        row
        for row in unclaimed.chosen(connection, reseller_id, contract_ids[:MOST])
        if row.id not in on_their_way
    ]
    values = {name: form.get(name, "").strip() for name in FIELDS}
    merchant = None
    if values["merchant"].isdecimal():
        merchant = merchants.merchant(connection, reseller_id, int(values["merchant"][:18]))
    outlets = _outlets(connection, merchant.id) if merchant else []
    found = Wish(contracts, merchant, outlets, values)
    values["siret"] = "".join(values["siret"].split()) or _said_by_terminals(contracts)
    values["time_zone"] = values["time_zone"] or DEFAULT_TIME_ZONE
    values["outlet"] = values["outlet"] or _usual_outlet(found)
    return found


def check(connection: Connection, reseller_id: int, wanted: Wish) -> bool:
    """Whether the wish can be asked for; otherwise its ``faults`` say why not."""
    faults = wanted.faults
    values = wanted.values
    if wanted.makes_merchant:
        _demand(wanted, "merchant_code", "merchant_name")
        taken = exists().where(Merchant.reseller_id == reseller_id, Merchant.code == values["merchant_code"])
        if connection.scalar(select(taken)):
            faults["merchant_code"] = gettext("A merchant with this code exists already: choose it above.")
    if wanted.makes_outlet:
        _demand(wanted, "trade_name")
        if not _SIRET.fullmatch(values["siret"]):
            faults["siret"] = gettext("A SIRET has 14 digits.")
        if values["time_zone"] not in TIME_ZONES:
            faults["time_zone"] = gettext("Choose one of the list.")
    elif values["outlet"] not in {str(outlet.id) for outlet in wanted.outlets}:
        faults["outlet"] = gettext("Choose one of the list.")
    _refuse_what_no_file_holds(wanted)
    return not faults


def attach(connection: Connection, reseller_id: int, user_id: int, wanted: Wish) -> int:
    """Ask the worker for a checked wish; returns the id of the task."""
    values = wanted.values
    details: dict[str, Any] = {
        "contract_ids": [row.id for row in wanted.contracts],
        "contracts": [f"{row.number}/{row.rank} {row.application}" for row in wanted.contracts],
    }
    if wanted.makes_outlet:
        names = ("siret", "trade_name", "postcode", "city", "time_zone")
        details["outlet"] = {name: values[name] for name in names}
    else:
        details["outlet_id"] = int(values["outlet"])
    if wanted.makes_merchant:
        details["merchant"] = {name: values[name] for name in ("merchant_code", "merchant_name")}
    return ask(
        connection,
        NewTask(
            reseller_id=reseller_id,
            user_id=user_id,
            kind=DeskTaskKind.ATTACH,
            merchant_id=wanted.merchant.id if wanted.merchant else None,
            details=details,
        ),
    )


def _outlets(connection: Connection, merchant_id: int) -> list[AnyRow]:
    return list(
        connection.execute(
            select(Outlet.id, Outlet.siret, Outlet.trade_name, Outlet.city)
            .where(Outlet.merchant_id == merchant_id)
            .order_by(Outlet.trade_name, Outlet.id)
        )
    )


def _said_by_terminals(contracts: Sequence[AnyRow]) -> str:
    """The SIRET that the terminals of the contracts gave, when they agree."""
    said = {row.siret for row in contracts if row.siret}
    return said.pop() if len(said) == 1 else ""


def _usual_outlet(found: Wish) -> str:
    same = [outlet.id for outlet in found.outlets if outlet.siret == found.values["siret"]]
    return str(same[0]) if same else NEW


def _demand(wanted: Wish, *names: str) -> None:
    for name in names:
        if not wanted.values[name]:
            wanted.faults[name] = gettext(_REQUIRED)


def _refuse_what_no_file_holds(wanted: Wish) -> None:
    for name, longest in _LONGEST.items():
        text = wanted.values[name]
        if len(text) > longest:
            wanted.faults[name] = gettext("%(num)s characters at most.", num=longest)
        elif not _WORDS.fullmatch(text):
            wanted.faults[name] = gettext("Neither a semicolon nor a quotation mark, please.")
