"""What a page costs the database: the statements that it sends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from app.database.engine import Database, DatabaseRole

if TYPE_CHECKING:
    from collections.abc import Callable

#: How what a transaction sets for itself begins, and how it begins itself where that goes along.
SETTINGS = ("SET LOCAL", "BEGIN")


def statements_sent(database: Database, read: Callable[[], object]) -> int:
    """How many statements ``read`` sends, without settings of the transaction and what other threads send."""
    sent, asker = [], threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() == asker and not statement.startswith(SETTINGS):
            sent.append(statement)

    engine = database.engine(DatabaseRole.WEB)
    event.listen(engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(sent)
