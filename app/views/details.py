"""The page of one row: what became of it, what belongs to it, every field, its ticket beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import abort, render_template, request, url_for

from app.accounts.journal import Event
from app.accounts.roles import Permission
from app.listing.field import Field
from app.listing.kinds import Row
from app.listing.query import one, printable
from app.listing.spec import Alert, ListSpec, Verdict
from app.lists.sole_place import sole_place
from app.mail.ticket_deliveries import deliveries_of
from app.views import cells
from app.views.cells import ListCell
from app.views.lists import seen
from app.views.tickets import ShownTicket, shown_ticket
from app.web.context import access, database, signed_in
from app.web.journal import journal_refusal
from app.web.security import local_path
from app.wording.i18n import gettext


@dataclass(frozen=True)
class DetailFact:
    """A field and its value, "" when it is not known; ``copied`` is what a button beside it copies."""

    title: str
    cell: ListCell
    explained: str
    copied: str


@dataclass(frozen=True)
class DetailSection:
    """A group of fields with its title."""

    title: str
    facts: tuple[DetailFact, ...]


@dataclass(frozen=True)
class BackLink:
    """The way back to a list: the one this page was opened from, or the whole of it."""

    href: str
    words: str


@dataclass(frozen=True, kw_only=True)
class DetailPage:
    """The page of a row, as its template takes it.

    ``amounts`` holds the one amount of a row, or none. ``parts`` are the sections of its list's own: a
    template and what it shows. ``no_ticket`` is why there is no ticket, in words; None where one stands
    beside or the list has none.
    """

    title: str
    back: BackLink
    amounts: tuple[ListCell, ...]
    verdict: Verdict | None
    alerts: tuple[Alert, ...]
    facts: tuple[DetailFact, ...]
    parts: tuple[tuple[str, Any], ...]
    sections: tuple[DetailSection, ...]
    ticket: ShownTicket | None
    no_ticket: str | None


def show(spec: ListSpec, id: int) -> str:  # noqa: A002 - as the address calls it
    """All that is known of a row; a row out of sight does not exist."""
    scope = access().scope
    with database().reading_as(scope) as connection:
        spec, sole = seen(spec).beside(sole_place(scope)).read(connection)
        row = (printable if spec.ticket else one)(connection, spec, scope, id)
        parts = [(part.template, part.read(connection, scope, row)) for part in spec.detail_parts if row]
        deliveries = deliveries_of(connection, scope, spec.name, id) if row else ()
    if row is None:
        journal_refusal(Event.NOT_IN_SCOPE, signed_in().user_id, list=spec.name, id=id)
        abort(404)
    return render_template(
        "lists/detail.html",
        spec=spec,
        row=row,
        page=_page(spec, row, sole, parts),
        deliveries=deliveries,
        this_page=url_for(f"{spec.name}.detail", id=id),
        id=id,
    )


def _page(spec: ListSpec, row: Row, sole: frozenset[str], parts: Sequence[tuple[str, Any]]) -> DetailPage:
    no_ticket = cells.no_ticket(spec, row)
    is_printed = no_ticket is None and access().allows(Permission.TICKET)
    return DetailPage(
        title=cells.row_title(spec, row, sole),
        back=_back(spec),
        amounts=tuple(cells.cell(field, row) for field in spec.card("aside")),
        verdict=spec.verdict(row) if spec.verdict else None,
        alerts=tuple(spec.alerts(row)),
        facts=tuple(
            fact for fact in _facts((spec.by_name[name] for name in spec.facts), row) if fact.cell.text
        ),
        parts=tuple((template, part) for template, part in parts if part),
        sections=tuple(_sections(spec, row)),
        ticket=shown_ticket(spec.printing.print(row)) if is_printed else None,
        no_ticket=no_ticket or None,
    )


def _sections(spec: ListSpec, row: Row) -> Iterator[DetailSection]:
    """All fields of ``row``; a section that knows nothing at all is left out."""
    for title in spec.sections:
        fields = spec.section(title)
        if any(row[field.name] is not None for field in fields):
            yield DetailSection(gettext(title), tuple(_facts(fields, row)))


def _facts(fields: Iterable[Field], row: Row) -> Iterator[DetailFact]:
    for field in fields:
        cell = cells.cell(field, row)
        copied = field.cell(row) if field.copied else ""
        yield DetailFact(field.full_title, cell, field.explain(row) or "", copied)


def _back(spec: ListSpec) -> BackLink:
    """To the list this page was opened from, with its filters; to the whole list otherwise."""
    left = urlsplit(request.referrer or "")
    same = left.netloc == request.host and left.path in (spec.path, url_for(f"{spec.name}.index"))
    if same and (href := local_path(f"{left.path}?{left.query}")):
        return BackLink(href, gettext("Back to the list"))
    return BackLink(cells.address(spec.name), gettext(spec.back))
