"""Observation: what an operator's machines ask of a web process, in front of the portal itself."""

from __future__ import annotations

from flask import Flask

from app.config import Config
from app.web.health import Health


def observe(app: Flask, config: Config) -> None:
    """Answer for the portal's health, and with what it counts where an address is given for that."""
    database = app.extensions["bordereau.database"]
    app.wsgi_app = Health(app.wsgi_app, database)  # type: ignore[method-assign]
    if config.metrics:
        # Only here: the library decides when it is loaded how processes share what they count.
        from app.web.metrics import Metrics, measure  # noqa: PLC0415

        measure(app)
        app.wsgi_app = Metrics(app.wsgi_app, config.metrics, database)  # type: ignore[method-assign]
