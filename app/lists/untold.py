"""The fields that a merchant has nothing of, because nobody has told anything of them."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, select

from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope


class ToldPart(Protocol):
    """A part of a list that some merchants have nothing of: the names of its fields, and whether one has."""

    NAMES: frozenset[str]

    def told(self, scope: AnyScope) -> ColumnElement[bool]:
        """Whether anybody has told anything of it."""
        ...


def untold(parts: tuple[ToldPart, ...], scope: Scope) -> Reading[frozenset[str]]:
    """The fields of those of ``parts`` that nobody has told anything of."""

    def made(rows: Rows) -> frozenset[str]:
        return frozenset[str]().union(
            *(part.NAMES for part, is_told in zip(parts, rows[0], strict=True) if not is_told)
        )

    return Reading((_told(parts, scope.any_such),), made, scope.values)


@cache
def _told(parts: tuple[ToldPart, ...], scope: AnyScope) -> Select[Any]:
    told: list[Any] = [part.told(scope).label(f"part_{place}") for place, part in enumerate(parts)]
    return select(*told)
