"""The context of templates, and whether htmx wants a page or a part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app, render_template, request
from flask_htmx import HTMX
from jinja2 import StrictUndefined
from markupsafe import Markup

from app.accounts.roles import Permission
from app.accounts.sessions import new_key
from app.views import cells, deliveries, styles
from app.views.branding import theme_file, worker_address
from app.views.chart import chart, usual_day
from app.views.moments import show_minute, show_moment
from app.views.shell import Shell
from app.views.templating import Templates
from app.web.context import known_principal, theme
from app.web.guard import meet
from app.web.places import common_address, placed_address
from app.wording import days, formats
from app.wording.i18n import gettext, language, ngettext

HTMX_FILE = "vendor/htmx@2.0.11/htmx.min.js"
#: The font is asked for by the page and by base.css, in the same words, so that it comes once.
FONT_FILE, FONT_VERSION = "fonts/inter.woff2", "5.3.0"
#: Parts of pages that are kept as drawn: those of the lists as they open, for a few dozen merchants.
_MOST_DRAWN: Final = 512
htmx = HTMX()
_ICON = Markup(
    '<svg class="icon" width="{size}" height="{size}" aria-hidden="true"><use href="{file}#{name}"/></svg>'
)


def prepare(app: Flask) -> None:
    """Who asks in which language, template functions and htmx, for every page of ``app``."""
    app.jinja_environment = Templates
    app.jinja_options = {
        **app.jinja_options,
        "cache_size": -1,
    }  # all of them are kept, without their order of use
    htmx.init_app(app)
    app.before_request(meet)
    app.context_processor(_moment)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=formats.money,
        exact_money=formats.exact_money,
        day=formats.day,
        long_day=formats.long_day,
        brief_day=days.brief_day,
        moment=show_moment,
        short_moment=days.short_moment,
        number=formats.number,
        percent=formats.percent,
        in_words=deliveries.delivery_in_words,
    )
    app.extensions[styles.EXTENSION] = styles.StyleSheet.of_folder(Path(app.static_folder or "") / "css")
    app.extensions["bordereau.assets"] = _versions(Path(app.static_folder or ""))
    app.jinja_env.globals.update(_globals())


def _globals() -> dict[str, Any]:
    """What every template knows by name."""
    return {
        "_": gettext,
        "gettext": gettext,
        "ngettext": ngettext,
        "Permission": Permission,
        "asset": asset,
        "styles_address": styles.styles_address,
        "theme_file": theme_file,
        "worker_address": worker_address,
        "htmx_file": HTMX_FILE,
        "font_file": FONT_FILE,
        "font_version": FONT_VERSION,
        "icon": icon,
        "chart": chart,
        "kept": kept,
        "usual_day": usual_day,
        "day_in_words": days.day_in_words,
        "days_in_words": days.days_in_words,
        "address": cells.address,
        "common_address": common_address,
        "placed_address": placed_address,
        "linked": cells.linked,
        "column_style": cells.column_style,
        "show_minute": show_minute,
        "request_key": new_key,
    }


def is_page() -> bool:
    """Whether a whole page is asked for, which htmx does too to go back to one that it has not kept."""
    return not htmx or htmx.history_restore_request


def page_or_part(page: str, parts: Mapping[str, str], /, **values: Any) -> str:
    """The page, or the part that htmx means to put in its target: an id of ``parts``."""
    wanted = None if is_page() else htmx.target
    return render_template(parts.get(wanted or "", page), **values)


def asset(name: str) -> str:
    """The address of a static file, which changes with the file."""
    return common_address("static", filename=name, v=current_app.extensions["bordereau.assets"][name])


def icon(name: str, size: int = 20) -> Markup:
    """One of the symbols of ``icons.svg``, in the colour of the words beside it."""
    return _drawn(request.script_root, name, size)


@cache
def _drawn(_root: str, name: str, size: int) -> Markup:
    """The same, below what the server puts in front of every address: a page has two dozen."""
    return _ICON.format(size=size, file=asset("icons.svg"), name=name)


def kept(part: str, shown: Hashable) -> Markup:
    """A part of a list's page; a quarter of what a page takes, were they not kept as drawn.

    ``part`` is a macro of ``lists/kept.html``.
    """
    return as_drawn(part, shown, language())


@lru_cache(maxsize=_MOST_DRAWN)
def as_drawn(part: str, shown: Hashable, _language: str) -> Markup:
    """The same, for everybody to whom all that is in ``shown`` is shown in one language.

    The macro is taken without any context: it cannot show what is not in ``shown``.
    """
    template = current_app.jinja_env.get_template("lists/kept.html")
    drawn: Markup = getattr(template.module, part)(shown)
    return drawn


def _moment() -> dict[str, Any]:
    """What changes with the request; nothing of it touches the database."""
    shell = Shell(theme(), known_principal())
    return {"shell": shell, "theme": shell.theme, "principal": shell.principal}


def _versions(folder: Path) -> dict[str, str]:
    """Each static file with a short hash of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in folder.rglob("*")
        if path.is_file()
    }
