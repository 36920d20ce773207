"""Payments that are told in parts: exports of a platform overlap, and cut payments at the ends of a period.

Their lines have the platform's ids: equal lines are known, different ones conflict, and the parts of a
payment are joined whatever order they come in. Source: shared format page "Money", section 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from app.models import SettlementState
from app.refusals import OTHER_LINE, Unit
from importers.reading.amounts import rounded
from importers.records import KnownSource
from importers.refusals import FileRefusedError, Refusal
from importers.staging import rows_of

#: The column of the platform's id, which tells a line from any other of its payment.
LINE_ID: Final = "line_id"
#: What makes parts of a payment the same; the day that it is paid may be known to one of them alone.
_KEY: Final = ["merchant_id", "payee", "number", "currency"]
_AMOUNTS: Final = ["gross", "fee_hundredths", "net_hundredths"]
#: What a line says: another content of a known id is a conflict.
_SAID: Final = ["kind", *_AMOUNTS, "merchant_reference", "occurred_on"]
_OF_LINE: Final = [LINE_ID, *_SAID, "contract_number", "reference", "card_last4", "count"]
_STORED: Final = f"""
SELECT s.id, s.paid_on, s.net_proven, s.state = '{SettlementState.ANNOUNCED}' AS announced,
  {", ".join(f"s.{name}" for name in _KEY)}, {", ".join(f"l.{name}" for name in _OF_LINE)}
FROM settlement s JOIN settlement_line l ON l.merchant_id = s.merchant_id AND l.settlement_id = s.id
  AND l.paid_on = s.paid_on
WHERE s.merchant_id = ANY(:merchants) AND s.source_id = :source AND s.number = ANY(:numbers)
  AND l.line_id IS NOT NULL
ORDER BY s.id, l.rank
"""


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The payments that a file changes, and their lines, with the parts of them that were known.

    ``placed`` and ``lines`` as the file has them; ``gone`` are the stored payments that give way to these.
    """

    placed: pd.DataFrame
    lines: pd.DataFrame
    gone: pd.DataFrame


def joined(
    connection: Connection, placed: pd.DataFrame, lines: pd.DataFrame, source: KnownSource, *, replace: bool
) -> Joined:
    """The payments of a file, ``placed`` with whose they are, joined with their known parts.

    ``replace`` lets what the file says of a known line hold; else FileRefusedError.
    """
    stored = _stored(connection, placed, source)
    announced = _announced(placed).reindex(stored["row"]).to_numpy(dtype=bool)
    made, told = stored[stored["announced"] <= announced], stored[stored["announced"] == announced]
    known = _known(lines, told)
    if known.any() and not replace:
        _refuse_others(lines[known], told)
    new = set(lines.loc[~known, "settlement"]) | (set(lines["settlement"]) if replace else set())
    # A payment that has nothing new is known, as is one that was made before it was announced.
    left = ~placed.index.isin(made["row"]) | placed.index.isin(told.loc[told["row"].isin(new), "row"])
    placed = placed[left]
    parts = told[told["row"].isin(placed.index)]
    lines = lines[lines["settlement"].isin(placed.index)]
    missing = parts.rename(columns={"row": "settlement"})
    missing = missing[~_known(missing, lines.rename(columns={"settlement": "row"}))]
    both = _in_order(pd.concat([lines, missing[[*_OF_LINE, "settlement"]]]) if len(missing) else lines)
    gone = stored[stored["row"].isin(placed.index)].drop_duplicates("id")
    return Joined(placed=_summed(placed, both, missing), lines=both, gone=gone[["merchant_id", "id"]])


def _stored(connection: Connection, placed: pd.DataFrame, source: KnownSource) -> pd.DataFrame:
    """The stored lines of the payments, each with the ``row`` of its payment in the file."""
    parameters = {
        "merchants": [int(merchant) for merchant in placed["merchant_id"].unique()],
        "source": source.id,
        "numbers": placed["number"].unique().tolist(),
    }
    found = rows_of(connection, _STORED, parameters)
    days = {name: pd.to_datetime(found[name]).astype("datetime64[s]") for name in ("paid_on", "occurred_on")}
    types = {"merchant_id": "int64", "announced": "bool", "net_proven": "bool"}
    rows = placed[_KEY].assign(row=placed.index)
    return found.assign(**days).astype(types).merge(rows, on=_KEY)


def _announced(placed: pd.DataFrame) -> pd.Series[Any]:
    announced: pd.Series[Any] = placed["state"] == SettlementState.ANNOUNCED
    return announced


def _known(lines: pd.DataFrame, stored: pd.DataFrame) -> pd.Series[Any]:
    """Which lines are stored of their payment, whatever they say."""
    ids = pd.MultiIndex.from_frame(lines[["settlement", LINE_ID]])
    return pd.Series(ids.isin(pd.MultiIndex.from_frame(stored[["row", LINE_ID]])), index=lines.index)


def _refuse_others(lines: pd.DataFrame, stored: pd.DataFrame) -> None:
    """Raises FileRefusedError for lines that are stored with another content."""
    both = lines.assign(entry=lines.index + 1).merge(
        stored, left_on=["settlement", LINE_ID], right_on=["row", LINE_ID], suffixes=("", "_stored")
    )
    other = pd.Series(data=False, index=both.index)
    for name in _SAID:
        ours, theirs = both[name], both[f"{name}_stored"]
        other |= (ours.astype(object) != theirs.astype(object)) & ~(ours.isna() & theirs.isna())
    if other.any():
        raise FileRefusedError(
            Refusal(reason=OTHER_LINE, unit=Unit.ENTRY, line=int(entry)) for entry in both.loc[other, "entry"]
        )


def _in_order(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines ranked by day and id: their order does not depend on which file brought them."""
    ordered = lines.sort_values(["settlement", "occurred_on", LINE_ID], kind="stable", ignore_index=True)
    return ordered.assign(rank=ordered.groupby("settlement").cumcount())


def _summed(placed: pd.DataFrame, lines: pd.DataFrame, missing: pd.DataFrame) -> pd.DataFrame:
    """The payments that lines were ``missing`` of, with the sums of all their lines and their last day."""
    sums = lines.groupby("settlement")[_AMOUNTS].sum().astype("int64")
    known = missing.groupby("settlement").agg(proven=("net_proven", "all"), paid_on=("paid_on", "max"))
    rows = known.index
    grown = placed.assign(line_count=lines.groupby("settlement").size().reindex(placed.index))
    grown.loc[rows, "gross"] = sums["gross"].reindex(rows)
    grown.loc[rows, "fee"] = rounded(sums["fee_hundredths"].reindex(rows))
    grown.loc[rows, "net"] = rounded(sums["net_hundredths"].reindex(rows))
    grown.loc[rows, "net_proven"] = grown.loc[rows, "net_proven"].astype(bool) & known["proven"]
    grown.loc[rows, "paid_on"] = grown.loc[rows, "paid_on"].where(
        grown.loc[rows, "paid_on"] >= known["paid_on"], known["paid_on"]
    )
    return grown
