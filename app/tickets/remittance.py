"""The ticket of a telecollection: how many payments of each kind, for how much, and how it went.

Order and words are those of the telecollection ticket that the customer showed; it writes ``-`` for
no payment, and TELECOLLECTE, REMISE CORRECTE and TRANSMISSION REUSSIE as terminals print them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from app.tickets.printed import as_printed
from app.tickets.ticket import (
    Amount,
    Block,
    Centred,
    Item,
    Labelled,
    Row,
    Ticket,
    Words,
    blocks,
    labelled,
    moment,
    outlet,
    refuse_unknown,
    words,
)
from app.wording import applications

#: The six sums of a remittance: name in the row, words of the ticket.
_SUMS = {
    "debit": "Achats",
    "refund": "Rembts",
    "cancelled": "Annulées",
    "refund_cancelled": "Rembts annulés",
    "declined": "Non autorisées",
    "abandoned": "Non abouties",
}
_STATUSES = {"correct": "REMISE CORRECTE", "rejected": "REMISE REJETÉE", "incomplete": "REMISE INCOMPLÈTE"}
_TRANSMISSIONS = {"succeeded": "TRANSMISSION REUSSIE", "failed": "ÉCHEC DE TRANSMISSION"}


def remittance_ticket(row: Row) -> Ticket:
    """The ticket of a remittance, as :func:`app.listing.query.printable` gives it.

    Raises ValueError when :func:`app.tickets.ticket.why_no_ticket` has a reason.
    """
    refuse_unknown(row)
    return Ticket(
        title=f"Ticket de remise n° {row['number']} du {row['date']:%d/%m/%Y}",
        name=f"ticket-remise-{row['date']:%Y-%m-%d}-{row['number']}",
        blocks=as_printed(row) or _rebuilt(row),
    )


def _rebuilt(row: Row) -> tuple[Block, ...]:
    return blocks(
        _heading(row),
        (moment(row), *outlet(row), *labelled("SIRET", row["siret"])),
        _contract(row),
        _number(row),
        _counts(row),
        _amounts(row),
        (Amount("TOTAL NET", row["amount"], row["currency"], strong=True),),
        _result(row),
    )


def _heading(row: Row) -> Iterator[Item]:
    code = row["application"]
    yield Centred("TELECOLLECTE", strong=True)
    yield Centred(f"Application {code}")
    if (label := applications.label(code)) != code:
        yield Centred(label)


def _contract(row: Row) -> Iterator[Item]:
    yield from labelled("Contrat", row["contract"])
    yield from labelled("Rang", row["rank"])
    yield from labelled("Banque", " ".join(part for part in (row["bank"], row["bank_name"]) if part))
    yield from labelled("TPE", row["terminal"])
    yield from labelled("N° série", row["serial"])


def _number(row: Row) -> Iterator[Item]:
    yield Centred("REMISE CONSOLIDÉE", strong=True)
    yield from labelled("Remise N°", row["number"])
    yield from labelled("Fichier N°", row["file_number"])


def _counts(row: Row) -> Iterator[Item]:
    yield Words("NBR TRANSACTIONS EN " + row["currency"])
    for name, label in _SUMS.items():
        yield Labelled(label, str(row[f"{name}_count"] or "-"), right=True)


def _amounts(row: Row) -> Iterator[Item]:
    yield Words("MONTANT EN " + row["currency"])
    for name, label in _SUMS.items():
        yield Amount(label, row[name], row["currency"])


def _result(row: Row) -> Iterator[Item]:
    """What the host made of the remittance, in its own words too when it found fault and has others."""
    status, said = _STATUSES[row["status"]], row["status_text"]
    yield Centred(status, strong=True)
    if row["status"] != "correct" and said and _bare(said) != _bare(status):
        yield from words(said)
    if row["transmission"]:
        yield Centred(_TRANSMISSIONS[row["transmission"]], strong=True)


def _bare(text: str) -> str:
    """``text`` in capitals without accents."""
    letters = unicodedata.normalize("NFD", text.strip().upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
