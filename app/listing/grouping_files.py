"""The sums by group as files: CSV and JSON for software, a line a group and currency; XLSX for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, BinaryIO

from sqlalchemy import Connection, text
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.listing.criteria import Criteria
from app.listing.dimension import BETWEEN
from app.listing.export import BOM, LONGEST_WRITING, json_not_received, json_sums, json_totals, not_received
from app.listing.grouping import CurrencyTable, GroupedSums, grouping, shown_measures
from app.listing.kinds import guarded_text
from app.listing.measures import Measure
from app.listing.notes import GroupNote
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.summed import CurrencyTotals, GroupLine
from app.listing.xlsx import (
    COUNT_FORMAT,
    TOTAL,
    SheetHeading,
    Styles,
    go_on_over_sheets,
    set_height,
    set_up,
    width_of,
    write_amount,
    write_headings,
    write_notes,
    write_totals,
)
from app.wording import money
from app.wording.i18n import gettext, speaking

_LANGUAGE = "fr"
_WIDE, _NARROW = 36, 14
_SHARE = "0.0%"


def write_groups_csv(
    connection: Connection,
    spec: ListSpec,
    scope: Scope,
    criteria: Criteria,
    file: BinaryIO,
    *,
    names: Mapping[str, str],
) -> int:
    """Write a line for each group and currency, by the rules of the lists' CSV; returns their number.

    The amounts of notes follow, in a column of their own: no column adds anything up twice. ``names`` are
    those of debtors by prefix of cards.
    """
    found = _read(connection, spec, scope, criteria)
    measures = shown_measures(spec, found)
    with speaking(_LANGUAGE):
        columns = found.by.columns()
        extra = (gettext("Summary"),) if found.by.said else ()
        headings = (*_headings(measures), *extra)
        file.write(f"{BOM}{_joined((*map(_quoted, columns), gettext('Currency'), *headings))}".encode())
        for table in found.tables:
            for line in table.lines:
                amounts = (money.plain(minor, table.currency) for minor in _figures(measures, line.now))
                figures = (str(line.now.count), *amounts, *("" for _ in extra))
                file.write(_line_of(found, found.by.cells(line.key), table.currency, figures))
        for note in _notes(connection, found, scope, criteria, names):
            for figure in note.figures:
                words = f"{note.title}{BETWEEN}{figure.words}".split(BETWEEN, len(columns) - 1)
                figures = (*("" for _ in headings[1:]), money.plain(figure.amount, note.currency))
                file.write(_line_of(found, words, note.currency, figures))
    return found.count


def _line_of(found: GroupedSums, words: Iterable[str], currency: str, figures: Iterable[str]) -> bytes:
    return _joined((*(_quoted(_cell(found, part)) for part in words), currency, *figures)).encode()


def _read(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> GroupedSums:
    connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_WRITING}'"))
    return grouping(connection, spec, scope, criteria, compared=False)


def _notes(
    connection: Connection, found: GroupedSums, scope: Scope, criteria: Criteria, names: Mapping[str, str]
) -> tuple[GroupNote, ...]:
    """What is to be said beside the groups, in the language of the moment."""
    return found.noted(found.by.notes(scope, criteria, names).read(connection))


def groups_as_json(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, names: Mapping[str, str]
) -> dict[str, Any]:
    """A document of the groups, what they add up to, and the amounts of notes beside them."""
    found = grouping(connection, spec, scope, criteria, compared=False)
    return {
        "by": criteria.by,
        "count": found.totals.count,
        "totals": json_totals(spec, found.totals),
        **json_not_received(connection, scope, criteria),
        "groups": [
            {"key": _json_key(line.key), **json_sums(spec, line.now)}
            for table in found.tables
            for line in table.lines
        ],
        "notes": [
            {
                "name": note.name,
                "currency": note.currency,
                "figures": [{"name": figure.name, "amount": figure.amount} for figure in note.figures],
            }
            for note in _notes(connection, found, scope, criteria, names)
        ],
    }


def _json_key(key: Any) -> Any:
    return key.isoformat() if isinstance(key, date) else key


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
    connection: Connection,
    spec: ListSpec,
    scope: Scope,
    criteria: Criteria,
    file: BinaryIO,
    *,
    names: Mapping[str, str],
    whose: str,
) -> int:
    """Write a sheet of the groups with their totals, and one of what was asked; returns their number."""
    found = _read(connection, spec, scope, criteria)
    missing = not_received(connection, scope, criteria) or ()
    measures = shown_measures(spec, found)
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles, total_styles = Styles(book), Styles(book, TOTAL)
        sheet = book.add_worksheet(found.by.title)
        _write_heading(sheet, found, measures, styles)
        line = 0
        for table in found.tables:
            for group in table.lines:
                line += 1
                _write_line(sheet, line, found.by.cells(group.key), (table, group), measures, styles)
            line += 1
            total = (gettext("Total"), *("" for _ in found.by.columns()[1:]))
            _write_line(sheet, line, total, (table, table.total), measures, total_styles)
        sums = book.add_worksheet(gettext("Totals"))
        below = write_totals(sums, criteria, found.totals, missing, whose, styles)
        write_notes(sums, _notes(connection, found, scope, criteria, names), below, styles)
    return found.count


def _write_heading(
    sheet: Worksheet, found: GroupedSums, measures: tuple[Measure, ...], styles: Styles
) -> None:
    names = found.by.columns()
    headings = (*names, gettext("Currency"), *_headings(measures), gettext("Share"))
    further = [max(_NARROW, width_of(words)) for words in headings[1:]]
    for table in found.tables:
        for line in table.lines:
            words = found.by.cells(line.key)[1:]
            further[: len(words)] = map(max, further, (len(part) + 1 for part in words))
    widths = [_WIDE, *further]
    figures = [column > len(names) for column in range(len(headings))]
    write_headings(sheet, list(map(SheetHeading, headings, widths, figures)), styles)
    set_up(sheet, widths)
    go_on_over_sheets(sheet, widths, len(names))
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
    set_height(sheet, line, [(words[0], _WIDE - 1)])
    for column, part in enumerate((*words, table.currency)):
        sheet.write_string(line, column, part, styles.words)
    column = len(words) + 1
    sheet.write_number(line, column, group.now.count, styles[COUNT_FORMAT])
    for further, minor in enumerate(_figures(measures, group.now), start=column + 1):
        write_amount(sheet, (line, further), minor, table.currency, styles)
    share = table.share(group)
    if share is not None:
        sheet.write_number(line, column + len(measures) + 2, float(share), styles[_SHARE])
