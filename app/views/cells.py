"""The values of a row as shown: in a cell of the table, on a card, among the details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus

from app.listing.card_filters import Card
from app.listing.field import Args, Field, Link, Tone
from app.listing.kinds import Money, Row, Whole
from app.listing.spec import ListSpec
from app.tickets import why_no_ticket
from app.web.context import access
from app.web.places import placed_address

#: A number that no row has, to make the address of a row from that of another.
_ANY = 2**63 - 1
#: Names and values of parameters kept as an address writes them: a page has the same ones in all of its ways.
_MOST_WORDS: Final = 1_000
_quoted = lru_cache(maxsize=_MOST_WORDS)(quote_plus)


class ListCell(NamedTuple):
    """A value as it is shown. ``style`` holds CSS classes; ``href`` makes it a link, ``tone`` a badge.

    A page has hundreds: tuples are made in a third of the time that frozen dataclasses take.
    """

    text: str
    style: str = ""
    href: str | None = None
    tone: Tone | None = None


def row_title(spec: ListSpec, row: Row, sole: frozenset[str]) -> str:
    """What a row is called, without what lists leave out: what is ``sole`` in all that a person sees.

    The place is not named twice where the outlet bears the merchant's name. What rows are called by stays.
    """
    unsaid = {name for name in sole if name in row and spec.by_name[name].slot != "title"}
    if row.get("trade_name") == access().merchant_name and row.get("label"):
        unsaid.add("trade_name")
    return spec.row_title({**row, **dict.fromkeys(unsaid)})


def cell(field: Field, row: Row) -> ListCell:
    """The value of ``field`` in ``row``; the words of its link where there is none."""
    (made,) = _made(field, (row,), field.kind.cell)
    return made


def cells_of(field: Field, rows: Sequence[Row]) -> list[ListCell]:
    """The cells of a column, one for each row: what is the same in all of them is asked of ``field`` once."""
    return _made(field, rows, field.kind.short)


def _made(field: Field, rows: Sequence[Row], say: Callable[[Any, Row], str]) -> list[ListCell]:
    name, style = field.name, _style(field)
    is_void = field.void if isinstance(field.kind, Money) else None
    if not (field.link or is_void or field.slot == "badge"):
        return [ListCell(say(row[name], row), style) for row in rows]
    is_badge, of_rows = field.slot == "badge", cache(row_addresses)

    def made(row: Row) -> ListCell:
        link = field.link(row) if field.link else None
        text = say(row[name], row) or (link.words if link else "")
        href = linked(link, of_rows) if link else None
        tone = field.tone(row) if is_badge else None
        return ListCell(text, f"{style} void" if is_void and is_void(row) else style, href, tone)

    return [made(row) for row in rows]


def address(name: str, args: Args = (), *, page: str = "index") -> str:
    """The address of a page of the list ``name``, with the parameters ``args``."""
    return asked_at(placed_address(f"{name}.{page}"), args)


def asked_at(path: str, args: Args) -> str:
    """The address ``path`` with the parameters ``args``."""
    asked = "&".join([f"{_quoted(key)}={_quoted(text)}" for key, text in args])
    return f"{path}?{asked}" if args else path


def row_address(name: str, row_id: int, page: str = "detail") -> str:
    """The address of a page of a row of the list ``name``."""
    return row_addresses(name, page)(row_id)


def row_addresses(name: str, page: str = "detail") -> Callable[[int], str]:
    """What tells the addresses of a page of the rows of a list."""
    before, _, after = placed_address(f"{name}.{page}", id=_ANY).partition(str(_ANY))
    return lambda row_id: f"{before}{row_id}{after}"


def linked(link: Link, of_rows: Callable[[str], Callable[[int], str]] = row_addresses) -> str:
    """The address of what ``link`` names; ``of_rows`` is :func:`row_addresses`, or one that remembers."""
    return address(link.list, link.args) if link.id is None else of_rows(link.list)(link.id)


def no_ticket(spec: ListSpec, row: Row) -> str | None:
    """Why ``row`` has no ticket, in words; "" in a list that has none, None when it has one."""
    return why_no_ticket(row) if spec.ticket else ""


def column_style(fields: Sequence[Field]) -> str:
    """The class of a column, on its heading and its cells: what has more room than others, or is a figure."""
    return "several" if len(fields) > 1 else _style(fields[0])


def _style(field: Field) -> str:
    """The class of a value: figures stand in columns, a card's number is one."""
    if isinstance(field.kind, Money):
        return "money"
    if isinstance(field.kind, Card):
        return "card-number"
    return "number" if isinstance(field.kind, Whole) and field.link is None else ""
