"""The mail that carries a ticket: text and HTML each say all of it, and the PDF goes with them.

The words are in the language of whoever asks; the ticket is what the terminal printed. The only names
in it are the reseller's and the shop's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.listing.kinds import Row
from app.listing.spec import ListSpec
from app.mail import Attachment, Message
from app.mail.templates import logo, render
from app.themes import Theme
from app.tickets import Ticket, columns, laid_out, lines
from app.tickets.pdf import pdf
from app.tickets.ticket import clean
from app.wording.i18n import gettext

#: The letters of a ticket, in CSS pixels: large enough to read, small enough for a phone 360 pixels wide.
_LARGEST, _ROOM, _ADVANCE = 15.0, 290, 0.61


def ticket_message(spec: ListSpec, row: Row, theme: Theme) -> Message:
    """The mail with the ticket of a row, as :func:`app.listing.query.printable` gives it.

    Raises ValueError when :func:`app.tickets.why_no_ticket` has a reason.
    """
    printing = spec.printing
    ticket, title = printing.print(row), printing.subject(row)
    values: dict[str, Any] = {
        "title": title[0].upper() + title[1:],
        "opening": printing.opening(row),
        "sent_by": _sent_by(row, theme),
        "facts": tuple(_facts(spec, row)),
        "theme": theme,
    }
    return Message(
        subject=gettext("%(maintainer)s: %(title)s", maintainer=theme.name, title=title),
        text=render("mail/ticket.txt", lines=lines(ticket), **values),
        html=render("mail/ticket.html", lines=laid_out(ticket), size=letter_size(ticket), **values),
        attachments=(Attachment(f"{ticket.name}.pdf", "application/pdf", pdf(ticket)),),
        pictures=(logo(theme),),
    )


def _sent_by(row: Row, theme: Theme) -> str:
    """Who sends, and for which shop as far as it is known."""
    shop = clean(row["trade_name"] or "").strip()
    if not shop:
        return gettext("%(maintainer)s sends it to you.", maintainer=theme.name)
    return gettext("%(maintainer)s sends it to you for %(shop)s.", maintainer=theme.name, shop=shop)


def _facts(spec: ListSpec, row: Row) -> Iterator[tuple[str, str]]:
    """What to know of ``row``: labels and values on one line each."""
    for name in spec.printing.facts:
        field = spec.by_name[name]
        if value := clean(field.show(row)).strip():
            yield field.full_title, value


def letter_size(ticket: Ticket) -> float:
    """The size of the letters in CSS pixels with which the widest line fits a phone."""
    return min(_LARGEST, int(_ROOM / (columns(ticket) * _ADVANCE) * 10) / 10)
