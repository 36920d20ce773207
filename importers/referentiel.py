"""REFERENTIEL: who owns which contract, as an operator's system extracts it.

Source: the format page "The portal's own file formats, version 1". One header line, then one line
for each contract, rank and application.
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.i18n import N_
from importers import layout, lines
from importers.card_numbers import Candidate
from importers.columns import check, currency, digits, letters, shaped, text
from importers.records import Origin, Referential
from importers.refusals import Refusal, Refused, refuse

NAME = "REFERENTIEL"
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?reseller;merchant_code;")

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_EXPECTED_DAY = N_("expected a day such as 2026-03-02")
COLUMNS = (
    shaped(
        "reseller",
        N_("reseller"),
        "[0-9A-Za-z_-]{1,40}",
        N_("expected letters, digits, - or _"),
        required=True,
    ),
    text("merchant_code", N_("merchant code"), 40, required=True),
    text("merchant_name", N_("merchant name"), 120, required=True),
    digits("siret", N_("SIRET"), 14, 14, required=True),
    text("trade_name", N_("trade name"), 120, required=True),
    text("label", N_("label"), 120),
    text("address", N_("address"), 200),
    text("postcode", N_("postcode"), 12),
    text("city", N_("city"), 120),
    text("time_zone", N_("time zone"), 64, required=True),
    letters("contract", N_("contract"), 15, required=True),
    digits("rank", N_("rank"), 3, 3, required=True),
    text("application", N_("application"), 20, required=True),
    digits("bank_code", N_("bank code"), 5, 5),
    text("bank_name", N_("bank name"), 80),
    digits("mcc", N_("MCC"), 4, 4),
    currency("currency", N_("currency")),
    shaped("valid_from", N_("valid from"), _DAY, _EXPECTED_DAY),
    shaped("valid_to", N_("valid to"), _DAY, _EXPECTED_DAY),
)


def belongs(_data: bytes, candidate: Candidate, _line: bytes) -> bool:
    """A SIRET passes for a card number; its column is where it belongs."""
    return layout.REFERENTIAL[min(candidate.column, len(COLUMNS) - 1)] == "siret"


def origin(data: bytes) -> Origin:
    """The resellers that the first column names."""
    rows = data.splitlines()[1:]
    names = {row.split(b";", 1)[0].decode("utf-8", "replace").lower() for row in rows}
    return Origin(resellers=frozenset(names))


def read(data: bytes) -> Referential:
    """The contracts of a whole file. Raises Refused, naming lines, columns and what was expected."""
    body = lines.text(data)
    names = [column.name for column in COLUMNS]
    heading = body.table(np.array([0]), names)
    if [heading[name][0].as_py() for name in names] != list(layout.REFERENTIAL):
        raise refuse(N_("expected the heading: %(heading)s"), line=1, heading=";".join(layout.REFERENTIAL))
    rows = np.arange(1, len(body))
    table = body.table(rows, names)
    refusals = check(table, COLUMNS, rows + 1)
    if refusals:
        raise Refused(refusals)
    contracts = table.to_pandas(types_mapper=None).astype(object)
    contracts = contracts.where(contracts.notna(), None).assign(line=rows + 1)
    contracts["reseller"] = contracts["reseller"].str.lower()
    _refuse_unknown_zones(contracts)
    for name in ("valid_from", "valid_to"):
        contracts[name] = _days(contracts, name)
    _refuse_twins(contracts)
    _refuse_contradictions(contracts)
    return Referential(contracts=contracts)


def _refuse_unknown_zones(contracts: pd.DataFrame) -> None:
    unknown = ~contracts["time_zone"].isin(available_timezones())
    _refuse(contracts, unknown.to_numpy(), N_("time zone"), N_("expected a time zone such as Europe/Paris"))


def _days(contracts: pd.DataFrame, name: str) -> pd.Series[Any]:
    read_ = pd.to_datetime(contracts[name], format="%Y-%m-%d", errors="coerce")
    wrong = read_.isna() & contracts[name].notna()
    label = next(column.label for column in COLUMNS if column.name == name)
    _refuse(contracts, wrong.to_numpy(), label, N_("expected a day that exists"))
    days: pd.Series[Any] = read_.dt.date.astype(object)
    return days.where(read_.notna(), None)


def _refuse_twins(contracts: pd.DataFrame) -> None:
    twins = contracts.duplicated(["reseller", "contract", "rank", "application"])
    _refuse(contracts, twins.to_numpy(), N_("contract"), N_("stands twice in this file"))


def _refuse_contradictions(contracts: pd.DataFrame) -> None:
    """A merchant has one name, an outlet one owner, one name and one clock throughout a file."""
    merchant, outlet = ["reseller", "merchant_code"], ["reseller", "siret"]
    for key, column in (
        (merchant, "merchant_name"),
        (outlet, "merchant_code"),
        (outlet, "trade_name"),
        (outlet, "time_zone"),
    ):
        differs = contracts[column] != contracts.groupby(key)[column].transform("first")
        label = next(spec.label for spec in COLUMNS if spec.name == column)
        _refuse(contracts, differs.to_numpy(), label, N_("contradicts an earlier line of this file"))


def _refuse(contracts: pd.DataFrame, wrong: NDArray[np.bool_], column: str, reason: str) -> None:
    if wrong.any():
        raise Refused(
            Refusal(reason=reason, line=int(line), column=column) for line in contracts.loc[wrong, "line"]
        )
