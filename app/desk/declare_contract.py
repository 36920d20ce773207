"""Declaring at the desk: a file that was handed over, a contract of a form, a merchant's new name.

Each becomes the text of a merchant directory, which the worker loads like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from app.accounts.rights import Staff
from app.desk import merchant_form, upload_checks
from app.desk.merchant_form import MERCHANT, OUTLET, MerchantForm
from app.desk.paging import AnyRow
from app.desk.tasks import NewTask, ask
from app.models import UNCLAIMED_MERCHANT, Contract, DeskTaskKind, Merchant, Outlet
from app.rules import directory_columns
from app.wording.applications import APPLICATIONS
from app.wording.i18n import gettext

CONTRACT = ("contract", "rank", "application", "bank_code")
LONGEST_FILE_NAME = 100
_NUMBER = re.compile(r"[0-9A-Za-z]{1,15}")
_RANK = re.compile(r"[0-9]{3}")
_BANK = re.compile(r"([0-9]{5})?")


def declare(
    connection: Connection,
    desk: Staff,
    user_id: int,
    content: bytes,
    merchant_id: int | None = None,
    **details: Any,
) -> int:
    """Ask the worker to load ``content``, checked as an upload is; returns the id of the task."""
    return ask(
        connection,
        NewTask(
            reseller_id=desk.reseller_id,
            user_id=user_id,
            kind=DeskTaskKind.DECLARE,
            merchant_id=merchant_id,
            details={**upload_checks.summary(content).details(), **details},
            content=content,
        ),
    )


def file_name(given: str | None) -> str:
    """A name that a contract file may be kept under, whatever a browser calls it."""
    shown = shown_name(given)
    return shown if shown.lower().endswith((".csv", ".txt")) else f"{shown or 'referentiel'}.csv"


def shown_name(given: str | None) -> str:
    """A name that a file may be shown under, "" where it has none that may."""
    last = re.split(r"[/\\]", given or "")[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(" .")[-LONGEST_FILE_NAME:]
    faults: dict[str, str] = {}
    merchant_form.refuse_what_no_file_holds({"label": shown}, faults)
    return "" if faults else shown


# A contract of a form


def wish(connection: Connection, reseller_id: int, form: Mapping[str, str]) -> MerchantForm:
    """What is wanted declared, for whom (somebody new unless named) and where, within one reseller."""
    wanted = merchant_form.read(connection, reseller_id, form, *CONTRACT)
    values = wanted.values
    values["merchant"] = values["merchant"] or merchant_form.NEW
    for name in ("contract", "rank", "bank_code"):
        values[name] = "".join(values[name].split())
    values["rank"] = values["rank"].zfill(3) if values["rank"] else ""
    return wanted


def check(connection: Connection, reseller_id: int, wanted: MerchantForm) -> bool:
    """Whether the wish can be asked for; otherwise its ``faults`` say why not."""
    _check_contract(connection, reseller_id, wanted)
    merchant_form.check(connection, reseller_id, wanted)
    return not wanted.faults


def text(slug: str, wanted: MerchantForm) -> bytes:
    """A checked wish as the text of a merchant directory."""
    values = wanted.values
    merchant, outlet = wanted.merchant, wanted.outlet
    line = {"reseller": slug} | {name: values[name] for name in (*MERCHANT, *OUTLET, *CONTRACT)}
    if merchant is not None:
        line |= {"merchant_code": merchant.code, "merchant_name": merchant.name}
    if outlet is not None:
        line |= {name: getattr(outlet, name) for name in OUTLET}
    return directory_columns.text(line)


def in_words(wanted: MerchantForm) -> str:
    """``7654321/001 CBEMV``: the contract of a wish."""
    values = wanted.values
    return f"{values['contract']}/{values['rank']} {values['application']}"


def _check_contract(connection: Connection, reseller_id: int, wanted: MerchantForm) -> None:
    values, faults = wanted.values, wanted.faults
    if not _NUMBER.fullmatch(values["contract"]):
        faults["contract"] = gettext("A contract number has 1 to 15 letters or digits.")
    elif _is_of_another(connection, reseller_id, wanted):
        faults["contract"] = gettext("This contract belongs to another merchant already.")
    if not _RANK.fullmatch(values["rank"]):
        faults["rank"] = gettext("A rank has 3 digits, such as 001.")
    if values["application"] not in APPLICATIONS:
        faults["application"] = gettext("Choose one of the list.")
    if not _BANK.fullmatch(values["bank_code"]):
        faults["bank_code"] = gettext("A bank code has 5 digits.")


def _is_of_another(connection: Connection, reseller_id: int, wanted: MerchantForm) -> bool:
    own = {UNCLAIMED_MERCHANT, wanted.merchant.id if wanted.merchant else UNCLAIMED_MERCHANT}
    values = wanted.values
    other = select(Contract.id).where(
        Contract.reseller_id == reseller_id,
        Contract.number == values["contract"],
        Contract.rank == values["rank"],
        Contract.application == values["application"],
        Contract.merchant_id.not_in(own),
    )
    return connection.scalar(other.limit(1)) is not None


# A merchant's new name


def check_name(merchant: AnyRow, name: str) -> str | None:
    """What is wrong with a new name, if anything."""
    values, faults = {"merchant_name": name}, dict[str, str]()
    merchant_form.demand(values, faults, "merchant_name")
    merchant_form.refuse_what_no_file_holds(values, faults)
    if name == merchant.name:
        return gettext("This is its name already.")
    return faults.get("merchant_name")


def renaming(connection: Connection, desk: Staff, merchant_id: int, name: str) -> bytes | None:
    """A known contract of the merchant, said again under the new name; None when no outlet has any."""
    row = (
        connection.execute(
            select(
                Merchant.code.label("merchant_code"),
                *(getattr(Outlet, column) for column in OUTLET),
                Contract.number.label("contract"),
                Contract.rank,
                Contract.application,
                Contract.valid_to,
            )
            .join(Contract, Contract.merchant_id == Merchant.id)
            .join(Outlet, (Outlet.merchant_id == Contract.merchant_id) & (Outlet.id == Contract.outlet_id))
            .where(Merchant.id == merchant_id, Merchant.reseller_id == desk.reseller_id)
            .order_by(Contract.id)
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    return directory_columns.text({**row, "reseller": desk.reseller_slug, "merchant_name": name})
