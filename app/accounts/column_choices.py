"""The columns that a person has chosen for a list: the last choice, kept until they take another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.listing.reading import Reading, Rows
from app.models import ColumnChoice


def chosen_columns(user_id: int, list_name: str) -> Reading[tuple[str, ...]]:
    """The names of the fields that a person chose for a list; none when they have its own columns."""

    def made(rows: Rows) -> tuple[str, ...]:
        return tuple(rows[0].columns) if rows else ()

    return Reading((_chosen(),), made, {"user_id": user_id, "list_name": list_name})


@cache
def _chosen() -> Select[Any]:
    return select(ColumnChoice.columns).where(
        ColumnChoice.user_id == bindparam("user_id"), ColumnChoice.list_name == bindparam("list_name")
    )


def keep_columns(connection: Connection, user_id: int, list_name: str, names: Sequence[str]) -> None:
    """Keep ``names`` as a person's choice for a list, in place of the former one; none ends it."""
    if not names:
        own = ColumnChoice.user_id == user_id, ColumnChoice.list_name == list_name
        connection.execute(delete(ColumnChoice).where(*own))
        return
    kept = insert(ColumnChoice).values(user_id=user_id, list_name=list_name, columns=list(names))
    connection.execute(
        kept.on_conflict_do_update(
            index_elements=[ColumnChoice.user_id, ColumnChoice.list_name],
            set_={"columns": kept.excluded.columns},
        )
    )
