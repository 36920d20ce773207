"""Why a file is set aside, in words: written by the importers, read on their report and on the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.wording.i18n import N_, gettext

#: Reasons that decide what can be done about a file.
CARD_NUMBER: Final = N_("a full card number: the file is refused and nothing of it is kept")
KNOWN_FILE_ID: Final = N_(
    "this file id was already loaded with another content: load it with --replace to correct it"
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason. ``reason`` is a message identifier, ``params`` fills it; neither holds file data."""

    reason: str
    line: int | None = None
    column: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The reason in the language of the moment, with its place in front."""
        reason = self.words()
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

    def words(self) -> str:
        """The reason alone, in the language of the moment."""
        return gettext(self.reason, **{name: _spoken(value) for name, value in self.params.items()})


def _spoken(value: Any) -> Any:
    return gettext(value) if isinstance(value, str) and value else value
