"""Every error as a page in plain words, with a number to quote and the menu of whoever is signed in.

None of them needs the database: without it, whoever asks is a stranger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, SecurityError

from app.accounts.limits import TooManyAttemptsError
from app.logs import logger
from app.web.admission import TooMuchAtOnceError
from app.web.context import known_principal, principal, request_id
from app.web.questions import TooManyQuestionsError
from app.web.security import ForeignFormError, local_path
from app.wording.i18n import N_, gettext

log = logger("errors")


@dataclass(frozen=True)
class Explanation:
    """An explanation: what happened and what to do about it; message identifiers."""

    title: str
    advice: str


EXPLANATIONS = {
    400: Explanation(
        N_("This request cannot be understood"),
        N_("The address or the form is not one of this portal's. Go back to the start and try again."),
    ),
    401: Explanation(N_("You are not signed in"), N_("Sign in, then try again.")),
    403: Explanation(
        N_("You do not have access to this"),
        N_("Your access does not include it. The owner of the account can change that."),
    ),
    404: Explanation(
        N_("Page not found"),
        N_("Nothing is at this address, or your access does not include it."),
    ),
    405: Explanation(
        N_("This action is not possible here"),
        N_("This address does not accept such a request. Go back to the start and try again."),
    ),
    413: Explanation(N_("Too much was sent"), N_("This form is larger than the portal accepts.")),
    422: Explanation(
        N_("This search is too wide"),
        N_("It would take too long. Choose a shorter period or add a filter, then try again."),
    ),
    429: Explanation(
        N_("Too many attempts"),
        N_("This was tried too often. Wait a few minutes, then try again."),
    ),
    500: Explanation(
        N_("Something went wrong on our side"),
        N_("Nothing was lost. Try again in a moment; if it happens again, quote the number below."),
    ),
    503: Explanation(
        N_("The portal cannot be reached for the moment"),
        N_("Nothing was lost. Try again in a few minutes."),
    ),
}
EXPIRED_FORM = Explanation(
    N_("This form has expired"),
    N_("It was opened too long ago or in another session. Go back, reload the page and send it again."),
)
#: 403 for somebody who belongs nowhere any more: no page of the portal would do better.
NOWHERE = Explanation(
    N_("Your access is closed"),
    N_("It was suspended or removed. Whoever gave it to you can open it again."),
)
#: 403 for whoever asks for a maintainer's desk and works for none: no owner could give them that.
STAFF_ONLY = Explanation(
    N_("This page is the maintainer's"),
    N_("It is for those who look after your terminals. What is yours is at the start."),
)
#: 421 for a name that no theme says is this portal's.
UNKNOWN_HOST = Explanation(
    N_("This portal is not known under this address"),
    N_("Check the address you were given. Whoever runs the portal names its addresses in its themes."),
)
#: 429 for one who has two searches or a file going on already.
BUSY = Explanation(
    N_("Your last searches are still running"),
    N_("Two searches and one file at a time: wait for an answer, then try again."),
)
#: 429 for a browser that waits for several pages already, whatever they are.
TOO_MUCH_AT_ONCE = Explanation(
    N_("Several of your pages are still loading"),
    N_("This browser asked for too many at once. Wait for one of them, then try again."),
)
#: Whoever is locked out here can still choose a new password.
SIGN_IN = "accounts.sign_in"
#: What may go better a moment later.
PASSING = frozenset({429, 500, 503})
BUSY_SECONDS = 5
#: So many unknown names are logged, once each, in the life of a process.
MOST_UNKNOWN_HOSTS = 100
LONGEST_HOST = 253
PLAIN_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
RETRY_SECONDS = 30
_LAST_RESORT = "<!doctype html><html lang=fr><meta charset=utf-8><title>Erreur</title><h1>Erreur</h1>"


def handle_errors(app: Flask) -> None:
    """Register the answer to every kind of failure."""
    app.register_error_handler(CSRFError, _on_expired_form)
    app.register_error_handler(ForeignFormError, _on_foreign_form)
    app.register_error_handler(TooManyAttemptsError, lambda _: _page(429))
    app.register_error_handler(TooManyQuestionsError, lambda _: _busy(BUSY))
    app.register_error_handler(TooMuchAtOnceError, lambda _: _busy(TOO_MUCH_AT_ONCE, recognised=False))
    app.register_error_handler(SecurityError, _on_unknown_host)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(DBAPIError, _on_database)
    app.register_error_handler(PoolTimeoutError, _on_unreachable)
    app.register_error_handler(Exception, _on_bug)


def _on_expired_form(_error: CSRFError) -> Response:
    _log_refusal("token")
    return _page(400, EXPIRED_FORM)


def _on_foreign_form(_error: ForeignFormError) -> Response:
    _log_refusal("origin")
    return _page(403)


def _busy(explanation: Explanation, *, recognised: bool = True) -> Response:
    response = _page(429, explanation, recognised=recognised)
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


def _on_unknown_host(_error: SecurityError) -> Response:
    """A page of its own: at a name that is not ours no address can be built, and no style is fetched."""
    _log_unknown_host(request.headers.get("Host", "")[:LONGEST_HOST])
    return make_response(render_template("errors/unknown_host.html", explanation=UNKNOWN_HOST), 421)


@lru_cache(maxsize=MOST_UNKNOWN_HOSTS)
def _log_unknown_host(name: str) -> None:
    """One line for each name, however often it is asked for."""
    log.warning("unknown_host", host=name if PLAIN_HOST.fullmatch(name) else "")


def _log_refusal(by: str) -> None:
    """One line for a form that was not taken: a wrong token, or sent by another site."""
    log.warning("form_refused", request_id=request_id(), endpoint=request.endpoint, by=by)


def on_http(error: HTTPException) -> Response:
    """The answer to what Flask or a page refuses."""
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    nearest = HTTPStatus.BAD_REQUEST if code < HTTPStatus.INTERNAL_SERVER_ERROR else 500
    response = _page(code if code in EXPLANATIONS else nearest)
    response.status_code = code
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _on_database(error: DBAPIError) -> Response:
    """A statement cut off by its timeout asked too much; a lost connection is not the reader's fault."""
    if isinstance(error.orig, QueryCanceled):
        return _page(422)
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        return _on_unreachable(error)
    return _on_bug(error)


def _on_unreachable(error: Exception) -> Response:
    _log(error)
    response = _page(503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _on_bug(error: Exception) -> Response:
    _log(error)
    return _page(500)


def _page(status: int, explanation: Explanation | None = None, *, recognised: bool = True) -> Response:
    """The page of an error, with the menu of whoever asks unless they are not to be ``recognised``."""
    is_nowhere = status == HTTPStatus.FORBIDDEN and _belongs_nowhere()
    refused = NOWHERE if is_nowhere else STAFF_ONLY if g.get("is_for_staff") else EXPLANATIONS[status]
    explanation = explanation or refused
    if request.path.endswith(".json"):
        document = {"error": gettext(explanation.title), "request_id": request_id()}
        return make_response(document, status)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and recognised:
        _recognise()
    template = "errors/part.html" if "HX-Request" in request.headers else "errors/page.html"
    try:
        text = render_template(
            template,
            explanation=explanation,
            request_id=request_id(),
            is_nowhere=is_nowhere,
            again=_again(status),
            whom_to_ask=g.get("whom_to_ask", ()),
            is_locked_out=status == HTTPStatus.TOO_MANY_REQUESTS and request.endpoint == SIGN_IN,
        )
    except Exception as error:  # noqa: BLE001 - the page that may not fail
        _log(error)
        return make_response(_LAST_RESORT, 500)
    return make_response(text, status)


def _again(status: int) -> str:
    """The address of a page to ask for once more; none for a form, which may have done its work."""
    is_worth_it = status in PASSING and request.method == "GET"
    return (local_path(request.full_path) or "") if is_worth_it else ""


def _recognise() -> None:
    """Read who asks where no guard did, at an address that is nobody's; a stranger where that fails."""
    try:
        principal()
    except Exception as error:  # noqa: BLE001 - the page that may not fail
        _log(error)


def _belongs_nowhere() -> bool:
    rights = known_principal().rights
    return rights is not None and rights.belongs_nowhere


def _log(error: Exception) -> None:
    """One line: where it broke and how it is called (by PostgreSQL too), never what it was fed with."""
    log.error("error", request_id=request_id(), endpoint=request.endpoint, exc_info=error)
