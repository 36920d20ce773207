"""Mails from templates, outside of any web request: HTML is escaped, text is not."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.config import ROOT
from app.mail.message import Attachment
from app.themes import Theme
from app.wording.i18n import gettext, language

LOGO = "logo.png"
FOLDER = ROOT / "app" / "templates"


def logo(theme: Theme) -> Attachment:
    """The maintainer's icon, as the heading of each mail shows it: ``cid:logo.png``."""
    return Attachment(LOGO, "image/png", theme.file("icon-180.png").read_bytes())


def render(name: str, **values: Any) -> str:
    """The template ``name`` (``mail/ticket.html``) in the language of the moment."""
    return _environment().get_template(name).render(language=language(), **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["_"] = gettext
    return environment
