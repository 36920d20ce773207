"""Health: ``/healthz`` and ``/readyz``, whatever host was asked, before anything else of the portal.

A load balancer asks by address, without a name or a cookie: these two stand in front of trusted hosts,
sessions and guards, and tell nothing of anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from app.database.engine import Database
from app.database.migrate import Version, version_of
from app.operation.patience import InTime
from app.operation.state import state_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Answer = tuple[HTTPStatus, dict[str, Any]]


class Health:
    """The WSGI application around the portal that answers for its health."""

    def __init__(self, application: WSGIApplication, database: Database) -> None:
        self._application = application
        self._state = InTime(lambda: (version_of(database), state_of(database)))
        self._answers = {"/healthz": lambda: (HTTPStatus.OK, {"status": "alive"}), "/readyz": self.readiness}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answers.get(environ["PATH_INFO"])
        if answer is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        status, said = answer()
        body = json.dumps(said).encode()
        headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "Content-Length": len(body),
        }
        start_response(f"{status} {status.phrase}", [(name, str(value)) for name, value in headers.items()])
        return [body if environ["REQUEST_METHOD"] == "GET" else b""]

    def readiness(self) -> Answer:
        """Ready while pages can be shown; what only delays mail and files makes it degraded, not away."""
        try:
            version, state = self._state()
        except (SQLAlchemyError, TimeoutError):
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "away", "database": "unreachable"}
        ready = version is Version.CURRENT
        said = {
            "status": ("ready" if state.works else "degraded") if ready else "away",
            "database": "reachable",
            "migrations": version.value,
            "worker": "working" if state.works else "silent",
            "worker_seconds": state.worker_seconds,
            "last_night": state.last_night and state.last_night.isoformat(),
        }
        return HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, said
