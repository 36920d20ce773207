"""Limits on what one person may have going on at once, so that nobody keeps the portal from all others.

Two questions of lists, at a merchant or at a desk, each for a few seconds at most, and one file: whoever asks
for more is told to wait for an answer first. Places are kept by the database, whichever process answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from sqlalchemy import Connection

from app.database.isolation import FOR_ALL_VALUES, Isolated, plan_again
from app.listing.reading import Reading, known
from app.locks import Lock, one_place, places
from app.web.context import database, signed_in

MOST_QUESTIONS: Final = 2
#: A question that takes longer asks too much: it is answered by a page that says so.
LONGEST_QUESTION: Final = "4s"
_LIMIT: Final = f"SET LOCAL statement_timeout TO '{LONGEST_QUESTION}'"
_PLANNED_AGAIN: Final = Reading((plan_again(),), lambda _: None)
T = TypeVar("T")


class TooManyQuestionsError(Exception):
    """This person has as much going on already as one may."""


@contextmanager
def asking(sight: Isolated) -> Iterator[Connection]:
    """A snapshot of what is in ``sight`` for a question of a list. Raises TooManyQuestionsError."""
    with asking_first(sight, known(None)) as (connection, _):
        yield connection


@contextmanager
def asking_first(sight: Isolated, first: Reading[T], *settings: str) -> Iterator[tuple[Connection, T]]:
    """The same, and what ``first`` finds: it is read by the statement that takes the place.

    That statement keeps its plan: what it reads of a merchant is the same whatever is asked of them.
    ``settings`` as in :meth:`app.database.engine.Database.reading_as`.
    """
    with database().reading_as(sight, FOR_ALL_VALUES, _LIMIT, *settings) as connection:
        at_first = _place(Lock.QUESTION, MOST_QUESTIONS).beside(first).beside(_PLANNED_AGAIN)
        (is_taken, found), _ = at_first.read(connection)
        if not is_taken:
            raise TooManyQuestionsError
        yield connection, found


@contextmanager
def exporting(sight: Isolated) -> Iterator[Connection]:
    """A snapshot of what is in ``sight`` for a whole file. Raises TooManyQuestionsError."""
    with database().exporting_as(sight) as connection:
        if not _place(Lock.EXPORT, 1).read(connection):
            raise TooManyQuestionsError
        yield connection


def _place(lock: Lock, most: int) -> Reading[bool]:
    """Whether one of a person's places was free; it is theirs until the transaction ends."""
    return Reading(
        (one_place(most),), lambda rows: bool(rows[0].is_taken), places(lock, signed_in().user_id, most)
    )
