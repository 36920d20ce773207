"""HTTP in, HTTP out; no SQL. Every route has its guard, or the portal does not start."""

from __future__ import annotations

from flask import Flask

from app.config import Config
from app.lists import LISTS
from app.mail.transport import FOLDER as MAIL_FOLDER
from app.views.accounts import blueprint as accounts_blueprint
from app.views.branding import blueprint as branding_blueprint
from app.views.desk import blueprint as desk_blueprint
from app.views.dev import show_mails
from app.views.help import blueprint as help_blueprint
from app.views.journal import blueprint as journal_blueprint
from app.views.links import blueprint as links_blueprint
from app.views.list_routes import blueprint_of
from app.views.lists import blueprint as lists_blueprint
from app.views.me import blueprint as me_blueprint
from app.views.reauthentication import ask_for_proof
from app.views.reauthentication import blueprint as confirming_blueprint
from app.views.rendering import prepare
from app.views.team import blueprint as team_blueprint
from app.views.team import desk_blueprint as desk_team_blueprint
from app.web.guard import guard_routes

BLUEPRINTS = (
    accounts_blueprint,
    branding_blueprint,
    confirming_blueprint,
    desk_blueprint,
    desk_team_blueprint,
    help_blueprint,
    journal_blueprint,
    links_blueprint,
    lists_blueprint,
    me_blueprint,
    team_blueprint,
)


def register(app: Flask, config: Config) -> None:
    """Routes, what templates know, and the guards."""
    prepare(app)
    for blueprint in (*BLUEPRINTS, *map(blueprint_of, LISTS.values())):
        app.register_blueprint(blueprint)
    if config.development:
        show_mails(app, config.data / MAIL_FOLDER)
    guard_routes(app)


def demand_proof(app: Flask) -> None:
    """Ask once more who one is where the matrix says so; after the check of forms."""
    app.before_request(ask_for_proof)
