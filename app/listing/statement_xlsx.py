"""A statement as workbook: a line for each debtor and remittance, and a sheet of what is owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.listing.criteria import Criteria
from app.listing.spec import StatementSpec
from app.listing.statement import Debt, StatementLine, sums_of
from app.listing.statement_pdf import debt_headings, debtor, state_of
from app.listing.xlsx import (
    COUNT_FORMAT,
    DAY_FORMAT,
    TOTAL,
    SheetHeading,
    Styles,
    set_up,
    width_of,
    write_amount,
    write_headings,
    write_words,
)
from app.wording.i18n import gettext, speaking

_LANGUAGE = "fr"
#: Widths of the columns of words, in letters.
_WIDE, _WIDEST = 24, 44
#: The debts stand below what was asked: two columns of words, then figures.
_FIRST_DEBT, _WORDS = 4, 2


def write_statement_xlsx(
    made: StatementSpec, criteria: Criteria, debts: Sequence[Debt], whose: str, file: BinaryIO
) -> int:
    """Write the ``debts`` of the merchant ``whose``, and return how many remittances stand there."""
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles = Styles(book)
        sheet = book.add_worksheet(gettext("Batches"))
        lines = _write_lines(sheet, made, debts, styles)
        sums = book.add_worksheet(gettext("Totals"))
        write_words(sums, 0, gettext("Selection"), criteria.in_words())
        write_words(sums, 1, gettext("Merchant"), whose)
        _write_debts(sums, made, debts, styles)
    return lines


def _write_lines(sheet: Worksheet, made: StatementSpec, debts: Sequence[Debt], styles: Styles) -> int:
    headings = (
        SheetHeading(gettext(made.debtors), _WIDE),
        SheetHeading(gettext("Date"), width_of(gettext("Date")), of_figures=True),
        SheetHeading(gettext("Batch no."), width_of(gettext("Batch no."))),
        SheetHeading(gettext("Outlet"), _WIDEST),
        SheetHeading(gettext("Number"), width_of(gettext("Number")), of_figures=True),
        SheetHeading(gettext("Net"), width_of(gettext("Net")), of_figures=True),
        SheetHeading(gettext("Currency"), width_of(gettext("Currency"))),
        SheetHeading(gettext("Status"), _WIDE),
    )
    write_headings(sheet, headings, styles)
    sheet.freeze_panes(1, 0)
    set_up(sheet, [heading.width for heading in headings])
    at = 0
    for at, (debt, line) in enumerate(_every(debts), start=1):
        sheet.write_string(at, 0, debtor(made, debt))
        sheet.write_datetime(at, 1, line.day, styles[DAY_FORMAT])
        sheet.write_string(at, 2, line.number)
        sheet.write_string(at, 3, line.place)
        sheet.write_number(at, 4, line.count, styles[COUNT_FORMAT])
        write_amount(sheet, (at, 5), line.net, debt.currency, styles)
        sheet.write_string(at, 6, debt.currency)
        sheet.write_string(at, 7, state_of(line))
    sheet.autofilter(0, 0, at, len(headings) - 1)
    return at


def _every(debts: Sequence[Debt]) -> Iterator[tuple[Debt, StatementLine]]:
    for debt in debts:
        yield from ((debt, line) for line in debt.lines)


def _write_debts(sheet: Worksheet, made: StatementSpec, debts: Sequence[Debt], styles: Styles) -> None:
    first, *headings = debt_headings(made)
    for column, words in enumerate((first, gettext("Currency"), *headings)):
        style = styles.heading if column < _WORDS else styles.heading_of_figures
        sheet.write_string(_FIRST_DEBT - 1, column, words, style)
    set_up(sheet, [_WIDE, _WIDE, *(max(16, width_of(words)) for words in headings)])
    line = _FIRST_DEBT
    for debt in debts:
        _write_debt(sheet, line, debtor(made, debt), debt, styles)
        line += 1
    total = Styles(styles.book, TOTAL)
    for whole in sums_of(debts):
        _write_debt(sheet, line, gettext("Total"), whole, total)
        line += 1


def _write_debt(sheet: Worksheet, line: int, name: str, debt: Debt, styles: Styles) -> None:
    sheet.write_string(line, 0, name, styles.words)
    sheet.write_string(line, 1, debt.currency, styles.words)
    sheet.write_number(line, 2, debt.count, styles[COUNT_FORMAT])
    for column, minor in enumerate(debt.amounts, start=3):
        write_amount(sheet, (line, column), minor, debt.currency, styles)
