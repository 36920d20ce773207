"""The answer that the list of silent terminals opens with: how many called on the last night received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, Column, Date, select, text

from app.listing.criteria import Criteria
from app.listing.reading import Reading, Rows, together
from app.listing.scope import Scope
from app.lists.silence import LAST_DAYS
from app.lists.terminal_calls import TerminalCalls, terminal_calls
from app.wording.i18n import gettext, ngettext

#: The day by which the list judges the terminals of the merchant in sight.
_JUDGED: Final = select(
    text(LAST_DAYS).columns(Column("merchant_id", BigInteger), Column("day", Date)).subquery().c.day
)


@dataclass(frozen=True)
class LastCalls:
    """The terminals of the last night received, ``day``."""

    day: date
    calls: TerminalCalls

    @property
    def tone(self) -> str:
        """How the night went, as a class: good, bad; plain when nothing called."""
        if self.calls.silent:
            return "bad"
        return "good" if self.calls.called else "plain"

    def verdict(self) -> str:
        """Whether terminals were silent, in words of the moment's language."""
        silent = len(self.calls.silent)
        if silent:
            return ngettext(
                "%(num)s terminal of %(all)s did not call",
                "%(num)s terminals of %(all)s did not call",
                silent,
                all=self.calls.number,
            )
        # Closed shops are expected by nobody: that all of them called would not be true.
        called = self.calls.called
        return gettext("No terminal is silent") if called else gettext("No terminal called")


def last_calls(scope: Scope, criteria: Criteria) -> Reading[LastCalls | None] | None:
    """The calls of the last night; None where more or less than its silent terminals is asked for.

    It finds nothing where the sources of those in ``scope`` are behind others of their merchant: the list
    judges terminals by the last day of any.
    """
    day = criteria.days.last_night
    if day is None or dict(criteria.filters) != {"state": ("silent",)}:
        return None

    def made(calls: TerminalCalls, judged: date | None) -> LastCalls | None:
        return LastCalls(day, calls) if judged == day else None

    return together(made, terminal_calls(scope, day, criteria.days), Reading((_JUDGED,), _day))


def _day(rows: Rows) -> date | None:
    found: date | None = rows[0].day if rows else None
    return found
