"""Silent terminals of a night: lines above those of what came."""

from __future__ import annotations

from app.listing.criteria import Criteria
from app.listing.field import Link
from app.listing.missing import NotReceived
from app.listing.reading import Reading, known, together
from app.listing.scope import Scope
from app.listing.spec import AnswerPart
from app.lists.common import BY_OUTLET, BY_TERMINAL
from app.lists.nights import Night, night
from app.lists.terminal_calls import TerminalCall, TerminalCalls, terminal_calls
from app.models import NO_OUTLET
from app.wording.days import short_moment
from app.wording.i18n import gettext, ngettext


def of_night(night: Night) -> tuple[NotReceived, ...]:
    """The silent terminals of a night: one alone of an outlet where none called."""
    return tuple(
        NotReceived(
            title=terminal.title, part=_part(terminal), reason=_since(terminal), links=_links(terminal)
        )
        for terminal in night.terminals.silences
    )


def of_groups(scope: Scope, criteria: Criteria) -> Reading[tuple[NotReceived, ...]]:
    """What did not come of the groups of one whole day, by outlet or by terminal; nothing of others."""
    period, made = criteria.period, _OF_GROUPS.get(criteria.by)
    if made is None or criteria.filters or period is None or period.days != 1:
        return known(())
    return together(made, terminal_calls(scope, period.last, criteria.days))


def _of_terminals(calls: TerminalCalls) -> tuple[NotReceived, ...]:
    return tuple(
        NotReceived(
            key=terminal.by_terminal,
            title=terminal.title,
            reason=terminal.silence(),
            links=_links(terminal),
        )
        for terminal in calls.silent
    )


def _of_outlets(calls: TerminalCalls) -> tuple[NotReceived, ...]:
    """An outlet once; terminals of none, each."""
    outlets: dict[tuple[int, int], list[TerminalCall]] = {}
    for terminal in calls.silent:
        alone = terminal.id if terminal.outlet_id == NO_OUTLET else 0
        outlets.setdefault((terminal.outlet_id, alone), []).append(terminal)
    return tuple(_of_outlet(*silent) for silent in outlets.values())


def _of_outlet(terminal: TerminalCall, *others: TerminalCall) -> NotReceived:
    """The silent terminals of an outlet: since the last call of them none called; one of several is named."""
    last = max(terminal, *others, key=lambda each: each.called) if others else terminal
    is_one_of_several = terminal.outlet_number > 1 and not others
    return NotReceived(
        key=terminal.by_outlet,
        title=terminal.outlet or terminal.title,
        part=_part(terminal),
        reason=_named_since(terminal) if is_one_of_several else _since(last),
        links=_links(terminal)[1:] if others else _links(terminal),
    )


def _part(terminal: TerminalCall) -> str:
    """How many of the terminals of its outlet called; "" for one of none."""
    if terminal.outlet_id == NO_OUTLET:
        return ""
    return ngettext(
        "%(num)s terminal of %(all)s",
        "%(num)s terminals of %(all)s",
        terminal.outlet_called,
        all=terminal.outlet_number,
    )


def _since(terminal: TerminalCall) -> str:
    return gettext("No call since %(moment)s", moment=short_moment(terminal.called))


def _named_since(terminal: TerminalCall) -> str:
    since = short_moment(terminal.called)
    return gettext("%(what)s: no call since %(moment)s", what=terminal.till, moment=since)


def _links(terminal: TerminalCall) -> tuple[Link, ...]:
    """Its card, and for whoever may not open it the list that it is in."""
    return Link("terminals", id=terminal.id), Link("terminals", args=terminal.listed)


_OF_GROUPS = {BY_OUTLET.name: _of_outlets, BY_TERMINAL.name: _of_terminals}

#: The opening of a list of nights, with what did not come of them.
ANSWER = AnswerPart(
    read=night, template="lists/night.html", not_received=of_night, groups_not_received=of_groups
)
