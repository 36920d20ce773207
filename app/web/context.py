"""The request of the moment, typed: its database, its principal, its theme, its client."""

from __future__ import annotations

import secrets

from flask import abort, current_app, g, request
from flask_login import current_user
from werkzeug.exceptions import SecurityError

from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.principal import Principal
from app.accounts.rights import Access, Rights, Staff
from app.database.engine import Database
from app.themes import Theme, Themes
from app.web.security import device_key
from app.wording.i18n import language


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


def principal() -> Principal:
    """Who asks, at which place and in which language: read from the database once a request."""
    known = known_principal()
    if known.rights is not None:
        return known
    found: Principal = current_user._get_current_object()  # noqa: SLF001 - how werkzeug spells it
    return found


def known_principal() -> Principal:
    """The same, a stranger as long as nobody has asked: never touches the database."""
    found: Principal | None = g.get("principal")
    return found or Principal(language=language())


def signed_in() -> Rights:
    """The rights of the signed-in person, behind a guard; 403 for a stranger."""
    rights = principal().rights
    if rights is None:
        abort(403)
    return rights


def access() -> Access:
    """The membership this person looks through; 403 for one who belongs nowhere any more."""
    chosen = principal().access
    if chosen is None:
        abort(403)
    return chosen


def desk() -> Staff:
    """The reseller whose desk this is; 403 for somebody who works for none."""
    here = principal().desk
    if here is None:
        abort(403)
    return here


def theme() -> Theme:
    """The theme of this place's reseller, else the host's; never touches the database."""
    asking = known_principal()
    here = asking.access or asking.desk
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
