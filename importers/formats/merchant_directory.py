"""REFERENTIEL: who owns which contract, as an operator's system extracts it.

Source: the format page "The portal's own file formats, version 1". One header line, then one line
for each contract, rank and application.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.rules import card_lines, time_zones
from app.rules.card_lines import Candidate
from app.rules.directory_columns import BY_NAME, is_siret_column
from app.wording.i18n import N_
from importers.formats import Format, bytes_alone, first_column, layout, texts
from importers.formats.layout import CAPITALS
from importers.reading import separated
from importers.reading.columns import CURRENCY, EXPECTED_CURRENCY, Column, check, key, keys_of, text
from importers.records.merchant_directory import OTHER_CAPITALS, REVERSED, VALID_TO, MerchantDirectory
from importers.refusals import FileRefusedError, Refusal, refuse

NAME = "REFERENTIEL"
#: The heading of accounts (COMPTES) begins with the same two columns.
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?reseller;merchant_code;(?!iban_or_rib;)")

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_EXPECTED_DAY = N_("expected a day such as 2026-03-02")
# What spreadsheets do to numbers is said with what was expected: whoever mends the file meets it there.
_EXPECTED_SIRET = N_("expected 14 digits: a spreadsheet rounds so long a number unless its column is text")
_EXPECTED_ZEROS = N_("expected %(most)s digits: a spreadsheet cuts leading zeros unless the column is text")


def _shaped(name: str, pattern: str, expected: str) -> Column:
    known = BY_NAME[name]
    params = {"most": known.most}
    return Column(
        name=name,
        label=known.label,
        pattern=pattern,
        expected=expected,
        params=params,
        required=known.required,
        is_key=True,
    )


def _text(name: str) -> Column:
    known = BY_NAME[name]
    return text(name, known.label, known.most, required=known.required)


def _key(name: str) -> Column:
    known = BY_NAME[name]
    return key(name, known.label, known.most, required=known.required)


COLUMNS = (
    _shaped("reseller", "[0-9A-Za-z_-]{1,40}", N_("expected letters, digits, - or _")),
    # Its letters are held to those of a key where it is new: one that is there goes on.
    replace(_text("merchant_code"), is_key=True),
    _text("merchant_name"),
    _shaped("siret", "[0-9]{14}", _EXPECTED_SIRET),
    _text("trade_name"),
    _text("label"),
    _text("address"),
    _text("postcode"),
    _text("city"),
    _text("time_zone"),
    _shaped("contract", "[0-9A-Za-z]{1,15}", N_("expected at most %(most)s letters or digits")),
    _shaped("rank", "[0-9]{3}", _EXPECTED_ZEROS),
    _key("application"),
    _shaped("bank_code", "[0-9]{5}", _EXPECTED_ZEROS),
    _text("bank_name"),
    _shaped("mcc", "[0-9]{4}", _EXPECTED_ZEROS),
    _shaped("currency", CURRENCY, EXPECTED_CURRENCY),
    _shaped("valid_from", _DAY, _EXPECTED_DAY),
    _shaped("valid_to", _DAY, _EXPECTED_DAY),
)
_LABELS = {column.name: column.label for column in COLUMNS}


def find_cards(data: bytes) -> Iterator[Candidate]:
    """Card numbers anywhere but in the column of the SIRET, which passes for one."""
    return card_lines.find(data, lambda candidate, _line: is_siret_column(candidate))


def read(data: bytes) -> MerchantDirectory:
    """The contracts of a whole file. Raises FileRefusedError, naming lines, columns and what was expected."""
    body = separated.text(data)
    names = [column.name for column in COLUMNS]
    heading = body.table(np.array([0]), names)
    if [heading[name][0].as_py() for name in names] != list(layout.MERCHANT_DIRECTORY):
        raise refuse(
            N_("expected the heading: %(heading)s"), line=1, heading=";".join(layout.MERCHANT_DIRECTORY)
        )
    rows = np.arange(1, len(body))
    table = body.table(rows, names, keys=keys_of(COLUMNS))
    _refuse_empty_lines(table, rows + 1)
    refusals = check(table, COLUMNS, rows + 1)
    if refusals:
        raise FileRefusedError(refusals)
    _refuse_quotes(table, rows + 1)
    contracts = table.to_pandas(types_mapper=None).astype(object)
    contracts = contracts.where(contracts.notna(), None).assign(line=rows + 1)
    contracts["reseller"] = contracts["reseller"].str.lower()
    for name in CAPITALS:
        contracts[name] = contracts[name].str.upper()
    _refuse_unknown_zones(contracts)
    for name in ("valid_from", "valid_to"):
        contracts[name] = _days(contracts, name)
    _refuse_reversed(contracts)
    _refuse_twins(contracts)
    _refuse_contradictions(contracts)
    return MerchantDirectory(contracts=contracts)


def write(file: BinaryIO, contracts: pd.DataFrame) -> None:
    """Write a REFERENTIEL file: columns of ``layout.MERCHANT_DIRECTORY``, a row for each contract in it.

    Raises ValueError, naming the column, for what the format cannot hold; nothing is written then.
    """
    lines = texts.lines(texts.written(contracts, COLUMNS))
    file.write((";".join(layout.MERCHANT_DIRECTORY) + "\n").encode())
    file.write(texts.bytes_of(lines))


def _refuse_empty_lines(table: pa.Table, lines: NDArray[np.int64]) -> None:
    """Spreadsheets save rows that look empty as separators alone: one reason for each, not one a column."""
    filled = np.zeros(len(lines), dtype=np.bool_)
    for values in table.columns:
        filled |= values.is_valid().to_numpy()
    if not filled.all():
        reason = N_("an empty line: take it away")
        raise FileRefusedError(Refusal(reason=reason, line=int(line)) for line in lines[~filled])


def _refuse_quotes(table: pa.Table, lines: NDArray[np.int64]) -> None:
    """A spreadsheet wraps cells in quotes that belong to no name: its file is not the one that it shows."""
    for column in COLUMNS:
        quoted = pc.match_substring_regex(table[column.name], '^".*"$').fill_null(fill_value=False)
        reason = N_("expected no quotes around the value: save the file without them")
        _refuse(lines, quoted.to_numpy(), column.label, reason)


def _refuse_unknown_zones(contracts: pd.DataFrame) -> None:
    unknown = ~contracts["time_zone"].isin(time_zones.known())
    _refuse(
        _lines(contracts),
        unknown.to_numpy(),
        N_("time zone"),
        N_("expected a time zone such as Europe/Paris"),
    )


def _days(contracts: pd.DataFrame, name: str) -> pd.Series[Any]:
    read_ = pd.to_datetime(contracts[name], format="%Y-%m-%d", errors="coerce")
    wrong = read_.isna() & contracts[name].notna()
    _refuse(_lines(contracts), wrong.to_numpy(), _LABELS[name], N_("expected a day that exists"))
    days: pd.Series[Any] = read_.dt.date.astype(object)
    return days.where(read_.notna(), None)


def _refuse_reversed(contracts: pd.DataFrame) -> None:
    both = contracts.dropna(subset=["valid_from", "valid_to"])
    reversed_ = (both["valid_to"] < both["valid_from"]).to_numpy(dtype=np.bool_)
    _refuse(_lines(both), reversed_, VALID_TO, REVERSED)


def _refuse_twins(contracts: pd.DataFrame) -> None:
    twins = contracts.duplicated(["reseller", "contract", "rank", "application"])
    _refuse(_lines(contracts), twins.to_numpy(), N_("contract"), N_("stands twice in this file"))


def _refuse_contradictions(contracts: pd.DataFrame) -> None:
    """A merchant has one name, an outlet one owner, one name and one clock throughout a file."""
    merchant, outlet = ["reseller", "merchant_code"], ["reseller", "siret"]
    folded = contracts.assign(folded=contracts["merchant_code"].str.casefold())
    same = folded.groupby(["reseller", "folded"])["merchant_code"].transform("first")
    _refuse(
        _lines(contracts),
        (same != contracts["merchant_code"]).to_numpy(),
        N_("merchant code"),
        OTHER_CAPITALS,
    )
    for owner, column in (
        (merchant, "merchant_name"),
        (outlet, "merchant_code"),
        (outlet, "trade_name"),
        (outlet, "time_zone"),
    ):
        differs = contracts[column] != contracts.groupby(owner)[column].transform("first")
        reason = N_("contradicts an earlier line of this file")
        _refuse(_lines(contracts), differs.to_numpy(), _LABELS[column], reason)


def _lines(contracts: pd.DataFrame) -> NDArray[np.int64]:
    lines: NDArray[np.int64] = contracts["line"].to_numpy()
    return lines


def _refuse(lines: NDArray[np.int64], wrong: NDArray[np.bool_], column: str, reason: str) -> None:
    if wrong.any():
        raise FileRefusedError(Refusal(reason=reason, line=int(line), column=column) for line in lines[wrong])


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=find_cards,
    read=bytes_alone(read),
    origin=first_column,
)
