"""The one function that applies the access matrix (``app.web.access_matrix``) to every request."""

from __future__ import annotations

from flask import Flask, Request, Response, abort, current_app, g, redirect, request, url_for
from flask_login import LoginManager
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.journal import Event, record
from app.accounts.rights import Permission, Standing, Visitor, visitor_of
from app.accounts.sessions import is_key, mark_seen
from app.web.access_matrix import ONLY_IN_DEVELOPMENT, ROUTES
from app.web.context import database, host, request_id, visitor
from app.web.security import SAFE_METHODS, cookie_name, local_path

#: The pages of staff who have no second factor yet.
ENROLMENT = "me.second_factor"
BEFORE_ENROLMENT = frozenset({ENROLMENT, "confirming.confirm"})


def guard_routes(app: Flask) -> None:
    """Guard every route of ``app``. Raises RuntimeError when one is in no line of the matrix."""
    # Without its context processor: an error page must not look for the person in the database.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None
    manager.request_loader(load_visitor)
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
    person = visitor()
    if person is None:
        return ask_to_sign_in()
    if person.must_enrol and request.endpoint not in BEFORE_ENROLMENT:
        return lead_to(url_for(ENROLMENT))
    missing = next((needed for needed in guarded.asked if not person.may(needed)), None)
    if missing is not None:
        if person.staff and person.access is None and request.method == "GET":
            return redirect(url_for("desk.home"), 303)
        refuse(person, missing)
    if isinstance(guarded.needs, Permission) and person.is_looking and request.method not in SAFE_METHODS:
        refuse(person, guarded.needs)  # a look never changes anything, whatever the route
    return None


def load_visitor(request: Request) -> Visitor | None:
    """The person of this request's cookie, for flask-login."""
    key = request.cookies.get(cookie_name(current_app), "")
    if not is_key(key):
        return None
    with database().reading() as connection:
        person = visitor_of(connection, key)
    if person is None:
        return None
    if person.host != host():
        _journal_foreign_session(person)
        return None
    if not person.seen_lately:
        with database().writing() as connection:
            mark_seen(connection, key)
    g.visitor = person
    return person


def ask_to_sign_in() -> AnyResponse:
    """To the sign-in page and back here afterwards; htmx must be told to leave the page."""
    here = local_path(request.full_path) if request.method == "GET" else None
    return lead_to(url_for("accounts.sign_in", next=here))


def lead_to(address: str) -> AnyResponse:
    """To another page first, in the words of whoever asked: a browser, htmx or a program."""
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": address})
    if request.path.endswith(".json"):
        abort(401)
    return redirect(address, 303)


def refuse(person: Visitor, needed: Permission | Standing) -> None:
    """403 for what the role does not include, with a line in the journal."""
    with database().writing() as connection:
        record(
            connection,
            Event.NOT_ALLOWED,
            user_id=person.user_id,
            merchant_id=person.access.merchant_id if person.access else None,
            request_id=request_id(),
            needed=needed.value,
            path=request.path,
        )
    abort(403)


def _journal_foreign_session(person: Visitor) -> None:
    with database().writing() as connection:
        record(
            connection,
            Event.FOREIGN_SESSION,
            user_id=person.user_id,
            request_id=request_id(),
            host=host(),
        )
