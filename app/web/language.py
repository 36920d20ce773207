"""The language of a request: what this browser chose here, else what it asks for, else French."""

from __future__ import annotations

from typing import Final

from babel import negotiate_locale
from flask import request
from werkzeug.wrappers import Response

from app.web import cookies
from app.web.security import YEAR
from app.wording.i18n import DEFAULT_LANGUAGE, LANGUAGES, language

COOKIE: Final = "lang"


def asked_language() -> str:
    """The code of the language that this request asks for."""
    chosen = cookies.sent(COOKIE)
    wanted = negotiate_locale(request.accept_languages.values(), LANGUAGES, sep="-")
    return chosen if chosen in LANGUAGES else wanted or DEFAULT_LANGUAGE


def keep_language(response: Response, chosen: str | None = None) -> Response:
    """Let this browser keep the language ``chosen``, else the one spoken now: it is whose signs in."""
    cookies.keep(response, COOKIE, chosen or language(), YEAR)
    return response
