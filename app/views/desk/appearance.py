"""The look of the maintainer's own pages, mails and tickets, for its staff."""

from __future__ import annotations

from flask import Response, url_for

from app.views.desk.common import blueprint
from app.views.theme_preview import preview, preview_mail
from app.web.context import theme


@blueprint.get("/apparence")
def appearance() -> Response:
    """Every component in the maintainer's theme."""
    return preview(theme(), url_for("desk.appearance_mail"))


@blueprint.get("/apparence/courriel")
def appearance_mail() -> Response:
    """The mail of that page."""
    return preview_mail(theme())
