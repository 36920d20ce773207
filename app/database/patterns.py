"""Regular expressions of people, as the database understands them: it is the one that uses them."""

from __future__ import annotations

import re
from typing import Final

from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, OperationalError

#: A reference to what was found before: with a few of them a name of 200 letters takes hours.
_BACK_REFERENCE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
#: How long the database may take to understand a pattern: counts within counts take minutes.
_BOUND: Final = text("SET LOCAL statement_timeout = '500ms'")


def is_pattern(connection: Connection, written: str) -> bool:
    """Whether the database can search for ``written``, in a time that grows with the text and no faster."""
    if _BACK_REFERENCE.search(written):
        return False
    try:
        with connection.begin_nested() as trial:
            connection.execute(_BOUND)
            connection.execute(text("SELECT '' ~ :pattern"), {"pattern": written})
            trial.rollback()  # and the bound with it
    except (DataError, OperationalError) as error:
        if isinstance(error, OperationalError) and not isinstance(error.orig, QueryCanceled):
            raise
        return False
    return True
