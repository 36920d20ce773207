"""The cookies of the portal: each for this host alone, over TLS, and out of reach of scripts."""

from __future__ import annotations

from typing import Final

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

#: The cookie of the session's key.
KEY: Final = "bordereau"


def full_name(app: Flask, name: str) -> str:
    """The name of a cookie: browsers hold ``__Host-`` to Secure, this host alone, and path ``/``."""
    return f"__Host-{name}" if app.config["SESSION_COOKIE_SECURE"] else name


def sent(name: str) -> str:
    """What this browser sends of a cookie, empty when it has none."""
    return request.cookies.get(full_name(current_app, name), "")


def keep(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Let this browser keep a cookie for so long, or else until it closes."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    named = full_name(current_app, name)
    response.set_cookie(named, value, max_age=seconds, secure=secure, httponly=True, samesite="Lax", path="/")


def forget(response: Response, name: str) -> None:
    """Let this browser forget a cookie."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.delete_cookie(full_name(current_app, name), secure=secure, httponly=True, samesite="Lax")
