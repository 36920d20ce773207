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
    Styles,
    set_up,
    width_of,
    write_amount,
    write_headings,
)
from app.wording.i18n import gettext, speaking

_LANGUAGE = "fr"
#: Widths of the columns of words, in letters.
_WIDE, _WIDEST = 24, 44
#: The debts stand below what was asked.
_FIRST_DEBT = 3


def write_statement_xlsx(
    made: StatementSpec, criteria: Criteria, debts: Sequence[Debt], file: BinaryIO
) -> int:
    """Write ``debts``, and return how many remittances stand there."""
    with speaking(_LANGUAGE), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        styles = Styles(book)
        sheet = book.add_worksheet(gettext("Batches"))
        lines = _write_lines(sheet, made, debts, styles)
        _write_debts(book.add_worksheet(gettext("Totals")), made, criteria, debts, styles)
    return lines


def _write_lines(sheet: Worksheet, made: StatementSpec, debts: Sequence[Debt], styles: Styles) -> int:
    headings = (
        (gettext(made.debtors), _WIDE),
        (gettext("Date"), width_of(gettext("Date"))),
        (gettext("Batch no."), width_of(gettext("Batch no."))),
        (gettext("Outlet"), _WIDEST),
        (gettext("Number"), width_of(gettext("Number"))),
        (gettext("Net"), width_of(gettext("Net"))),
        (gettext("Currency"), width_of(gettext("Currency"))),
        (gettext("Status"), _WIDE),
    )
    write_headings(sheet, headings, styles)
    sheet.freeze_panes(1, 0)
    set_up(sheet, [width for _, width in headings], on_one_sheet=True)
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


def _write_debts(
    sheet: Worksheet, made: StatementSpec, criteria: Criteria, debts: Sequence[Debt], styles: Styles
) -> None:
    sheet.write_string(0, 0, gettext("Selection"))
    sheet.write_string(0, 1, criteria.in_words())
    first, *headings = debt_headings(made)
    for column, words in enumerate((first, gettext("Currency"), *headings)):
        sheet.write_string(_FIRST_DEBT - 1, column, words, styles.heading)
    set_up(sheet, [_WIDE, _WIDE, *(max(16, width_of(words)) for words in headings)], on_one_sheet=True)
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
