"""The menus of the header: the lists, and the account's pages."""

from __future__ import annotations

from flask import url_for

from app.accounts.roles import Level, Permission
from app.lists import LISTS
from app.web.context import known_principal
from app.wording.i18n import N_, gettext


def menu() -> tuple[tuple[str, str], ...]:
    """The lists in the menu of this person: their names and words."""
    asking = known_principal()
    return tuple(
        (spec.name, gettext(spec.title))
        for spec in LISTS.values()
        if spec.in_menu and asking.may(Permission(spec.permission))
    )


def account_entries() -> list[tuple[str, str]]:
    """What the account menu leads to, for this person: addresses and their words."""
    asking = known_principal()
    entries = (
        (Level.STAFF, "desk.merchants", N_("The maintainer's desk")),
        (Permission.INVITE, "team.index", N_("Accesses")),
        (Permission.JOURNAL, "journal.show", N_("Journal")),
        (Level.PERSON, "me.show", N_("Sign-in and security")),
    )
    return [(url_for(endpoint), gettext(words)) for needed, endpoint, words in entries if asking.may(needed)]
