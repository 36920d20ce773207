"""Faults that break a file off: its own fault, one of the moment, or one that stops every file."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.database.faults import FaultScope, scope_of, sqlstate_of
from app.logs import logger
from app.wording.i18n import N_
from importers.files.archive import shown
from importers.refusals import FileLeftError, FileRefusedError, Refusal, refuse, unreadable

_UNIQUE_VIOLATION: Final = "23505"
_NOT_NOW: Final = N_("the database could not take it just now (SQLSTATE %(code)s): left for another try")

_log = logger("load")


@contextmanager
def contained(name: str) -> Iterator[None]:
    """Let what breaks off on the file ``name`` be a fault of that file alone.

    Raises FileLeftError where another try may go well, else FileRefusedError with a number that the log
    has beside the place where it broke. What stops every file, such as a database that is away, is raised
    as it is.
    """
    try:
        yield
    except FileRefusedError:
        raise
    except OSError as error:
        raise FileLeftError([unreadable(error)]) from None
    except Exception as error:
        scope, code = scope_of(error), sqlstate_of(error)
        if scope is FaultScope.EVERYTHING:
            raise
        if scope is FaultScope.MOMENT:
            raise FileLeftError([Refusal(reason=_NOT_NOW, params={"code": code})]) from None
        if code == _UNIQUE_VIOLATION:
            raise refuse(N_("some of its rows are already known from another source")) from None
        number = secrets.token_hex(4)
        _log.exception("file_broke_off", file=shown(name), number=number)
        raise refuse(N_("it broke off on our side: number %(number)s in the log"), number=number) from None
