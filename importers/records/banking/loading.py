"""Statements into place: each account-day once, whatever format brings it, and its card money alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, BankMovement, BankStatement, Base, MovementKind, written_columns
from app.refusals import OTHER_STATEMENT, Unit
from app.rules.cards import masked
from importers import card_lines, derived, ownership
from importers.derived import daily_sums
from importers.ownership import OwnerKey
from importers.records import Entry, KnownSource, Loaded, if_any
from importers.records.banking import decided, digests, overlapping
from importers.refusals import FileRefusedError, Refusal
from importers.staging import as_dates, copy_in, new_ids, put, rows_of

if TYPE_CHECKING:
    from importers.records.banking import BankStatements

#: What statements belong to.
BANK_ACCOUNT: Final = OwnerKey(
    table="bank_account",
    columns=("account_key", "currency"),
    names=("account_key", "currency"),
    has_desk=True,
)
#: What makes two statements of an account and closing day the same, in whatever format they come.
_SAME: Final = ("opening", "closing", "digest")
_LONGEST_LABEL, _NUMBER_LENGTH = 140, 7
_STORED = """
SELECT id, merchant_id, bank_account_id, closed_on, part, opening, closing, digest, line_count, notification
FROM bank_statement
WHERE merchant_id = ANY(:merchants) AND bank_account_id = ANY(:accounts)
  AND closed_on BETWEEN :first AND :last
"""
_NUMBERS = "SELECT DISTINCT merchant_id, number FROM contract WHERE merchant_id = ANY(:merchants)"
_TAKE_BACK = (
    """
    INSERT INTO touched_day SELECT DISTINCT 'bank_statement', merchant_id, bank_account_id, opened_on
    FROM bank_statement WHERE merchant_id = ANY(:merchants) AND id = ANY(:ids)
    """,
    "DELETE FROM bank_movement WHERE merchant_id = ANY(:merchants) AND bank_statement_id = ANY(:ids)",
    "DELETE FROM bank_statement WHERE merchant_id = ANY(:merchants) AND id = ANY(:ids)",
)


def load(connection: Connection, file: BankStatements, entry: Entry, source: KnownSource) -> Loaded:
    """Load the statements that are not known yet. FileRefusedError: one contradicts another."""
    placed = _placed(connection, file.statements, source)
    told = len(placed)
    daily_sums.touch(connection)
    stored = _stored(connection, placed)
    if len(stored):
        known, contradicted = _compared(placed, stored)
        begun = contradicted[_begun(file, contradicted)]
        _give_way(connection, contradicted.drop(begun.index), entry)
        take_back(connection, _ids(begun["merchant_id"]), _ids(begun["id"]))
        placed = _with_parts(placed[~known], stored[~stored["id"].isin(contradicted["id"])])
    placed = placed.assign(import_file_id=entry.file_id)
    movements = overlapping.without_known(connection, _movements(connection, file, placed), placed)
    _put(connection, placed, movements)
    decided.follow(connection)
    derived.renew(connection)
    return _loaded(placed, movements, known=told - len(placed))


def take_back(connection: Connection, merchants: list[int], ids: list[int]) -> None:
    """Remove statements with their lines; the days that they covered are looked at again."""
    decided.remember(connection, merchants, ids)
    for statement in _TAKE_BACK:
        connection.execute(text(statement), {"merchants": merchants, "ids": ids})


def _placed(connection: Connection, statements: pd.DataFrame, source: KnownSource) -> pd.DataFrame:
    """The statements with their account, its owner and an identifier; their row stays their index."""
    ownership.stage_keys(connection, BANK_ACCOUNT, statements)
    found = ownership.resolve(connection, BANK_ACCOUNT, source.reseller_id, source.id)
    placed = statements.merge(found, how="left", on=list(BANK_ACCOUNT.names))
    return placed.assign(
        id=new_ids(connection, len(placed)),
        reseller_id=source.reseller_id,
        part=placed.groupby(["bank_account_id", "closed_on"]).cumcount(),
    )


def _stored(connection: Connection, placed: pd.DataFrame) -> pd.DataFrame:
    """The statements that are stored of the same accounts and days."""
    parameters = {
        "merchants": _ids(placed["merchant_id"]),
        "accounts": _ids(placed["bank_account_id"]),
        "first": placed["closed_on"].min().date(),
        "last": placed["closed_on"].max().date(),
    }
    found = rows_of(connection, _STORED, parameters)
    return found.assign(closed_on=pd.to_datetime(found["closed_on"]).astype("datetime64[s]"))


def _ids(numbers: pd.Series[Any]) -> list[int]:
    return [int(number) for number in numbers.unique()]


def _compared(placed: pd.DataFrame, stored: pd.DataFrame) -> tuple[pd.Series[Any], pd.DataFrame]:
    """Which statements are known already; and the stored ones that others contradict, with their rows.

    A statement whose balances join those of another of the same day is the next part of that day. One that
    ends with the same balance and began with another covers other days besides. A notification tells of some
    lines of a day and contradicts nothing but another one of its number.
    """
    mine = placed[["bank_account_id", "closed_on", "notification", *_SAME]].assign(row=placed.index)
    theirs = stored[
        ["id", "merchant_id", "bank_account_id", "closed_on", "line_count", "notification", *_SAME]
    ]
    pairs = mine.merge(theirs, on=["bank_account_id", "closed_on"], suffixes=("", "_stored"))
    numbers = pairs[["notification", "notification_stored"]]
    apart = numbers["notification"] != numbers["notification_stored"]
    same = ~apart | (numbers == "").any(axis="columns")
    for name in _SAME:
        ours, stored_ones = pairs[name].astype(object), pairs[f"{name}_stored"]
        same &= (ours == stored_ones) | (ours.isna() & stored_ones.isna())
    known = placed.index.isin(pairs.loc[same, "row"])
    joins = (pairs["opening"].astype(object) == pairs["closing_stored"]) | (
        pairs["closing"].astype(object) == pairs["opening_stored"]
    )
    opening, closing = (pairs[name].astype(object) for name in ("opening", "closing"))
    longer = closing.notna() & (closing == pairs["closing_stored"]) & (opening != pairs["opening_stored"])
    chained = pairs.loc[same | joins | longer, "row"]
    return pd.Series(known, index=placed.index), pairs[~pairs["row"].isin(chained) & ~apart]


def _begun(file: BankStatements, contradicted: pd.DataFrame) -> pd.Series[bool]:
    """Which of the stored statements are the first lines of what contradicts them: of a day half told."""
    lines = dict(iter(file.movements.groupby("statement")))
    counts, pairs = file.statements["line_count"], contradicted.astype(object)
    opens_alike = (pairs["opening"] == pairs["opening_stored"]).fillna(value=False) | (
        pairs["opening"].isna() & pairs["opening_stored"].isna()
    )
    begun = (
        alike and line_count < counts.loc[row] and digests.of_lines(lines[row].head(line_count)) == digest
        for alike, line_count, row, digest in zip(
            opens_alike, pairs["line_count"], pairs["row"], pairs["digest_stored"], strict=True
        )
    )
    return pd.Series(list(begun), index=contradicted.index, dtype=bool)


def _give_way(connection: Connection, contradicted: pd.DataFrame, entry: Entry) -> None:
    """Stored statements give way to those of an operator's replacement. Else FileRefusedError."""
    if contradicted.empty:
        return
    if not entry.replace:
        rows = contradicted["row"].unique()
        raise FileRefusedError(
            Refusal(reason=OTHER_STATEMENT, unit=Unit.STATEMENT, line=int(row) + 1) for row in rows
        )
    take_back(connection, _ids(contradicted["merchant_id"]), _ids(contradicted["id"]))


def _with_parts(placed: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """New statements counted after those that are stored of their account and day."""
    key = ["bank_account_id", "closed_on"]
    last = stored.groupby(key)["part"].max().rename("last").reset_index()
    after = placed[key].merge(last, how="left", on=key)["last"].astype("Int64").fillna(-1) + 1
    return placed.assign(part=placed.groupby(key).cumcount().to_numpy() + after.to_numpy(dtype="int64"))


def _movements(connection: Connection, file: BankStatements, placed: pd.DataFrame) -> pd.DataFrame:
    """The lines of new statements that are card money, with their hints and keys."""
    lines, patterns = file.movements[file.movements["statement"].isin(placed.index)], file.patterns
    owners = lines["statement"].map(placed["merchant_id"]).astype("int64")
    kinds = _kinds(connection, lines, owners, patterns)
    kinds = kinds[kinds.notna()]  # a frame without rows would take those of a longer column
    kept = lines.loc[kinds.index].assign(kind=kinds)
    kept = kept.join(card_lines.hints(kept, patterns))
    keys = ("merchant_id", "reseller_id", "bank_account_id", "import_file_id")
    return kept.assign(
        **{name: kept["statement"].map(placed[name]).astype("int64") for name in keys},
        bank_statement_id=kept["statement"].map(placed["id"]).astype("int64"),
        id=new_ids(connection, len(kept)),
        payer=card_lines.payers(kept, patterns).where(kept["kind"] == MovementKind.PAYOUT, ""),
        label=(kept["label"] + " " + kept["details"]).str.strip().str[:_LONGEST_LABEL].map(masked),
        entry_number=kept["entry_number"].str[-_NUMBER_LENGTH:],
        reference=kept["reference"].str[-_NUMBER_LENGTH:],
    )


def _kinds(
    connection: Connection, lines: pd.DataFrame, owners: pd.Series[Any], patterns: card_lines.LabelPatterns
) -> pd.Series[Any]:
    """The kind of each line: what is a number of a contract depends on whose account it is."""
    found = rows_of(connection, _NUMBERS, {"merchants": _ids(owners)})
    numbers: dict[Any, list[str]] = found.groupby("merchant_id")["number"].agg(list).to_dict()
    parts = [
        card_lines.kinds(own, patterns, () if merchant == UNCLAIMED_MERCHANT else numbers.get(merchant, ()))
        for merchant, own in lines.groupby(owners)
    ]
    return pd.concat(parts) if parts else pd.Series(index=lines.index, dtype=object)


def _put(connection: Connection, placed: pd.DataFrame, movements: pd.DataFrame) -> None:
    kept = movements.groupby("statement")["amount"].agg(["size", "sum"]).reindex(placed.index, fill_value=0)
    statements = placed.assign(kept_count=kept["size"], kept_sum=kept["sum"])
    copy_in(connection, "bank_statement", _dated(BankStatement, statements, "opened_on", "closed_on"))
    lines = _dated(BankMovement, movements, "booked_on", "value_on")
    put(connection, "bank_movement", lines, movements["booked_on"])
    touched = placed[["merchant_id", "bank_account_id", "opened_on"]]
    daily_sums.add(
        connection,
        "bank_statement",
        touched.rename(columns={"bank_account_id": "contract_id"}),
        "opened_on",
    )


def _dated(model: type[Base], rows: pd.DataFrame, *days: str) -> pd.DataFrame:
    """The columns of a table that are written, days as dates."""
    return rows[written_columns(model)].assign(**{day: as_dates(rows[day]) for day in days})


def _loaded(placed: pd.DataFrame, movements: pd.DataFrame, *, known: int) -> Loaded:
    known_too = if_any(known_statements=known)
    if placed.empty:
        return Loaded(counts={"bank_statements": 0, **known_too})
    unclaimed = int((placed["merchant_id"] == UNCLAIMED_MERCHANT).sum())
    sums = movements.groupby("currency")["amount"].agg(["size", "sum"])
    return Loaded(
        counts={
            "bank_statements": len(placed),
            "card_lines": len(movements),
            "other_bank_lines": int(placed["line_count"].sum()) - len(movements),
            **if_any(unclaimed_statements=unclaimed),
            **known_too,
        },
        sums={
            str(currency): {"count": int(row["size"]), "net": int(row["sum"])}
            for currency, row in sums.iterrows()
        },
        merchant_ids=sorted(_ids(placed["merchant_id"])),
        first_on=placed["opened_on"].min().date(),
        last_on=placed["closed_on"].max().date(),
    )
