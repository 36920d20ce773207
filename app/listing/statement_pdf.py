"""A statement as PDF: pages of A4 in columns, what each debtor owes and by which remittances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from app.listing.spec import StatementSpec
from app.listing.statement import Debt, StatementLine
from app.tickets.pdf import FILLED, FILLED_AND_STROKED, STROKE, canvas_of, font, writing
from app.wording import formats
from app.wording.i18n import gettext

_MARGIN, _SIZE, _LEADING = 14 * mm, 7.5, 10.5
#: The widths of columns in letters, 114 of which fit on a line; those below 0 have their text at the right.
_DEBT_WIDTHS = (28, -8, -14, -16, -14, -15, -18)
_LINE_WIDTHS = (12, 9, 46, -9, -16, 22)


#: Lines above the first of a debtor's: their room, their name, the headings.
_TOGETHER = 4


class _Line(NamedTuple):
    """A line of the paper; a strong one is a heading."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class StatementPaper:
    """The content of the paper: whose statement it is, of which days, printed when; and the debts."""

    made: StatementSpec
    whose: str
    days: str
    printed: str
    debts: tuple[Debt, ...]


def write_statement(paper: StatementPaper, file: BinaryIO) -> int:
    """Write ``paper`` in the language of the moment, and return how many remittances stand on it."""
    width, height = A4
    pages = list(_pages(list(_lines(paper)), int((height - 2 * _MARGIN) / _LEADING) - 2))
    with writing:
        canvas = canvas_of(gettext(paper.made.title), file, (width, height))
        for number, page in enumerate(pages, start=1):
            canvas.setFont(font(), _SIZE)
            canvas.setLineWidth(_SIZE * STROKE)
            for place, line in enumerate(page):
                mode = FILLED_AND_STROKED if line.strong else FILLED
                canvas.drawString(_MARGIN, height - _MARGIN - place * _LEADING, line.text, mode=mode)
            foot = gettext("Page %(number)s of %(all)s", number=number, all=len(pages))
            canvas.drawRightString(width - _MARGIN, _MARGIN / 2, foot, mode=FILLED)
            canvas.showPage()
        canvas.save()
    return sum(len(debt.lines) for debt in paper.debts)


def _lines(paper: StatementPaper) -> Iterator[_Line]:
    yield _Line(gettext(paper.made.title), strong=True)
    yield from map(_Line, (paper.whose, paper.days, gettext("Printed on %(day)s", day=paper.printed), ""))
    yield _Line(_columns(debt_headings(paper.made), _DEBT_WIDTHS), strong=True)
    for debt in paper.debts:
        yield _Line(_columns(debt_cells(paper.made, debt), _DEBT_WIDTHS))
    for debt in paper.debts:
        yield _Line("")
        due = f"{debtor(paper.made, debt)} · {formats.money(debt.due, debt.currency)}"
        yield _Line(due, strong=True)
        yield _Line(_columns(line_headings(), _LINE_WIDTHS), strong=True)
        yield from (_Line(_columns(line_cells(debt, line), _LINE_WIDTHS)) for line in debt.lines)


def _pages(lines: Sequence[_Line], most: int) -> Iterator[Sequence[_Line]]:
    """``lines`` by ``most`` a page; a heading is not parted from what stands below it."""
    start = 0
    while start < len(lines):
        end = min(start + most, len(lines))
        while end < len(lines) and end > start + most - _TOGETHER and _is_head(lines[end - 1]):
            end -= 1
        yield lines[start:end]
        start = end


def _is_head(line: _Line) -> bool:
    return line.strong or not line.text


def debtor(made: StatementSpec, debt: Debt) -> str:
    """Who owes, in the language of the moment."""
    return debt.debtor or gettext(made.unknown)


def debt_headings(made: StatementSpec) -> tuple[str, ...]:
    """The headings of debts, in the language of the moment."""
    return (
        gettext(made.debtors),
        gettext("Number"),
        gettext("Debits"),
        gettext("Refunds"),
        gettext("Cancellations"),
        gettext("Due, remitted"),
        gettext("Not remitted yet"),
    )


def debt_cells(made: StatementSpec, debt: Debt) -> tuple[str, ...]:
    """A debt under its headings, in the language of the moment."""
    shown = (formats.money(minor, debt.currency) for minor in debt.amounts)
    return (debtor(made, debt), formats.number(debt.count), *shown)


def line_headings() -> tuple[str, ...]:
    """The headings of remittances, in the language of the moment."""
    return (
        gettext("Date"),
        gettext("Batch"),
        gettext("Outlet"),
        gettext("Number"),
        gettext("Net"),
        gettext("Status"),
    )


def line_cells(debt: Debt, line: StatementLine) -> tuple[str, ...]:
    """A remittance under its headings, in the language of the moment."""
    return (
        formats.day(line.day),
        line.number,
        line.place,
        formats.number(line.count),
        formats.money(line.net, debt.currency),
        "" if line.is_remitted else gettext("Not remitted yet"),
    )


def _columns(cells: Sequence[str], widths: tuple[int, ...]) -> str:
    """``cells`` side by side."""
    return "".join(_placed(*pair) for pair in zip(cells, widths, strict=True)).rstrip()


def _placed(cell: str, width: int) -> str:
    """A cell in its width; words that are longer end in "…", figures are never cut."""
    if width < 0:
        return f"{cell.rjust(-width - 2)}  "
    return (cell if len(cell) < width else f"{cell[: width - 2].rstrip()}…").ljust(width)
