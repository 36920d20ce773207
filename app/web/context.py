"""The request of the moment, typed: its database, its person, its theme, its client."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import abort, current_app, g, request
from flask_login import current_user
from werkzeug.exceptions import SecurityError

from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.rights import Access, Staff, Visitor
from app.database.engine import Database
from app.models import DEFAULT_TIME_ZONE
from app.themes import Theme, Themes
from app.web.security import device_key


def database() -> Database:
    """The portal's database."""
    found: Database = current_app.extensions["bordereau.database"]
    return found


def themes() -> Themes:
    """Every theme."""
    found: Themes = current_app.extensions["bordereau.themes"]
    return found


def links() -> Links:
    """What makes and reads one-time links."""
    found: Links = current_app.extensions["bordereau.links"]
    return found


def visitor() -> Visitor | None:
    """The signed-in person, read from the database once a request."""
    return current_user if current_user.is_authenticated else None


def signed_in() -> Visitor:
    """The signed-in person, behind a guard; 403 for a stranger."""
    person = visitor()
    if person is None:
        abort(403)
    return person


def access() -> Access:
    """The membership this person looks through; 403 for one who belongs nowhere any more."""
    chosen = signed_in().access
    if chosen is None:
        abort(403)
    return chosen


def desk() -> Staff:
    """The maintainer whose desk this is; 403 for somebody who works for none."""
    here = signed_in().desk(themes().of_host(host()).slug)
    if here is None:
        abort(403)
    return here


def known_desk() -> Staff | None:
    """The desk of the signed-in person if they were read already and have one: never touches the database."""
    person = known_visitor()
    return person.desk(themes().of_host(host()).slug) if person is not None else None


def known_visitor() -> Visitor | None:
    """The signed-in person if he was read already: never touches the database."""
    found: Visitor | None = g.get("visitor")
    return found


def theme() -> Theme:
    """The theme of this place's maintainer, else the host's; never touches the database."""
    person, here = known_visitor(), known_desk()
    if person is not None and person.access is not None:
        return themes().of_reseller(person.access.reseller_slug, host())
    return themes().of_reseller(here.reseller_slug, host()) if here is not None else themes().of_host(host())


def host() -> str:
    """The host asked for, without port; empty when it is none of ours."""
    try:
        return request.host.rpartition(":")[0].lower() or request.host.lower()
    except SecurityError:
        return ""


def request_id() -> str:
    """The number of this request, shown on error pages and written in the journal."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    number: str = g.request_id
    return number


def client() -> Client:
    """Where this request comes from."""
    return Client(
        host=host(),
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        request_id=request_id(),
        device=device_key(),
    )


def today() -> date:
    """The business day of the portal: that of metropolitan France."""
    return datetime.now(ZoneInfo(DEFAULT_TIME_ZONE)).date()
