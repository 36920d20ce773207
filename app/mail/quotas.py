"""Quotas of mail: the number in a day, counted in the database before any is composed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select, text

from app.mail.message import MailError, MailRequest
from app.models import Delivery, MailKind
from app.wording.i18n import gettext

#: Mails in 24 hours: that one person asks for, that go out for one merchant, that one address receives of
#: each kind.
PER_USER = 200
PER_MERCHANT = 1000
PER_RECIPIENT = 20


class TooManyMailsError(MailError):
    """A limit of the day is reached; the message says which."""


def check_limits(connection: Connection, request: MailRequest, recipients: Sequence[str]) -> None:
    """Raise TooManyMailsError when mails to ``recipients`` would pass a limit.

    What the portal itself has to say (a notice about an access) is never held back.
    """
    if not recipients or request.kind == MailKind.NOTICE:
        return
    message = _reached(connection, request, recipients)
    if message:
        raise TooManyMailsError(message)


def _reached(connection: Connection, request: MailRequest, recipients: Sequence[str]) -> str | None:
    """The limit that mails to ``recipients`` would pass, in words."""
    more = len(recipients)
    if request.user_id and _sent(connection, Delivery.user_id == request.user_id) + more > PER_USER:
        words = gettext("You have asked for %(limit)s emails in 24 hours: no more can leave today.")
        return words % {"limit": PER_USER}
    whole = Delivery.merchant_id == request.merchant_id
    if request.merchant_id and _sent(connection, whole) + more > PER_MERCHANT:
        words = gettext("%(limit)s emails have left for this merchant in 24 hours: no more can leave today.")
        return words % {"limit": PER_MERCHANT}
    for recipient in recipients:  # tickets do not use up what links to a person's account may be sent
        if _sent(connection, Delivery.recipient == recipient, Delivery.kind == request.kind) >= PER_RECIPIENT:
            words = gettext("%(address)s has already been sent %(limit)s emails in 24 hours.")
            return words % {"address": recipient, "limit": PER_RECIPIENT}
    return None


def _sent(connection: Connection, *which: ColumnElement[bool]) -> int:
    day = text("now() - interval '24 hours'")
    counted = select(func.count()).select_from(Delivery).where(*which, Delivery.created_at > day)
    return connection.execute(counted).scalar_one()
