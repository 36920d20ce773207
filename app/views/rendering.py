"""What templates know, and whether htmx wants a page or a part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from flask import Flask, render_template, request, url_for
from flask_htmx import HTMX
from jinja2 import StrictUndefined

from app.accounts.rights import Permission, Standing
from app.accounts.sessions import new_key
from app.lists import LISTS
from app.views import cells, deliveries, filters, periods
from app.views.accounts import LANGUAGE_COOKIE
from app.views.branding import theme_file
from app.views.desk.common import desk_menu
from app.views.moments import show_day, show_long_day, show_moment
from app.web.context import known_desk, known_visitor, theme
from app.web.security import local_path
from app.wording import money
from app.wording.i18n import DEFAULT_LANGUAGE, N_, gettext, language, ngettext, speak

HTMX_FILE = "vendor/htmx@2.0.11/htmx.min.js"
htmx = HTMX()


def prepare(app: Flask) -> None:
    """Language, template functions and htmx, for every page of ``app``."""
    htmx.init_app(app)
    app.before_request(choose_language)
    app.context_processor(_moment)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=show_money,
        day=show_day,
        long_day=show_long_day,
        moment=show_moment,
        number=show_number,
        in_words=deliveries.delivery_in_words,
    )
    versions = _versions(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        _=gettext,
        gettext=gettext,
        ngettext=ngettext,
        Permission=Permission,
        asset=lambda name: url_for("static", filename=name, v=versions[name]),
        theme_file=theme_file,
        htmx_file=HTMX_FILE,
        here=here,
        menu=menu,
        desk_menu=desk_menu,
        known_desk=known_desk,
        account_entries=account_entries,
        address=cells.address,
        linked=cells.linked,
        cell=cells.cell,
        lines=cells.lines,
        common_inputs=filters.common_inputs,
        further_inputs=filters.further_inputs,
        further_in_use=filters.further_in_use,
        sort_options=filters.sort_options,
        only_period=periods.only_period,
        from_the_start=periods.from_the_start,
        week_up_to=periods.week_up_to,
        paris_moment=deliveries.paris_moment,
        request_key=new_key,
    )


def choose_language() -> None:
    """French, unless this browser asked for another language here."""
    speak(request.cookies.get(LANGUAGE_COOKIE, DEFAULT_LANGUAGE))


def page_or_part(page: str, parts: Mapping[str, str], **values: Any) -> str:
    """The page, or the part that htmx means to put in its target: an id of ``parts``."""
    wanted = htmx.target if htmx and not htmx.history_restore_request else None
    return render_template(parts.get(wanted or "", page), **values)


def here() -> str:
    """The address of this page, to come back to."""
    return (local_path(request.full_path) if request.method == "GET" else None) or url_for("lists.home")


def menu() -> tuple[tuple[str, str], ...]:
    """The lists in the menu of this person: their names and words."""
    person = known_visitor()
    return tuple(
        (spec.name, gettext(spec.title))
        for spec in LISTS.values()
        if spec.in_menu and person is not None and person.may(Permission(spec.permission))
    )


def account_entries() -> list[tuple[str, str]]:
    """What the account menu leads to, for this person: addresses and their words."""
    person = known_visitor()
    entries = (
        (Standing.STAFF, "desk.merchants", N_("The maintainer's desk")),
        (Permission.INVITE, "team.index", N_("Accesses")),
        (Permission.JOURNAL, "journal.show", N_("Journal")),
        (Standing.PERSON, "me.show", N_("Sign-in and security")),
    )
    return [
        (url_for(endpoint), gettext(words))
        for needed, endpoint, words in entries
        if person is not None and person.may(needed)
    ]


def show_money(minor: int, currency: str) -> str:
    """``1 234,56 €`` from minor units."""
    return money.show(minor, currency, language())


def show_number(number: float) -> str:
    """``7 139``, ``0,1``."""
    return format_decimal(number, locale=language())


def _moment() -> dict[str, Any]:
    """What changes with the request; nothing of it touches the database."""
    return {"theme": theme(), "visitor": known_visitor(), "language": language()}


def _versions(folder: Path) -> dict[str, str]:
    """Each static file with a short hash of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in folder.rglob("*")
        if path.is_file()
    }
