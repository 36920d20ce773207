"""Rules that every response and every request of the portal obeys: headers, cookie, origin, size.

The browser holds one cookie: a random key. Signed out, it only ties forms to this browser; at
sign-in it is replaced by the key of a row in ``user_session``. The CSRF token of Flask-WTF is
derived from the key, so that it lives and dies with it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import itertools
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.sessions import is_key, new_key
from app.config import LOCAL_HOSTS, Config
from app.rules.cards import holds_card
from app.web import cookies
from app.web.access_matrix import ROUTES

_DEVICE: Final = "device"
YEAR = 31_536_000
#: Browsers keep no cookie longer than 400 days.
DEVICE_KEPT = 400 * 86_400

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = f"max-age={YEAR}"
LIMITS = {
    "MAX_CONTENT_LENGTH": 64 * 1024,
    "MAX_FORM_MEMORY_SIZE": 32 * 1024,
    "MAX_FORM_PARTS": 50,
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Headers in which a browser names addresses.
ADDRESS_HEADERS = ("Referer", "Origin", "HX-Current-URL")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SMALLEST_COMPRESSED = 800
#: So many files are kept compressed: those of the portal, and logo and colours of its themes.
MOST_FILES = 64
SIRET_DIGITS = 14
_COMPRESSED_TYPES = ("text/html", "text/css", "text/javascript", "application/json", "image/svg+xml")
# Everything after the first slash but a second one, a backslash, or what browsers strip from URLs.
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


class ForeignFormError(Forbidden):
    """A form that another site made a browser send."""


class BrowserSession(dict[str, Any], SessionMixin):
    """This browser's key, and the CSRF token that follows from it."""

    def __init__(self, key: str, *, is_new: bool) -> None:
        self.modified = False
        self.new = is_new
        self.key = key
        self._derive()

    def __getitem__(self, name: str) -> Any:
        self.accessed = True
        self.modified = self.modified or self.new  # a token was shown: the browser must know its key
        return super().__getitem__(name)

    def change_key(self, key: str) -> None:
        """Give this browser another key: at sign-in and at sign-out."""
        self.key = key
        self.modified = True
        self._derive()

    def _derive(self) -> None:
        # The form holds it signed with the secret key: whoever knows a browser's key alone makes none.
        token = hmac.new(self.key.encode(), b"csrf", hashlib.sha256).hexdigest()
        super().__setitem__("csrf_token", token)


class KeyCookie(SessionInterface):
    """Flask's session held in the key cookie: nothing but the key ever leaves."""

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        key = request.cookies.get(cookies.full_name(app, cookies.KEY), "")
        known = is_key(key)
        return BrowserSession(key if known else new_key(), is_new=not known)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002 - Flask gives it
        if session.modified and isinstance(session, BrowserSession):
            cookies.keep(response, cookies.KEY, session.key)


def device_key() -> str:
    """The key by which this browser is known again: its cookie's, or a fresh one."""
    if "device_key" not in g:
        key = cookies.sent(_DEVICE)
        g.device_key = key if is_key(key) else new_key()
    found: str = g.device_key
    return found


def keep_device(response: AnyResponse) -> AnyResponse:
    """Let this browser keep its key, now that somebody has signed in with it; it opens nothing."""
    cookies.keep(response, _DEVICE, device_key(), DEVICE_KEPT)
    return response


def secure(app: Flask, config: Config, hosts: tuple[str, ...]) -> None:
    """Cookie, trusted hosts, limits, origin check, CSRF and headers, for every route of ``app``."""
    app.config.update(
        LIMITS,
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_SECURE=not config.development,
        TRUSTED_HOSTS=[*hosts, *LOCAL_HOSTS] if config.development else list(hosts),
        WTF_CSRF_SECRET_KEY=config.secret_keys,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the key
        WTF_CSRF_SSL_STRICT=False,  # refuse_foreign_origin does it, without needing a Referer
    )
    app.session_interface = KeyCookie()
    app.before_request(refuse_unreadable_headers)
    app.before_request(refuse_foreign_origin)
    app.after_request(compress)
    app.after_request(set_headers)
    app.after_request(lead_htmx_on)


class FormProtection(CSRFProtect):  # type: ignore[misc]  # Flask-WTF is not typed
    """The check of a form's token.

    A form that was opened before signing in bears the token of a key that signing in, in another tab, has
    replaced. There it is enough that the browser itself says that the form is one of this site's.
    """

    def protect(self, **how: Any) -> None:
        """Raise CSRFError for a form that is not ours, BadRequest for one that no column can hold."""
        if any("\0" in value for pair in request.form.items(multi=True) for value in pair):
            raise BadRequest
        guarded = ROUTES.get(request.endpoint or "")
        if guarded is not None and guarded.is_signed:
            return
        if guarded is None or guarded.needs is not None or not _says_same_origin():
            super().protect(**how)


def protect_forms(app: Flask) -> None:
    """Demand the CSRF token of every unsafe request, after the guard has sent strangers to sign in."""
    FormProtection(app)


def trust_proxy(app: Flask, config: Config) -> None:
    """Believe as many proxies as stand in front, as the settings say."""
    if count := config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def refuse_foreign_origin() -> None:
    """Refuse unsafe methods that another site makes a browser send."""
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    said = site if site is not None else origin
    if said not in (None, "none") and not _says_same_origin():
        raise ForeignFormError


def _says_same_origin() -> bool:
    """Whether the browser says that a page of this very site sends the request; no page can say it for it."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and split_address(origin).netloc.lower() == request.host.lower()


def split_address(text: str) -> SplitResult:
    """The parts of an address that a browser sent. Raises BadRequest for one that cannot be an address."""
    try:
        return urlsplit(text)
    except ValueError:
        raise BadRequest from None


def refuse_unreadable_headers() -> None:
    """400 for an address among the headers that is none, and for a NUL anywhere, which no column can hold."""
    for name in ADDRESS_HEADERS:
        split_address(request.headers.get(name, ""))
    values = itertools.chain(request.args.items(multi=True), request.headers)
    if "\0" in request.path or any("\0" in text for pair in values for text in pair):
        raise BadRequest


def lead_htmx_on(response: Response) -> Response:
    """Tell htmx to leave the page where a browser would be led on: no page shows inside another."""
    if "HX-Request" in request.headers and response.location and response.status_code in REDIRECTS:
        response.headers["HX-Redirect"] = response.headers.pop("Location")
        response.status_code = HTTPStatus.NO_CONTENT
        response.set_data(b"")
    return response


def set_headers(response: Response) -> Response:
    """The headers of every response, whatever its status. Only versioned files may be kept.

    A view that shows what it did not write itself sets a stricter policy of its own.
    """
    own = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in own:
            response.headers.add(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = HSTS
    if is_lasting(response):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("HX-Request", "Cookie"))
    return response


def is_lasting(response: Response) -> bool:
    """Whether it is a file whose address changes with its content, and not a page that says there is none."""
    is_versioned = request.endpoint in ("static", "branding.file", "branding.styles") and "v" in request.args
    return is_versioned and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)


def compress(response: Response) -> Response:
    """Compress text. No other site can make a browser ask for these pages with its cookie (SameSite).

    So a page that shows what was asked beside a CSRF token gives nothing away by its length.
    """
    wanted = request.accept_encodings["gzip"] and response.status_code != HTTPStatus.NOT_MODIFIED
    if not wanted or response.mimetype not in _COMPRESSED_TYPES or response.headers.get("Content-Encoding"):
        return response
    response.vary.add("Accept-Encoding")
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) >= SMALLEST_COMPRESSED:
        response.set_data(_compressed_once(data) if is_lasting(response) else _compressed(data))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("ETag", None)
    return response


def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


_compressed_once = lru_cache(maxsize=MOST_FILES)(_compressed)


def browser_session() -> BrowserSession:
    """This browser's key, typed."""
    return cast("BrowserSession", session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way


def _is_siret(name: str, value: str) -> bool:
    """A SIRET passes the check of a card number."""
    return name == "siret" and len(value) == SIRET_DIGITS and value.isdigit()


def local_path(text: str | None) -> str | None:
    """``text`` if it is a path on this very site, None for anything a browser could take elsewhere.

    What may be a full card number is left out of it: it must not travel from page to page.
    """
    if not text or not _LOCAL_PATH.fullmatch(text):
        return None
    path, _, query = text.partition("?")
    if holds_card(unquote(path)):
        return None
    kept = [
        (name, value)
        for name, value in parse_qsl(query)
        if _is_siret(name, value) or not (holds_card(name) or holds_card(value))
    ]
    return f"{path}?{urlencode(kept)}" if kept else path
