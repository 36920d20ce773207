"""The parts of a mail: the message, who asks for it, and who signs it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.config import is_plain_address
from app.models import MailKind

if TYPE_CHECKING:
    from app.themes import Theme


class MailError(Exception):
    """A mail cannot be posted; the message says why, in the language of the moment."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message. ``media_type`` is like ``application/pdf``."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """The words of a mail, in text and in HTML that each say everything; the HTML loads nothing.

    ``pictures`` go inside the mail: the HTML shows them as ``cid:NAME``. ``unsubscribe`` is the address that
    stops mails of its kind by one POST (RFC 8058).
    """

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[Attachment, ...] = ()
    unsubscribe: str = ""


@dataclass(frozen=True, kw_only=True)
class MailRequest:
    """A request for a mail: who asks, and for whom.

    The same ``user_id``, ``request_key`` and recipient are one delivery, however often they are posted.
    ``merchant_id`` is None for the reseller's staff; ``list_name`` and ``row_id`` say what a
    ticket is of.
    """

    kind: MailKind
    reseller_slug: str
    merchant_id: int | None
    user_id: int | None
    request_key: str
    list_name: str | None = None
    row_id: int | None = None


@dataclass(frozen=True)
class Sender:
    """The sender of a mail: the name it bears, the address it comes from, and where an answer goes."""

    name: str
    address: str
    reply_to: str | None


def sender_of(theme: Theme) -> Sender:
    """The reseller of ``theme`` as a sender, under their own name.

    The address is the theme's own ``sender``, else ``BORDEREAU_SMTP_FROM``, else one of the theme's host:
    mail that waits for its server to be named bears it.
    """
    by_host = f"no-reply@{theme.hosts[0] if theme.hosts else 'localhost'}"
    address = theme.sender or os.environ.get("BORDEREAU_SMTP_FROM") or by_host
    return Sender(theme.name, address, theme.support if is_plain_address(theme.support) else None)
