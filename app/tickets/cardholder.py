"""The cardholder's ticket: what the file says the terminal printed, or else our template for its family.

No public sample exists for every family; ours follow the elements that the GIE CB lists for the
customer's ticket (means of payment, AID, date, shop, contract, truncated card, certificate, reference
line, amount, operation). Words are in capitals with their accents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.tickets.printed import as_printed
from app.tickets.ticket import (
    CARD_MASK,
    LAST_DIGITS,
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
from app.wording import response_codes
from app.wording.i18n import speaking


@dataclass(frozen=True)
class Family:
    """The family of an application: what its tickets have of their own.

    ``title`` and ``under`` head the ticket, ``contract`` is what the number is called there,
    ``issuer`` says that it names who issued the card: the one who pays the merchant.
    """

    title: str
    under: tuple[str, ...] = ()
    contract: str = "CONTRAT"
    issuer: bool = False


_CB, _AMEX, _JCB, _CONECS = "CARTE BANCAIRE", "AMERICAN EXPRESS", "JCB", "CONECS"
_CONTACTLESS, _DISTANT = "SANS CONTACT", "VENTE À DISTANCE"
_RENTAL = ("LOCATION DE BIENS", "ET SERVICES")
_MEAL = "TITRE RESTAURANT"
_OPENED, _ADDED, _CLOSED = "OUVERTURE DE DOSSIER", "COMPLÉMENT DE DOSSIER", "CLÔTURE DE DOSSIER"
#: By application code; a test holds that all the applications that have tickets are here.
FAMILIES = {
    "CBEMV": Family(_CB),
    "CBCLESS": Family(_CB, (_CONTACTLESS,)),
    "CBVAD": Family(_CB, (_DISTANT,)),
    "PLBS": Family(_CB, _RENTAL),
    "PLBS+": Family(_CB, _RENTAL),
    "PLBSGCB": Family(_CB, _RENTAL),
    "DCCPLBS": Family(_CB, _RENTAL),
    "AMEX": Family(_AMEX),
    "AMEXCLESS": Family(_AMEX, (_CONTACTLESS,)),
    "JCBEMV": Family(_JCB),
    "JCBVAD": Family(_JCB, (_DISTANT,)),
    "QUASI CASH": Family(_CB, ("QUASI CASH",)),
    "CONECS": Family(_CONECS, (_MEAL,), "IDCONECS", issuer=True),
    "CONECSLESS": Family(_CONECS, (_MEAL, _CONTACTLESS), "IDCONECS", issuer=True),
}

_OPERATIONS = {
    "debit": "DÉBIT",
    "refund": "CRÉDIT",
    "cancellation": "ANNULATION DE DÉBIT",
    "refund_cancellation": "ANNULATION DE CRÉDIT",
    "preauthorisation": "PRÉAUTORISATION",
}
_FEMININE = frozenset({"cancellation", "refund_cancellation", "preauthorisation"})
#: What the amount of an accepted operation is called.
_AMOUNTS = {
    "debit": "MONTANT",
    "refund": "MONTANT REMBOURSÉ",
    "cancellation": "MONTANT ANNULÉ",
    "refund_cancellation": "MONTANT ANNULÉ",
    "preauthorisation": "MONTANT ESTIMÉ",
}
#: How the card was read, in the reference line: C for a chip, S for a stripe.
_READINGS = {"chip": "C", "contactless": "C", "magstripe": "S"}


def cardholder_ticket(row: Row) -> Ticket:
    """The ticket of a payment, as :func:`app.listing.query.printable` gives it.

    Raises ValueError when :func:`app.tickets.ticket.why_no_ticket` has a reason.
    """
    refuse_unknown(row)
    return Ticket(
        title=f"Ticket de paiement du {row['date']:%d/%m/%Y}",
        name=f"ticket-paiement-{row['date']:%Y-%m-%d}-{row['sequence_number']}",
        blocks=as_printed(row) or _rebuilt(row),
    )


def _rebuilt(row: Row) -> tuple[Block, ...]:
    return blocks(
        _heading(row),
        (moment(row), *outlet(row), *_contract(row)),
        _card(row),
        _references(row),
        _amounts(row),
        _result(row),
        (Centred("TICKET CLIENT"), Centred("À CONSERVER")),
    )


def _heading(row: Row) -> Iterator[Item]:
    """The means of payment; what the card says of itself, unless it says the same."""
    family = FAMILIES[row["application"]]
    under = [*family.under, *_stage(row)]
    if row["entry_mode"] == "contactless" and _CONTACTLESS not in under:
        under.append(_CONTACTLESS)
    yield Centred(family.title, strong=True)
    yield from (Centred(line) for line in under)
    said = {family.title, *under}
    own = dict.fromkeys((row["aid"], row["scheme"], row["product"]))
    yield from words(*(value for value in own if value and value.strip().upper() not in said))


def _stage(row: Row) -> Iterator[str]:
    """Where a rental or a stay has got to: its dossier is opened, added to, closed."""
    if not row["dossier"]:
        return
    if row["type"] == "preauthorisation":
        yield _ADDED if row["original_sequence_number"] else _OPENED
    elif row["type"] == "debit":
        yield _CLOSED


def _contract(row: Row) -> Iterator[Item]:
    yield from labelled(FAMILIES[row["application"]].contract, row["contract"])
    yield from labelled("BANQUE", row["bank"])
    yield from labelled("SIRET", row["siret"])


def _card(row: Row) -> Iterator[Item]:
    if row["card"]:
        yield Words(CARD_MASK + row["card"][-LAST_DIGITS:])
    if FAMILIES[row["application"]].issuer:
        yield from labelled("ÉMETTEUR", row["issuer"])
    yield from words(row["certificate"])


def _references(row: Row) -> Iterator[Item]:
    """The reference line of the GIE CB, then the numbers that the operation goes by."""
    call = row["remittance"][-2:] if row["remittance"] else None
    asked = "@" if row["authorisation_asked"] else None
    parts = (row["terminal"], row["sequence_number"], call, _READINGS.get(row["entry_mode"]), asked)
    yield from words(" ".join(part for part in parts if part))
    yield from labelled("N° AUTO", row["authorisation"])
    yield from labelled("N° DOSSIER", row["dossier"])
    yield from labelled("N° D'ORIGINE", row["original_sequence_number"])
    yield from labelled("RÉFÉRENCE", row["order_reference"])


def _amounts(row: Row) -> Iterator[Item]:
    amount, currency = abs(row["amount"]), row["currency"]
    requested = row["requested_amount"]
    if row["outcome"] == "accepted" and requested is not None and requested != amount:
        yield Amount("MONTANT DEMANDÉ", requested, currency)
        yield Amount("MONTANT AUTORISÉ", amount, currency, strong=True)
        if requested > amount:
            yield Amount("RESTE À PAYER", requested - amount, currency, strong=True)
    else:
        yield Amount(_amount_label(row), amount, currency, strong=True)
    yield from _conversion(row)


def _amount_label(row: Row) -> str:
    if row["cardholder_currency"]:
        return "MONTANT COMMERÇANT"
    if row["outcome"] != "accepted":
        return "MONTANT"
    return "MONTANT RÉEL" if _CLOSED in _stage(row) else _AMOUNTS[row["type"]]


def _conversion(row: Row) -> Iterator[Item]:
    """What the cardholder pays in the currency of their card, and that they chose so."""
    currency = row["cardholder_currency"]
    if not currency:
        yield from _unconverted(row)
        return
    if row["exchange_rate"] is not None:
        rate = f"1 {row['currency']} = {_decimal(row['exchange_rate'])} {currency}"
        yield Labelled("TAUX DE CHANGE", rate, right=True)
    if row["markup_percent"] is not None:
        yield Labelled("COMMISSION", f"{_decimal(row['markup_percent'])} %", right=True)
    if row["cardholder_amount"] is not None:
        yield Amount("MONTANT PORTEUR", row["cardholder_amount"], currency, strong=True)
    if row["type"] in ("debit", "preauthorisation"):
        yield Words(f"J'ACCEPTE LA CONVERSION ET LE MONTANT EN {currency}")
    else:
        yield Labelled("CHOIX DU PORTEUR", currency, right=True)


def _unconverted(row: Row) -> Iterator[Item]:
    """A terminal that converts was told not to; a pre-authorisation leaves the choice for later."""
    if row["application"] == "DCCPLBS" and row["type"] == "debit" and row["outcome"] == "accepted":
        yield Words(f"PAIEMENT EN {row['currency']} SANS CONVERSION")


def _decimal(value: Decimal) -> str:
    return f"{value:f}".replace(".", ",")


def _result(row: Row) -> Iterable[Item]:
    if row["outcome"] == "accepted":
        return _accepted(row)
    return _failed(row)


def _accepted(row: Row) -> Iterator[Item]:
    yield Centred(_OPERATIONS[row["type"]], strong=True)
    if row["type"] == "preauthorisation":
        yield Centred("MONTANT NON DÉBITÉ")


def _failed(row: Row) -> Iterator[Item]:
    operation = _OPERATIONS[row["type"]]
    if row["outcome"] == "declined":
        yield Centred("TRANSACTION REFUSÉE", strong=True)
    else:
        yield Centred(f"ABANDON {operation}", strong=True)
    yield Centred(f"{operation} NON EFFECTUÉ{'E' if row['type'] in _FEMININE else ''}")
    yield from labelled("CODE", row["response_code"])
    yield from words(_meaning(row["response_code"]))


def _meaning(code: str | None) -> str | None:
    if not code:
        return None
    with speaking("fr"):
        return response_codes.meaning(code)
