"""The statement of meal vouchers: what each issuer of titres-restaurant owes, by its remittances.

An issuer is known by the word of the file, else by the maintainer's table of card prefixes: none is public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Text, case, cast, func
from sqlalchemy.dialects.postgresql import JSONB

from app.listing.dimension import Dimension
from app.listing.kinds import Kind
from app.listing.spec import StatementSpec
from app.lists.common import PLACE
from app.models import Remittance, Transaction
from app.rules.payments import Outcome
from app.wording.applications import MEAL_VOUCHERS
from app.wording.i18n import N_

#: Who owes for a payment, as :func:`debtor` reads it: the issuer, else the first digits of the card.
DEBTOR = (Transaction.issuer, case((Transaction.issuer.is_(None), Transaction.card_bin)).label("prefix"))
#: The same, then the remittance: its day, number, place and fate.
_PARTS = func.jsonb_build_array(
    *DEBTOR,
    Transaction.remitted,
    cast(Transaction.collected_on, Text),
    Remittance.number,
    PLACE,
    type_=JSONB,
)


def debtor(key: Sequence[Any], names: Mapping[str, str]) -> str | None:
    """The issuer: the file's own word, else the name of the longest prefix of the card that has one."""
    word: str | None = key[0]
    prefix: str | None = key[1]
    if word is not None or prefix is None:
        return word
    known = (names.get(prefix[:digits]) for digits in range(len(prefix), 0, -1))
    return next((name for name in known if name is not None), None)


def line(key: Sequence[Any]) -> tuple[date, str, str, bool]:
    """The remittance: its day, its number, where it was made, whether it reached the bank."""
    _, _, is_remitted, day, number, place = key
    return date.fromisoformat(day), number or "", place or "", is_remitted


MEAL_VOUCHER_STATEMENT = StatementSpec(
    path="titres-restaurant",
    title=N_("Statement of meal vouchers"),
    debtors=N_("Issuer"),
    unknown=N_("Issuer not communicated"),
    empty=N_("No meal voucher in this period."),
    group="issuer",
    filters={"application": MEAL_VOUCHERS, "outcome": (Outcome.ACCEPTED.value,)},
    by=Dimension(name="remittance", label=N_("Batch"), kind=Kind(), rows=_PARTS),
    debtor=debtor,
    line=line,
)
