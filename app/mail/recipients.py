"""Addresses that a ticket can be mailed to: what is wrong with one, and how mail writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from email_validator import EmailNotValidError, validate_email

from app.wording.i18n import gettext

#: Recipients of one ticket.
MOST = 5
_SEVERAL = re.compile(r"[,;<>\s]")


def fault_of(text: str) -> str:
    """What is wrong with the address ``text``, in plain words; "" when nothing is."""
    if not text or _is_valid(text):
        return ""
    if _SEVERAL.search(text):
        return gettext("One address alone in each field, without a name or a space.")
    if "@" not in text:
        return gettext("There is no @ in this address.")
    if not _is_valid(f"a@{text.rpartition('@')[2]}"):
        return gettext("What stands after the @ is not right: check it letter by letter.")
    return gettext("What stands before the @ is not right: plain letters, digits, dots and hyphens only.")


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses among faultless ``texts`` as mail is sent to them, each once."""
    sent: dict[str, str] = {}
    for address in map(_normal, filter(None, texts)):
        sent.setdefault(address.casefold(), address)
    return tuple(sent.values())


def _is_valid(text: str) -> bool:
    try:
        _normal(text)
    except EmailNotValidError:
        return False
    return True


def _normal(text: str) -> str:
    found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or found.normalized
