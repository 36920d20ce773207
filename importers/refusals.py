"""The refusal of a file: raised anywhere on its way in, with the reasons that ``app.refusals`` words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from app.refusals import CARD_NUMBER, CARD_OR_REFERENCE, KNOWN_FILE_ID, Refusal
from app.wording.i18n import N_

__all__ = [
    "CARD_NUMBER",
    "CARD_OR_REFERENCE",
    "KNOWN_FILE_ID",
    "MOST_REASONS",
    "FileLeftError",
    "FileRefusedError",
    "Notice",
    "Refusal",
    "refuse",
    "unreadable",
]

#: Reasons kept for one file: enough to mend it, few enough to read.
MOST_REASONS = 20


class Notice(Refusal):
    """A remark on a file that is loaded all the same, in the words of a refusal."""


class FileRefusedError(Exception):
    """The file cannot be loaded; nothing of it is."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(islice(refusals, MOST_REASONS))
        super().__init__("; ".join(refusal.reason for refusal in self.refusals))

    @property
    def holds_card_number(self) -> bool:
        """True when not even a copy of the file may be kept."""
        return any(refusal.is_card_number for refusal in self.refusals)


class FileLeftError(FileRefusedError):
    """The file stays where it is, not even quarantined: it could not be opened, or not now."""


def refuse(
    reason: str, *, line: int | None = None, column: str | None = None, **params: Any
) -> FileRefusedError:
    """A :class:`FileRefusedError` for a single reason, to be raised."""
    return FileRefusedError([Refusal(reason=reason, line=line, column=column, params=params)])


def unreadable(error: OSError) -> Refusal:
    """The refusal of a file that the system does not let us read."""
    if isinstance(error, PermissionError):
        return Refusal(
            reason=N_("the file cannot be read: it has to be given to the portal's user (chown, setfacl)")
        )
    return Refusal(reason=N_("the file cannot be read: %(reason)s"), params={"reason": error.strerror or ""})
