"""Tickets printed again: data first, then the faces that show it, the same line for line.

A ticket is in French whatever the language of the page: it is what the terminal printed.
"""

from app.tickets.cardholder import cardholder_ticket
from app.tickets.remittance import remittance_ticket
from app.tickets.text import Line, columns, laid_out, lines, text
from app.tickets.ticket import Ticket, why_no_ticket

__all__ = [
    "Line",
    "Ticket",
    "cardholder_ticket",
    "columns",
    "laid_out",
    "lines",
    "remittance_ticket",
    "text",
    "why_no_ticket",
]
