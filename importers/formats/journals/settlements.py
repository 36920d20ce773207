"""JRB and JRFI: what the acquirer paid for the transactions of a platform, and what it kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.wording.i18n import N_
from importers.formats.journals import columns, scales
from importers.formats.journals.scales import Scales
from importers.reading.amounts import refuse_uncountable, rounded
from importers.reading.fields import Fields
from importers.records.settlements import SETTLEMENT, SETTLEMENT_LINE, Settlements
from importers.refusals import Notice

SIGNS = {"DT": "sale", "D": "sale", "DEBIT": "sale", "CT": "refund", "C": "refund", "CREDIT": "refund"}
_SCALES = N_("net is in 1/%(net)s of the currency, commission in 1/%(commission)s: every row proves it")
_ODD = N_("gross is not net and commission, in cents or in ten-thousandths")
_KEY = ["payee", "number", "paid_on", "currency"]


class Wire(NamedTuple):
    """The transfer that pays a JRFI: its reference stands in the file's name.

    ``scales`` are those that its source is said to have, where rows cannot tell.
    """

    reference: str = ""
    scales: Scales | None = None

    @classmethod
    def of_name(cls, name: str, said: Mapping[str, int]) -> Wire:
        """``70258842_JRFI_V1_CL889532_CLIENT_DEMO_EUR_19100253200018.csv``: the last part."""
        found = re.search(r"_JRFI_.*_([0-9A-Za-z]+)\.[A-Za-z]+$", name)
        both = {"net", "commission"} <= said.keys()
        return cls(found[1] if found else "", Scales(**said) if both else None)


def read(table: Fields, _made_on: date, wire: Wire) -> Settlements:
    """The settlements of a JRB: one for each contract, remittance day and number."""
    return _settlements(
        table,
        table.first_of("contract", "merchant_id"),
        number=table.text("remittance_number"),
        paid_on=table.days("remittance_date"),
        wire=Wire(scales=wire.scales),
    )


def read_by_wire(table: Fields, made_on: date, wire: Wire) -> Settlements:
    """The settlement of a JRFI: one for the transfer that its name refers to."""
    count = len(table)
    return _settlements(
        table,
        table.first_of("merchant_id", "contract"),
        number=pd.Series([wire.reference] * count, dtype=object),
        paid_on=pd.Series([np.datetime64(made_on, "s")] * count, dtype="datetime64[s]"),
        wire=wire,
    )


def _settlements(
    table: Fields, payee: pd.Series[Any], *, number: pd.Series[Any], paid_on: pd.Series[Any], wire: Wire
) -> Settlements:
    found = _scales(table, wire.scales)
    lines = _lines(table, found).assign(payee=payee, number=number, paid_on=paid_on)
    grouped = lines.groupby(_KEY, sort=False)
    lines["settlement"] = grouped.ngroup()
    lines["rank"] = grouped.cumcount()
    sums = grouped[["gross", "fee_hundredths", "net_hundredths"]].sum().reset_index()
    blank: dict[str, Any] = dict.fromkeys(("discount", "adjustment", "tax", "carried_over"), 0)
    frame = sums.assign(
        **blank,
        reference=wire.reference,
        account_key_last="",
        fee=rounded(sums["fee_hundredths"]),
        net=rounded(sums["net_hundredths"]),
        net_proven=True,  # the scales are those that make gross of net and commission, line by line
        state="paid",
    )
    return Settlements(
        settlements=frame[list(SETTLEMENT)],
        lines=lines[list(SETTLEMENT_LINE)],
        notices=(Notice(reason=_SCALES, params={"net": found.net, "commission": found.commission}),),
    )


def _scales(table: Fields, said: Scales | None) -> Scales:
    if not len(table):
        return scales.BOTH_IN_CENTS
    gross, net, commission = (_numbers(table, name) for name in ("gross", "net", "commission"))
    for amounts in (gross, net, commission):
        refuse_uncountable(amounts)
    table.refuse(scales.odd_rows(gross, net, commission), "gross", _ODD)
    return scales.solved(gross, net, commission, said)


def _numbers(table: Fields, name: str) -> NDArray[np.int64]:
    return table.whole_numbers(name).to_numpy(dtype=np.int64)


def _lines(table: Fields, found: Scales) -> pd.DataFrame:
    gross, net, commission = (_numbers(table, name) for name in ("gross", "net", "commission"))
    kind = columns.directions(table, SIGNS)
    sign = np.array([-1 if one == "refund" else 1 for one in kind], dtype=np.int64)
    return pd.DataFrame(
        {
            "kind": kind,
            "gross": np.abs(gross) * sign,
            "fee_hundredths": found.commission_hundredths(commission),
            "net_hundredths": found.net_hundredths(np.abs(net)) * sign,
            "currency": columns.currency(table),
            "contract_number": table.first_of("contract", "merchant_id"),
            "reference": columns.sale_number(table),
            "merchant_reference": table.text("order_reference"),
            "occurred_on": table.days("payment_date"),
            "card_last4": "",
            "count": pd.array([1] * len(table), dtype="Int64"),
        }
    )
