"""Remote payments: what only a platform knows of a payment, as fields of Transactions.

Nothing of it is there for a merchant whom no platform delivers any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Text, and_, cast, exists

from app.listing.day_filter import DayFilter
from app.listing.field import Field
from app.listing.filter_groups import WHEN
from app.listing.filters import Choice
from app.listing.kinds import Identifier, Kind
from app.listing.scope import AnyScope
from app.listing.source import Join
from app.models import RemotePayment, Transaction
from app.wording import codes
from app.wording.i18n import N_

#: Title of a section of the details.
REMOTE: Final = N_("Remote payment")
#: The row of a payment that came from a platform.
JOIN: Final = Join(
    RemotePayment.__table__,
    lambda scope: and_(
        RemotePayment.merchant_id == scope.merchant_id,
        RemotePayment.transaction_id == Transaction.id,
        RemotePayment.occurred_on == Transaction.occurred_on,
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Authentication(Choice):
    """A result of 3-D Secure in words; one that we have no words for is shown as received."""


FIELDS: Final = (
    Field(
        name="captured_on",
        label=N_("Captured on"),
        kind=DayFilter(),
        column=RemotePayment.captured_on,
        section=REMOTE,
        filter=True,
        filter_group=WHEN,
        in_table=False,
    ),
    Field(
        name="three_ds",
        label=N_("3-D Secure"),
        kind=Authentication(labels=codes.AUTHENTICATIONS),
        column=RemotePayment.three_ds,
        section=REMOTE,
    ),
    Field(
        name="card_country",
        label=N_("Country of the card"),
        kind=Kind(),
        column=RemotePayment.card_country,
        section=REMOTE,
    ),
    Field(
        name="schedule",
        label=N_("Instalment"),
        kind=Kind(),
        column=cast(RemotePayment.schedule_rank, Text)
        .concat("/")
        .concat(cast(RemotePayment.schedule_count, Text)),
        section=REMOTE,
    ),
    Field(
        name="platform_reference",
        label=N_("Reference of the platform"),
        kind=Identifier(),
        column=RemotePayment.platform_reference,
        section=REMOTE,
    ),
)
#: And the numbers of remittances, of which those of terminals are left without a platform.
NAMES: Final = frozenset(field.name for field in FIELDS) | {"number", "remittance"}


def told(scope: AnyScope) -> ColumnElement[bool]:
    """Whether a platform delivers any payment of the merchant."""
    return exists().where(RemotePayment.merchant_id == scope.merchant_id)
