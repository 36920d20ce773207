"""Metrics: figures for Prometheus, on an address of their own.

Web processes count into files they share, so that whichever is asked answers for all of them; what the
database knows (queue, mail, files, nights) is read when somebody asks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from app.config import Address
from app.database.engine import Database
from app.models import AlertKind
from app.operation.patience import InTime
from app.operation.state import State, state_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/metrics"

REQUESTS = Counter("bordereau_requests", "Requests by route and status.", ["route", "status"])
SECONDS = Histogram("bordereau_request_seconds", "Time to answer, by route.", ["route"])
STATEMENTS = Counter("bordereau_statements", "SQL statements of web requests.")


def measure(app: Flask) -> None:
    """Count the requests of ``app``, their time and their statements."""
    app.before_request(_begin)
    app.after_request(_end)
    if not event.contains(Engine, "after_cursor_execute", _count_statement):
        event.listen(Engine, "after_cursor_execute", _count_statement)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.endpoint or "none"
    REQUESTS.labels(route, response.status_code).inc()
    if "began" in g:  # a request for a foreign host is refused before anything begins
        SECONDS.labels(route).observe(time.perf_counter() - g.began)
    return response


def _count_statement(*_: Any) -> None:
    STATEMENTS.inc()


class Metrics:
    """The WSGI application around the portal that answers on the address of metrics, and nowhere else."""

    def __init__(self, application: WSGIApplication, address: Address, database: Database) -> None:
        self._application = application
        self._port = str(address.port)
        self._state = _StateCollector(database)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["SERVER_PORT"] != self._port:
            return self._application(environ, start_response)
        if environ["PATH_INFO"] != PATH:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        body = self.text()
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Content-Length": str(len(body))}
        start_response("200 OK", list(headers.items()))
        return [body]

    def text(self) -> bytes:
        """Every figure, in the format of Prometheus."""
        figures = CollectorRegistry()
        figures.register(self._state)
        return generate_latest(_counted()) + generate_latest(figures)


def _counted() -> CollectorRegistry:
    """What all web processes have counted; that of this one where they share nothing."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class _StateCollector:
    """The state of the portal as gauges; while the database is away, the one that says so."""

    def __init__(self, database: Database) -> None:
        self._state = InTime(lambda: state_of(database))

    def collect(self) -> Iterator[Metric]:
        try:
            state = self._state()
        except (SQLAlchemyError, TimeoutError):
            state = None
        yield _gauge("database_up", "Whether the database answers.", float(state is not None))
        if state is not None:
            yield from _gauges(state)


def _gauges(state: State) -> Iterator[Metric]:
    if state.worker_seconds is not None:
        yield _gauge(
            "worker_heartbeat_age_seconds", "Since a worker was last heard of.", state.worker_seconds
        )
    yield _gauge("jobs_waiting", "Jobs that are due.", state.jobs.count)
    yield _gauge("jobs_oldest_seconds", "How long the oldest of them has waited.", state.jobs.oldest_seconds)
    yield _gauge("mails_waiting", "Mails that have not left.", state.mails.count)
    yield _gauge(
        "mails_oldest_seconds", "How long the oldest of them has waited.", state.mails.oldest_seconds
    )
    files = GaugeMetricFamily("bordereau_files", "Files by what became of them.", labels=["status"])
    for status, count in state.files.items():
        files.add_metric([status], count)
    yield files
    nights = GaugeMetricFamily(
        "bordereau_last_night_age_days", "Days since the last business day received.", labels=["source"]
    )
    for source, age in state.ages().items():
        nights.add_metric([source], age)
    yield nights
    alerts = GaugeMetricFamily(
        "bordereau_alerts", "What the watch has found wrong, by kind.", labels=["kind"]
    )
    for kind in AlertKind:
        alerts.add_metric([kind], state.alerts.get(kind, 0))
    yield alerts


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(f"bordereau_{name}", documentation, value)
