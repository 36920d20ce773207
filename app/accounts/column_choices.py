"""The columns that a person has chosen for a list: the last choice, kept until they take another."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.models import ColumnChoice


def chosen_columns(connection: Connection, user_id: int, list_name: str) -> tuple[str, ...]:
    """The names of the fields that a person chose for a list; none when they have its own columns."""
    wanted = select(ColumnChoice.columns).where(
        ColumnChoice.user_id == user_id, ColumnChoice.list_name == list_name
    )
    return tuple(connection.scalar(wanted) or ())


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
