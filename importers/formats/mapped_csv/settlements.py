"""Payouts of a platform from a mapped CSV, and the sales, refunds and fees that each is made of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from app.wording.i18n import N_
from importers.files.refusals import FileRefusedError, Notice, Refusal
from importers.formats.mapped_csv import values
from importers.formats.mapped_csv.mapping import ColumnMapping
from importers.reading.amounts import HUNDREDTHS, rounded
from importers.reading.fields import Fields
from importers.reading.free_text import refuse_card_numbers
from importers.records.settlements import SETTLEMENT, SETTLEMENT_LINE, Settlements

_MORE_DECIMALS = 2
_IGNORED, _ANNOUNCED, _PAYOUT = "ignored", "announced", "payout"
_DEFAULT_CURRENCY: Final = "EUR"
_ANY = "*"


def read(table: Fields, mapping: ColumnMapping) -> Settlements:
    """The payouts of a file. Raises FileRefusedError, naming line and heading."""
    lines = _lines(table, mapping)
    refuse_card_numbers(lines, ("merchant_reference",), table.lines)
    payouts = lines[lines["kind"] == _PAYOUT]
    ignored = int((lines["kind"] == _IGNORED).sum())
    lines = lines[~lines["kind"].isin([_IGNORED, _PAYOUT])].reset_index(drop=True)
    key = ["payee", "number", "currency"]
    grouped = lines.groupby(key, sort=False)
    lines["settlement"], lines["rank"] = grouped.ngroup(), grouped.cumcount()
    frame = _payments(lines, payouts, key)
    lines["kind"] = lines["kind"].replace(_ANNOUNCED, "sale")
    notices = (Notice(reason=_LEFT_OUT, params={"count": ignored}),) if ignored else ()
    return Settlements(settlements=frame, lines=lines[list(SETTLEMENT_LINE)], notices=notices)


_LEFT_OUT = N_("%(count)s rows are no part of a payout: left out")


def _lines(table: Fields, mapping: ColumnMapping) -> pd.DataFrame:
    currency = values.texts(table, mapping, "currency").str.upper().replace("", _DEFAULT_CURRENCY)
    currencies = currency.tolist()
    gross = values.amounts(table, mapping, "gross", currencies)
    fee = values.amounts(table, mapping, "fee", currencies, _MORE_DECIMALS).fillna(0)
    net = values.amounts(table, mapping, "net", currencies, _MORE_DECIMALS)
    net = net.fillna(gross.fillna(0) * HUNDREDTHS - fee)
    return pd.DataFrame(
        {
            "kind": _kinds(table, mapping),
            "payee": values.texts(table, mapping, "payee"),
            "number": values.texts(table, mapping, "number"),
            "paid_on": values.days(table, mapping, "paid_on", required=False),
            "gross": gross.fillna(0).astype("int64"),
            "fee_hundredths": fee.astype("int64"),
            "net_hundredths": net.astype("int64"),
            "currency": currency,
            "contract_number": "",
            "reference": values.texts(table, mapping, "reference"),
            "merchant_reference": values.texts(table, mapping, "merchant_reference"),
            "occurred_on": values.days(table, mapping, "day"),
            "card_last4": "",
            "count": pd.array([1] * len(table), dtype="Int64"),
        }
    )


def _kinds(table: Fields, mapping: ColumnMapping) -> list[str]:
    """The kind of each row by its word; a word that the mapping does not know refuses the file, by name."""
    texts = values.texts(table, mapping, "kind")
    known = {text: _kind(text, mapping) for text in texts.unique()}
    for line, text in zip(table.lines, texts, strict=True):
        if not known[text]:
            heading = ", ".join(mapping.columns["kind"])
            reason = N_("not one of the words of this column: %(words)s")
            params = {"words": ", ".join(mapping.words)}
            raise FileRefusedError([Refusal(reason=reason, line=int(line), column=heading, params=params)])
    return [known[text] for text in texts]


def _kind(text: str, mapping: ColumnMapping) -> str:
    """The kind of a word: its own, else that of the longest beginning that a ``*`` ends."""
    if text in mapping.words:
        return mapping.words[text]
    begun = [word for word in mapping.words if word.endswith(_ANY) and text.startswith(word[:-1])]
    return mapping.words[max(begun, key=len)] if begun else ""


def _payments(lines: pd.DataFrame, payouts: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The payouts. A row of its own proves one; without it, each line's gross less its fee does."""
    grouped = lines.groupby(key, sort=False)
    frame = grouped[["gross", "fee_hundredths", "net_hundredths"]].sum().reset_index()
    said = payouts.groupby(key)[["net_hundredths"]].sum()["net_hundredths"].abs()
    own = pd.MultiIndex.from_frame(frame[key])
    said = pd.Series(said.reindex(own).to_numpy())
    adds_up = lines["gross"] * HUNDREDTHS - lines["fee_hundredths"] == lines["net_hundredths"]
    each = adds_up.groupby([lines[name] for name in key], sort=False).all().to_numpy()
    announced = (lines["kind"] == _ANNOUNCED).groupby([lines[name] for name in key], sort=False).all()
    blank: dict[str, Any] = dict.fromkeys(("discount", "adjustment", "tax", "carried_over"), 0)
    return frame.assign(
        **blank,
        reference=frame["number"],
        paid_on=_paid_on(lines, payouts, key).reindex(own).to_numpy(),
        account_key_last="",
        fee=rounded(frame["fee_hundredths"]),
        net=rounded(frame["net_hundredths"]),
        net_proven=np.where(said.isna(), each, said == frame["net_hundredths"].abs()),
        state=np.where(announced, "announced", np.where(frame["net_hundredths"] < 0, "carried", "paid")),
    )[list(SETTLEMENT)]


def _paid_on(lines: pd.DataFrame, payouts: pd.DataFrame, key: list[str]) -> pd.Series[Any]:
    """The day of each payout: as a line says it, else that of its own row, else that of its last line."""
    said = lines.groupby(key)["paid_on"].max()
    return said.fillna(payouts.groupby(key)["occurred_on"].max()).fillna(
        lines.groupby(key)["occurred_on"].max()
    )
