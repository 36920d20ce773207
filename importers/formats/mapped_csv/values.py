"""Values of a mapped CSV: amounts in any of their spellings, days in any order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from app.models import DEFAULT_TIME_ZONE
from app.wording.i18n import N_
from app.wording.money import exponent
from importers.formats.mapped_csv.mapping import ColumnMapping
from importers.reading.amounts import minor_units
from importers.reading.fields import Fields, day_of
from importers.reading.headings import bare

_NEGATIVE = {"DR", "D", "DEBIT", "DÉBIT", "-"}
_BLANKS = " \u00a0\u202f"
_DAY_PARTS = 3
_DAY_PART = re.compile(r"[0-9]{1,4}", re.ASCII)
_TIME: Final = re.compile(
    r"[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)[0-9.]* ?(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
#: What a spreadsheet makes of a long number: its first digits, and how many there were.
_RUINED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.ASCII | re.IGNORECASE)
_RUINED_ID: Final = N_("a number that a spreadsheet ruined (1,23E+15): export the file again, do not open it")
_EXPECTED_AMOUNT = N_("expected an amount with at most the decimals of its currency")


def amounts(
    table: Fields, mapping: ColumnMapping, name: str, currencies: list[str], more: int = 0
) -> pd.Series[Any]:
    """The amounts of a field, its columns added up; NA where all of them are empty.

    They are minor units, or parts of one: ``more`` is by how many decimals. Raises FileRefusedError.
    """
    total = pd.Series(pd.array([None] * len(table), dtype="Int64"))
    for heading in mapping.columns.get(name, ()):
        column = heading.lstrip("-=")
        if bare(column) not in table:
            continue
        values = _column(table, mapping, column, currencies, more)
        if heading.startswith("="):
            values = -values.abs()
        elif heading.startswith("-"):
            values = -values
        total = total.add(values, fill_value=0)
    return total.astype("Int64")


def _column(
    table: Fields, mapping: ColumnMapping, heading: str, currencies: list[str], more: int
) -> pd.Series[Any]:
    read = _reader(mapping)
    texts = table.text(bare(heading))
    values: list[int | None] = []
    wrong = np.zeros(len(table), dtype=np.bool_)
    for row, (text, currency) in enumerate(zip(texts, currencies, strict=True)):
        try:
            values.append(read(text, exponent(currency), more) if text else None)
        except ValueError:
            wrong[row] = True
            values.append(None)
    table.refuse(wrong, bare(heading), _EXPECTED_AMOUNT)
    found = pd.Series(pd.array(values, dtype="Int64"))
    direction = mapping.directions.get(heading)
    if direction is None:
        return found
    negative = table.text(bare(direction)).str.upper().isin(_NEGATIVE)
    return found.where(~negative, -found)


def _reader(mapping: ColumnMapping) -> Callable[[str, int, int], int]:
    drop = str.maketrans("", "", _BLANKS + mapping.thousands + "€")

    def whole(text: str, _decimals: int, more: int) -> int:
        value = minor_units(text.translate(drop), more)
        if value % 10**more:
            raise ValueError("a part of a unit")
        return value

    def major(text: str, decimals: int, more: int) -> int:
        return minor_units(text.translate(drop).replace(mapping.decimal, "."), decimals + more)

    return major if mapping.decimal else whole


def days(
    table: Fields, mapping: ColumnMapping, name: str, *, required: bool = True, zone: str = ""
) -> pd.Series[Any]:
    """The days of a field, written in the order that the mapping says. Raises FileRefusedError.

    With a ``zone``, a day that has a time beside it on that clock is that of the merchants then.
    """
    heading = next((one for one in mapping.headings().get(name, ()) if one in table), name)
    read = _day_reader(mapping.days, zone)
    values = table.read(heading, read, N_("expected a day that exists"), required=required)
    stamps = [np.datetime64(one, "s") if one else np.datetime64("NaT") for one in values]
    return pd.Series(pd.array(np.array(stamps, dtype="datetime64[s]"), dtype="datetime64[s]"))


def moments(table: Fields, mapping: ColumnMapping, name: str, zone: ZoneInfo) -> pd.Series[Any]:
    """The moments of a field on the clock of ``zone``; midnight where a file gives the day alone.

    The time stands behind the day, or in a column of its own (``time``). Raises FileRefusedError.
    """
    heading = next((one for one in mapping.headings().get(name, ()) if one in table), name)
    written = (table.text(heading) + " " + texts(table, mapping, "time")).str.strip()
    read = _moment_reader(mapping.days, zone)
    both = Fields(table.texts.assign(**{heading: written}), table.lines, table.labels)
    found = both.read(heading, read, N_("expected a day that exists"))
    stamps = np.array([np.datetime64(one, "s") for one in found], dtype="datetime64[s]")
    return pd.Series(pd.array(stamps, dtype="datetime64[s]"))


def _moment_reader(order: str, zone: ZoneInfo) -> Callable[[str], datetime]:
    def local(text: str) -> datetime:
        day, found = _day(text, order), _TIME.search(text)
        if found is None:
            return datetime.combine(day, time())
        moment = datetime.combine(day, time.fromisoformat(found["time"]))
        offset = found["offset"]
        if not offset:
            return moment
        said = moment.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo)
        return said.astimezone(zone).replace(tzinfo=None)

    return local


def _day_reader(order: str, zone: str) -> Callable[[str], date]:
    if not zone:
        return lambda text: _day(text, order)
    clock, theirs = ZoneInfo(zone), ZoneInfo(DEFAULT_TIME_ZONE)

    def local(text: str) -> date:
        day, found = _day(text, order), _TIME.search(text)
        if found is None:
            return day
        offset = found["offset"]
        said = datetime.strptime(offset, "%z").tzinfo if offset else clock
        return datetime.combine(day, time.fromisoformat(found["time"]), said).astimezone(theirs).date()

    return local


def _day(text: str, order: str) -> date:
    """The day in front of a text, its parts in ``order``. Raises ValueError."""
    written = text.split("T", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    parts = written.replace("/", "-").replace(".", "-").split("-")
    if len(parts) != _DAY_PARTS or not all(map(_DAY_PART.fullmatch, parts)):
        raise ValueError("not a day")
    named = dict(zip(order, map(int, parts), strict=True))
    return day_of(named["y"] + (2000 if named["y"] < 100 else 0), named["m"], named["d"])  # noqa: PLR2004


def texts(table: Fields, mapping: ColumnMapping, name: str) -> pd.Series[Any]:
    """The texts of a field; of several columns, those that are there, a blank between them."""
    found = [table.text(heading) for heading in mapping.headings().get(name, ()) if heading in table]
    joined = pd.Series([""] * len(table), dtype=object)
    for column in found:
        joined = (joined + " " + column).str.strip()
    return joined


def ids(table: Fields, mapping: ColumnMapping, name: str) -> pd.Series[Any]:
    """The texts of a field that tells one row from another.

    Raises FileRefusedError where a spreadsheet has ruined them: rows that are several would look like one.
    """
    for heading in mapping.headings().get(name, ()):
        if heading in table:
            table.refuse(_is_ruined(table.text(heading)).to_numpy(dtype=bool), heading, _RUINED_ID)
    return texts(table, mapping, name)


def references(table: Fields, mapping: ColumnMapping, name: str) -> pd.Series[Any]:
    """The texts of a field that others may name; one that a spreadsheet has ruined names nothing."""
    found = texts(table, mapping, name)
    return found.mask(_is_ruined(found), "")


def _is_ruined(column: pd.Series[Any]) -> pd.Series[bool]:
    return column.map(lambda written: _RUINED.fullmatch(written) is not None).astype(bool)
