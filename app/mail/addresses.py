"""Addresses that mail goes to: one mailbox each, in ASCII, as every mail server takes them.

A domain in other letters is written in its ASCII form (punycode). A mailbox in other letters would need
servers with SMTPUTF8 all the way to the reader, which many are not: it is refused when it is asked for,
not days later.
"""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.rules.cards import holds_card
from app.wording.i18n import gettext


class AddressError(ValueError):
    """Not an address that mail can go to; the message says why, in the language of the moment."""


def mail_address(text: str) -> str:
    """The address ``text`` as mail is sent to it. Raises AddressError."""
    words = text.strip()
    if not words:
        raise AddressError(gettext("Enter an email address."))
    if holds_card(words):
        raise AddressError(gettext("This looks like a full card number."))
    try:
        found = validate_email(words, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        raise AddressError(gettext("%(address)s is not an email address.", address=words)) from error
    if found.ascii_email is None:
        message = gettext("%(address)s: only plain letters can stand before the @.", address=words)
        raise AddressError(message)
    return found.ascii_email
