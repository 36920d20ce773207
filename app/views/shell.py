"""The shell of a page: its header, menus and footer, the same around every page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request, url_for

from app.accounts.principal import Principal
from app.accounts.roles import Level, Permission
from app.lists import LISTS
from app.themes import Theme
from app.views.cells import address
from app.views.desk.common import desk_menu
from app.web.places import placed_address
from app.web.security import local_path
from app.wording.i18n import N_, gettext, languages
from app.wording.names import initials

ACCOUNT = (
    (Level.STAFF, "desk.merchants", N_("The maintainer's desk")),
    (Permission.INVITE, "team.index", N_("Access")),
    (Permission.JOURNAL, "journal.show", N_("Journal")),
    (Level.PERSON, "me.show", N_("Sign-in and security")),
)


@dataclass(frozen=True)
class MenuEntry:
    """A way to a page: its address, its words, and what it leads to (the name of a list)."""

    href: str
    words: str
    name: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Shell:
    """The surroundings of a page of ``theme`` for ``principal``; nothing of them touches the database."""

    theme: Theme
    principal: Principal

    @property
    def menu(self) -> Iterator[MenuEntry]:
        """The lists that this person may see."""
        for spec in LISTS.values():
            if spec.in_menu and self.principal.may(Permission(spec.permission)):
                yield MenuEntry(address(spec.name), gettext(spec.title), spec.name)

    @property
    def account(self) -> Iterator[MenuEntry]:
        """What the account menu leads to."""
        for needed, endpoint, words in ACCOUNT:
            if self.principal.may(needed):
                yield MenuEntry(placed_address(endpoint), gettext(words))

    @property
    def desk(self) -> list[MenuEntry]:
        """On the pages of the desk, its entries; elsewhere none."""
        return [MenuEntry(href, words, is_current=is_here) for href, words, is_here in desk_menu()]

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """Codes and names of the languages that are not this page's."""
        return [(code, name) for code, name in languages() if code != self.principal.language]

    @property
    def initials(self) -> str:
        """The letters of the account button: those of the merchant, else of the person."""
        access, rights = self.principal.access, self.principal.rights
        return initials(access.merchant_name if access else rights.email if rights else "")

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        found = local_path(request.full_path) if request.method == "GET" else None
        return found or url_for("lists.home")
