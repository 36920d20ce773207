"""To which merchant and outlet, known or new: what the desk's forms have in common, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, exists, func, select

from app.desk import merchants
from app.desk.paging import AnyRow
from app.models import DEFAULT_TIME_ZONE, Merchant, Outlet
from app.rules.cards import holds_card
from app.rules.directory_columns import BY_NAME
from app.rules.keys import LETTER, tidy_key
from app.rules.row_ids import row_id
from app.wording.i18n import N_, gettext

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
OUTLET = ("siret", "trade_name", "address", "postcode", "city", "time_zone")
MERCHANT = ("merchant_code", "merchant_name")
FIELDS = ("merchant", *MERCHANT, "outlet", *OUTLET)

# What a column of a merchant directory can hold: no separator, no control character.
_WORDS = re.compile(r"[^;\"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*")
_KEY = re.compile(f"{LETTER}*")
_SIRET = re.compile(r"[0-9]{14}")
_REQUIRED = N_("This must be filled in.")


@dataclass
class MerchantForm:
    """A merchant and an outlet as a form names them. ``faults`` says what is wrong, by field.

    ``values`` are the fields as they were typed; ``outlets`` those of the merchant, if one is chosen.
    """

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

    @property
    def outlet(self) -> AnyRow | None:
        """The known outlet that was chosen."""
        return next((row for row in self.outlets if str(row.id) == self.values["outlet"]), None)


def read(
    connection: Connection, reseller_id: int, form: Mapping[str, str], *more: str, siret: str = ""
) -> MerchantForm:
    """What a form says, read within one reseller: merchants of others are left out.

    ``more`` are fields besides the usual; ``siret`` stands in for one that was not typed.
    """
    values = {name: form.get(name, "").strip() for name in (*FIELDS, *more)}
    values["merchant_code"] = tidy_key(values["merchant_code"])
    chosen = row_id(values["merchant"])
    merchant = None if chosen is None else merchants.merchant(connection, reseller_id, chosen)
    outlets = _outlets(connection, merchant.id) if merchant else []
    values["siret"] = "".join(values["siret"].split()) or siret
    values["time_zone"] = values["time_zone"] or DEFAULT_TIME_ZONE
    same = [outlet.id for outlet in outlets if outlet.siret == values["siret"]]
    values["outlet"] = values["outlet"] or (str(same[0]) if same else NEW)
    return MerchantForm(merchant, outlets, values)


def check(connection: Connection, reseller_id: int, placed: MerchantForm) -> None:
    """Write down in ``faults`` what is wrong with the merchant, the outlet, or the text of any field."""
    if placed.makes_merchant:
        _check_merchant(connection, reseller_id, placed)
    if placed.makes_outlet:
        _check_outlet(placed)
    elif placed.outlet is None:
        placed.faults["outlet"] = gettext("Choose one of the list.")
    refuse_what_no_file_holds(placed.values, placed.faults)


def demand(values: Mapping[str, str], faults: dict[str, str], *names: str) -> None:
    """A fault for each of the fields that is empty."""
    for name in names:
        if not values[name]:
            faults[name] = gettext(_REQUIRED)


def refuse_what_no_file_holds(values: Mapping[str, str], faults: dict[str, str]) -> None:
    """A fault for each field whose text no column of a merchant directory may hold."""
    for name, text in values.items():
        known = BY_NAME.get(name)
        if known is None:
            continue
        if name != "siret" and holds_card(text):
            faults[name] = gettext("This looks like a full card number.")
        elif len(text) > known.most:
            faults.setdefault(name, gettext("%(num)s characters at most.", num=known.most))
        elif not _WORDS.fullmatch(text):
            faults[name] = gettext("Neither a semicolon nor a quotation mark, please.")


def _check_merchant(connection: Connection, reseller_id: int, placed: MerchantForm) -> None:
    demand(placed.values, placed.faults, *MERCHANT)
    code = placed.values["merchant_code"]
    taken = exists().where(Merchant.reseller_id == reseller_id, func.lower(Merchant.code) == code.lower())
    if connection.scalar(select(taken)):
        placed.faults["merchant_code"] = gettext("A merchant with this code exists already.")
    elif not _KEY.fullmatch(code):
        placed.faults["merchant_code"] = gettext(
            "Letters of the Latin alphabet, digits and signs of a keyboard, please."
        )


def _check_outlet(placed: MerchantForm) -> None:
    values, faults = placed.values, placed.faults
    demand(values, faults, "trade_name")
    if not _SIRET.fullmatch(values["siret"]):
        faults["siret"] = gettext("A SIRET has 14 digits.")
    elif any(outlet.siret == values["siret"] for outlet in placed.outlets):
        faults["siret"] = gettext("An outlet with this SIRET exists already: choose it above.")
    if values["time_zone"] not in TIME_ZONES:
        faults["time_zone"] = gettext("Choose one of the list.")


def _outlets(connection: Connection, merchant_id: int) -> list[AnyRow]:
    return list(
        connection.execute(
            select(Outlet.id, *(getattr(Outlet, name) for name in OUTLET))
            .where(Outlet.merchant_id == merchant_id)
            .order_by(Outlet.trade_name_key, Outlet.id)
        )
    )
