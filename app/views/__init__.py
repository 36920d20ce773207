"""HTTP in, HTTP out; no SQL. Every route has its guard, or the portal does not start."""

from __future__ import annotations

from flask import Flask

from app.config import Config
from app.lists import LISTS
from app.mail.transport import FOLDER as MAIL_FOLDER
from app.views.accounts import blueprint as accounts_blueprint
from app.views.branding import blueprint as branding_blueprint
from app.views.daily_mail import blueprint as daily_mail_blueprint
from app.views.deciding import blueprint as open_items_blueprint
from app.views.desk import blueprint as desk_blueprint
from app.views.dev import show_own_pages
from app.views.help import blueprint as help_blueprint
from app.views.journal import blueprint as journal_blueprint
from app.views.links import blueprint as links_blueprint
from app.views.list_routes import blueprint_of
from app.views.lists import blueprint as lists_blueprint
from app.views.me import blueprint as me_blueprint
from app.views.reauthentication import ask_to_reauthenticate
from app.views.reauthentication import blueprint as reauthentication_blueprint
from app.views.rendering import prepare
from app.views.saved_views import blueprint as saved_views_blueprint
from app.views.team import blueprint as team_blueprint
from app.views.team import desk_blueprint as desk_team_blueprint
from app.web.admission import admit_few
from app.web.guard import guard_routes
from app.web.places import DESK, MERCHANT, RowId, register_at

#: What is the same at every place.
BLUEPRINTS = (
    accounts_blueprint,
    branding_blueprint,
    daily_mail_blueprint,
    reauthentication_blueprint,
    help_blueprint,
    links_blueprint,
    me_blueprint,
)
#: What stands at a place, as the lists do: its addresses name the merchant or the desk whose pages they are.
AT_MERCHANTS = (
    journal_blueprint,
    lists_blueprint,
    open_items_blueprint,
    saved_views_blueprint,
    team_blueprint,
)
AT_DESKS = (desk_blueprint, desk_team_blueprint)


def register(app: Flask, config: Config) -> None:
    """Routes, what templates know, and the guards."""
    app.url_map.converters["id"] = RowId
    prepare(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    at_merchants = (*AT_MERCHANTS, *map(blueprint_of, LISTS.values()))
    register_at(app, {MERCHANT: at_merchants, DESK: AT_DESKS})
    if config.development:
        show_own_pages(app, config.data / MAIL_FOLDER)
    admit_few(app)
    guard_routes(app)


def demand_proof(app: Flask) -> None:
    """Ask once more who one is where the matrix says so; after the check of forms."""
    app.before_request(ask_to_reauthenticate)
