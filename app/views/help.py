"""The help page: what the states mean, how the figures are made, the files, the roles, the glossary.

A text of some length is translated whole, so it is a template a language, not messages of the catalogue.
A test holds both to the same sections.
"""

from __future__ import annotations

from flask import Blueprint, render_template

from app.web.context import principal

blueprint = Blueprint("help", __name__)


@blueprint.get("/aide")
def show() -> str:
    """The help page, for everybody: it holds nobody's data. Who is signed in keeps the own menu."""
    principal()
    return render_template("help/page.html")
