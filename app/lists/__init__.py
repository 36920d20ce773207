"""The lists, each declared in a module of its own: one line here makes one known to the whole portal."""

from app.listing.spec import ListSpec
from app.lists.bank_credits import BANK_CREDITS
from app.lists.remittances import REMITTANCES
from app.lists.terminals import TERMINALS
from app.lists.transactions import TRANSACTIONS

#: By name, in the order of the menu.
LISTS: dict[str, ListSpec] = {
    spec.name: spec for spec in (REMITTANCES, TRANSACTIONS, TERMINALS, BANK_CREDITS)
}
#: What the portal opens on.
FIRST = REMITTANCES

__all__ = ["BANK_CREDITS", "FIRST", "LISTS", "REMITTANCES", "TERMINALS", "TRANSACTIONS"]
