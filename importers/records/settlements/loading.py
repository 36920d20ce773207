"""Payments of acquirers into place: each once, whatever file brings it, with its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from sqlalchemy import Connection, Row, text

from app.models import UNCLAIMED_MERCHANT, Base, Settlement, SettlementLine, SettlementState
from app.refusals import OTHER_FORMAT, OTHER_SETTLEMENT, Unit
from importers import derived, ownership
from importers.derived import daily_sums, settlement_sales
from importers.records import Entry, KnownSource, Loaded, if_any
from importers.records.acceptors import ACCEPTOR
from importers.records.payments.currencies import with_currencies
from importers.records.sale_records import source_contracts
from importers.records.settlements import in_parts
from importers.records.settlements.in_parts import LINE_ID
from importers.refusals import FileRefusedError, Refusal
from importers.staging import as_dates, copy_in, new_ids, put, rows_of

if TYPE_CHECKING:
    from importers.records.settlements import Settlements

#: What makes two payments of a source the same.
_KEY: Final = ("payee", "number", "paid_on", "currency")
_AMOUNTS: Final = ("gross", "discount", "fee", "adjustment", "tax", "carried_over", "net")
_SAID: Final = ("payer", "reference", "account_key_last", *_AMOUNTS, "net_proven", "state")
_OF_LINE: Final = (
    "rank",
    "kind",
    "gross",
    "fee_hundredths",
    "net_hundredths",
    "contract_number",
    "reference",
    "merchant_reference",
    "occurred_on",
    "card_last4",
    "count",
)
_STORED = """
SELECT id, merchant_id, payee, number, paid_on, currency, state, net_proven, digest, import_file_id
FROM settlement
WHERE merchant_id = ANY(:merchants) AND source_id = :source AND paid_on BETWEEN :first AND :last
"""
_FORMATS = "SELECT id, format FROM import_file WHERE id = ANY(:ids)"
# The feed of one merchant is theirs, whatever numbers it bears; no other file is for it.
_OF_FEED = f"""
INSERT INTO acceptor (merchant_id, id, reseller_id, number, by_desk)
SELECT s.merchant_id, nextval('party_id'), s.reseller_id, w.number, true
FROM source s CROSS JOIN {ACCEPTOR.staged} w
LEFT JOIN (
  SELECT DISTINCT reseller_id, number FROM acceptor WHERE merchant_id <> {UNCLAIMED_MERCHANT}
) AS owned ON owned.reseller_id = s.reseller_id AND owned.number = w.number
WHERE s.id = :source AND s.merchant_id IS NOT NULL AND owned.number IS NULL
"""
_OF_FILE = """
SELECT merchant_id, id FROM settlement WHERE merchant_id = ANY(:merchants) AND import_file_id = :file
"""
_OF_SETTLEMENTS = "merchant_id = ANY(:merchants) AND settlement_id = ANY(:ids)"
_TAKE_BACK = (
    f"""
    INSERT INTO touched_day SELECT DISTINCT 'settlement_line', merchant_id, acceptor_id,
      COALESCE(occurred_on, paid_on)
    FROM settlement_line WHERE {_OF_SETTLEMENTS}
    """,
    """
    INSERT INTO touched_day SELECT DISTINCT 'settlement', merchant_id, acceptor_id, paid_on
    FROM settlement WHERE merchant_id = ANY(:merchants) AND id = ANY(:ids)
    """,
    f"DELETE FROM settlement_line WHERE {_OF_SETTLEMENTS}",
    "DELETE FROM settlement WHERE merchant_id = ANY(:merchants) AND id = ANY(:ids)",
)


def load(connection: Connection, file: Settlements, entry: Entry, source: KnownSource) -> Loaded:
    """Load the payments that are not known yet. FileRefusedError: one contradicts another."""
    if file.settlements.empty:
        return Loaded(counts={"settlements": 0})
    placed, told = _placed(connection, file, source), file.lines
    count = len(placed)
    daily_sums.touch(connection)
    if LINE_ID in told:
        parts = in_parts.joined(connection, placed, told, source, replace=entry.replace)
        placed, told = parts.placed, parts.lines
        _remove(connection, parts.gone)
    if placed.empty:
        return _loaded(placed, told, known=count)
    placed = placed.assign(digest=_digests(placed, told))
    known, gone = _compared(connection, placed, entry, source)
    _remove(connection, gone)
    placed = placed[~known].assign(import_file_id=entry.file_id)
    lines = _lines(connection, told, placed)
    _put(connection, placed, lines)
    derived.renew(connection)
    return _loaded(placed, lines, known=count - len(placed))


def take_back(connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
    """Remove the payments that file ``former`` brought; their remittances are looked at again."""
    daily_sums.touch(connection)
    parameters = {"merchants": former.merchant_ids, "file": former.id}
    gone = rows_of(connection, _OF_FILE, parameters)
    _remove(connection, gone)
    derived.renew(connection)


def _remove(connection: Connection, gone: pd.DataFrame) -> None:
    parameters = {"merchants": _ids(gone["merchant_id"]), "ids": _ids(gone["id"])}
    settlement_sales.release_lines(connection, _OF_SETTLEMENTS, parameters)
    for statement in _TAKE_BACK:
        connection.execute(text(statement), parameters)


def _placed(connection: Connection, file: Settlements, source: KnownSource) -> pd.DataFrame:
    """The payments with whose they are and an identifier; their row stays their index."""
    named = with_currencies(connection, file.named(), source.reseller_id)
    contracts = source_contracts(connection, source.id)
    named = named.assign(
        contract_number=[contracts.get(number, number) for number in named["contract_number"]]
    )
    ownership.stage_keys(connection, ACCEPTOR, named)
    connection.execute(text(_OF_FEED), {"source": source.id})
    found = ownership.resolve(connection, ACCEPTOR, source.reseller_id, source.id)
    placed = named.merge(found, how="left", on=list(ACCEPTOR.names)).assign(
        payer=file.payer, paid_on=lambda one: pd.to_datetime(one["paid_on"]).astype("datetime64[s]")
    )
    counts = file.lines.groupby("settlement").size()
    return placed.assign(
        id=new_ids(connection, len(placed)),
        reseller_id=source.reseller_id,
        source_id=source.id,
        line_count=counts.reindex(placed.index, fill_value=0),
    )


def _digests(placed: pd.DataFrame, lines: pd.DataFrame) -> list[str]:
    """A hash over what is said of each payment and of its lines."""
    ordered = lines.sort_values(["settlement", "rank"], kind="stable")
    days = pd.to_datetime(ordered["occurred_on"]).dt.strftime("%Y-%m-%d")
    counts = ordered["count"].astype("Int64")
    of_lines: dict[int, list[str]] = {row: [] for row in placed.index}
    written = _written(ordered.assign(occurred_on=days, count=counts), _OF_LINE)
    for row, one in zip(ordered["settlement"], written, strict=True):
        of_lines[row].append(one)
    said = zip(placed.index, _written(placed, _SAID), strict=True)
    return [sha256("\n".join([one, *of_lines[row]]).encode()).hexdigest() for row, one in said]


def _written(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Each row as one text."""
    columns = (frame[name].astype(object).where(frame[name].notna(), "").map(str) for name in names)
    return ["|".join(row) for row in zip(*columns, strict=True)]


def _compared(
    connection: Connection, placed: pd.DataFrame, entry: Entry, source: KnownSource
) -> tuple[pd.Series[Any], pd.DataFrame]:
    """Which payments are known already, and the stored ones that give way to others.

    What was only announced, or does not prove its net, gives way to what does; anything else waits for an
    operator. Raises FileRefusedError.
    """
    stored = rows_of(connection, _STORED, _bounds(placed, source)).assign(
        paid_on=lambda one: pd.to_datetime(one["paid_on"]).astype("datetime64[s]")
    )
    mine = placed[[*_KEY, "digest", "state", "net_proven"]].assign(row=placed.index)
    pairs = _with_formats(connection, mine.merge(stored, on=list(_KEY), suffixes=("", "_stored")), entry)
    # What stands beside a payment, its chargebacks above all, no two formats tell alike.
    same = (pairs["digest"] == pairs["digest_stored"]) & ~pairs["is_other"]
    strength, stored_strength = _strength(pairs, ""), _strength(pairs, "_stored")
    contradicted = ~same & (strength == stored_strength)
    if contradicted.any() and not entry.replace:
        raise FileRefusedError(_other(pairs[contradicted].drop_duplicates("row")))
    known = same | (~contradicted & (strength < stored_strength))
    return pd.Series(placed.index.isin(pairs.loc[known, "row"]), index=placed.index), pairs[~known]


def _with_formats(connection: Connection, pairs: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """The pairs with the ``format`` of the file that told of what is stored; ``is_other``: not of this."""
    files = [*_ids(pairs["import_file_id"]), entry.file_id]
    formats = rows_of(connection, _FORMATS, {"ids": files}).set_index("id")["format"]
    told = pairs["import_file_id"].map(formats)
    return pairs.assign(format=told, is_other=told != formats[entry.file_id])


def _other(pairs: pd.DataFrame) -> Iterator[Refusal]:
    """What is wrong with payments that are known with another content, or from a file of another format."""
    for row, known, is_other in zip(pairs["row"], pairs["format"], pairs["is_other"], strict=True):
        reason = OTHER_FORMAT if is_other else OTHER_SETTLEMENT
        params = {"format": known} if is_other else {}
        yield Refusal(reason=reason, unit=Unit.SETTLEMENT, line=int(row) + 1, params=params)


def _strength(pairs: pd.DataFrame, suffix: str) -> pd.Series[Any]:
    """How much a payment knows: announced, made, proven."""
    made = pairs[f"state{suffix}"] != SettlementState.ANNOUNCED
    return made.astype("int64") * 2 + pairs[f"net_proven{suffix}"].astype("int64")


def _bounds(placed: pd.DataFrame, source: KnownSource) -> dict[str, Any]:
    return {
        "merchants": _ids(placed["merchant_id"]),
        "source": source.id,
        "first": placed["paid_on"].min().date(),
        "last": placed["paid_on"].max().date(),
    }


def _ids(numbers: pd.Series[Any]) -> list[int]:
    return [int(number) for number in numbers.unique()]


def _lines(connection: Connection, lines: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """The lines of new payments with their keys."""
    lines = lines[lines["settlement"].isin(placed.index)]
    of = lines["settlement"]
    keys = ("merchant_id", "reseller_id", "acceptor_id", "import_file_id")
    return lines.assign(
        **{name: placed.loc[of, name].to_numpy() for name in keys},
        settlement_id=placed.loc[of, "id"].to_numpy(),
        paid_on=placed.loc[of, "paid_on"].to_numpy(),
        occurred_on=pd.to_datetime(lines["occurred_on"]).astype("datetime64[s]"),
        currency=placed.loc[of, "currency"].to_numpy(),
        id=new_ids(connection, len(lines)),
        count=lines["count"].astype("Int64"),
    )


def _put(connection: Connection, placed: pd.DataFrame, lines: pd.DataFrame) -> None:
    touched = pd.concat(
        [
            placed.assign(day=placed["paid_on"], subject="settlement"),
            lines.assign(day=lines["occurred_on"].fillna(lines["paid_on"]), subject="settlement_line"),
        ]
    )
    copy_in(connection, "settlement", _dated(Settlement, placed, "paid_on"))
    put(
        connection,
        "settlement_line",
        _dated(SettlementLine, lines, "paid_on", "occurred_on"),
        lines["paid_on"],
    )
    for subject, rows in touched.groupby("subject"):
        daily_sums.add(connection, str(subject), rows.assign(contract_id=rows["acceptor_id"]), "day")


def _dated(model: type[Base], rows: pd.DataFrame, *days: str) -> pd.DataFrame:
    """The columns of a table that ``rows`` have, days as dates."""
    columns = [column.name for column in model.__table__.columns if column.name in rows]
    return rows[columns].assign(**{day: as_dates(rows[day]) for day in days})


def _loaded(placed: pd.DataFrame, lines: pd.DataFrame, *, known: int) -> Loaded:
    known_too = if_any(known_settlements=known)
    if placed.empty:
        return Loaded(counts={"settlements": 0, **known_too})
    unclaimed = int((placed["merchant_id"] == UNCLAIMED_MERCHANT).sum())
    sums = placed.groupby("currency")["net"].agg(["size", "sum"])
    return Loaded(
        counts={
            "settlements": len(placed),
            "settlement_lines": len(lines),
            **if_any(unclaimed_settlements=unclaimed),
            **known_too,
        },
        sums={
            str(currency): {"count": int(row["size"]), "net": int(row["sum"])}
            for currency, row in sums.iterrows()
        },
        merchant_ids=sorted(_ids(placed["merchant_id"])),
        first_on=placed["paid_on"].min().date(),
        last_on=placed["paid_on"].max().date(),
    )
