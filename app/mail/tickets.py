"""The mail that carries a ticket: text and HTML each say all of it, and the PDF goes with them.

The words are in the language of whoever asks; the ticket is what the terminal printed. The only names
in it are the maintainer's and the shop's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.listing.field import ListSpec
from app.listing.kinds import MOMENTS, Row
from app.lists import REMITTANCES, TRANSACTIONS
from app.mail import Attachment, Letter
from app.mail.rendering import render
from app.themes import Theme
from app.tickets import Ticket, cardholder_ticket, columns, laid_out, lines, remittance_ticket
from app.tickets.pdf import pdf
from app.tickets.ticket import clean
from app.wording import money
from app.wording.i18n import N_, gettext, language

#: What stands above the ticket: fields of the lists, as far as they are known.
FACTS = {
    TRANSACTIONS.name: (
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
    REMITTANCES.name: (
        "trade_name",
        "date",
        "number",
        "application",
        "contract",
        "rank",
        "count",
        "amount",
        "status",
    ),
}
_PAYMENTS = {
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
#: The letters of a ticket, in CSS pixels: large enough to read, small enough for a phone 360 pixels wide.
_LARGEST, _ROOM, _ADVANCE = 15.0, 290, 0.61


def payment_letter(row: Row, theme: Theme) -> Letter:
    """The mail with the ticket of a payment, as :func:`app.tickets.query.payment` gives it.

    Raises ValueError when :func:`app.tickets.why_no_ticket` has a reason.
    """
    day, time = _moment(row)
    title = gettext("your payment ticket of %(day)s", day=day)
    message = _FAILED.get(row["outcome"]) or _PAYMENTS[row["type"]]
    amount = money.show(abs(row["amount"]), row["currency"], language())
    opening = gettext(message, day=day, time=time, amount=amount)
    return _letter(TRANSACTIONS, row, theme, cardholder_ticket(row), title=title, opening=opening)


def remittance_letter(row: Row, theme: Theme) -> Letter:
    """The mail with the ticket of a remittance, as :func:`app.tickets.query.remittance` gives it.

    Raises ValueError when :func:`app.tickets.why_no_ticket` has a reason.
    """
    day, time = _moment(row)
    title = gettext("your remittance ticket of %(day)s, %(time)s", day=day, time=time)
    opening = gettext(
        "Here is the ticket of the remittance no. %(number)s of %(day)s at %(time)s (%(application)s). "
        "Its total is %(amount)s.",
        number=row["number"],
        day=day,
        time=time,
        application=REMITTANCES.by_name["application"].show(row),
        amount=money.show(row["amount"], row["currency"], language()),
    )
    return _letter(REMITTANCES, row, theme, remittance_ticket(row), title=title, opening=opening)


def _letter(spec: ListSpec, row: Row, theme: Theme, ticket: Ticket, *, title: str, opening: str) -> Letter:
    values: dict[str, Any] = {
        "title": title[0].upper() + title[1:],
        "opening": opening,
        "sent_by": _sent_by(row, theme),
        "facts": tuple(_facts(spec, row)),
        "theme": theme,
    }
    return Letter(
        subject=gettext("%(maintainer)s: %(title)s", maintainer=theme.name, title=title),
        text=render("mail/ticket.txt", lines=lines(ticket), **values),
        html=render("mail/ticket.html", lines=laid_out(ticket), size=letter_size(ticket), **values),
        attachments=(Attachment(f"{ticket.name}.pdf", "application/pdf", pdf(ticket)),),
    )


def _sent_by(row: Row, theme: Theme) -> str:
    """Who sends, and for which shop as far as it is known."""
    shop = clean(row["trade_name"] or "").strip()
    if not shop:
        return gettext("%(maintainer)s sends it to you.", maintainer=theme.name)
    return gettext("%(maintainer)s sends it to you for %(shop)s.", maintainer=theme.name, shop=shop)


def _facts(spec: ListSpec, row: Row) -> Iterator[tuple[str, str]]:
    """What to know of ``row``: labels and values on one line each."""
    for name in FACTS[spec.name]:
        field = spec.by_name[name]
        if value := clean(field.show(row)).strip():
            yield field.title, value


def _moment(row: Row) -> tuple[str, str]:
    """The day and the time, by the terminal's own clock."""
    day, time = row["date"].strftime(MOMENTS[language()]).split()
    return day, time


def letter_size(ticket: Ticket) -> float:
    """The size of the letters in CSS pixels with which the widest line fits a phone."""
    return min(_LARGEST, int(_ROOM / (columns(ticket) * _ADVANCE) * 10) / 10)
