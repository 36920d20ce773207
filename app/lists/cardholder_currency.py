"""A payment in the currency of the cardholder, where the terminal converted it (DCC)."""

from __future__ import annotations

from app.listing.field import Field
from app.listing.kinds import Kind, Money, Rate
from app.models import Transaction
from app.wording.i18n import N_

#: Title of the section of the details.
CARDHOLDER = N_("Cardholder's currency")

CARDHOLDER_FIELDS = (
    Field(
        name="cardholder_amount",
        label=N_("Amount in the cardholder's currency"),
        kind=Money(currency=Transaction.cardholder_currency, currency_field="cardholder_currency"),
        column=Transaction.cardholder_amount,
        section=CARDHOLDER,
    ),
    Field(
        name="cardholder_currency",
        label=N_("Cardholder's currency"),
        kind=Kind(),
        column=Transaction.cardholder_currency,
        section=CARDHOLDER,
    ),
    Field(
        name="exchange_rate",
        label=N_("Exchange rate"),
        kind=Rate(),
        column=Transaction.exchange_rate,
        section=CARDHOLDER,
    ),
    Field(
        name="markup_percent",
        label=N_("Mark-up"),
        kind=Rate(unit="%"),
        column=Transaction.markup_percent,
        section=CARDHOLDER,
    ),
)
