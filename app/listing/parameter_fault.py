"""A fault of one parameter of an address, and what may be shown of it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.listing.filters import InvalidValueError
from app.rules.cards import holds_card
from app.wording.i18n import N_, gettext


@dataclass(frozen=True)
class ParameterFault:
    """A fault of a parameter; ``typed`` is what to show again, empty for what is secret."""

    message: str
    values: Mapping[str, Any]
    typed: str

    @classmethod
    def of(cls, refused: InvalidValueError, typed: str = "") -> ParameterFault:
        """The fault of a value that was refused."""
        secret = refused.secret or holds_card(typed)
        return cls(refused.message, refused.values, "" if secret else typed)

    def text(self) -> str:
        """The message in the language of the moment."""
        return gettext(self.message, **self.values)


def too_many(most: int) -> InvalidValueError:
    """The refusal of more than ``most`` values of a parameter."""
    if most == 1:
        return InvalidValueError(N_("One value at most"))
    return InvalidValueError(N_("%(most)d values at most"), most=most)
