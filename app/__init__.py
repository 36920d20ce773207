"""Bordereau: the portal where merchants find their payments the day after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config
    from app.database.engine import Database


def create_app(config: Config, database: Database | None = None) -> Flask:
    """The portal as a WSGI application: wiring, one line a concern.

    ``database`` is the configured one unless given. Raises ThemeError when the default theme is broken.
    """
    # Imported here: commands and importers need app's modules without the web.
    from flask import Flask  # noqa: PLC0415

    from app import logs, themes, views  # noqa: PLC0415
    from app.accounts import links  # noqa: PLC0415
    from app.database import engine  # noqa: PLC0415
    from app.web import errors, security  # noqa: PLC0415
    from app.web.observation import observe  # noqa: PLC0415

    app = Flask(__name__)
    app.extensions["bordereau.database"] = database or engine.Database.from_config(config).for_web()
    app.extensions["bordereau.themes"] = loaded = themes.themes_of(config.data)
    app.extensions["bordereau.links"] = links.Links.of(config, loaded)
    logs.to_stderr()
    themes.report(loaded)
    security.secure(app, config, tuple(loaded.by_host))
    views.register(app, config)
    security.protect_forms(app)
    views.demand_proof(app)
    errors.handle_errors(app)
    security.trust_proxy(app, config)
    observe(app, config)
    return app
