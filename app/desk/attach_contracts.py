"""Attaching undeclared contracts: what the form says, checked, and what to ask of the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from app.desk import merchant_form, undeclared_contracts
from app.desk.merchant_form import MERCHANT, OUTLET, MerchantForm
from app.desk.paging import AnyRow
from app.desk.tasks import NewTask, ask, awaited
from app.models import DeskTaskKind

#: So many contracts at once.
MOST = 200


def chosen(connection: Connection, reseller_id: int, contract_ids: Sequence[int]) -> list[AnyRow]:
    """The contracts that can be attached: those of others, and those on their way, are left out."""
    on_their_way = awaited(connection, reseller_id)
    rows = undeclared_contracts.chosen(connection, reseller_id, contract_ids[:MOST])
    return [row for row in rows if row.id not in on_their_way]


def wish(
    connection: Connection, reseller_id: int, contracts: Sequence[AnyRow], form: Mapping[str, str]
) -> MerchantForm:
    """To whom they are wanted attached, read within one reseller."""
    return merchant_form.read(connection, reseller_id, form, siret=_said_by_terminals(contracts))


def attach(
    connection: Connection, reseller_id: int, user_id: int, contracts: Sequence[AnyRow], wanted: MerchantForm
) -> int:
    """Ask the worker for a checked wish; returns the id of the task."""
    values = wanted.values
    details: dict[str, Any] = {
        "contract_ids": [row.id for row in contracts],
        "contracts": [f"{row.number}/{row.rank} {row.application}" for row in contracts],
    }
    if wanted.makes_outlet:
        details["outlet"] = {name: values[name] for name in OUTLET}
    else:
        details["outlet_id"] = int(values["outlet"])
    if wanted.makes_merchant:
        details["merchant"] = {name: values[name] for name in MERCHANT}
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


def _said_by_terminals(contracts: Sequence[AnyRow]) -> str:
    """The SIRET that the terminals of the contracts gave, when they agree."""
    said = {row.siret for row in contracts if row.siret}
    return said.pop() if len(said) == 1 else ""
