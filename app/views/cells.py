"""What a row shows: in a cell of the table, on a card, among the details."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import url_for

from app.listing.field import Args, Field, Link, Tone
from app.listing.kinds import Money, Row, Whole
from app.listing.spec import Alert, ListSpec
from app.tickets import why_no_ticket


@dataclass(frozen=True)
class ListCell:
    """A value as it is shown. ``tone`` makes it a badge; ``href`` a link; ``style`` holds CSS classes."""

    field: Field
    text: str
    style: str
    tone: Tone | None = None
    href: str | None = None


@dataclass(frozen=True)
class ListRow:
    """A row of a list: its address, its cells in the order of the table, and those of its card.

    ``send`` is where its ticket is sent from; None when it has no ticket.
    """

    href: str
    send: str | None
    cells: tuple[ListCell, ...]
    slots: dict[str, list[ListCell]]
    alerts: tuple[Alert, ...]


def lines(spec: ListSpec, rows: Iterable[Row]) -> Iterator[ListRow]:
    """The rows of a list as the table and the cards show them."""
    for row in rows:
        cells = tuple(cell(spec, field, row) for field in spec.columns)
        slots: dict[str, list[ListCell]] = {"title": [], "aside": [], "meta": [], "badge": []}
        for shown in cells:
            if shown.field.slot and shown.text:
                slots[shown.field.slot].append(shown)
        yield ListRow(cells[0].href or "", _sending(spec, row), cells, slots, tuple(spec.alerts(row)))


def cell(spec: ListSpec, field: Field, row: Row) -> ListCell:
    """The value of ``field`` in ``row``; the first column leads to the details."""
    link = Link(spec.name, id=row["id"]) if field is spec.columns[0] else _link(field, row)
    tone = field.tone(row) if field.slot == "badge" else None
    return ListCell(field, field.cell(row), _style(field, row), tone, linked(link) if link else None)


def address(name: str, args: Args = (), *, page: str = "index") -> str:
    """The address of a page of the list ``name``, with the parameters ``args``."""
    path = url_for(f"{name}.{page}")
    return f"{path}?{urlencode(args)}" if args else path


def linked(link: Link) -> str:
    """The address of what ``link`` names."""
    if link.id is not None:
        return url_for(f"{link.list}.detail", id=link.id)
    return address(link.list, link.args)


def no_ticket(spec: ListSpec, row: Row) -> str | None:
    """Why ``row`` has no ticket, in words; "" in a list that has none, None when it has one."""
    return why_no_ticket(row) if spec.ticket else ""


def _link(field: Field, row: Row) -> Link | None:
    return field.link(row) if field.link else None


def _sending(spec: ListSpec, row: Row) -> str | None:
    return url_for(f"{spec.name}.sending", id=row["id"]) if no_ticket(spec, row) is None else None


def _style(field: Field, row: Row) -> str:
    """The class of a value: figures stand in columns; what is on no card is not printed either."""
    if isinstance(field.kind, Money):
        value = row[field.name]
        if field.void is not None and field.void(row):
            return "money void"
        return "money minus" if value is not None and value < 0 else "money"
    if isinstance(field.kind, Whole):
        return "number"
    return "" if field.slot else "rest"
