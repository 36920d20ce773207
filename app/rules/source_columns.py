"""The profile of a source in words: the labels of what it says, and its values as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any, Final

from app.wording.i18n import N_, gettext

#: The labels of all that a profile says, in the order in which it is shown.
LABELS: Final[Mapping[str, str]] = {
    "role": N_("Role"),
    "title": N_("Name for merchants"),
    "application": N_("Application of its payments"),
    "rank": N_("Rank of its payments"),
    "inbox": N_("Folder of the inbox"),
    "file_pattern": N_("Pattern of names"),
    "merchant": N_("Code of the merchant"),
    "account": N_("Bank account"),
    "format": N_("Format"),
    "mapping": N_("Mapping"),
    "aliases": N_("Headings"),
    "words": N_("Words"),
    "scales": N_("Scales"),
    "labels": N_("Labels of card money"),
    "payers": N_("Labels of payers"),
    "encoding": N_("Encoding"),
    "delimiter": N_("Delimiter"),
    "time_zone": N_("Time zone"),
    "cards": N_("Full card numbers"),
    "contracts": N_("Shops"),
    "expected_at": N_("Expected by"),
    "expected_days": N_("Expected on"),
}
NO_PATTERN: Final = N_(
    "this is no regular expression of PostgreSQL, or one that refers back to what it found"
)
#: Formats of files that a source may be said to deliver, and the mappings of CSV that come with the portal.
FORMATS: Final = (
    "CFONB 120",
    "camt",
    "CSV",
    "journal",
    "GRRCN",
    "EPTRN",
    "EMCBK",
    "caaa.011",
)
MAPPINGS: Final = (
    "Adyen settlement detail",
    "CIC, Crédit Mutuel",
    "Caisse d'Épargne",
    "Checkout.com financial actions",
    "PayPal settlement report",
    "Société Générale",
    "Stripe payout reconciliation",
    "SumUp transaction report",
)
#: The words of what is chosen from a few.
ROLES: Final = {"payments": N_("Payments"), "money": N_("Money")}
DAYS: Final = {
    "daily": N_("every day"),
    "working": N_("on working days"),
    "weekly": N_("every week"),
    "none": N_("not awaited"),
}
CARDS: Final = {
    "refuse": N_("refuse the file"),
    "mask": N_("mask them, as American Express files need"),
}
SIGNS: Final = {";": N_("semicolon"), "\t": N_("tab"), ",": N_("comma"), "|": N_("vertical bar")}
_CHOICES: Final = {"role": ROLES, "expected_days": DAYS, "cards": CARDS, "delimiter": SIGNS}
_SHOWN_DIGITS: Final = 4


def pairs(said: Mapping[str, Any]) -> str:
    """``SHOP=CONTRACT``, a line each."""
    return "\n".join(f"{key}={value}" for key, value in said.items())


def shown(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a profile says, each with its label: of an account its last digits, of a mapping its name."""
    for name, label in LABELS.items():
        value = profile.get(name)
        if value:
            yield gettext(label), _words(name, value)


def _words(name: str, value: Any) -> str:
    if name == "account":
        return f"•••• {value[-_SHOWN_DIGITS:]}"
    if name == "mapping" and "\n" in value:
        return gettext("one of its own")
    if isinstance(value, Mapping):
        return pairs(value).replace("\n", ", ")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return gettext(_CHOICES[name].get(value, value)) if name in _CHOICES else str(value)
