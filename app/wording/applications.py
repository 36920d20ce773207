"""Payment applications: the words of the screen for each code.

A table of data: a code that is not here is shown as received and has no ticket.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Application:
    """``label`` is a product name, the same in every language.

    ``has_own_payer``: its issuer pays the merchant by transfers of its own, not the bank.
    """

    code: str
    label: str
    has_tickets: bool = True
    has_own_payer: bool = False


APPLICATIONS = {
    application.code: application
    for application in (
        Application("CBEMV", "CB Proximité"),
        Application("CBCLESS", "CB Sans Contact"),
        Application("CBVAD", "CB VAD"),
        Application("PLBS", "PLBS"),
        Application("PLBS+", "PLBS+"),
        Application("PLBSGCB", "PLBS GCB"),
        Application("DCCPLBS", "PLBS DCC"),
        Application("AMEX", "American Express", has_own_payer=True),
        Application("AMEXCLESS", "American Express Sans Contact", has_own_payer=True),
        Application("JCBEMV", "JCB Proximité"),
        Application("JCBVAD", "JCB VAD"),
        Application("QUASI CASH", "Quasi Cash"),
        Application("CONECS", "CONECS", has_own_payer=True),
        Application("CONECSLESS", "CONECS Sans Contact", has_own_payer=True),
    )
}
#: Those of titres-restaurant, which their issuers pay for.
MEAL_VOUCHERS = ("CONECS", "CONECSLESS")
LABELS = {application.code: application.label for application in APPLICATIONS.values()}
#: Those that no bank credits as card remittances.
PAID_ELSEWHERE = frozenset(code for code, application in APPLICATIONS.items() if application.has_own_payer)


def label(code: str) -> str:
    """The screen's words for ``code``, or the code as received."""
    return LABELS.get(code, code)


def has_tickets(code: str) -> bool:
    """Whether tickets can be printed again for ``code``."""
    return code in APPLICATIONS and APPLICATIONS[code].has_tickets
