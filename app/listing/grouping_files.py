"""The sums by group as files: CSV for software, one line a group and currency; a workbook for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import Connection, text
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.listing.criteria import Criteria
from app.listing.export import BOM, LONGEST_WRITING
from app.listing.grouping import CurrencyTable, GroupedSums, GroupLine, grouping, shown_measures
from app.listing.kinds import guarded_text
from app.listing.measures import Measure
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.sums import CurrencyTotals
from app.listing.xlsx import Styles, set_up, width_of, write_amount, write_headings, write_totals
from app.wording import money
from app.wording.i18n import gettext, speaking

_LANGUAGE = "fr"
_WIDE, _NARROW = 36, 14
_SHARE = "0.0%"


def write_groups_csv(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, file: BinaryIO
) -> int:
    """Write a line for each group and currency, by the rules of the lists' CSV; returns their number."""
    found = _read(connection, spec, scope, criteria)
    measures = shown_measures(spec, found)
    with speaking(_LANGUAGE):
        names = map(_quoted, found.by.columns())
        file.write(f"{BOM}{_joined((*names, gettext('Currency'), *_headings(measures)))}".encode())
        for table in found.tables:
            for line in table.lines:
                words = (_quoted(_cell(found, part)) for part in found.by.cells(line.key))
                amounts = (money.plain(minor, table.currency) for minor in _figures(measures, line.now))
                file.write(_joined((*words, table.currency, str(line.now.count), *amounts)).encode())
    return found.count


def _read(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> GroupedSums:
    connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_WRITING}'"))
    return grouping(connection, spec, scope, criteria, compared=False)


def _joined(cells: tuple[str, ...]) -> str:
    return f"{';'.join(cells)}\r\n"


def _quoted(words: str) -> str:
    doubled = words.replace('"', '""')
    return f'"{doubled}"'


def _cell(found: GroupedSums, words: str) -> str:
    """A name as it is; a number that is part of it with a TAB in front, so that its zeros stay."""
    is_number = bool(found.by.parts) and words[:1].isdigit()
    return f"\t{words}" if is_number else guarded_text(words)


def _headings(measures: tuple[Measure, ...]) -> Iterator[str]:
    yield gettext("Number")
    yield from (gettext(measure.label) for measure in measures)
    yield gettext("Net")


def _figures(measures: tuple[Measure, ...], line: CurrencyTotals) -> Iterator[int]:
    """The amounts of a line in minor units, with the sign that they have in the net; the net last."""
    yield from ((measure.sign or 1) * line[measure.name] for measure in measures)
    yield line.net


def write_groups_xlsx(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, file: BinaryIO
) -> int:
    """Write a sheet of the groups with their totals, and one of what was asked; returns their number."""
    found = _read(connection, spec, scope, criteria)
    measures = shown_measures(spec, found)
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles = Styles(book)
        sheet = book.add_worksheet(found.by.title)
        _write_heading(sheet, found, measures, styles)
        line = 0
        for table in found.tables:
            for group in table.lines:
                line += 1
                _write_line(sheet, line, found.by.cells(group.key), (table, group), measures, styles)
            line += 1
            total = (gettext("Total"), *("" for _ in found.by.columns()[1:]))
            _write_line(sheet, line, total, (table, table.total), measures, styles)
        write_totals(book.add_worksheet(gettext("Totals")), spec, criteria, found.totals, styles)
    return found.count


def _write_heading(
    sheet: Worksheet, found: GroupedSums, measures: tuple[Measure, ...], styles: Styles
) -> None:
    names = found.by.columns()
    headings = (*names, gettext("Currency"), *_headings(measures), gettext("Share"))
    widths = [_WIDE, *(max(_NARROW, width_of(words)) for words in headings[1:])]
    write_headings(sheet, tuple(zip(headings, widths, strict=True)), styles)
    set_up(sheet, widths, on_one_sheet=True)
    sheet.freeze_panes(1, len(names))


def _write_line(
    sheet: Worksheet,
    line: int,
    words: tuple[str, ...],
    place: tuple[CurrencyTable, GroupLine],
    measures: tuple[Measure, ...],
    styles: Styles,
) -> None:
    table, group = place
    for column, part in enumerate((*words, table.currency)):
        sheet.write_string(line, column, part)
    column = len(words) + 1
    sheet.write_number(line, column, group.now.count)
    for further, minor in enumerate(_figures(measures, group.now), start=column + 1):
        write_amount(sheet, (line, further), minor, table.currency, styles)
    share = table.share(group)
    if share is not None:
        sheet.write_number(line, column + len(measures) + 2, float(share), styles[_SHARE])
