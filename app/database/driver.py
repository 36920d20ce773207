"""The driver without what it does for any statement, and those of the portal have no use for.

Statements of lists are built once and sent with every page: up to 64 000 characters with a dozen parameters,
and answers of fifty columns. The driver would look for the parameters of a long statement each time, and
describe every column of an answer to whoever asks whether there are any.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, cast, overload

from psycopg import Column, Cursor, _queries

#: The longest statement, in bytes, whose parameters are remembered: the driver's own limit is for statements
#: that are written anew each time. It remembers those of 128.
_LONGEST: Final = 128 * 1024
_queries.MAX_CACHED_STATEMENT_LENGTH = _LONGEST


class PageCursor(Cursor[Any]):
    """A cursor that describes the columns of an answer once one of them is looked at.

    The library knows those of a statement that it has compiled, and asks for no more than their presence.
    """

    @property
    def description(self) -> list[Column] | None:
        """The columns of the answer, None where it has none."""
        if self.pgresult is None or not self.pgresult.nfields:
            return self.described
        return cast("list[Column]", _Columns(self))

    @property
    def described(self) -> list[Column] | None:
        """The same, as the driver describes them."""
        return super().description


class _Columns(Sequence[Column]):
    """The columns of the answer of ``cursor``."""

    def __init__(self, cursor: PageCursor) -> None:
        self._cursor = cursor

    @cached_property
    def _all(self) -> list[Column]:
        return self._cursor.described or []

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, place: int) -> Column: ...
    @overload
    def __getitem__(self, place: slice) -> list[Column]: ...
    def __getitem__(self, place: int | slice) -> Column | list[Column]:
        return self._all[place]
