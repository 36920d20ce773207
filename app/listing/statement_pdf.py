"""A statement as PDF: what each debtor owes and all of them together, and by which remittances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.listing.paper import (
    Lettering,
    PaperColumn,
    PaperLine,
    blank,
    figures,
    line,
    paragraph,
    table,
    write_paper,
)
from app.listing.period import Freshness
from app.listing.spec import StatementSpec
from app.listing.statement import Debt, StatementLine, sums_of
from app.themes import Theme
from app.wording import formats
from app.wording.i18n import gettext, ngettext

_TITLE, _WHOSE, _DAYS = Lettering(19, strong=True), Lettering(11, strong=True), Lettering(11)
_AMOUNT, _DEBTOR = Lettering(15, strong=True), Lettering(10.5, strong=True)


@dataclass(frozen=True)
class StatementPaper:
    """The content of the paper: whose statement it is, of which days, printed when; and the debts.

    ``outlets`` are theirs and ``selection`` what was asked besides the days, in words, "" for nothing;
    ``fresh`` is what has arrived of the period, None where nobody can say.
    """

    made: StatementSpec
    whose: str
    outlets: str
    days: str
    selection: str
    printed: str
    fresh: Freshness | None
    debts: tuple[Debt, ...]


def write_statement(paper: StatementPaper, theme: Theme, file: BinaryIO) -> int:
    """Write ``paper`` in the language of the moment, and return how many remittances stand on it."""
    title = gettext(paper.made.title)
    foot = " · ".join((title, paper.days, gettext("Printed on %(day)s", day=paper.printed)))
    write_paper(file, theme, title, _lines(paper), beside=paper.whose, foot=foot)
    return sum(len(debt.lines) for debt in paper.debts)


def _lines(paper: StatementPaper) -> Iterator[PaperLine]:
    made, totals = paper.made, sums_of(paper.debts)
    yield line(gettext(made.title), _TITLE)
    yield line(paper.whose, _WHOSE)
    if paper.outlets:
        yield from paragraph(paper.outlets)
    yield line(paper.days, _DAYS)
    yield blank(10)
    for whole in totals:
        yield from figures(_facts(whole), _AMOUNT)
    yield blank(6)
    for words in _said(paper):
        yield from paragraph(words)
    if not paper.debts:
        yield blank(12)
        yield line(gettext(made.empty), _WHOSE)
        return
    yield blank(12)
    columns = [
        PaperColumn(words, is_figure=at > 0, fills=at == 0) for at, words in enumerate(debt_headings(made))
    ]
    rows = [debt_cells(made, debt) for debt in paper.debts]
    yield from table(columns, rows, [sum_cells(whole) for whole in totals])
    for debt in paper.debts:
        yield from _remittances(made, debt)


def _remittances(made: StatementSpec, debt: Debt) -> Iterator[PaperLine]:
    """What one debtor owes, remittance by remittance."""
    yield blank(22)
    due = gettext("%(label)s: %(value)s", label=gettext("Due, remitted"), value=_due(debt))
    title = line(debtor(made, debt), _DEBTOR, due, leads=True)
    columns = [
        PaperColumn(words, is_figure=at in (_COUNT, _NET), fills=at == _PLACE)
        for at, words in enumerate(line_headings(debt))
    ]
    pending = gettext("%(amount)s not remitted yet", amount=formats.money(debt.pending, debt.currency))
    net = formats.money(debt.net, debt.currency)
    whole = (gettext("Total"), "", "", formats.number(debt.count), net, pending)
    rows = [line_cells(debt, one) for one in debt.lines]
    yield from table(columns, rows, [whole[: len(columns)]], title)


def _facts(whole: Debt) -> tuple[tuple[str, str], ...]:
    """What one looks for first."""
    return (
        (gettext("Due, remitted"), _due(whole)),
        (gettext("Not remitted yet"), formats.money(whole.pending, whole.currency)),
        (gettext("Number"), formats.number(whole.count)),
    )


def _due(debt: Debt) -> str:
    return formats.money(debt.due, debt.currency)


def _said(paper: StatementPaper) -> Iterator[str]:
    """What is counted, and until when it has arrived."""
    yield gettext(
        "Accepted payments of these days are counted, by the clock of the shop. What is due is the debits"
        " less the refunds and cancellations of the batches that have reached the bank."
    )
    if paper.selection:
        yield gettext("%(label)s: %(value)s", label=gettext("Selection"), value=paper.selection)
    fresh = paper.fresh
    if fresh is None or fresh.up_to is None:
        return
    yield gettext("Data up to %(day)s", day=formats.day(fresh.up_to))
    if fresh.missing:
        counted = ngettext(
            "%(num)s day has not been received in this period",
            "%(num)s days have not been received in this period",
            len(fresh.missing),
        )
        days = ", ".join(map(formats.day, fresh.missing))
        yield f"{counted} · {days}. {gettext('So the sums below are not complete.')}"


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
    return (debtor(made, debt), *_amounts(debt))


def sum_cells(whole: Debt) -> tuple[str, ...]:
    """What debts add up to under their headings, in the language of the moment."""
    return (gettext("Total"), *_amounts(whole))


def _amounts(debt: Debt) -> tuple[str, ...]:
    shown = (formats.money(minor, debt.currency) for minor in debt.amounts)
    return (formats.number(debt.count), *shown)


#: The places of columns of remittances.
_PLACE, _COUNT, _NET = 2, 3, 4


def line_headings(debt: Debt) -> tuple[str, ...]:
    """The headings of its remittances, in the language of the moment; the last where it says something."""
    headings = (
        gettext("Date"),
        gettext("Batch"),
        gettext("Outlet"),
        gettext("Number"),
        gettext("Net"),
        gettext("Status"),
    )
    return headings[:-1] if debt.is_settled else headings


def line_cells(debt: Debt, line: StatementLine) -> tuple[str, ...]:
    """A remittance under its headings, in the language of the moment."""
    cells = (
        formats.day(line.day),
        line.number,
        line.place,
        formats.number(line.count),
        formats.money(line.net, debt.currency),
        state_of(line),
    )
    return cells[:-1] if debt.is_settled else cells


def state_of(line: StatementLine) -> str:
    """What became of a remittance where that is not the ordinary case, in the language of the moment."""
    return "" if line.is_remitted else gettext("Not remitted yet")
