"""CSV of platforms and banks, read by a mapping: which columns become which fields is data, not code.

Source: shared format page "Money", section 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.wording.i18n import N_
from importers.files.refusals import FileRefusedError, refuse
from importers.formats.mapped_csv import settlements, statements
from importers.formats.mapped_csv.mapping import ColumnMapping, ours
from importers.reading import delimited
from importers.reading.delimited import DELIMITERS, Rows
from importers.reading.fields import Fields
from importers.reading.headings import SourceColumn, Use, bare
from importers.records.banking import BankStatements
from importers.records.settlements import Settlements

#: Headings stand in one of the first lines; banks write some in front.
_MOST_LINES_BEFORE = 30
_READERS: dict[str, Callable[[Fields, ColumnMapping], Settlements | BankStatements]] = {
    "settlements": settlements.read,
    "statements": statements.read,
}


@dataclass(frozen=True, kw_only=True)
class MappedFile:
    """A file as a mapping reads it."""

    mapping: ColumnMapping
    rows: Rows
    columns: tuple[SourceColumn, ...]
    records: Settlements | BankStatements


def read(data: bytes, mapping: ColumnMapping | None = None) -> MappedFile:
    """A whole file, by ``mapping`` or by the one of ours that knows its headings. Raises FileRefusedError."""
    known = (mapping,) if mapping else ours()
    head = b"".join(data.splitlines(keepends=True)[:_MOST_LINES_BEFORE])
    for delimiter in DELIMITERS:
        place, found = _recognised(head, delimiter, known)
        if found is not None:
            return _read(delimited.rows(data, delimiter), place, found)
    raise refuse(N_("not a known format: its first line belongs to none"), line=1)


def _recognised(
    head: bytes, delimiter: str, known: Iterable[ColumnMapping]
) -> tuple[int, ColumnMapping | None]:
    """The row of the headings, and the mapping that knows them; none where the delimiter is another one."""
    try:
        cells = delimited.rows(head, delimiter).cells
    except FileRefusedError:
        return 0, None
    claims = ((place, one) for place, row in enumerate(cells) for one in known if one.claims(row))
    return next(claims, (0, None))


def _read(rows: Rows, place: int, mapping: ColumnMapping) -> MappedFile:
    headings = rows.cells[place]
    under = tuple(SourceColumn(heading, bare(heading), Use.KEPT) for heading in headings)
    after = list(zip(rows.numbers, rows.cells, strict=True))[place + 1 :]
    table = Fields.of(under, _continued(_counting(after, headings, mapping), headings, mapping))
    columns = mapping.used(headings)
    return MappedFile(
        mapping=mapping, rows=rows, columns=columns, records=_READERS[mapping.record](table, mapping)
    )


def _counting(
    rows: list[tuple[int, list[str]]], headings: list[str], mapping: ColumnMapping
) -> list[tuple[int, list[str]]]:
    """The rows that count: those with one of the values that the mapping names, else all."""
    if not mapping.rows:
        return rows
    column = headings.index(mapping.rows["column"])
    return [(line, row) for line, row in rows if column < len(row) and row[column] in mapping.rows["values"]]


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
