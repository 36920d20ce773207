"""Patience: a question to a database that may hang, answered in time or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

#: How long the database may take to say how it is, in seconds: whoever asks for it waits no longer.
PATIENCE = 5

Answer = TypeVar("Answer")


class InTime(Generic[Answer]):
    """A question that one thread of its own asks at a time: a database that hangs keeps no more than that.

    Raises TimeoutError after ``PATIENCE``, and what the question raises.
    """

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._pending: Future[Answer] | None = None

    def __call__(self) -> Answer:
        with self._lock:
            if self._pending is None or self._pending.done():
                self._pending = Future()
                threading.Thread(target=self._answer, args=(self._pending,), daemon=True).start()
            pending = self._pending
        return pending.result(PATIENCE)

    def _answer(self, pending: Future[Answer]) -> None:
        try:
            pending.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            pending.set_exception(error)
