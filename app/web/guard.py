"""The one function that applies the access matrix (``app.web.access_matrix``) to every request."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, g, redirect, request, url_for
from flask_login import LoginManager
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event
from app.accounts.place import UNNAMED, Place
from app.accounts.principal import Principal
from app.accounts.rights import Rights, owners_of, rights_in_session
from app.accounts.roles import Level, Permission
from app.accounts.sessions import is_key, mark_seen
from app.web import cookies
from app.web.access_matrix import ONLY_IN_DEVELOPMENT, ROUTES
from app.web.context import database, desk, host, known_principal, principal, signed_in, themes
from app.web.journal import journal_refusal
from app.web.language import asked_language
from app.web.places import MERCHANT, PlaceKind, kind_of, named_place
from app.web.security import SAFE_METHODS, local_path
from app.wording.i18n import speak

#: The pages of staff who have no second factor yet.
ENROLMENT = "me.second_factor"
BEFORE_ENROLMENT = frozenset({ENROLMENT, "reauthentication.confirm"})


def guard_routes(app: Flask) -> None:
    """Guard every route of ``app``. Raises RuntimeError when one is in no line of the matrix."""
    # Without its context processor: an error page must not look for the person in the database.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None
    manager.anonymous_user = known_principal
    manager.request_loader(load_principal)
    app.before_request(guard)
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    differences = (routes ^ ROUTES.keys()) - ONLY_IN_DEVELOPMENT
    if differences:
        raise RuntimeError(f"routes and matrix differ: {', '.join(sorted(differences))}")


def guard() -> AnyResponse | None:
    """Let nobody pass who may not: strangers sign in first, others are refused."""
    if request.endpoint is None or request.routing_exception is not None:
        return None  # the router's own answer: 404, 405 or a redirection
    guarded = ROUTES[request.endpoint]
    if guarded.needs is None:
        return None
    rights = principal().rights
    if rights is None:
        return ask_to_sign_in()
    if rights.must_enrol and request.endpoint not in BEFORE_ENROLMENT:
        return lead_to(url_for(ENROLMENT))
    elsewhere = _to_their_place(rights)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    missing = next((needed for needed in guarded.required if not rights.may(needed)), None)
    if missing is not None:
        refuse(missing)
    if isinstance(guarded.needs, Permission) and rights.is_viewing_as and not _is_safe():
        refuse(guarded.needs)  # who looks never changes anything, whatever the route
    return None


def _to_their_place(rights: Rights) -> str | None:
    """Where an address leads that names no place of theirs, if anywhere; 404 for a place of others."""
    kind = kind_of(request.endpoint)
    if kind is None or rights.belongs_nowhere:
        return None
    if rights.is_astray:
        return _from_foreign_place(rights)
    if rights.place == UNNAMED and len(rights.accesses if kind is MERCHANT else rights.staff) > 1:
        return _to_last_place(rights, kind)
    if kind is MERCHANT and rights.access is None and _is_safe():
        return url_for("desk.home")
    return None


def _from_foreign_place(rights: Rights) -> str:
    """Staff are led to where they say that they look at a merchant of their own; to others it is absent."""
    if not _is_safe() or rights.may_view_as is None:
        journal_refusal(Event.NOT_IN_SCOPE, rights.user_id, endpoint=request.endpoint)
        abort(404)
    maintainer, merchant_id = rights.may_view_as, rights.place.merchant_id
    return url_for("desk.merchant", reseller_id=maintainer.reseller_id, id=merchant_id)


def _to_last_place(rights: Rights, kind: PlaceKind) -> str:
    """The same address at the place used last; what changes something must name its place."""
    last = rights.access.merchant_id if kind is MERCHANT and rights.access else desk().reseller_id
    here = local_path(request.full_path.rstrip("?"))
    if not _is_safe() or here is None:
        abort(404)
    return kind.address(last, here)


def _is_safe() -> bool:
    return request.method in SAFE_METHODS


def meet() -> None:
    """Meet whoever asks as a stranger, at the place that the address names, and speak their language."""
    g.principal = Principal(named_place(), asked_language())
    speak(g.principal.language)


def load_principal(request: Request) -> Principal | None:
    """Who asks with this request's cookie, for flask-login."""
    key = cookies.sent(cookies.KEY)
    if not is_key(key):
        return None
    stranger = known_principal()
    # No snapshot begins and ends for it: whoever loses a right between its statements is without it.
    with database().looking() as connection:
        found = rights_in_session(connection, key, stranger.place, themes().of_host(host()).slug)
    if found is None:
        return None
    session, rights = found
    if session.host != host():
        journal_refusal(Event.FOREIGN_SESSION, rights.user_id, host=host())
        return None
    if not session.seen_lately and request.method != "HEAD":
        with database().writing() as connection:
            mark_seen(connection, key, _place_used(rights))
    g.principal = replace(stranger, rights=rights, session=session)
    return known_principal()


def ask_to_sign_in() -> AnyResponse:
    """To the sign-in page and back afterwards; htmx must be told to leave the page.

    Back here where that is a page, else to the page it was asked from: an address sends no form again, and
    led to a file a browser stays where it is. Whose page was open is told that their session has ended.
    """
    left = _page_left()
    is_page = request.method == "GET" and "." not in request.path.rpartition("/")[2]
    here = local_path(request.full_path) if is_page else left
    done = None if left is None else "ended" if _is_safe() else "unsent"
    return lead_to(url_for("accounts.sign_in", next=here, done=done))


def _page_left() -> str | None:
    """The page of this portal that asks, if only who is signed in can have it open."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(came_from.path, "GET")
    except HTTPException:
        return None
    is_theirs = endpoint in ROUTES and ROUTES[endpoint].needs is not None
    return local_path(f"{came_from.path}?{came_from.query}") if is_theirs else None


def lead_to(address: str) -> AnyResponse:
    """To another page first, in the words of whoever asked: a browser, htmx or a program."""
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": address})
    if request.path.endswith(".json"):
        abort(401)
    return redirect(address, 303)


def refuse(needed: Permission | Level) -> None:
    """403 for what the role does not include, with a line in the journal; the page says whom to ask."""
    journal_refusal(Event.NOT_ALLOWED, signed_in().user_id, needed=needed.value, path=request.path)
    access = principal().access
    if needed is Level.STAFF:
        g.is_for_staff = True
    elif access is not None and not access.is_view_as:
        with database().reading() as connection:
            g.whom_to_ask = owners_of(connection, access.merchant_id)
    abort(403)


def _place_used(rights: Rights) -> Place:
    """The place that short addresses lead to from here on; looking at another's data is none."""
    return UNNAMED if rights.is_astray or rights.is_viewing_as else rights.place
