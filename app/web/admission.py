"""Admission: what one browser may have going on in a process, told before anything is asked of the database.

The limits of :mod:`app.web.questions` are those of a person, and known to the database alone: whoever sends
more than a few requests at once is refused here first, at next to no cost, so that others need not wait.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from flask import Flask, g, request

from app.accounts.sessions import is_key
from app.web import cookies
from app.web.access_matrix import ROUTES

#: Less than half the threads of a process; somebody who opens one page after the other never has as many.
MOST_AT_ONCE: Final = 3


class TooMuchAtOnceError(Exception):
    """This browser has as much going on in this process as one may."""


@dataclass(frozen=True)
class Admission:
    """The requests that this process is answering, counted by the key of their session."""

    _going_on: Counter[str] = field(default_factory=Counter)
    _changing: Lock = field(default_factory=Lock, compare=False)

    def enter(self, key: str) -> bool:
        """Count a request in; False, and it is not, where there are as many as may be."""
        with self._changing:
            is_free = self._going_on[key] < MOST_AT_ONCE
            self._going_on[key] += is_free
            return is_free

    def leave(self, key: str) -> None:
        """Count a request out."""
        with self._changing:
            self._going_on[key] -= 1
            if not self._going_on[key]:
                del self._going_on[key]


def admit_few(app: Flask) -> None:
    """Refuse what a browser asks for besides too much else; before the guard reads who it is."""
    admission = Admission()

    def admit() -> None:
        """Raise TooMuchAtOnceError."""
        guarded = ROUTES.get(request.endpoint or "")
        key = cookies.sent(cookies.KEY)
        if guarded is None or guarded.needs is None or not is_key(key):
            return
        if not admission.enter(key):
            raise TooMuchAtOnceError
        g.admitted = key

    def dismiss(_error: BaseException | None) -> None:
        if key := g.pop("admitted", None):
            admission.leave(key)

    app.before_request(admit)
    app.teardown_request(dismiss)
