"""The search box of a list: from what somebody says on the telephone to the rows that are meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.roles import Permission
from app.listing.criteria import Criteria
from app.listing.filters import InvalidValueError
from app.listing.nearby import nearby
from app.listing.search import matches, readings
from app.listing.spec import ListSpec
from app.listing.sums import totals
from app.listing.typed import typed
from app.lists import LISTS
from app.views import cells
from app.views.lists import days_now
from app.web.context import access, known_principal
from app.web.page_query import page_query
from app.web.questions import asking_first
from app.wording import formats
from app.wording.i18n import gettext

PARAMETER = "q"
#: What a list finds of which it may have nothing itself: the digits of a card are asked of the others too.
_CARD = "card"
#: Where amounts near one that nothing has are looked for, when no day is named.
_RECENT = "last-30-days"


@dataclass(frozen=True)
class SearchOffer:
    """One way to understand what was typed: its address, its words, how many rows it has."""

    href: str
    words: str
    count: str


def search(spec: ListSpec) -> AnyResponse | str | tuple[str, int]:
    """The rows that are meant: those of the one reading that has any, else what can be meant.

    Where this list knows no answer, the others that this person sees are asked.
    """
    query = page_query(request.args, words=(PARAMETER,), cursors=())
    if query.faults:
        return _refused(spec, " ".join(fault.text() for fault in query.faults.values()))
    text = query.text(PARAMETER)
    if not text:
        return redirect(cells.address(spec.name), 303)
    try:
        found = _found(spec, text)
    except InvalidValueError as refused:
        return _refused(spec, gettext(refused.message, **refused.values))
    if len(found) == 1:
        return redirect(found[0].href, 303)
    other_days, near = ((), ()) if found else (_found(spec, text, on_any_day=True), _near(spec, text))
    return render_template(
        "lists/search.html", spec=spec, text=text, fault="", offers=found, other_days=other_days, near=near
    )


def _refused(spec: ListSpec, fault: str) -> tuple[str, int]:
    """The page that says why nothing is searched for."""
    page = render_template(
        "lists/search.html", spec=spec, text="", fault=fault, offers=(), other_days=(), near=()
    )
    return page, 422


def _near(spec: ListSpec, text: str) -> tuple[SearchOffer, ...]:
    """Amounts near one that nothing has, in the days that ``text`` names, else in the last month."""
    scope = access().scope
    with asking_first(scope, days_now(spec)) as (connection, days):
        said = typed(text, days)
        asked = (Criteria.from_args(spec, args, days) for args in readings(spec, said))
        of_amount = (one for one in asked if set(one.filters) == {"amount"})
        found = [
            near
            for one in islice(of_amount, 1)
            for near in nearby(connection, scope, one.over(said.period or _RECENT))
        ]
    return tuple(
        SearchOffer(
            cells.address(spec.name, one.criteria.to_args()), formats.money(one.minor, one.currency), ""
        )
        for one in found
    )


def _found(spec: ListSpec, text: str, *, on_any_day: bool = False) -> tuple[SearchOffer, ...]:
    """What ``text`` can mean, in the first list where it means anything. Raises InvalidValueError.

    The end of a card may look like a number of a list that has no cards: both are offered.
    """
    others = tuple(_others(spec))
    if own := _offers(spec, text, on_any_day=on_any_day):
        cards = () if _CARD in spec.search else others
        as_cards = (_offers(one, text, on_any_day=on_any_day, needed=_CARD) for one in cards)
        return (*own, *chain.from_iterable(as_cards))
    found = (_offers(one, text, on_any_day=on_any_day) for one in others)
    return next(filter(None, found), ())


def _offers(
    spec: ListSpec, text: str, *, on_any_day: bool, needed: str | None = None
) -> tuple[SearchOffer, ...]:
    """What ``text`` can mean in one list: all of it, or what asks for ``needed``."""
    if needed is not None and needed not in spec.search:
        return ()
    scope = access().scope
    with asking_first(scope, days_now(spec).beside(spec.offers(scope))) as (connection, (days, offered)):
        said = typed(text, days)
        if on_any_day and said.period is None:
            return ()
        hits = matches(connection, spec, scope, said.on_any_day() if on_any_day else said, days, offered)
        return tuple(
            _offer(connection, criteria) for criteria in hits if needed is None or needed in criteria.filters
        )


def _others(spec: ListSpec) -> Iterator[ListSpec]:
    """The other lists of the menu that find rows by what is typed."""
    may = known_principal().may
    return (
        other
        for other in LISTS.values()
        if other is not spec and other.in_menu and other.search and may(Permission(other.permission))
    )


def _offer(connection: Any, criteria: Criteria) -> SearchOffer:
    spec = criteria.spec
    count = totals(connection, spec, access().scope, criteria).count
    words = spec.noun.count(count, formats.number(count))
    return SearchOffer(cells.address(spec.name, criteria.to_args()), criteria.in_words(), words)
