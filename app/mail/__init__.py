"""Mail that leaves: written with the request, sent by the worker, seen by whoever asked.

:func:`post` is the only way to send one.
"""

from app.mail.addresses import AddressError, mail_address
from app.mail.message import Attachment, MailError, MailRequest, Message, Sender, sender_of
from app.mail.posting import post, renew
from app.mail.quotas import TooManyMailsError, check_limits
from app.models import MailKind as Kind

__all__ = [
    "AddressError",
    "Attachment",
    "Kind",
    "MailError",
    "MailRequest",
    "Message",
    "Sender",
    "TooManyMailsError",
    "check_limits",
    "mail_address",
    "post",
    "renew",
    "sender_of",
]
