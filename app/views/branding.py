"""A maintainer's files, and the manifest that puts the portal on a home screen."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, send_file, url_for

from app.themes import FILES, Theme
from app.web.context import themes

blueprint = Blueprint("branding", __name__)


def theme_file(theme: Theme, name: str) -> str:
    """The address of a theme's file; it changes with the theme."""
    return url_for("branding.file", slug=theme.slug, name=name, v=theme.version)


@blueprint.get("/theme/<slug>/<name>")
def file(slug: str, name: str) -> Response:
    """One of a theme's files, and nothing else of its folder."""
    if name not in FILES:
        abort(404)
    return send_file(_theme(slug).file(name), mimetype=FILES[name])


@blueprint.get("/theme/<slug>/manifest.webmanifest")
def manifest(slug: str) -> Response:
    """The web app manifest of a theme."""
    theme = _theme(slug)
    response = jsonify(
        name=theme.name,
        short_name=theme.short_name,
        lang="fr",
        start_url=url_for("lists.home"),
        scope="/",
        display="standalone",
        background_color=theme.ground,
        theme_color=theme.brand,
        icons=[
            {"src": theme_file(theme, f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
            for size in (192, 512)
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


def _theme(slug: str) -> Theme:
    theme = themes().by_slug.get(slug)
    if theme is None:
        abort(404)
    return theme
