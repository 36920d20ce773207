"""The refusal of a file: raised anywhere on its way in, with the reasons that ``app.refusals`` words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from app.refusals import CARD_NUMBER, CARD_OR_REFERENCE, KNOWN_FILE_ID, Refusal
from app.wording.i18n import N_, ngettext

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


@dataclass(frozen=True, kw_only=True)
class Notice(Refusal):
    """A remark on a file that is loaded all the same, in the words of a refusal.

    ``of_one`` is the reason as it is said of a single thing, where ``params["num"]`` says of how many.
    """

    of_one: str = ""

    @classmethod
    def counted(cls, forms: tuple[str, str], num: int, **params: Any) -> tuple[Self, ...]:
        """The notice of ``num`` things, in one of two ``forms``; none of none."""
        of_one, reason = forms
        return (cls(reason=reason, of_one=of_one, params={"num": num, **params}),) if num else ()

    def words(self, *, at_desk: bool = False) -> str:
        """The remark alone, in the language of the moment."""
        if not self.of_one:
            return super().words(at_desk=at_desk)
        return ngettext(self.of_one, self.reason, self.params["num"], **self.params)


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
