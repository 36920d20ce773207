"""Limits on what one person may have going on at once, so that nobody keeps the portal from all others.

Two questions of lists, at a merchant or at a desk, each for a few seconds at most, and one file: whoever asks
for more is told to wait for an answer first. Places are kept by the database, whichever process answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from app.database.isolation import Isolated
from app.locks import Lock, take_one
from app.web.context import database, signed_in

MOST_QUESTIONS: Final = 2
#: A question that takes longer asks too much: it is answered by a page that says so.
LONGEST_QUESTION: Final = "4s"


class TooManyQuestionsError(Exception):
    """This person has as much going on already as one may."""


@contextmanager
def asking(sight: Isolated) -> Iterator[Connection]:
    """A snapshot of what is in ``sight`` for a question of a list. Raises TooManyQuestionsError."""
    with database().reading_as(sight) as connection:
        connection.execute(text(f"SET LOCAL statement_timeout TO '{LONGEST_QUESTION}'"))
        _take(connection, Lock.QUESTION, MOST_QUESTIONS)
        yield connection


@contextmanager
def exporting(sight: Isolated) -> Iterator[Connection]:
    """A snapshot of what is in ``sight`` for a whole file. Raises TooManyQuestionsError."""
    with database().exporting_as(sight) as connection:
        _take(connection, Lock.EXPORT, 1)
        yield connection


def _take(connection: Connection, lock: Lock, most: int) -> None:
    if not take_one(connection, lock, signed_in().user_id, most):
        raise TooManyQuestionsError
