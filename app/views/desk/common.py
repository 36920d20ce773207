"""Parts that the pages of the desk share: their blueprint, their menu, what was searched."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, request, url_for

from app.accounts.place import UNNAMED
from app.desk.paging import SIZE, AnyRow
from app.desk.undeclared_contracts import MOST_COUNTED
from app.web.context import known_principal
from app.web.places import DESK, kind_of
from app.wording.i18n import N_, gettext, ngettext

blueprint = Blueprint("desk", __name__)

LONGEST_SEARCH: Final = 100
#: An id in an address.
ID: Final = "<id:id>"
MENU = (
    ("desk.merchants", N_("Merchants")),
    ("desk.contracts", N_("Contracts to attach")),
    ("desk.bank", N_("Bank")),
    ("desk.files", N_("Imports")),
    ("desk.deliveries", N_("Emails")),
    ("desk.people", N_("People")),
    ("desk.journal", N_("Journal")),
)

__all__ = ["ID", "SIZE", "blueprint", "desk_menu", "many"]


def desk_menu() -> list[tuple[str, str, bool]]:
    """On the pages of the desk, its entries: addresses, their words, and whether one is there."""
    asking = known_principal()
    if asking.desk is None or kind_of(request.endpoint) is not DESK:
        return []
    addresses = ((url_for(endpoint), gettext(words)) for endpoint, words in MENU)
    short = asking.place == UNNAMED
    here = DESK.address(asking.desk.reseller_id, request.path) if short else request.path
    return [(href, words, here.startswith(href)) for href, words in addresses]


def next_page(endpoint: str, next_after: int | None, **values: Any) -> str:
    """The address of the following page, with what was asked."""
    kept = {name: value for name, value in values.items() if value}
    return url_for(endpoint, **kept, after=next_after)


def many(count: int, most: int) -> str:
    """A number that was counted up to ``most``."""
    return gettext("%(num)s or more", num=most) if count >= most else str(count)


def kept_aside(row: AnyRow) -> str:
    """``12 remittances, 340 transactions``: what waits under an undeclared contract."""
    remittances, transactions, most = row.remittances, row.transactions, MOST_COUNTED
    return ", ".join(
        (
            ngettext("%(num)s batch", "%(num)s batches", remittances, num=many(remittances, most)),
            ngettext(
                "%(num)s transaction", "%(num)s transactions", transactions, num=many(transactions, most)
            ),
        )
    )
