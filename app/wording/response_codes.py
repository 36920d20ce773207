"""Response codes of authorisations (ISO 8583 field 39, French practice) in plain words.

The words are for the merchant, with the customer in front of him: what happened and what to do,
never an accusation of the cardholder (a lost card, a stolen one and a suspicion all read the same).
"""

from __future__ import annotations

from app.wording.i18n import N_, gettext

_REFUSED = N_("The customer's bank refused the payment: ask for another means of payment")
_NO_ANSWER = N_("The customer's bank could not be reached: try again in a while")
_INCIDENT = N_("A technical incident prevented the authorisation: try again")
_EXPIRED = N_("The card has expired")
_CONTRACT = N_("The bank does not recognise the merchant's contract: call the bank")
_STRONG = N_("The bank asks the customer to identify himself: insert the card and enter the code")
_RECURRING = N_("The customer's bank stopped this series of payments")

MEANINGS = {
    "00": N_("Accepted"),
    "02": N_("The customer's bank asks to be called before it agrees"),
    "03": _CONTRACT,
    "04": _REFUSED,
    "05": _REFUSED,
    "07": _REFUSED,
    "08": N_("Accepted after checking the customer's identity"),
    "10": N_("Accepted for a part of the amount: the rest is to be paid by another means"),
    "12": N_("This transaction is not possible with this card"),
    "13": N_("The amount is not valid"),
    "14": N_("The card number is not recognised"),
    "15": N_("The bank of the card is not recognised"),
    "30": _INCIDENT,
    "31": _CONTRACT,
    "33": _EXPIRED,
    "34": _REFUSED,
    "38": _EXPIRED,
    "41": _REFUSED,
    "43": _REFUSED,
    "51": N_("The balance or the ceiling of the card does not cover the amount"),
    "54": _EXPIRED,
    "55": N_("The code entered was wrong"),
    "56": N_("The customer's bank does not know this card"),
    "57": N_("This card does not allow this kind of payment"),
    "58": N_("This terminal is not allowed this kind of payment: call the maintainer"),
    "59": _REFUSED,
    "60": N_("The merchant's bank asks to be called"),
    "61": N_("The amount is above what the card allows"),
    "63": _INCIDENT,
    "65": N_("The card has reached its number of payments: insert it and enter the code"),
    "68": _NO_ANSWER,
    "75": N_("The code was entered wrongly too many times"),
    "76": _REFUSED,
    "78": N_("The card has not been activated yet"),
    "80": N_("Contactless is not possible this time: insert the card"),
    "81": _STRONG,
    "82": _RECURRING,
    "83": _RECURRING,
    "90": _NO_ANSWER,
    "91": _NO_ANSWER,
    "94": N_("The same request had already been sent"),
    "96": _INCIDENT,
    "97": _NO_ANSWER,
    "98": _NO_ANSWER,
    "99": _INCIDENT,
    "A1": _STRONG,
}


def meaning(code: str) -> str | None:
    """What ``code`` means, in the language of the moment; None for a code we do not know."""
    message = MEANINGS.get(code)
    return gettext(message) if message else None
