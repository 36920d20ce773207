"""Whom a ticket goes to: the addresses of a form, each with what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from app.rules.cards import holds_card
from app.wording.i18n import gettext

#: Recipients of one ticket.
MOST = 5
_SEVERAL = re.compile(r"[,;<>\s]")


@dataclass(frozen=True)
class Typed:
    """An address as it was typed, and what is wrong with it: "" when nothing is."""

    text: str
    fault: str = ""


def typed(texts: Iterable[str]) -> tuple[Typed, ...]:
    """What stands in the MOST fields of a form; the first one says so when all are empty."""
    found = [text.strip() for text in texts][:MOST]
    found += [""] * (MOST - len(found))
    if not any(found):
        return (Typed("", gettext("Enter at least one address.")), *(Typed("") for _ in found[1:]))
    return tuple(map(_typed, found))


def _typed(text: str) -> Typed:
    if holds_card(text):  # never shown again
        return Typed("", gettext("This looks like a full card number."))
    return Typed(text, _fault(text))


def addresses(fields: Sequence[Typed]) -> tuple[str, ...]:
    """The addresses of faultless ``fields`` as mail is sent to them, each once."""
    sent: dict[str, str] = {}
    for field in fields:
        if field.text:
            address = _normal(field.text)
            sent.setdefault(address.casefold(), address)
    return tuple(sent.values())


def _fault(text: str) -> str:
    """What is wrong with the address ``text``, in plain words."""
    if not text or _is_valid(text):
        return ""
    if _SEVERAL.search(text):
        return gettext("One address alone in each field, without a name or a space.")
    if "@" not in text:
        return gettext("There is no @ in this address.")
    if not _is_valid(f"a@{text.rpartition('@')[2]}"):
        return gettext("What stands after the @ is not right: check it letter by letter.")
    return gettext("What stands before the @ is not right: plain letters, digits, dots and hyphens only.")


def _is_valid(text: str) -> bool:
    try:
        _normal(text)
    except EmailNotValidError:
        return False
    return True


def _normal(text: str) -> str:
    found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or found.normalized
