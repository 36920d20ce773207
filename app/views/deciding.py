"""The page of a merchant's open items, its files, and the decisions on proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, Final

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.journal import Event
from app.desk import credit_decisions
from app.listing.flat_file import as_json, write_flat_csv, write_flat_xlsx
from app.listing.period import Period, month_of
from app.lists.common import BY_OUTLET
from app.lists.open_items import (
    COLUMNS,
    KINDS,
    TITLE,
    OpenItem,
    OpenItemKind,
    concerns,
    months,
    open_items,
    proposals,
)
from app.lists.sole_place import sole_place
from app.models import CreditVerdict
from app.rules.row_ids import row_id
from app.rules.time_zones import today
from app.views.cells import address, linked, row_address
from app.views.tables import Table, TableColumn, table
from app.web.context import access, database, signed_in
from app.web.downloads import CSV, XLSX, file_name, send_written
from app.web.journal import journal
from app.web.page_query import PageQuery, page_query
from app.web.questions import asking, exporting
from app.wording import formats
from app.wording.days import capital, month_and_year
from app.wording.i18n import N_, gettext

blueprint = Blueprint("open_items", __name__)
#: Whole months that are kept beside the one under way.
_KEPT_MONTHS: Final = 15
_PLACE_NAMES: Final = frozenset({"trade_name", "label"})
#: Rows of each kind beside the others, the largest first, and of one kind on a page.
_FEW, _PAGE = 10, 50
#: What was just done, as the page says it.
DONE: Final = {
    CreditVerdict.CONFIRMED.value: N_("Confirmed: it reads credited in a moment."),
    CreditVerdict.REJECTED.value: N_("Rejected: this credit is not proposed again."),
}
_EVENTS: Final = {
    CreditVerdict.CONFIRMED: Event.CREDIT_CONFIRMED,
    CreditVerdict.REJECTED: Event.CREDIT_REJECTED,
}


def _until(item: OpenItem) -> str:
    """The second day of a card, which has no headings."""
    return gettext("until %(day)s", day=formats.day(item.until)) if item.until else ""


def _line(item: OpenItem) -> str | None:
    """The page of its line of the bank, for whoever sees all that a line may be of."""
    is_in_sight = access().scope.contract_ids is None or item.kind is OpenItemKind.PROPOSED
    return row_address("bank_credits", item.movement_id) if item.movement_id and is_in_sight else None


_WHY: Final = TableColumn(N_("Why"), lambda item: item.why(), style="wrapped")
_PLACE: Final = TableColumn(N_("Outlet"), lambda item: item.place, style="lines")
_COLUMNS: Final = (
    TableColumn(N_("Date"), lambda item: formats.day(item.day), "title"),
    TableColumn(N_("Until"), lambda item: formats.day(item.until) if item.until else "", card=_until),
    _PLACE,
    TableColumn(N_("Contract no."), lambda item: item.contract, ""),
    TableColumn(N_("Batch no."), lambda item: ", ".join(item.numbers), ""),
    TableColumn(N_("Account"), lambda item: item.account),
    _WHY,
    TableColumn(N_("Bank"), lambda item: gettext("Line of the bank") if _line(item) else "", href=_line),
    TableColumn(N_("Gap"), lambda item: _amount(item, item.gap), "", style="money"),
    TableColumn(N_("Amount"), lambda item: _amount(item, item.amount), "aside", style="money"),
)


@dataclass(frozen=True)
class _Section:
    """The open items of a kind: how many, what they add up to, and a table of those from ``start`` on."""

    kind: OpenItemKind
    items: list[OpenItem]
    start: int
    most: int
    tells_place: bool

    @property
    def shown(self) -> list[OpenItem]:
        """Those of them that the page shows."""
        return self.items[self.start : self.start + self.most]

    @property
    def end(self) -> int | None:
        """How many of them are shown up to here; None where no others follow."""
        end = self.start + self.most
        return end if end < len(self.items) else None

    @property
    def by_shop(self) -> str:
        """The address of what they add up to by shop, "" where remittances do not tell."""
        if self.kind not in (OpenItemKind.LATE, OpenItemKind.DIFFERS):
            return ""
        days = [item.day.isoformat() for item in self.items]
        asked = (("credit", self.kind.value), ("date_from", min(days)), ("date_to", max(days)))
        return address("remittances", (("by", BY_OUTLET.name), *asked))

    @property
    def title(self) -> str:
        return self.items[0].title

    @property
    def is_to_decide(self) -> bool:
        return self.kind is OpenItemKind.PROPOSED

    @property
    def alike(self) -> list[tuple[str, list[OpenItem]]]:
        """The items by why, the most of them first: proposals of one kind are judged together."""
        reasons = Counter(item.why() for item in self.items)
        return [
            (capital(why), [one for one in self.items if one.why() == why])
            for why, _ in reasons.most_common()
        ]

    @property
    def sums(self) -> list[str]:
        """What they add up to, by currency, in words."""
        return _sums((item.currency, item.amount) for item in self.items)

    @property
    def gaps(self) -> list[str]:
        """What is not explained of them, by currency, in words."""
        return _sums((item.currency, item.gap) for item in self.items)

    @property
    def why(self) -> str:
        """Why, where it is the same of all of them."""
        (first, *others) = dict.fromkeys(item.why() for item in self.items)
        return "" if others else capital(first)

    @property
    def table(self) -> Table:
        """Its columns that say anything: a reason that all share stands above it, an only place nowhere."""
        unsaid = (_WHY if self.why else None, None if self.tells_place else _PLACE)
        said = [one for one in _COLUMNS if one not in unsaid and any(map(one.show, self.shown))]
        return table(self.title, said, self.shown, _address)


def _sums(amounts: Iterable[tuple[str, int | None]]) -> list[str]:
    """Sums by currency, in words; none that is nothing."""
    sums: Counter[str] = Counter()
    for currency, amount in amounts:
        sums[currency] += amount or 0
    return [formats.money(amount, currency) for currency, amount in sorted(sums.items()) if amount]


@dataclass(frozen=True)
class _Choice:
    """A month or a kind to look at, or all of them: its words, its address, and whether it is in use."""

    text: str
    href: str
    is_current: bool


@blueprint.get("/a-traiter")
def show() -> str:
    """All open items by kind, each with its number and what it adds up to; none where it asks for others."""
    scope, query = access().scope, _query({"done": DONE}, ("after",))
    with asking(scope) as connection:
        if not concerns(connection, scope):
            abort(404)
        every = items = [] if query.faults else open_items(connection, scope)
        if month := _month(query):
            items = open_items(connection, scope, month)
        under_way = credit_decisions.under_way(connection, [scope.merchant_id])
        tells_place = bool(_PLACE_NAMES - sole_place(scope).read(connection))
    by_kind = {kind: [one for one in items if one.kind is kind] for kind in OpenItemKind}
    chosen = query.text("kind")
    start, most = (query.after or 0, _PAGE) if chosen else (0, _FEW)
    sections = [_Section(kind, found, start, most, tells_place) for kind, found in by_kind.items()]
    done = DONE.get(query.text("done"))
    return render_template(
        "open_items/index.html",
        title=gettext(TITLE),
        query=query,
        asked=_asked(query),
        months=tuple(_month_choices(query, every)),
        kinds=tuple(_kind_choices(query, by_kind)),
        sections=[one for one in sections if one.shown and chosen in ("", one.kind.value)],
        under_way=under_way,
        address=_address,
        line=_line,
        done=done and gettext(done),
    )


@blueprint.post("/a-traiter")
def decide() -> Response:
    """Confirm or reject what lines are proposed to credit, all or none; one out of sight does not exist."""
    query, verdict = _query(), request.form.get("verdict", "")
    lines = set(map(row_id, request.form.getlist("line")))
    if query.faults or verdict not in set(CreditVerdict) or not lines or None in lines:
        abort(400)
    scope, chosen = access().scope, CreditVerdict(verdict)
    with database().reading_as(scope) as connection:
        proposed = {one.movement_id: one for one in proposals(connection, scope)}
        found = {line: proposed[line] for line in lines if line is not None and line in proposed}
    if found.keys() != lines:
        abort(404)
    with database().writing() as connection:
        credit_decisions.decide(connection, scope.merchant_id, signed_in().user_id, found.keys(), chosen)
        for one in found.values():
            journal(_EVENTS[chosen], connection, numbers=list(one.numbers), day=one.day.isoformat())
    asked: dict[str, Any] = {**_asked(query), "done": verdict}
    return redirect(url_for("open_items.show", **asked), 303)


@blueprint.get("/a-traiter.json")
def document() -> Response | tuple[Response, int]:
    """The same for programs."""
    if (query := _query()).faults:
        return jsonify({"error": gettext("This request is not understood"), "faults": query.told()}), 422
    items = _items(query)
    journal(Event.OPEN_ITEMS_EXPORTED, rows=len(items), format="json", month=query.text("month"))
    return jsonify({"count": len(items), "rows": [_row(item) for item in items]})


@blueprint.get("/a-traiter.csv")
def download() -> Response:
    """The same as CSV, whole."""
    return _file("csv", CSV, lambda items, file: write_flat_csv(COLUMNS, items, file))


@blueprint.get("/a-traiter.xlsx")
def workbook() -> Response:
    """The same as XLSX, whole."""
    return _file("xlsx", XLSX, lambda items, file: write_flat_xlsx(COLUMNS, items, TITLE, file))


def _query(choices: Mapping[str, Collection[str]] | None = None, cursors: Collection[str] = ()) -> PageQuery:
    """The address, which may ask for a month, a kind and ``choices`` alone: that is shown, or nothing."""
    kept = [month_of(today())]
    while len(kept) <= _KEPT_MONTHS:
        kept.append(month_of(kept[-1].first - timedelta(days=1)))
    own = {"month": [*map(_named, kept)], "kind": [kind.value for kind in OpenItemKind]}
    return page_query(request.args, words=(), choices=own | dict(choices or {}), cursors=cursors)


def _named(month: Period) -> str:
    """A month as addresses name it."""
    return f"{month.first:%Y-%m}"


def _month(query: PageQuery) -> Period | None:
    """The month that is asked for; None for all that is open."""
    asked = query.text("month")
    return month_of(date.fromisoformat(f"{asked}-01")) if asked else None


def _asked(query: PageQuery) -> dict[str, str]:
    """What files and answers of the page are to keep of its address."""
    return {name: query.text(name) for name in ("month", "kind") if query.text(name)}


def _month_choices(query: PageQuery, items: Sequence[OpenItem]) -> Iterator[_Choice]:
    """All that is open, and each month that something of it is of; none where all is of one."""
    chosen, offered = _month(query), months(items)
    if chosen and chosen not in offered:
        offered = tuple(sorted((chosen, *offered), key=lambda month: month.first, reverse=True))
    if len(offered) > 1 or chosen:
        kind = query.text("kind") or None
        yield _Choice(gettext("All that is open"), url_for("open_items.show", kind=kind), not chosen)
        for month in offered:
            href = url_for("open_items.show", month=_named(month), kind=kind)
            yield _Choice(capital(month_and_year(month.first)), href, month == chosen)


def _kind_choices(query: PageQuery, by_kind: Mapping[OpenItemKind, list[OpenItem]]) -> Iterator[_Choice]:
    """Each kind that there is anything of, with its number, and all of them; none where all is of one."""
    chosen, month = query.text("kind"), query.text("month") or None
    offered = [kind for kind, found in by_kind.items() if found or kind.value == chosen]
    if len(offered) > 1 or chosen:
        number = formats.number(sum(map(len, by_kind.values())))
        words = gettext("All · %(num)s", num=number)
        yield _Choice(words, url_for("open_items.show", month=month), not chosen)
        for kind in offered:
            words = f"{gettext(KINDS[kind])} · {formats.number(len(by_kind[kind]))}"
            href = url_for("open_items.show", month=month, kind=kind.value)
            yield _Choice(words, href, kind.value == chosen)


def _items(query: PageQuery) -> list[OpenItem]:
    scope = access().scope
    with exporting(scope) as connection:
        if not concerns(connection, scope):
            abort(404)
        items = open_items(connection, scope, _month(query))
    kind = query.text("kind")
    return [item for item in items if kind in ("", item.kind.value)]


def _file(kind: str, mimetype: str, made: Callable[[Sequence[OpenItem], BinaryIO], int]) -> Response:
    if (query := _query()).faults:
        return query.refusal()

    def write(file: BinaryIO) -> None:
        rows = made(_items(query), file)
        journal(Event.OPEN_ITEMS_EXPORTED, rows=rows, format=kind, month=query.text("month"))

    day = query.text("month") or today().isoformat()
    name = file_name(gettext(TITLE), access().merchant_name, day, kind=kind)
    return send_written(write, name, mimetype)


def _row(item: OpenItem) -> dict[str, object]:
    """A row of the document: its kind as a code, its numbers one by one."""
    return as_json(COLUMNS, item) | {"kind": item.kind.value, "numbers": list(item.numbers)}


def _address(item: OpenItem) -> str | None:
    return linked(item.link) if item.link else None


def _amount(item: OpenItem, minor: int | None) -> str:
    return "" if minor is None else formats.money(minor, item.currency)
