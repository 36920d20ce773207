"""The list as a workbook: the file for people, beside the CSV, which is the one for software.

Dates are dates, amounts numbers with the decimals of their currency, and what is no quantity is text: zeros
in front stay, nothing is run as a formula. A second sheet says what was asked and what it adds up to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from math import ceil
from textwrap import wrap
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Connection, select, text
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.listing.criteria import Criteria
from app.listing.export import LONGEST_WRITING, not_received
from app.listing.field import Field
from app.listing.kinds import Day, Moment, Money, Rate, Row, Statement, Whole
from app.listing.notes import GroupNote
from app.listing.order import Order
from app.listing.period import in_periods
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.summed import Totals
from app.listing.sums import totals
from app.listing.where import in_sight, sorted_conditions
from app.wording.i18n import N_, gettext, speaking
from app.wording.money import exponent

_LANGUAGE = "fr"
#: Rows read at a time: memory stays flat whatever their number.
_BLOCK = 1000
#: Seconds are shown where the terminal's clock gave them.
_MOMENT_FORMAT = "dd/mm/yyyy hh:mm:ss"
DAY_FORMAT = "dd/mm/yyyy"
COUNT_FORMAT = "#,##0"
_AS_IT_IS = "General"
#: Numbers and dates end a letter before their column does: what stands beside them begins there.
_AT_THE_RIGHT = {"align": "right", "indent": 1, "valign": "top"}
#: What a line looks like that adds up those above it.
TOTAL = {"bold": True, "top": 1}
_HEADING = {"bold": True, "bg_color": "#edf1f4", "text_wrap": True, "valign": "top"}
#: What is written as a number or a date.
_FIGURES = (Day, Moment, Money, Rate, Whole)
#: Widths of columns, in letters: at least that of a heading's longest word, with its arrow.
LONGEST_WIDTH, _NARROWEST, _ROOM = 64, 10, 3
_MOMENT_WIDTH = 20
_A4, _LINE_HEIGHT = 9, 15
#: So many letters are read on a sheet that lies across: some six points high.
_WIDEST_PAPER = 239
#: What a spreadsheet adds to the letters of each column, in letters.
_BESIDE_LETTERS = 5 / 7


class SheetHeading(NamedTuple):
    """The words above a column, its width in letters, and whether numbers or dates stand below."""

    words: str
    width: int
    of_figures: bool = False


@dataclass
class Styles:
    """The formats of a workbook, each made once; ``look`` is common to all of them but the headings'."""

    book: Workbook
    look: Mapping[str, Any] = field(default_factory=dict)
    made: dict[str, Format] = field(default_factory=dict)

    def __getitem__(self, number_format: str) -> Format:
        if number_format not in self.made:
            looks = {"num_format": number_format, **_AT_THE_RIGHT, **self.look}
            self.made[number_format] = self.book.add_format(looks)
        return self.made[number_format]

    @cached_property
    def heading(self) -> Format:
        """The first line of a sheet."""
        return self.book.add_format(_HEADING)

    @cached_property
    def heading_of_figures(self) -> Format:
        """The first line above numbers or dates, which stand at the right of their column."""
        return self.book.add_format({**_HEADING, **_AT_THE_RIGHT})

    @cached_property
    def words(self) -> Format:
        """A name, in several lines where it is longer than its column may be."""
        return self.book.add_format({"text_wrap": True, "valign": "top", **self.look})

    def amount(self, currency: str) -> Format:
        """An amount with the decimals of its currency."""
        decimals = exponent(currency)
        return self[f"#,##0{'.' if decimals else ''}{'0' * decimals}"]


def write_xlsx(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, file: BinaryIO, *, whose: str
) -> int:
    """Write every row of ``criteria``, whatever its page, and return their number.

    ``whose`` is the merchant's name: a workbook is kept under any name.

    The file is complete when this returns; any exception means that it is not to be used.
    """
    connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_WRITING}'"))
    sums = totals(connection, spec, scope, criteria)
    missing = not_received(connection, scope, criteria) or ()
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles = Styles(book)
        sheet = book.add_worksheet(gettext(spec.title))
        _write_heading(sheet, spec, styles)
        widths, count = [_width(one) for one in spec.file_fields], 0
        for row in _rows(connection, spec, scope, criteria):
            count += 1
            written = _write_row(sheet, count, spec, row, styles)
            widths = [max(pair) for pair in zip(widths, written, strict=True)]
        set_up(sheet, widths)
        _leave_out_of_print(sheet, count, widths)
        sheet.autofilter(0, 0, count, len(spec.file_fields) - 1)
        write_totals(book.add_worksheet(gettext("Totals")), criteria, sums, missing, whose, styles)
    return count


def _rows(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> Iterator[Row]:
    streamed = connection.execution_options(stream_results=True, yield_per=_BLOCK)
    yield from streamed.execute(_statement(spec, scope, criteria)).mappings()


def _statement(spec: ListSpec, scope: Scope, criteria: Criteria) -> Statement:
    """The rows as values, one column for each field, in the order of the list."""
    order, source = Order.of(criteria), spec.source
    return (
        select(*(one.column.label(one.name) for one in spec.file_fields))
        .select_from(source.joined(scope, source.table, criteria.bounds))
        .where(*in_sight(spec, scope, criteria), *sorted_conditions(spec, criteria).all)
        .order_by(*order.directed(order.keys))
    )


def _write_heading(sheet: Worksheet, spec: ListSpec, styles: Styles) -> None:
    headings = [
        SheetHeading(one.full_title, _width(one), isinstance(one.kind, _FIGURES)) for one in spec.file_fields
    ]
    write_headings(sheet, headings, styles)
    sheet.freeze_panes(1, 0)


def write_headings(sheet: Worksheet, headings: Sequence[SheetHeading], styles: Styles) -> None:
    """The first row, as high as the longest of ``headings`` needs."""
    set_height(sheet, 0, ((heading.words, heading.width - _ROOM) for heading in headings))
    for column, heading in enumerate(headings):
        style = styles.heading_of_figures if heading.of_figures else styles.heading
        sheet.write_string(0, column, heading.words, style)


def set_height(sheet: Worksheet, line: int, cells: Iterable[tuple[str, int]]) -> None:
    """Make a row, before it is written, as high as its words need, each in so many letters of a line.

    A spreadsheet that opens a file need not find the height of a row by itself.
    """
    lines = max((len(wrap(words, width)) for words, width in cells), default=1)
    if lines > 1:
        sheet.set_row(line, lines * _LINE_HEIGHT)


def _width(one: Field) -> int:
    return _MOMENT_WIDTH if isinstance(one.kind, Moment) else width_of(one.full_title)


def width_of(heading: str) -> int:
    """The width of a column, in letters, whose heading may take several lines."""
    return max(_NARROWEST, max(map(len, heading.split())) + _ROOM)


def set_up(sheet: Worksheet, widths: Sequence[int]) -> None:
    """Give columns their widths, and make paper of it: across, each sheet with its heading."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width, LONGEST_WIDTH))
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")
    sheet.fit_to_pages(1, 0)


def go_on_over_sheets(sheet: Worksheet, widths: Sequence[int], names: int) -> None:
    """Print what cannot be read on one sheet over several, each beside the first columns, the ``names``."""
    repeated = _on_paper(widths[:names])
    across = ceil((_on_paper(widths) - repeated) / (_WIDEST_PAPER - repeated))
    if across > 1:
        sheet.fit_to_pages(across, 0)
        sheet.repeat_columns(0, names - 1)


def _on_paper(widths: Iterable[int]) -> float:
    """What columns take of a sheet, in letters."""
    return sum(min(width, LONGEST_WIDTH) + _BESIDE_LETTERS for width in widths)


def _leave_out_of_print(sheet: Worksheet, rows: int, widths: Sequence[int]) -> None:
    """Print the first columns alone, as many as can be read on one sheet, and say so below.

    All of a week of a chain were 417 sheets, ten of them to a line.
    """
    shown = sum(_on_paper(widths[: last + 1]) <= _WIDEST_PAPER for last in range(len(widths)))
    sheet.print_area(0, 0, rows, shown - 1)
    if shown < len(widths):
        words = gettext(
            "Columns 1 to %(shown)s of %(all)s: the file holds them all", shown=shown, all=len(widths)
        )
        sheet.set_footer(f"&L&A&C{words}&R&P / &N")


def _write_row(sheet: Worksheet, line: int, spec: ListSpec, row: Row, styles: Styles) -> list[int]:
    """The letters that each cell needs."""
    return [
        _write_cell(sheet, (line, column), one, row, styles) if row[one.name] is not None else 0
        for column, one in enumerate(spec.file_fields)
    ]


def _write_cell(sheet: Worksheet, place: tuple[int, int], one: Field, row: Row, styles: Styles) -> int:
    """The value in its own type; the words of a page where it has none, and how many letters they are."""
    value, kind = row[one.name], one.kind
    if isinstance(value, datetime):
        sheet.write_datetime(*place, value, styles[_MOMENT_FORMAT])
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, styles[DAY_FORMAT])
    elif isinstance(kind, Money) and row[kind.currency_field] is not None:
        write_amount(sheet, place, value, row[kind.currency_field], styles)
    elif isinstance(kind, (Whole, Rate)):
        sheet.write_number(*place, float(value), styles[_AS_IT_IS])
    else:
        words = kind.sheet(value, row)
        sheet.write_string(*place, words)
        return len(words) + 1
    return 0


def write_amount(sheet: Worksheet, place: tuple[int, int], minor: int, currency: str, styles: Styles) -> None:
    """Minor units as a number with the decimals of their currency."""
    amount = Decimal(minor).scaleb(-exponent(currency))
    sheet.write_number(*place, float(amount), styles.amount(currency))


def write_totals(
    sheet: Worksheet,
    criteria: Criteria,
    sums: Totals,
    missing: Sequence[date],
    whose: str,
    styles: Styles,
) -> int:
    """What was asked of whom, and what it adds up to, by currency: control sums of the first sheet.

    ``missing`` are the days of it that have not been received. Returns the first line below.
    """
    spec = criteria.spec
    set_up(sheet, (36, 18))
    write_words(sheet, 0, gettext("Selection"), criteria.in_words())
    sheet.write_string(1, 0, gettext("Number"))
    sheet.write_number(1, 1, sums.count, styles[COUNT_FORMAT])
    write_words(sheet, 2, gettext("Merchant"), whose)
    line = 3
    if missing:
        days = ", ".join(period.in_words() for period in in_periods(missing))
        write_words(sheet, line, gettext("Days not received"), days)
        line += 1
    for currency in sums.lines if spec.adds_up else ():
        write_words(sheet, line + 1, gettext("Currency"), currency.currency)
        lines = [(measure.label, (measure.sign or 1) * currency[measure.name]) for measure in spec.measures]
        for label, minor in (*lines, (N_("Net"), currency.net)):
            if label:
                sheet.write_string(line + 2, 0, gettext(label))
                write_amount(sheet, (line + 2, 1), minor, currency.currency, styles)
                line += 1
        line += 2
    return line


def write_notes(sheet: Worksheet, notes: Iterable[GroupNote], line: int, styles: Styles) -> None:
    """What is to be said beside the sums, amount by amount, from ``line`` on."""
    for note in notes:
        write_words(sheet, line + 1, note.title, note.currency)
        for further, figure in enumerate(note.figures, start=line + 2):
            sheet.write_string(further, 0, figure.words)
            write_amount(sheet, (further, 1), figure.amount, note.currency, styles)
        line += len(note.figures) + 2


def write_words(sheet: Worksheet, line: int, label: str, words: str) -> None:
    """A line of two cells: what something is called, and what it is."""
    sheet.write_string(line, 0, label)
    sheet.write_string(line, 1, words)
