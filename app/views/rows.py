"""The rows of a list as the page shows them: each once, in groups, a card on a phone and a line on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any, NamedTuple

from app.accounts.roles import Permission
from app.listing.criteria import Criteria
from app.listing.field import Field
from app.listing.kinds import Row
from app.listing.query import Page
from app.listing.spec import Heading, ListSpec
from app.listing.summed import Totals
from app.listing.table_columns import TableColumns, table_columns
from app.views.cells import ListCell, cells_of, column_style, no_ticket, row_addresses
from app.web.context import access
from app.wording import formats
from app.wording.days import brief_day, day_in_words
from app.wording.i18n import gettext

#: With as few answers as this, each has its ticket at hand.
FEW = 5
#: The fields that name the place of a row, and the filters that ask for one place.
_PLACE = ("trade_name", "label")
_PLACE_FILTERS = frozenset(
    {*_PLACE, "siret", "contract", "terminal", "serial", "group_outlet", "group_contract", "group_terminal"}
)
#: The tone of the ordinary case.
_PLAIN = "plain"


class Note(NamedTuple):
    """A remark on what is out of the ordinary about a row, in a word or two, and how loudly it speaks."""

    text: str
    tone: str


class ShownRow(NamedTuple):
    """A row: what stands in its places, its address and that of sending its ticket; ``is_bad`` by its notes.

    ``href`` is None for whoever may not open it, ``send`` where it has no ticket; ``ticket`` is what the way
    there says. ``below`` are the names and values of what was chosen besides the columns that fit.
    """

    is_bad: bool
    href: str | None
    send: str | None
    ticket: str
    time: str
    title: str
    notes: tuple[Note, ...]
    subtitle: str
    cells: tuple[ListCell, ...]
    amount: ListCell
    below: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RowGroup:
    """Rows that belong together; ``heading`` None for those of a list in no order of time.

    ``total`` is what they add up to, "" where that is not known; ``said`` counts those of the ordinary case.
    ``number`` is how many there are of a day, 0 where that is not known.
    """

    heading: Heading | None
    total: str
    said: str
    rows: tuple[ShownRow, ...]
    number: int = 0


def groups(
    criteria: Criteria, found: Page, shown: TableColumns, answer: Any, alike: frozenset[str]
) -> tuple[RowGroup, ...]:
    """The rows of a page in groups: those of one day by place, otherwise by day.

    ``answer``, which stands above them, may know the sum of a day of which only a part is on the page. What
    is ``alike`` in all rows (:func:`alike_in`) stands on none of them.
    """
    spec = criteria.spec
    heading = _heading(criteria, found, several="trade_name" not in alike)
    show = _showing(spec, shown, dated=heading is None)
    if heading is None:
        below = _subtitle(spec, alike)
        return (RowGroup(None, "", "", show(found.rows, below)),)
    parts: dict[Heading, list[Row]] = {}
    for row in found.rows:
        parts.setdefault(heading(row), []).append(row)
    whole = _whole(list(parts), criteria, found)
    nets = spec.answer.nets(answer) if spec.answer and answer else {}
    sums = {day.isoformat(): by_currency for day, by_currency in nets.items()}
    counts = spec.answer.counts(answer) if spec.answer and answer else {}
    numbers = {day.isoformat(): number for day, number in counts.items()}
    lines = {key: show(part, _subtitle(spec, alike, key)) for key, part in parts.items()}
    return tuple(
        RowGroup(
            key,
            _total(spec, part)
            if key in whole and (key.is_place or not criteria.is_by_place)
            else _written(sums.get(key.key, {})),
            _ordinary(spec, lines[key]) if key in whole and key.is_place else "",
            lines[key],
            numbers.get(key.key, 0),
        )
        for key, part in parts.items()
    )


def _ordinary(spec: ListSpec, rows: Iterable[ShownRow]) -> str:
    """How many of ``rows`` are of the ordinary case, in words; "" for none."""
    case = spec.ordinary
    number = sum(note.tone == _PLAIN for row in rows for note in row.notes)
    return case.noun.count(number, formats.number(number)) if case and number else ""


def columns(spec: ListSpec, totals: Totals, chosen: Sequence[str], alike: frozenset[str]) -> TableColumns:
    """The columns of the table. Unless it is chosen, what is ``alike`` in all rows is left out.

    So is what no row of the whole selection holds: "Credited on" the morning after.
    """
    return table_columns(spec, chosen, alike, tuple(_unfilled(spec, totals)))


def alike_in(criteria: Criteria, found: Page | None, sole: frozenset[str]) -> frozenset[str]:
    """The fields of a place that all rows have alike, and that go without saying.

    Those are ``sole`` in all that a person sees, or asked for. Rows that happen to be of one shop of a chain
    say which.
    """
    if found is None or not any(name in _PLACE_FILTERS for name in criteria.filters):
        return sole
    return sole | {name for name in _PLACE if len({row.get(name) for row in found.rows}) <= 1}


def _unfilled(spec: ListSpec, totals: Totals) -> Iterator[str]:
    filled = {name for line in totals.lines for name, amount in line.sums.items() if amount}
    return (field.name for field in spec.fields if field.filled_by and not filled & {*field.filled_by})


def _heading(criteria: Criteria, found: Page, *, several: bool) -> Callable[[Row], Heading] | None:
    """What tells the heading of a row; None in a list in no order of time."""
    place = criteria.spec.place
    if place is not None and criteria.is_by_place:
        is_whole = found.next_args is None and criteria.after is None
        return place.terminal if is_whole and not several else place.outlet
    if criteria.period is None or not criteria.sort.endswith("date"):
        return None
    of_day = cache(partial(_day_heading, today=criteria.days.today))
    return lambda row: of_day(_day_of(row["date"]))


def _subtitle(spec: ListSpec, alike: frozenset[str], heading: Heading | None = None) -> tuple[Field, ...]:
    """The fields below the name of a row: its place too, where the heading does not say it.

    As in :func:`columns`, what is ``alike`` in all rows is left out.
    """
    place = spec.place.names if spec.place is not None and not (heading and heading.is_place) else ()
    names = (*place, *spec.subtitle)
    return tuple(spec.by_name[name] for name in names if name not in alike)


def _day_heading(day: date, today: date) -> Heading:
    return Heading(day.isoformat(), day_in_words(day, today))


def _whole(keys: Sequence[Heading], criteria: Criteria, found: Page) -> set[Heading]:
    """The groups of which no row is on another page."""
    first = 1 if criteria.after else 0
    last = len(keys) - 1 if found.next_args else len(keys)
    return set(keys[first:last])


def _total(spec: ListSpec, rows: Iterable[Row]) -> str:
    """What ``rows`` add up to, by currency; "" in a list that adds nothing up."""
    if spec.counted is None:
        return ""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + (spec.counted(row) or 0)
    return _written(sums)


def _written(sums: Mapping[str, int]) -> str:
    """Minor units by currency, written side by side."""
    return " · ".join(formats.money(net, currency) for currency, net in sorted(sums.items()))


def _showing(
    spec: ListSpec, shown: TableColumns, *, dated: bool
) -> Callable[[Sequence[Row], Sequence[Field]], tuple[ShownRow, ...]]:
    """What shows rows with the fields that stand below their names: all else is the same on a page."""
    (time, *_), (title, *_), *others, (amount, *_) = shown.columns
    opens = spec.row_permission is None or access().allows(Permission(spec.row_permission))
    opened = row_addresses(spec.name)
    sent = row_addresses(spec.name, "sending") if spec.ticket else opened
    unknown, ticket_of = gettext("Unknown"), gettext("Send the ticket of %(row)s")

    def line(row: Row, name: str, subtitle: str, amount: ListCell, *cells: ListCell) -> ShownRow:
        said, at, called = _said(spec, row), _time(row[time.name], dated=dated), name or unknown
        return ShownRow(
            is_bad=any(note.tone == "bad" for note in said),
            href=opened(row["id"]) if opens else None,
            send=sent(row["id"]) if no_ticket(spec, row) is None else None,
            ticket=ticket_of % {"row": f"{called} {at}"},
            time=at,
            title=called,
            notes=said,
            subtitle=subtitle,
            cells=cells,
            amount=amount,
            below=tuple(_named(shown.below, row)) if shown.below else (),
        )

    def show(rows: Sequence[Row], subtitle: Sequence[Field]) -> tuple[ShownRow, ...]:
        columns = (_cells(fields, rows) for fields in others)
        names = [title.cell(row) for row in rows]
        words = [(field.name, field.kind.below) for field in subtitle]
        below = [
            " · ".join(dict.fromkeys(filter(None, [say(row[name], row) for name, say in words])))
            for row in rows
        ]
        return tuple(map(line, rows, names, below, cells_of(amount, rows), *columns))

    return show


def _day_of(at: date) -> date:
    """The day of a moment; that of a row that has no hour is its own."""
    return at.date() if isinstance(at, datetime) else at


def _time(at: date, *, dated: bool) -> str:
    if not isinstance(at, datetime):
        return brief_day(at)
    clock = f"{at.hour:02}:{at.minute:02}"  # a quarter of what strftime takes
    return f"{brief_day(at)} {clock}" if dated else clock


def _said(spec: ListSpec, row: Row) -> tuple[Note, ...]:
    """What is to be said of a row; the word of the ordinary case where nothing is to be looked into."""
    found = tuple(notes(spec, row))
    if not spec.ordinary or not spec.ordinary.holds(row) or any(note.tone != "info" for note in found):
        return found
    return (Note(gettext(spec.ordinary.word), _PLAIN), *found)


def notes(spec: ListSpec, row: Row) -> Iterator[Note]:
    """The badges that say something out of the ordinary, and what a person should look into."""
    for field in spec.badges:
        tone = field.tone(row)
        if tone is not None and (text := field.badge(row)):
            yield Note(text, tone)
    for alert in spec.alerts(row):
        if alert.note:
            yield Note(alert.note, alert.tone)


def _cells(fields: Sequence[Field], rows: Sequence[Row]) -> list[ListCell]:
    """The cells of a column of one field, or of several that stand side by side."""
    if len(fields) == 1:
        return cells_of(fields[0], rows)
    style, said = column_style(fields), [(field.name, field.kind.cell) for field in fields]
    return [
        ListCell("\u00a0· ".join(filter(None, [say(row[name], row) for name, say in said])), style)
        for row in rows
    ]


def _named(fields: Iterable[Field], row: Row) -> Iterator[tuple[str, str]]:
    """The title and the text of each of ``fields`` that holds something."""
    values = ((field.title, field.cell(row)) for field in fields)
    return ((title, text) for title, text in values if text)
