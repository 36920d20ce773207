"""The headings under which a list's filters stand in its form."""

from __future__ import annotations

from typing import Final

from app.wording.i18n import N_

WHEN: Final = N_("When")
HOW_MUCH: Final = N_("How much")
WHAT: Final = N_("What")
CARD: Final = N_("Card")
SHOP: Final = N_("Outlet")
CONTRACT_AND_TERMINAL: Final = N_("Contract and terminal")

#: In the order of the form: what people ask for most comes first.
FILTER_GROUPS: Final = (WHEN, HOW_MUCH, WHAT, CARD, SHOP, CONTRACT_AND_TERMINAL)
