"""The ticket of a payment, and the words of the mail that carries it."""

from __future__ import annotations

from app.listing.kinds import Row
from app.listing.spec import TicketSpec
from app.lists.common import TICKET_COLUMNS, day_and_time
from app.models import Transaction
from app.tickets import cardholder_ticket
from app.wording import formats
from app.wording.i18n import N_, gettext

_OPENINGS = {
    "debit": N_("Here is the ticket of the payment of %(day)s at %(time)s, for %(amount)s."),
    "refund": N_("Here is the ticket of the refund of %(day)s at %(time)s, for %(amount)s."),
    "cancellation": N_("Here is the ticket of the cancellation of %(day)s at %(time)s, for %(amount)s."),
    "refund_cancellation": N_(
        "Here is the ticket of the cancelled refund of %(day)s at %(time)s, for %(amount)s."
    ),
    "preauthorisation": N_(
        "Here is the ticket of the pre-authorisation of %(day)s at %(time)s, for %(amount)s, not debited."
    ),
}
_FAILED = {
    "declined": N_("Here is the ticket of an operation declined on %(day)s at %(time)s, for %(amount)s."),
    "abandoned": N_("Here is the ticket of an operation abandoned on %(day)s at %(time)s, for %(amount)s."),
}


def opening(row: Row) -> str:
    """The first sentence of the mail: what happened, when, for how much."""
    message = _FAILED.get(row["outcome"]) or _OPENINGS[row["type"]]
    day, time = day_and_time(row)
    amount = formats.money(abs(row["amount"]), row["currency"])
    return gettext(message, day=day, time=time, amount=amount)


def subject(row: Row) -> str:
    """The subject of the mail."""
    return gettext("your payment ticket of %(day)s", day=day_and_time(row)[0])


#: The ticket of a payment, and the mail that takes it to a cardholder.
TICKET = TicketSpec(
    columns={**TICKET_COLUMNS, "ticket": Transaction.ticket},
    print=cardholder_ticket,
    subject=subject,
    opening=opening,
    facts=(
        "trade_name",
        "date",
        "type",
        "outcome",
        "amount",
        "cardholder_amount",
        "application",
        "contract",
        "remittance",
    ),
)
