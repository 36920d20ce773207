"""Statements as they were compiled, found by which one it is before all that it is made of is looked at.

The library finds them by the latter alone. The statements of a page are built once and hold hundreds of
elements, through each of which it goes again whenever one of them is sent.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.util import LRUCache

#: As many as the library keeps itself.
MOST: Final = 500


class CompiledStatements(LRUCache[Any, Any]):
    """The compiled statements of an engine, by keys of the library: these are equal for equal statements."""

    __slots__ = ("_met",)

    def __init__(self) -> None:
        super().__init__(MOST)
        self._met: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled for ``key``, whose second place is all that the statement is made of."""
        dialect, parts, *how = key
        mark = (id(parts), dialect, *how)
        met = self._met.get(mark)
        if met is not None and met[0] is parts:
            return met[1]
        found = super().get(key, default)
        if found is not default:
            if len(self._met) >= MOST:
                self._met.clear()
            self._met[mark] = (parts, found)
        return found
