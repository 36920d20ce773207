"""The statement of a list: what each debtor owes, on a page and as PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.listing.asked_period import DATES, PERIOD
from app.listing.criteria import Criteria
from app.listing.dimension import group_args
from app.listing.field import Args
from app.listing.period import RELATIVE, Freshness
from app.listing.spec import ListSpec, StatementSpec
from app.listing.statement import Debt, asked_of, fits_on_paper, statement, sums_of
from app.listing.statement_pdf import (
    StatementPaper,
    debt_cells,
    debt_headings,
    line_cells,
    line_headings,
    sum_cells,
    write_statement,
)
from app.listing.statement_xlsx import write_statement_xlsx
from app.lists.letterhead import Letterhead, letterhead
from app.rules.time_zones import today
from app.views.cells import address
from app.views.lists import criteria_asked, journal_export, name_of_file, refused_file
from app.web.context import access, database, theme
from app.web.downloads import PDF, XLSX, send_written
from app.web.questions import asking_first, exporting
from app.wording import formats
from app.wording.days import capital
from app.wording.i18n import N_, gettext

#: The days of a statement that names none.
_USUAL = "last-month"
_ONE_MONTH = N_("A file holds one month at most: choose a shorter period.")
#: Remittances of one debtor on the page; the PDF has all of them.
MOST_LINES = 200


@dataclass(frozen=True)
class ShownDebt:
    """A debt: its cells, the rows it is made of, and its remittances as far as they are on the page.

    ``nothing`` are the places of its amounts of 0, counted from that of the number; ``headings`` are those of
    its remittances.
    """

    cells: tuple[str, ...]
    nothing: tuple[int, ...]
    href: str = ""
    headings: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class StatementPeriod:
    """A period to choose: its words, its address, and whether it is the one in use."""

    text: str
    href: str
    is_current: bool


def show(spec: ListSpec) -> AnyResponse:
    """The statement on a page."""
    made, scope = spec.owing, access().scope
    with asking_first(scope, criteria_asked(spec)) as (connection, asked):
        criteria = _criteria(asked)
        debts = () if criteria.faults else statement(connection, spec, scope, criteria, theme().issuers)
        arrived = spec.arrived(scope, criteria.period, criteria.days)
        fresh, on_paper = arrived.beside(letterhead(scope)).read(connection)
    text = render_template(
        "lists/statement.html",
        spec=spec,
        made=made,
        criteria=criteria,
        fresh=fresh,
        letterhead=on_paper,
        headings=debt_headings(made),
        debts=tuple(_shown(spec, made, criteria, debt) for debt in debts),
        sums=tuple(ShownDebt(sum_cells(whole), _nothing(whole)) for whole in sums_of(debts)),
        periods=tuple(_periods(spec, criteria)),
        files=tuple(
            (address(spec.name, criteria.to_args(pinned=True), page=page), words)
            for page, words in (("statement_file", "PDF"), ("statement_workbook", "Excel"))
        ),
        no_file="" if fits_on_paper(criteria) else gettext(_ONE_MONTH),
    )
    return make_response(text, 422 if criteria.faults else 200)


def download(spec: ListSpec) -> AnyResponse:
    """The statement as PDF, by the rules of files: a permission, and a line in the journal."""
    return _export(spec, "pdf", PDF, _as_paper)


def workbook(spec: ListSpec) -> AnyResponse:
    """The statement as XLSX, by the same rules."""
    return _export(spec, "xlsx", XLSX, _as_workbook)


#: What writes a statement: its debts, what was asked, what has arrived, and the outlets in sight.
_Writer = Callable[
    [StatementSpec, Criteria, tuple[Debt, ...], Freshness | None, Letterhead | None, BinaryIO], int
]


def _export(spec: ListSpec, kind: str, mimetype: str, write_debts: _Writer) -> AnyResponse:
    made, scope = spec.owing, access().scope
    with database().reading_as(scope) as connection:
        criteria = _criteria(criteria_asked(spec).read(connection))
    if criteria.faults or criteria.period is None:
        return refused_file(criteria)
    if not fits_on_paper(criteria):
        return Response(f"{gettext(_ONE_MONTH)}\n", 422, mimetype="text/plain")

    def write(file: BinaryIO) -> None:
        with exporting(scope) as connection:
            debts = statement(connection, spec, scope, criteria, theme().issuers)
            arrived = spec.arrived(scope, criteria.period, criteria.days)
            fresh, outlets = arrived.beside(letterhead(scope)).read(connection)
        rows = write_debts(made, criteria, debts, fresh, outlets, file)
        journal_export(spec, asked_of(made, criteria), rows, format=kind)

    return send_written(write, name_of_file(criteria, kind, gettext(made.title)), mimetype)


def _as_paper(
    made: StatementSpec,
    criteria: Criteria,
    debts: tuple[Debt, ...],
    fresh: Freshness | None,
    outlets: Letterhead | None,
    file: BinaryIO,
) -> int:
    paper = StatementPaper(
        made=made,
        whose=access().merchant_name,
        outlets=outlets.words() if outlets else "",
        days=capital(criteria.period.in_words()) if criteria.period else "",
        selection=", ".join(criteria.filters_in_words()),
        printed=formats.day(today()),
        fresh=fresh,
        debts=debts,
    )
    return write_statement(paper, theme(), file)


def _as_workbook(
    made: StatementSpec,
    criteria: Criteria,
    debts: tuple[Debt, ...],
    _fresh: Freshness | None,
    _outlets: Letterhead | None,
    file: BinaryIO,
) -> int:
    return write_statement_xlsx(made, asked_of(made, criteria), debts, access().merchant_name, file)


def _criteria(criteria: Criteria) -> Criteria:
    """What is asked, over the month before when no days are."""
    named = any(request.args.get(name) for name in (*DATES, PERIOD))
    return criteria if named or criteria.faults else criteria.over(_USUAL)


def _periods(spec: ListSpec, criteria: Criteria) -> Iterator[StatementPeriod]:
    kept = tuple(pair for pair in criteria.to_args() if pair[0] not in (*DATES, PERIOD))
    for name, relative in RELATIVE.items():
        args: Args = ((PERIOD, name), *kept)
        href = address(spec.name, args, page="statement")
        yield StatementPeriod(gettext(relative.words), href, name == criteria.relative)


def _shown(spec: ListSpec, made: StatementSpec, criteria: Criteria, debt: Debt) -> ShownDebt:
    lines = tuple(line_cells(debt, line) for line in debt.lines[:MOST_LINES])
    return ShownDebt(
        cells=debt_cells(made, debt),
        nothing=_nothing(debt),
        href=_rows_of(spec, made, criteria, debt),
        headings=line_headings(debt),
        lines=lines,
        left_out=max(0, len(debt.lines) - MOST_LINES),
    )


def _nothing(debt: Debt) -> tuple[int, ...]:
    return tuple(place for place, minor in enumerate(debt.amounts, start=1) if not minor)


def _rows_of(spec: ListSpec, made: StatementSpec, criteria: Criteria, debt: Debt) -> str:
    """The rows of a debtor whom the file names, or of those that nobody did; "" where a table did."""
    if theme().issuers:
        return ""
    group = group_args(spec.groupings[made.group], debt.debtor)
    return address(spec.name, (*asked_of(made, criteria).to_args(pinned=True), *group))
