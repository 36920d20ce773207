"""Payouts of a platform from a mapped CSV, and the sales, refunds and fees that each is made of.

A platform whose files name no payouts keeps a balance: what it took in on a day is carried over, and each
withdrawal is a payment of its own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import ChargebackStage, SettlementLineKind, SettlementState
from app.wording.i18n import N_, NN_
from importers.formats.mapped_csv import values
from importers.formats.mapped_csv.mapping import PAYMENT_WORDS, ColumnMapping
from importers.reading.amounts import HUNDREDTHS, rounded
from importers.reading.fields import Fields
from importers.reading.free_text import refuse_card_numbers
from importers.records.chargebacks import CHARGEBACK, Chargebacks
from importers.records.settlements import LINE_ID, SETTLEMENT, SETTLEMENT_LINE, Settlements
from importers.refusals import FileRefusedError, Notice, Refusal

_MORE_DECIMALS = 2
_IGNORED, _ANNOUNCED, _PAYOUT = "ignored", "announced", SettlementLineKind.PAYOUT.value
_DEFAULT_CURRENCY: Final = "EUR"
#: What makes a payment: all lines of one payee, number and currency.
_KEY: Final = ["payee", "number", "currency"]
#: Written by merchants and people; the numbers of the platform are numbers by design.
_FREE_TEXTS: Final = ("payee", "merchant_reference")
_STAGES: Final = {
    SettlementLineKind.CHARGEBACK.value: ChargebackStage.DEBIT.value,
    SettlementLineKind.CHARGEBACK_REVERSAL.value: ChargebackStage.REVERSAL.value,
}
_AGAIN = NN_(
    "%(num)s row stands again, equal in every field that is read: counted once",
    "%(num)s rows stand again, equal in every field that is read: counted once",
)
_OTHER_AMOUNT = NN_(
    "%(num)s payout whose own row has another amount than its lines add up to",
    "%(num)s payouts whose own rows have another amount than their lines add up to",
)
_LEFT_OUT = NN_(
    "%(num)s row is no part of a payout: left out", "%(num)s rows are no part of a payout: left out"
)


def read(table: Fields, mapping: ColumnMapping, source: str = "") -> Settlements:
    """The payouts of a file; ``source`` stands for a payee that no column names.

    Raises FileRefusedError, naming line and heading.
    """
    lines = _lines(table, mapping)
    headings = {name: ", ".join(mapping.columns.get(name, (name,))) for name in _FREE_TEXTS}
    refuse_card_numbers(lines, _FREE_TEXTS, table.lines, labels=headings)
    lines = lines.assign(payee=lines["payee"].replace("", source))
    is_left_out = lines["kind"].isin([_IGNORED, *PAYMENT_WORDS])
    ignored = int(is_left_out.sum())
    lines = lines[~is_left_out]
    again = _again(lines)
    lines = lines[~again]
    keeps_balance = "number" not in mapping.columns
    lines = _of_balance(lines) if keeps_balance else lines
    payouts = lines.head(0) if keeps_balance else lines[lines["kind"] == _PAYOUT]
    lines = lines.drop(payouts.index).reset_index(drop=True)
    grouped = lines.groupby(_KEY, sort=False)
    lines["settlement"], lines["rank"] = grouped.ngroup(), grouped.cumcount()
    lines[LINE_ID] = _told_apart(lines)
    frame = _payments(lines, payouts).assign(state=_states(lines, keeps_balance=keeps_balance))
    lines["kind"] = lines["kind"].replace(_ANNOUNCED, SettlementLineKind.SALE.value)
    said = frame["said"].notna() & ~frame["net_proven"]
    notices = (
        *Notice.counted(_LEFT_OUT, ignored),
        *Notice.counted(_AGAIN, int(again.sum())),
        *Notice.counted(_OTHER_AMOUNT, int(said.sum())),
    )
    return Settlements(
        settlements=frame[list(SETTLEMENT)],
        lines=lines[[*SETTLEMENT_LINE, LINE_ID]],
        notices=notices,
        payer=mapping.payer,
    )


def chargebacks(found: Settlements) -> Chargebacks:
    """The chargebacks among the lines of a file, each a case that the platform knows by its reference."""
    lines = found.lines[found.lines["kind"].isin(list(_STAGES)) & found.lines["occurred_on"].notna()]
    payee = found.settlements["payee"].reindex(lines["settlement"]).to_numpy()
    unknown = pd.Series(pd.NaT, index=lines.index, dtype="datetime64[s]")
    blank = dict.fromkeys(("reason_code", "reason_text"), "")
    cases = lines.assign(
        **blank,
        sold_on=unknown,
        due_on=unknown,
        stage=lines["kind"].map(_STAGES),
        case_key=lines["kind"] + "|" + lines[LINE_ID].where(lines[LINE_ID] != "", lines["reference"]),
        amount=lines["gross"].abs(),
        contract_number=payee,
        noticed_on=lines["occurred_on"],
        sale_number=lines["merchant_reference"],
        sale_amount=pd.array([None] * len(lines), dtype="Int64"),
    )
    return Chargebacks(cases=cases[list(CHARGEBACK)].reset_index(drop=True))


def _lines(table: Fields, mapping: ColumnMapping) -> pd.DataFrame:
    currency = row_currencies(table, mapping)
    kind = pd.Series(row_kinds(table, mapping), dtype=object)
    reference = values.ids(table, mapping, "reference")
    ids = values.ids(table, mapping, "id")
    return pd.DataFrame(
        {
            "kind": kind,
            "payee": values.texts(table, mapping, "payee"),
            "number": values.ids(table, mapping, "number"),
            "paid_on": values.days(table, mapping, "paid_on", required=False),
            **row_amounts(table, mapping, kind, currency.tolist()),
            "currency": currency,
            "contract_number": "",
            "reference": reference,
            "merchant_reference": values.references(table, mapping, "merchant_reference"),
            "occurred_on": values.days(table, mapping, "day", zone=mapping.time_zone),
            "card_last4": "",
            "count": pd.array([1] * len(table), dtype="Int64"),
            LINE_ID: ids.where(ids != "", reference),
        }
    )


def _again(lines: pd.DataFrame) -> pd.Series[bool]:
    """The rows that a file of several exports has once more: of one id of the platform, and equal.

    Without such an id, twins are rows of their own; a payout has one in what is read of it.
    """
    is_known = (lines["reference"] != "") | ((lines["kind"] == _PAYOUT) & (lines[LINE_ID] != ""))
    return is_known & lines.duplicated()


def _told_apart(lines: pd.DataFrame) -> pd.Series[Any]:
    """The ids of lines; one without is what it says, and twins of one payment are numbered."""
    day, gross, net = (lines[name].astype(str) for name in ("occurred_on", "gross", "net_hundredths"))
    said = lines["kind"] + "|" + day + "|" + gross + "|" + net
    ids = lines[LINE_ID].where(lines["reference"] != "", said)
    twin = lines.assign(own=ids).groupby([*_KEY, "own"], sort=False).cumcount()
    return ids.where(twin == 0, ids + "|" + twin.astype(str))


def row_currencies(table: Fields, mapping: ColumnMapping) -> pd.Series[Any]:
    """The currency of each row; the euro where a file leaves it out."""
    said: pd.Series[Any] = values.texts(table, mapping, "currency").str.upper()
    return said.replace("", _DEFAULT_CURRENCY)


def row_amounts(
    table: Fields, mapping: ColumnMapping, kind: pd.Series[Any], currencies: list[str]
) -> dict[str, pd.Series[Any]]:
    """Gross, fee and net of each row; two of them give the third.

    Where nets stand alone, in a file or in a row, that of a fee is what the platform keeps, and any other is
    a gross.
    """
    gross = values.amounts(table, mapping, "gross", currencies)
    fee = values.amounts(table, mapping, "fee", currencies, _MORE_DECIMALS)
    net = values.amounts(table, mapping, "net", currencies, _MORE_DECIMALS)
    alone = gross.isna() & (fee.isna() | ("gross" not in mapping.columns))
    if alone.any():
        is_fee = kind == SettlementLineKind.FEE.value
        gross = gross.mask(alone, rounded(net.fillna(0)).where(~is_fee, 0).astype("Int64"))
        fee = fee.mask(alone, gross * HUNDREDTHS - net.fillna(0))
    fee = fee.fillna(0)
    net = net.fillna(gross.fillna(0) * HUNDREDTHS - fee)
    return {
        "gross": gross.fillna(0).astype("int64"),
        "fee_hundredths": fee.astype("int64"),
        "net_hundredths": net.astype("int64"),
    }


def row_kinds(table: Fields, mapping: ColumnMapping) -> list[str]:
    """The kind of each row by its word; a word that the mapping does not know refuses the file, by name."""
    texts = values.texts(table, mapping, "kind")
    known = {text: mapping.kind_of(text) for text in texts.unique()}
    for line, text in zip(table.lines, texts, strict=True):
        if not known[text]:
            heading = ", ".join(mapping.columns["kind"])
            reason = N_("not one of the words of this column: %(words)s")
            params = {"words": ", ".join(mapping.words)}
            raise FileRefusedError([Refusal(reason=reason, line=int(line), column=heading, params=params)])
    return [known[text] for text in texts]


def _of_balance(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines of a balance under numbers: a withdrawal has its own, all else that of its day."""
    withdrawn = lines["kind"] == _PAYOUT
    days = lines["occurred_on"].dt.strftime("%Y-%m-%d")
    amounts = ["gross", "fee_hundredths", "net_hundredths"]
    return lines.assign(
        number=days.where(~withdrawn, lines["reference"]),
        **{name: lines[name].where(~withdrawn, -lines[name]) for name in amounts},
    )


def _payments(lines: pd.DataFrame, payouts: pd.DataFrame) -> pd.DataFrame:
    """The payouts. A row of its own (``said``) says its net, and its lines are to add up to that.

    Without one each line's gross less its fee proves it.
    """
    grouped = lines.groupby(_KEY, sort=False)
    frame = grouped[["gross", "fee_hundredths", "net_hundredths"]].sum().reset_index()
    said = payouts.groupby(_KEY)[["net_hundredths"]].sum()["net_hundredths"].abs().astype("Int64")
    own = pd.MultiIndex.from_frame(frame[_KEY])
    said = said.reindex(own).reset_index(drop=True)
    lines_net = frame["net_hundredths"]
    paid = said.where(lines_net >= 0, -said).fillna(lines_net).astype("int64")
    adds_up = lines["gross"] * HUNDREDTHS - lines["fee_hundredths"] == lines["net_hundredths"]
    each = adds_up.groupby([lines[name] for name in _KEY], sort=False).all().to_numpy()
    blank: dict[str, Any] = dict.fromkeys(("discount", "adjustment", "tax", "carried_over"), 0)
    return frame.assign(
        **blank,
        reference=frame["number"],
        paid_on=_paid_on(lines, payouts).reindex(own).to_numpy(),
        account_key_last="",
        fee=rounded(frame["fee_hundredths"]),
        net=rounded(paid),
        net_proven=np.where(said.isna(), each, paid == lines_net),
        said=said,
    )


def _states(lines: pd.DataFrame, *, keeps_balance: bool) -> Any:
    """The state of each payment: a balance is carried over until it is withdrawn."""
    said = lines.assign(
        announced=lines["kind"] == _ANNOUNCED, kept=keeps_balance & (lines["kind"] != _PAYOUT)
    )
    grouped = said.groupby(_KEY, sort=False)
    carried = (grouped["net_hundredths"].sum() < 0) | grouped["kept"].any()
    return np.select(
        [grouped["announced"].all().to_numpy(dtype=bool), carried.to_numpy(dtype=bool)],
        [SettlementState.ANNOUNCED.value, SettlementState.CARRIED.value],
        default=SettlementState.PAID.value,
    )


def _paid_on(lines: pd.DataFrame, payouts: pd.DataFrame) -> pd.Series[Any]:
    """The day of each payout: as a line says it, else that of its own row, else that of its last line."""
    said = lines.groupby(_KEY)["paid_on"].max()
    return said.fillna(payouts.groupby(_KEY)["occurred_on"].max()).fillna(
        lines.groupby(_KEY)["occurred_on"].max()
    )
