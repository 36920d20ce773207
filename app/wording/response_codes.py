"""Response codes of authorisations (ISO 8583 field 39, French practice) in plain words.

The words are for the merchant, with the customer in front of them: what happened and what to do,
never an accusation of the cardholder (a lost card, a stolen one and a suspicion all read the same).
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum

from app.wording.i18n import N_, gettext


class DeclineReason(StrEnum):
    """Kinds of reasons. ``OPPOSED`` is a bank's no, whatever it is for: its words accuse nobody."""

    CARD = "card"
    OPPOSED = "opposed"
    FUNDS = "funds"
    CODE = "code"
    UNAVAILABLE = "unavailable"
    TECHNICAL = "technical"


DECLINE_REASONS = {
    DeclineReason.CARD: N_("Card not valid here"),
    DeclineReason.OPPOSED: N_("Bank's refusal"),
    DeclineReason.FUNDS: N_("Balance or ceiling"),
    DeclineReason.CODE: N_("Code or authentication"),
    DeclineReason.UNAVAILABLE: N_("Bank out of reach"),
    DeclineReason.TECHNICAL: N_("Technical or contract"),
}
_REFUSED = N_("The customer's bank refused the payment: ask for another means of payment")
_NO_ANSWER = N_("The customer's bank could not be reached: try again in a while")
_INCIDENT = N_("A technical incident prevented the authorisation: try again")
_EXPIRED = N_("The card has expired")
_CONTRACT = N_("The bank does not recognise the merchant's contract: call the bank")
_STRONG = N_("The bank asks the customer to identify themselves: insert the card and enter the code")
_RECURRING = N_("The customer's bank stopped this series of payments")

#: What each code means, and which kind of refusal it is; None for a code that refuses nothing.
CODES: dict[str, tuple[str, DeclineReason | None]] = {
    "00": (N_("Accepted"), None),
    "02": (N_("The customer's bank asks to be called before it agrees"), DeclineReason.OPPOSED),
    "03": (_CONTRACT, DeclineReason.TECHNICAL),
    "04": (_REFUSED, DeclineReason.OPPOSED),
    "05": (_REFUSED, DeclineReason.OPPOSED),
    "07": (_REFUSED, DeclineReason.OPPOSED),
    "08": (N_("Accepted after checking the customer's identity"), None),
    "10": (N_("Accepted for a part of the amount: the rest is to be paid by another means"), None),
    "12": (N_("This transaction is not possible with this card"), DeclineReason.CARD),
    "13": (N_("The amount is not valid"), DeclineReason.TECHNICAL),
    "14": (N_("The card number is not recognised"), DeclineReason.CARD),
    "15": (N_("The bank of the card is not recognised"), DeclineReason.CARD),
    "30": (_INCIDENT, DeclineReason.TECHNICAL),
    "31": (_CONTRACT, DeclineReason.TECHNICAL),
    "33": (_EXPIRED, DeclineReason.CARD),
    "34": (_REFUSED, DeclineReason.OPPOSED),
    "38": (_EXPIRED, DeclineReason.CARD),
    "41": (_REFUSED, DeclineReason.OPPOSED),
    "43": (_REFUSED, DeclineReason.OPPOSED),
    "51": (N_("The balance or the ceiling of the card does not cover the amount"), DeclineReason.FUNDS),
    "54": (_EXPIRED, DeclineReason.CARD),
    "55": (N_("The code entered was wrong"), DeclineReason.CODE),
    "56": (N_("The customer's bank does not know this card"), DeclineReason.CARD),
    "57": (N_("This card does not allow this kind of payment"), DeclineReason.CARD),
    "58": (
        N_("This terminal is not allowed this kind of payment: call the maintainer"),
        DeclineReason.TECHNICAL,
    ),
    "59": (_REFUSED, DeclineReason.OPPOSED),
    "60": (N_("The merchant's bank asks to be called"), DeclineReason.TECHNICAL),
    "61": (N_("The amount is above what the card allows"), DeclineReason.FUNDS),
    "63": (_INCIDENT, DeclineReason.TECHNICAL),
    "65": (
        N_("The card has reached its number of payments: insert it and enter the code"),
        DeclineReason.FUNDS,
    ),
    "68": (_NO_ANSWER, DeclineReason.UNAVAILABLE),
    "75": (N_("The code was entered wrongly too many times"), DeclineReason.CODE),
    "76": (_REFUSED, DeclineReason.OPPOSED),
    "78": (N_("The card has not been activated yet"), DeclineReason.CARD),
    "80": (N_("Contactless is not possible this time: insert the card"), DeclineReason.CARD),
    "81": (_STRONG, DeclineReason.CODE),
    "82": (_RECURRING, DeclineReason.OPPOSED),
    "83": (_RECURRING, DeclineReason.OPPOSED),
    "90": (_NO_ANSWER, DeclineReason.UNAVAILABLE),
    "91": (_NO_ANSWER, DeclineReason.UNAVAILABLE),
    "94": (N_("The same request had already been sent"), DeclineReason.TECHNICAL),
    "96": (_INCIDENT, DeclineReason.TECHNICAL),
    "97": (_NO_ANSWER, DeclineReason.UNAVAILABLE),
    "98": (_NO_ANSWER, DeclineReason.UNAVAILABLE),
    "99": (_INCIDENT, DeclineReason.TECHNICAL),
    "A1": (_STRONG, DeclineReason.CODE),
}


def _codes_of() -> dict[DeclineReason, tuple[str, ...]]:
    found: dict[DeclineReason, list[str]] = defaultdict(list)
    for code, (_, reason) in CODES.items():
        if reason is not None:
            found[reason].append(code)
    return {reason: tuple(found[reason]) for reason in DeclineReason}


#: The response codes of each kind of refusal.
CODES_OF = _codes_of()


def meaning(code: str) -> str | None:
    """What ``code`` means, in the language of the moment; None for a code we do not know."""
    message, _ = CODES.get(code, (None, None))
    return gettext(message) if message else None
