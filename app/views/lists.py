"""A list: a page, a part of it, JSON, CSV or XLSX, from one set of questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.column_choices import keep_columns
from app.accounts.journal import Event
from app.accounts.roles import Permission
from app.database.isolation import keep_plans
from app.listing.asked_period import DATES
from app.listing.criteria import BY, COLUMNS, Criteria, shown_name
from app.listing.export import json_document, too_long
from app.listing.field import Args
from app.listing.filters import InvalidValueError
from app.listing.grouping import GroupedSums, grouping
from app.listing.missing import NotReceived
from app.listing.nearby import NearAmount, nearby
from app.listing.notes import GroupNote
from app.listing.parameter_fault import ParameterFault
from app.listing.period import Days, Freshness, Period, month_of
from app.listing.query import Page, page
from app.listing.reading import Reading, known, together
from app.listing.scope import Scope
from app.listing.spec import Alert, Choices, ListSpec, PageLink, no_notices
from app.listing.summed import Totals
from app.listing.sums import totals
from app.listing.table_columns import choosable, usual
from app.listing.visible import seen_by
from app.lists import FIRST
from app.lists.letterhead import letterhead
from app.lists.sole_place import sole_place
from app.rules.time_zones import today
from app.views import cells, filter_form
from app.views.column_form import ColumnForm
from app.views.groupings import GroupPage, with_group_fault
from app.views.list_page import ListPage
from app.views.list_settings import list_settings
from app.views.missing_lines import ShownNotReceived, shown_line
from app.views.periods import untold_days
from app.views.rendering import htmx, is_page, page_or_part
from app.views.rows import alike_in, columns, groups
from app.views.shown_pages import PARAMETER, ShownPages
from app.views.view_menu import ViewMenu
from app.web.context import access, database, signed_in, theme
from app.web.downloads import file_name
from app.web.journal import is_journaled, journal
from app.web.questions import asking_first
from app.wording.i18n import N_, gettext

blueprint = Blueprint("lists", __name__)
#: Pages of a document that follow its first one later than this are a walk of their own.
_LONGEST_WALK: Final = timedelta(hours=1)
#: What the name of a file says that lacks a day of its period.
_PARTIAL = "incomplet"
PARTS = {"results": "lists/results.html", "more": "lists/more.html"}


@blueprint.get("/")
def home() -> AnyResponse:
    """The portal opens on last night's telecollections."""
    return redirect(url_for(f"{FIRST.name}.index"), 303)


def index(spec: ListSpec) -> AnyResponse:
    """A list: rows, totals over the whole filter, and what has not arrived yet.

    Beside a filter that is not understood stands why, and nothing of another selection below.
    """
    if elsewhere := _elsewhere(spec):
        return redirect(elsewhere, 303)
    scope = access().scope
    first_read = criteria_asked(spec).beside(_of_forms(spec, scope).beside(sole_place(scope)))
    with asking_first(scope, first_read) as (connection, first):
        criteria, ((offered, noted), sole) = first
        criteria = with_group_fault(criteria, request.args.getlist(BY))
        criteria = _with_column_fault(criteria, spec, request.args.getlist(COLUMNS))
        spec = criteria.spec
        shown = ShownPages.of_address(criteria, request.args.get(PARAMETER, ""))
        by_rows, by_group = _shown_by(criteria)
        grouped = grouping(connection, spec, scope, criteria) if by_group else None
        sums, found, near = _rows_read(connection, scope, criteria, shown.size) if by_rows else _NO_ROWS
        head = letterhead(scope) if is_page() else known(None)
        around = _said(scope, criteria).beside(_ways(criteria).beside(_notes(scope, criteria).beside(head)))
        if by_rows and scope.contract_ids is None:
            keep_plans(connection)  # what stands around rows is the same whatever is asked of them
        ((fresh, notices), (answer, missing)), (ways, (said, on_paper)) = around.read(connection)
        own = list_settings(criteria).read(connection)  # apart: people and payments do not meet (R26)
        notes = spec.filter_notes.words(connection, noted)
    alike = alike_in(criteria, found, sole)
    table = columns(spec, sums, own.columns, alike) if sums else None
    return _answered(
        ListPage(
            criteria=criteria,
            found=found,
            near=near,
            shown=shown,
            table=table,
            groups=groups(criteria, found, table, answer, alike) if found and table else (),
            grouped=_group_page(criteria, grouped, fresh, missing, said) if grouped else None,
            not_received=_not_received(criteria, answer),
            totals=grouped.totals if grouped else sums,
            fresh=fresh,
            notices=notices,
            sole=sole,
            answer=answer,
            ways=ways,
            letterhead=on_paper,
            form=filter_form.FilterForm(criteria, offered, notes),
            column_form=ColumnForm(criteria, own.columns),
            views=ViewMenu.of(criteria, own.columns, own.views),
            files=parts_of(criteria, too_long(criteria) or ()),
        )
    )


def _shown_by(criteria: Criteria) -> tuple[bool, bool]:
    """Whether the page shows rows, or groups; neither where something is not understood."""
    return not criteria.faults and not criteria.by, not criteria.faults and bool(criteria.by)


def _of_forms(spec: ListSpec, scope: Scope) -> Reading[tuple[Mapping[str, Choices], Any]]:
    """The choices of the filters, and what is to be noted at them."""
    return spec.offers(scope).beside(spec.filter_notes.read(scope))


_NO_ROWS: Final[tuple[None, None, tuple[()]]] = (None, None, ())


def _rows_read(
    connection: Any, scope: Scope, criteria: Criteria, size: int
) -> tuple[Totals, Page, tuple[NearAmount, ...]]:
    """The sums of what is asked for, its first rows, and where there are none the amounts near it."""
    spec = criteria.spec
    sums, found = totals(connection, spec, scope, criteria), page(connection, spec, scope, criteria, size)
    return sums, found, () if found.rows else nearby(connection, scope, criteria)


def _notes(scope: Scope, criteria: Criteria) -> Reading[tuple[GroupNote, ...]]:
    """What the dimension has to say beside its groups."""
    if criteria.faults or not criteria.by:
        return known(())
    return criteria.spec.groupings[criteria.by].notes(scope, criteria, theme().issuers)


def _group_page(
    criteria: Criteria,
    grouped: GroupedSums,
    fresh: Freshness | None,
    missing: tuple[NotReceived, ...],
    notes: tuple[GroupNote, ...],
) -> GroupPage:
    return GroupPage.of(criteria, grouped, untold_days(criteria, fresh), missing, notes)


def _said(
    scope: Scope, criteria: Criteria
) -> Reading[tuple[tuple[Freshness | None, tuple[Alert, ...]], tuple[Any, tuple[NotReceived, ...]]]]:
    """What has arrived; and, of what is understood, the opening of the rows, or what groups did not bring."""
    part = None if criteria.faults else criteria.spec.answer
    opening: Reading[Any] = known(None)
    missing: Reading[tuple[NotReceived, ...]] = known(())
    if part and criteria.by:
        missing = part.groups_not_received(scope, criteria)
    elif part:
        opening = part.read(scope, criteria) or opening
    return _arrived(scope, criteria).beside(opening.beside(missing))


def _not_received(criteria: Criteria, answer: Any) -> tuple[ShownNotReceived, ...]:
    """What stands above the first of the rows of one day by place."""
    part = criteria.spec.answer
    if part is None or answer is None or criteria.after or not criteria.is_by_place:
        return ()
    return tuple(map(shown_line, part.not_received(answer)))


def _arrived(scope: Scope, criteria: Criteria) -> Reading[tuple[Freshness | None, tuple[Alert, ...]]]:
    """What has arrived of the days that are asked for, and what else is to be known of them."""
    spec = criteria.spec
    noticed = (no_notices if criteria.faults else spec.notices)(scope, criteria)
    return spec.arrived(scope, criteria.period, criteria.days).beside(noticed)


def _answered(shown: ListPage) -> AnyResponse:
    """The page, or the part of it that htmx fetches, with the address that the browser is to name."""
    criteria, name = shown.criteria, shown.criteria.spec.name
    response = make_response(page_or_part("lists/index.html", PARTS, spec=criteria.spec, page=shown))
    if htmx and htmx.target == "results":
        response.headers["HX-Push-Url"] = cells.address(name, _asked(criteria))
    elif htmx and shown.shown.pages and shown.found:
        response.headers["HX-Replace-Url"] = cells.address(name, shown.shown.address_args())
    return response


def _ways(criteria: Criteria) -> Reading[tuple[tuple[PageLink, int | None], ...]]:
    """The ways from a list to pages of their own, each with the number of things waiting there.

    Where only those of a month wait, they are not counted: the number is that of all.
    """
    scope, links = access().scope, criteria.spec.page_links
    counts = (link.count(scope) if link.count else known(None) for link in links)

    def open_ones(*found: int | None) -> tuple[tuple[PageLink, int | None], ...]:
        open_ = (way for way in zip(links, found, strict=True) if way[1] != 0)
        return tuple(_of_period(link, count, criteria.period) for link, count in open_)

    return together(open_ones, *counts)


def _of_period(link: PageLink, count: int | None, period: Period | None) -> tuple[PageLink, int | None]:
    """A way as a list of ``period`` shows it: one that takes a month is handed that of a whole one."""
    if link.spans and period is not None and period.days > 1:
        days = (day.isoformat() for day in (period.first, period.last))
        return replace(link, args=(*link.args, *zip(DATES, days, strict=True))), count
    if not link.month or period is None or period != month_of(period.first):
        return link, count
    return replace(link, args=(*link.args, (link.month, f"{period.first:%Y-%m}"))), None


def choose_columns(spec: ListSpec) -> AnyResponse:
    """Keep the columns that are asked for, and on to the list, whose address names them.

    Such an address shows whoever it is given to the same columns, and leaves their own choice alone.
    """
    chosen = request.form.getlist(COLUMNS)
    args = (*request.args.items(multi=True), *((COLUMNS, name) for name in chosen))
    with database().reading_as(access().scope) as connection:
        criteria = _with_column_fault(criteria_of(spec, args).read(connection), spec, chosen)
    if set(criteria.columns) == usual(criteria.spec):
        criteria = replace(criteria, columns=())
    if not criteria.faults:
        with database().writing() as connection:
            keep_columns(connection, signed_in().user_id, spec.name, criteria.columns)
    return redirect(cells.address(spec.name, _asked(criteria)), 303)


def document(spec: ListSpec) -> AnyResponse | tuple[AnyResponse, int]:
    """The rows and totals of a list as JSON, by the rules of a file: a line in the journal for each walk.

    Cursors are no secret: a page that follows no walk of this person's begins one.
    """
    scope = access().scope
    with asking_first(scope, criteria_asked(spec)) as (connection, asked):
        criteria = of_rows(asked)
        spec = criteria.spec
        if refusal := refused(criteria):
            return jsonify(refusal), 422
        found = json_document(connection, spec, scope, criteria, partial(_document_address, spec))
    whole = replace(criteria, after=None)
    if criteria.after is None or not _is_journaled(spec, whole, format="json"):
        journal_export(spec, whole, found["count"], format="json")
    return jsonify(found)


def _document_address(spec: ListSpec, args: Args) -> str:
    return cells.address(spec.name, args, page="document")


def refused_file(criteria: Criteria) -> AnyResponse:
    """Say why a file is not made: a line for each fault."""
    text = "\n".join(f"{fault['parameter']}: {fault['message']}" for fault in _faults_in_words(criteria))
    return Response(f"{text}\n", 422, mimetype="text/plain")


def refused(criteria: Criteria) -> dict[str, Any] | None:
    """Why a document for programs is not made, and what to ask for instead; None when it is."""
    if criteria.faults:
        return {"error": gettext("This request is not understood"), "faults": _faults_in_words(criteria)}
    split = too_long(criteria)
    if split is None:
        return None
    parts = (criteria.over(period).to_args(pinned=True) for period in split)
    addresses = [_document_address(criteria.spec, args) for args in parts]
    return {"error": gettext("This period is too long for one file"), "instead": addresses}


def _faults_in_words(criteria: Criteria) -> list[dict[str, str]]:
    """What is not understood: each parameter and its message."""
    return [
        {"parameter": shown_name(name), "message": fault.text()} for name, fault in criteria.faults.items()
    ]


def criteria_asked(spec: ListSpec) -> Reading[Criteria]:
    """What the address asks, counted from the days that have arrived."""
    return criteria_of(spec, request.args.items(multi=True))


def criteria_of(spec: ListSpec, args: Iterable[tuple[str, str]]) -> Reading[Criteria]:
    """What ``args`` ask, for this person at this moment."""

    def made(visible: ListSpec, days: Days) -> Criteria:
        return Criteria.from_args(visible, args, days)

    return together(made, seen(spec), days_now(spec))


def seen(spec: ListSpec) -> Reading[ListSpec]:
    """The list as this person sees it."""
    chosen = access()

    def made(absent: frozenset[str]) -> ListSpec:
        return seen_by(spec, absent, lambda needed: chosen.allows(Permission(needed)))

    return together(made, spec.absent(chosen.scope))


def days_now(spec: ListSpec) -> Reading[Days]:
    """The days that the periods of a list count from, for this person at this moment."""
    if spec.days is None:
        return known(Days.of(today()))
    return spec.days(access().scope, datetime.now(UTC))


def of_rows(criteria: Criteria) -> Criteria:
    """The same without its grouping and its columns, which are the page's alone."""
    return replace(criteria, by="", columns=())


def _with_column_fault(criteria: Criteria, declared: ListSpec, asked: Iterable[str]) -> Criteria:
    """``criteria``, with a fault where a column is asked for that the list as ``declared`` does not have."""
    known = {field.name for field in choosable(declared)}
    if {text for text in asked if text.strip()} <= known:
        return criteria
    refused = InvalidValueError(N_("This list has no such column"))
    return replace(criteria, faults={**criteria.faults, COLUMNS: ParameterFault.of(refused)})


def _elsewhere(spec: ListSpec) -> str | None:
    """The address of the list that answers a choice of this one's filters, when one was made."""
    args = request.args
    chosen = (field.elsewhere.get(args.get(field.name, "")) for field in spec.filters if field.elsewhere)
    return next((cells.linked(link) for link in chosen if link), None)


def _asked(criteria: Criteria) -> Args:
    """The canonical address of a question; as it was asked when it is not understood."""
    if not criteria.faults:
        return criteria.to_args()
    secret = {name for name, fault in criteria.faults.items() if not fault.typed}
    return tuple(pair for pair in request.args.items(multi=True) if pair[0] not in secret)


def name_of_file(criteria: Criteria, kind: str, by: str = "", *, is_partial: bool = False) -> str:
    """``transactions_boulangerie-martin_2026-11-15_2026-11-21.csv``; the list is called as in its address.

    One that lacks a day says so: ``…_2026-11-21_incomplet.csv``.
    """
    period = criteria.period or Period(criteria.days.today, criteria.days.today)
    days = period.first.isoformat(), period.last.isoformat()
    by = by or (criteria.spec.groupings[criteria.by].title if criteria.by else "")
    lacks = (_PARTIAL,) if is_partial else ()
    return file_name(criteria.spec.path, by, access().merchant_name, *days, *lacks, kind=kind)


def parts_of(criteria: Criteria, split: tuple[Period, ...]) -> tuple[tuple[Period, Args], ...]:
    """The periods of ``split``, each with the parameters of its file."""
    return tuple((period, criteria.over(period).to_args(pinned=True)) for period in split)


def journal_export(spec: ListSpec, criteria: Criteria, rows: int, *, format: str) -> None:  # noqa: A002 - of the file
    """Write in the journal that a file was made of ``criteria``."""
    journal(Event.EXPORTED, **_exported(spec, criteria, format), rows=rows)


def _is_journaled(spec: ListSpec, criteria: Criteria, *, format: str) -> bool:  # noqa: A002
    """Whether the journal has that this person began such a file of ``criteria`` lately."""
    since = datetime.now(UTC) - _LONGEST_WALK
    return is_journaled(Event.EXPORTED, since, **_exported(spec, criteria, format))


def _exported(spec: ListSpec, criteria: Criteria, kind: str) -> dict[str, Any]:
    return {"list": spec.name, "asked": criteria.to_args(pinned=True), "format": kind}
