"""The values of a row as shown: in a cell of the table, on a card, among the details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import g, url_for

from app.listing.card_filters import Card
from app.listing.field import Args, Field, Link, Tone
from app.listing.kinds import Money, Row, Whole
from app.listing.spec import ListSpec
from app.tickets import why_no_ticket

#: A number that no row has, to make the address of a row from that of another.
_ANY = 2**63 - 1


class ListCell(NamedTuple):
    """A value as it is shown. ``style`` holds CSS classes; ``href`` makes it a link, ``tone`` a badge.

    A page has hundreds: tuples are made in a third of the time that frozen dataclasses take.
    """

    text: str
    style: str = ""
    href: str | None = None
    tone: Tone | None = None


def cell(field: Field, row: Row) -> ListCell:
    """The value of ``field`` in ``row``; the words of its link where there is none."""
    return cells_of(field)(row)


def cells_of(field: Field) -> Callable[[Row], ListCell]:
    """What makes the cells of a column: what is the same in every row is asked of ``field`` once."""
    style, is_badge, of_rows = _style(field), field.slot == "badge", cache(row_addresses)
    is_void = field.void if isinstance(field.kind, Money) else None

    def made(row: Row) -> ListCell:
        link = field.link(row) if field.link else None
        text = field.cell(row) or (link.words if link else "")
        href = linked(link, of_rows) if link else None
        tone = field.tone(row) if is_badge else None
        return ListCell(text, f"{style} void" if is_void and is_void(row) else style, href, tone)

    return made


def address(name: str, args: Args = (), *, page: str = "index") -> str:
    """The address of a page of the list ``name``, with the parameters ``args``."""
    path = _path(f"{name}.{page}")
    return f"{path}?{urlencode(args)}" if args else path


def row_address(name: str, row_id: int, page: str = "detail") -> str:
    """The address of a page of a row of the list ``name``."""
    return row_addresses(name, page)(row_id)


def row_addresses(name: str, page: str = "detail") -> Callable[[int], str]:
    """What tells the addresses of a page of the rows of a list."""
    before, _, after = _path(f"{name}.{page}", id=_ANY).partition(str(_ANY))
    return lambda row_id: f"{before}{row_id}{after}"


def _path(endpoint: str, **values: Any) -> str:
    """An address made once a request: a page has the same one in every row."""
    known: dict[str, str] = g.setdefault("paths", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint, **values)
    return known[endpoint]


def linked(link: Link, of_rows: Callable[[str], Callable[[int], str]] = row_addresses) -> str:
    """The address of what ``link`` names; ``of_rows`` is :func:`row_addresses`, or one that remembers."""
    return address(link.list, link.args) if link.id is None else of_rows(link.list)(link.id)


def no_ticket(spec: ListSpec, row: Row) -> str | None:
    """Why ``row`` has no ticket, in words; "" in a list that has none, None when it has one."""
    return why_no_ticket(row) if spec.ticket else ""


def column_style(fields: Sequence[Field]) -> str:
    """The class by which a column has more room than others, on its heading and its cells: "" without any."""
    if len(fields) > 1:
        return "several"
    return "card-number" if isinstance(fields[0].kind, Card) else ""


def _style(field: Field) -> str:
    """The class of a value: figures stand in columns, a card's number is one."""
    if isinstance(field.kind, Money):
        return "money"
    if isinstance(field.kind, Card):
        return "card-number"
    return "number" if isinstance(field.kind, Whole) and field.link is None else ""
