"""Roles and what each may do, as data: the guards, the access matrix and the pages read it here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.models import Role
from app.wording.i18n import N_, gettext


class Permission(StrEnum):
    """A permission that a role gives within a merchant."""

    LIST = "list"
    EXPORT = "export"
    TICKET = "ticket"
    SEND = "send"
    TERMINAL = "terminal"
    INVITE = "invite"
    JOURNAL = "journal"
    BANK = "bank"


class Level(StrEnum):
    """A demand on a person, whatever the merchant: signed in, or of a reseller's staff."""

    PERSON = "person"
    STAFF = "staff"


#: What every role may do: see, and give a cardholder the receipt again.
_EVERYBODY = frozenset({Permission.LIST, Permission.TICKET, Permission.SEND})
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.FLEET: _EVERYBODY | {Permission.EXPORT, Permission.TERMINAL},
    Role.FINANCE: _EVERYBODY | {Permission.EXPORT, Permission.BANK},
    Role.VIEWER: _EVERYBODY,
}
#: What a reseller's staff may do at a merchant they look at: read, and nothing else.
LOOKING = frozenset({Permission.LIST, Permission.EXPORT, Permission.TICKET})


ROLE_NAMES: Mapping[Role, str] = {
    Role.OWNER: N_("owner"),
    Role.FLEET: N_("fleet manager"),
    Role.FINANCE: N_("finance"),
    Role.VIEWER: N_("viewer"),
}


ROLE_DUTIES: Mapping[Role, str] = {
    Role.OWNER: N_("everything, accesses included"),
    Role.FLEET: N_("lists, tickets, files and terminals"),
    Role.FINANCE: N_("lists, tickets, files and bank"),
    Role.VIEWER: N_("lists and tickets"),
}


def role_name(role: Role) -> str:
    """A role in the language of the moment."""
    return gettext(ROLE_NAMES[role])
