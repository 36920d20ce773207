"""Why a file is set aside: the line, the column and what was expected, never the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.i18n import N_, gettext

#: Reasons kept for one file: enough to mend it, few enough to read.
MOST_REASONS = 20

CARD_NUMBER = N_("a full card number: the file is refused and nothing of it is kept")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason. ``reason`` is a message identifier, ``params`` fills it; neither holds file data."""

    reason: str
    line: int | None = None
    column: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The reason in the language of the moment, with its place in front."""
        reason = gettext(self.reason, **{name: _spoken(value) for name, value in self.params.items()})
        if self.line is None:
            return reason
        if self.column is None:
            return gettext("line %(line)s: %(reason)s", line=self.line, reason=reason)
        return gettext(
            "line %(line)s, column “%(column)s”: %(reason)s",
            line=self.line,
            column=gettext(self.column),
            reason=reason,
        )


def _spoken(value: Any) -> Any:
    return gettext(value) if isinstance(value, str) and value else value


class Refused(Exception):  # noqa: N818 - what happened to the file, not a fault of ours
    """The file cannot be loaded; nothing of it is."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)[:MOST_REASONS]
        super().__init__("; ".join(refusal.reason for refusal in self.refusals))

    @property
    def holds_card_number(self) -> bool:
        """True when not even a copy of the file may be kept."""
        return any(refusal.reason == CARD_NUMBER for refusal in self.refusals)


def refuse(reason: str, *, line: int | None = None, column: str | None = None, **params: Any) -> Refused:
    """A :class:`Refused` for a single reason, to be raised."""
    return Refused([Refusal(reason=reason, line=line, column=column, params=params)])


def unreadable(error: OSError) -> Refusal:
    """The refusal of a file that the system does not let us read."""
    return Refusal(reason=N_("the file cannot be read: %(reason)s"), params={"reason": error.strerror or ""})
