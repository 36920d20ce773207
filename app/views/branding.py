"""A reseller's files, and what puts the portal on a home screen: manifest, service worker, offline page."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app.lists import LISTS
from app.themes import FILES, Theme
from app.views.styles import style_sheet
from app.web.context import host, principal, theme, themes
from app.web.places import common_address
from app.wording.i18n import DEFAULT_LANGUAGE, LANGUAGES, gettext, language, speak

ICONS = (("icon-192.png", "192x192"), ("icon-512.png", "512x512"))
blueprint = Blueprint("branding", __name__)


def theme_file(theme: Theme, name: str) -> str:
    """The address of a theme's file; it changes with the theme."""
    return common_address("branding.file", slug=theme.slug, name=name, v=theme.version)


@blueprint.get("/theme/styles.css")
def styles() -> Response:
    """The style sheets of every theme; what sets a theme apart is a file of its own."""
    return Response(style_sheet().text, mimetype="text/css")


@blueprint.get("/theme/<slug>/<name>")
def file(slug: str, name: str) -> Response:
    """One of a theme's files, and nothing else of its folder."""
    if name not in FILES:
        abort(404)
    return send_file(_theme(slug).file(name), mimetype=FILES[name])


@blueprint.get("/favicon.ico")
def favicon() -> AnyResponse:
    """The icon of the theme of here, for what asks without having read a page: a tab with a PDF or JSON."""
    return redirect(theme_file(theme(), ICONS[0][0]), 303)


@blueprint.get("/theme/<slug>/manifest.webmanifest")
def manifest(slug: str) -> Response:
    """The web app manifest of a theme."""
    theme = _theme(slug)
    home = url_for("lists.home", merchant_id=None)
    response = jsonify(
        id=home,
        name=theme.name,
        short_name=theme.short_name,
        lang=DEFAULT_LANGUAGE,
        start_url=home,
        scope=home,
        display="standalone",
        background_color=theme.ground,
        theme_color=theme.brand,
        icons=[
            *({"src": theme_file(theme, name), "sizes": size, "type": "image/png"} for name, size in ICONS),
            _maskable(theme),
        ],
        shortcuts=[
            {"name": gettext(spec.title), "url": url_for(f"{spec.name}.index", merchant_id=None)}
            for spec in LISTS.values()
            if spec.in_menu
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


@blueprint.get("/theme/<slug>/<lang>/service-worker.js")
def service_worker(slug: str, lang: str) -> Response:
    """The script that keeps static files and, beside it, the one page for when the network is gone."""
    _speak(lang)
    _theme(slug)
    response = current_app.send_static_file("js/service-worker.js")
    response.headers["Service-Worker-Allowed"] = url_for("lists.home", merchant_id=None)
    return response


@blueprint.get("/theme/<slug>/<lang>/hors-ligne")
def offline(slug: str, lang: str) -> str:
    """What a browser shows when nothing can be asked: the reseller's name and nobody's data."""
    _speak(lang)
    return render_template("errors/offline.html", theme=_theme(slug), language=lang)


def _speak(lang: str) -> None:
    """Speak the language of the address; one that we have not does not exist."""
    if lang not in LANGUAGES:
        abort(404)
    speak(lang)


def worker_address(theme: Theme) -> str:
    """The address of the service worker of this theme in the language of the moment."""
    return common_address("branding.service_worker", slug=theme.slug, lang=language())


def _maskable(theme: Theme) -> dict[str, str]:
    return {
        "src": theme_file(theme, "icon-maskable.png"),
        "sizes": "512x512",
        "type": "image/png",
        "purpose": "maskable",
    }


def _theme(slug: str) -> Theme:
    """The theme ``slug``, where it is worn; elsewhere it does not exist, so that no host tells of another."""
    found = themes().by_slug.get(slug)
    if found is None or not (_is_of_host(found) or _is_worn(found)):
        abort(404)
    return found


def _is_of_host(asked: Theme) -> bool:
    """Whether the host is the theme's own; on a developer's machine every theme is looked at."""
    is_production: bool = current_app.config["SESSION_COOKIE_SECURE"]
    return not is_production or themes().of_host(host()).slug == asked.slug


def _is_worn(asked: Theme) -> bool:
    """Whether the pages of the person who is signed in here wear it, at any of their places."""
    rights = principal().rights
    if rights is None:
        return False
    slugs = {access.reseller_slug for access in rights.accesses} | {one.reseller_slug for one in rights.staff}
    return asked.slug in {themes().of_reseller(slug, host()).slug for slug in slugs}
