"""A page of rows in a fixed order, from the row after which it starts: no OFFSET, no COUNT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, select, tuple_

SIZE = 50
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class KeysetPage:
    """Rows in order; ``next_after`` is the id after which the following page starts, if any."""

    rows: tuple[AnyRow, ...]
    next_after: int | None


#: No row: what a page shows of a question that is not understood.
NO_ROWS = KeysetPage((), None)


@dataclass(frozen=True)
class KeysetOrder:
    """The columns that rows are ordered by: never NULL, ending with ``key``, all the same way."""

    columns: Sequence[Any]
    key: Any
    descending: bool = False
    #: What the columns are of, when that is more than one table.
    rows: FromClause | None = None

    def by(self) -> list[ColumnElement[Any]]:
        """ORDER BY."""
        return [column.desc() if self.descending else column.asc() for column in self.columns]

    def behind(self, after: int | None, visible: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
        """True for the rows behind the row ``after``; for none when that row is not ``visible``."""
        if after is None:
            return []
        at = select(*self.columns).where(self.key == after, *visible).correlate(None)
        place = (at if self.rows is None else at.select_from(self.rows)).scalar_subquery()
        columns = tuple_(*self.columns)
        return [columns < place if self.descending else columns > place]


def page(
    connection: Connection, statement: Select[*tuple[Any, ...]], order: KeysetOrder, size: int = SIZE
) -> KeysetPage:
    """The first ``size`` rows of ``statement``, which selects its key as ``id``."""
    found = connection.execute(statement.order_by(*order.by()).limit(size + 1)).all()
    rows = tuple(found[:size])
    return KeysetPage(rows, rows[-1].id if len(found) > size else None)
