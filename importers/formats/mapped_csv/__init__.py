"""CSV of platforms and banks, read by a mapping: which columns become which fields is data, not code.

Source: shared format page "Money", section 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd

from app.models import SourceSettings
from app.refusals import NEARLY_MAPPED, NO_ACCOUNT, NO_MAPPING
from app.rules.cards import holds_card_number
from app.wording.i18n import N_
from importers.formats import UNKNOWN_FORMAT, FileContext, Format, searched_by_heading
from importers.formats.mapped_csv import payments, settlements, statements
from importers.formats.mapped_csv.mapping import ColumnMapping, of_settings, ours, saved
from importers.reading import delimited
from importers.reading.delimited import DELIMITERS, Rows
from importers.reading.fields import Fields
from importers.reading.headings import SourceColumn, bare, understood
from importers.records import Records
from importers.records.banking import BankStatements
from importers.records.chargebacks import CHARGEBACK, Chargebacks
from importers.records.remote_payments import RemotePayments
from importers.records.remote_payments.profile import PaymentProfile
from importers.records.settlements import Settlements
from importers.refusals import CARD_NUMBER, MOST_REASONS, FileRefusedError, Refusal, refuse

NAME: Final = "CSV"
#: Headings stand in one of the first lines, within so many bytes; banks write some in front.
_MOST_LINES_BEFORE, _MOST_BYTES_BEFORE = 30, 32_768
#: Of so many headings is a CSV; a mapping of which a file has so large a part of the fields may be meant.
_LEAST_COLUMNS, _ALIKE = 5, 0.5

_LETTER: Final = re.compile("[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class MappedFile:
    """A file as a mapping reads it. ``chargebacks`` are those among the lines of its settlements."""

    mapping: ColumnMapping
    rows: Rows
    columns: tuple[SourceColumn, ...]
    records: Settlements | BankStatements
    chargebacks: Chargebacks | None = None
    payments: RemotePayments | None = None


def with_mapping(context: FileContext, path: Path) -> FileContext:
    """The context of a CSV that the mapping saved at ``path`` reads, as if its source said so.

    Raises FileRefusedError when it is none.
    """
    return replace(context, format=NAME, settings=replace(context.settings, mapping=saved(path)))


def read(
    data: bytes,
    settings: SourceSettings | None = None,
    source: str = "",
    time_zone: str = "",
    profile: PaymentProfile | None = None,
) -> MappedFile:
    """A whole file, by the mapping of its source or by the one of ours that knows its headings.

    ``settings`` are those of its source, whose name ``source`` stands for a payee that no column names, and
    ``time_zone`` is the clock of its times; with a ``profile`` its sales are payments, too. Raises
    FileRefusedError.
    """
    said = settings or SourceSettings()
    mapping = of_settings(said)
    known = (mapping,) if mapping else ours()
    for delimiter in (said.delimiter,) if said.delimiter else DELIMITERS:
        place, found = _recognised(_head(data, said.encoding), delimiter, known)
        if found is not None:
            found = replace(found, time_zone=time_zone or found.time_zone)
            try:
                rows = delimited.rows(data, delimiter, said.encoding)
            except FileRefusedError as refused:
                raise _with_cards_of_lines(refused, data, said) from None
            return _read(rows, place, found, _Said(said, source, profile))
    unknown = (
        refuse(OTHER_HEADINGS, line=1, headings=", ".join(mapping.recognised_by))
        if mapping
        else FileRefusedError([lacking(data) or Refusal(reason=UNKNOWN_FORMAT, line=1)])
    )
    raise _with_cards_of_lines(unknown, data, said)


OTHER_HEADINGS: Final = N_("not a file of its mapping, which expects among its headings: %(headings)s")


def _head(data: bytes, encoding: str) -> str:
    """The beginning of a file; a letter that is cut, or of another encoding, is no heading of ours."""
    return data[:_MOST_BYTES_BEFORE].decode(encoding or _guessed(data), "replace").removeprefix("\ufeff")


def _guessed(data: bytes) -> str:
    try:
        data[:_MOST_BYTES_BEFORE].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > _MOST_BYTES_BEFORE - 4 else "cp1252"
    return "utf-8"


def _recognised(
    head: str, delimiter: str, known: Iterable[ColumnMapping]
) -> tuple[int, ColumnMapping | None]:
    """The row of the headings, and the mapping that knows them; none where the delimiter is another one."""
    rows = [row for row in delimited.first_rows(head, delimiter) if any(row)][:_MOST_LINES_BEFORE]
    claims = ((place, one) for place, row in enumerate(rows) for one in known if one.claims(row))
    return next(claims, (0, None))


def lacking(data: bytes) -> Refusal | None:
    """What a CSV that no mapping claims lacks to be of the one that knows it best; None where it is no CSV.

    It may be in another language than the mapping, or of another version of its platform.
    """
    head = _head(data, "")
    rows = [
        (place, row)
        for delimiter in DELIMITERS
        for place, row in enumerate(delimited.first_rows(head, delimiter)[:_MOST_LINES_BEFORE], start=1)
        if len(row) >= _LEAST_COLUMNS and all(map(_LETTER.search, row))
    ]
    if not rows:
        return None
    found = ((one.likeness(row), place, one, row) for place, row in rows for one in ours())
    known, place, mapping, row = max(found, key=lambda each: each[0])
    if known < _ALIKE:
        names = ", ".join(one.name for one in ours())
        return Refusal(reason=NO_MAPPING, line=rows[0][0], params={"mappings": names})
    params = {"mapping": mapping.name, "headings": ", ".join(mapping.lacked(row))}
    return Refusal(reason=NEARLY_MAPPED, line=place, params=params)


class _Said(NamedTuple):
    """The profile of a source: its settings, its name, and what is said of its own payments."""

    settings: SourceSettings
    source: str
    profile: PaymentProfile | None


def _read(rows: Rows, place: int, mapping: ColumnMapping, said: _Said) -> MappedFile:
    headings = rows.cells[place]
    after = list(zip(rows.numbers, rows.cells, strict=True))[place + 1 :]
    try:
        _refuse_headings(headings, rows.numbers[place], mapping)
        under = understood(headings, {bare(heading): bare(heading) for heading in headings})
        table = Fields.of(under, _continued(_counting(after, headings, mapping), headings, mapping))
        found = _READERS[mapping.record](table, mapping, said)
    except FileRefusedError as refused:
        raise _with_cards(refused, after, mapping.numbers(headings)) from None
    records, chargebacks, payments = found
    return MappedFile(
        mapping=mapping,
        rows=rows,
        columns=mapping.used(headings),
        records=records,
        chargebacks=chargebacks,
        payments=payments,
    )


def _refuse_headings(headings: list[str], line: int, mapping: ColumnMapping) -> None:
    missing = mapping.missing(headings)
    if missing:
        raise refuse(N_("no column of the file becomes: %(fields)s"), line=line, fields=", ".join(missing))
    twice = mapping.twice(headings)
    if twice:
        reason = N_("several columns have the same heading: %(headings)s")
        raise refuse(reason, line=line, headings=", ".join(twice))


def _with_cards_of_lines(refused: FileRefusedError, data: bytes, said: SourceSettings) -> FileRefusedError:
    """As :func:`_with_cards`, where nobody knows what the columns are."""
    text, _ = delimited.decoded(data, said.encoding)
    return _with_cards(refused, enumerate(([line] for line in delimited.lines_in(text)), start=1))


def _with_cards(
    refused: FileRefusedError, rows: Iterable[tuple[int, list[str]]], numbers: frozenset[int] = frozenset()
) -> FileRefusedError:
    """Why a file is refused, and that a card number stands in it, if one does: then no copy is kept.

    Columns whose places are in ``numbers`` hold references, which look like card numbers by design.
    """
    line = next(
        (
            line
            for line, row in rows
            if any(holds_card_number(cell) for place, cell in enumerate(row) if place not in numbers)
        ),
        None,
    )
    if line is None or refused.holds_card_number:
        return refused
    return FileRefusedError([*refused.refusals[: MOST_REASONS - 1], Refusal(reason=CARD_NUMBER, line=line)])


_Found = tuple[Settlements | BankStatements, Chargebacks | None, RemotePayments | None]


def _settlements(table: Fields, mapping: ColumnMapping, said: _Said) -> _Found:
    found = settlements.read(table, mapping, said.source)
    own = payments.read(table, mapping, said.source, said.profile) if said.profile else None
    return found, settlements.chargebacks(found), own


def _statements(table: Fields, mapping: ColumnMapping, said: _Said) -> _Found:
    return statements.read(table, mapping, said.settings.account).of_source(said.settings), None, None


_READERS: Mapping[str, Callable[[Fields, ColumnMapping, _Said], _Found]] = {
    "settlements": _settlements,
    "statements": _statements,
}


def _counting(
    rows: list[tuple[int, list[str]]], headings: list[str], mapping: ColumnMapping
) -> list[tuple[int, list[str]]]:
    """The rows that count: those with one of the values that the mapping names, else all.

    Raises FileRefusedError where a row that says how many they are says another number.
    """
    if not mapping.rows:
        return rows
    column = [bare(heading) for heading in headings].index(bare(mapping.rows["column"]))
    counting, before = [], 0
    for line, row in rows:
        value = row[column] if column < len(row) else ""
        if value in mapping.rows["values"]:
            counting.append((line, row))
        elif value in mapping.rows.get("counted_by", ()):
            _refuse_other_count(line, row[column + 1 :], len(counting) - before)
            before = len(counting)
    return counting


def _refuse_other_count(line: int, said: list[str], found: int) -> None:
    """Raises FileRefusedError unless the first cell of ``said`` is as many rows as were found."""
    if not said or said[0].strip() != str(found):
        raise refuse(
            N_("says another number of rows than the %(found)s in front of it"), line=line, found=found
        )


def _continued(
    rows: list[tuple[int, list[str]]], headings: list[str], mapping: ColumnMapping
) -> list[tuple[int, list[str]]]:
    """Rows of a bank, those without a day added to the texts of the one before."""
    if mapping.record != "statements":
        return rows
    day = next(place for place, heading in enumerate(headings) if bare(heading) in mapping.headings()["day"])
    joined: list[tuple[int, list[str]]] = []
    for line, row in rows:
        if day < len(row) and row[day].strip():
            joined.append((line, list(row)))
        elif joined:
            before = joined[-1][1]
            for place, cell in enumerate(row[: len(before)]):
                before[place] = f"{before[place]} {cell}".strip()
    return joined


# --- loaded ----------------------------------------------------------------------------------------


class _Headings:
    """The beginning of a file that one of our mappings reads: its headings."""

    def match(self, data: bytes, /) -> bool:
        """Whether one of the first lines has the headings of one."""
        head = _head(data, "")
        return any(_recognised(head, delimiter, ours())[1] for delimiter in DELIMITERS)


def _records(data: bytes, context: FileContext) -> Records:
    """The records of a file, read as the profile of its source says. Raises FileRefusedError."""
    profile = context.own_payments
    found = read(data, context.settings, context.source, context.time_zone, profile)
    if isinstance(found.records, Settlements):
        disputed = found.chargebacks or Chargebacks(cases=pd.DataFrame(columns=list(CHARGEBACK)))
        if found.payments and profile:
            clock = found.mapping.time_zone
            return payments.records(found.records, disputed, found.payments, profile, clock)
        return found.records.with_chargebacks(disputed)
    if not context.settings.account:
        raise refuse(NO_ACCOUNT)
    return found.records


FORMAT = Format(
    name=NAME,
    first_line=_Headings(),
    find_cards=searched_by_heading,
    read=_records,
    archived=False,
    lacks=lacking,
)
