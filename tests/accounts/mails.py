"""Mails read as their reader would, and links taken out of them."""

from __future__ import annotations

import email
import re
from email import policy

from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.models import Delivery, Invitation


def mails(database, recipient=None):
    """Every mail that waits, oldest first, as parsed messages. Only the owner may read them."""
    wanted = select(Delivery.message, Delivery.recipient).order_by(Delivery.id)
    with database.reading(DatabaseRole.OWNER) as connection:
        rows = connection.execute(wanted).all()
    return [
        email.message_from_bytes(bytes(row.message), policy=policy.default)
        for row in rows
        if recipient in (None, row.recipient)
    ]


def words(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def link(database, recipient=None):
    """The path of the link in the newest mail."""
    found = re.findall(r"https?://[^/\s]+(/[a-z-]+/\S+)", words(mails(database, recipient)[-1]))
    assert len(found) == 1, found
    return found[0]


def lifetimes(database):
    """How long each link of the database opens something, the oldest first."""
    with database.reading(DatabaseRole.OWNER) as connection:
        kept = select(Invitation.expires_at - Invitation.created_at).order_by(Invitation.id)
        return list(connection.scalars(kept))


def pass_time(database, seconds):
    """Let the links of the database be older by ``seconds``."""
    with database.writing() as connection:
        connection.execute(
            text(
                "UPDATE invitation SET created_at = created_at - make_interval(secs => :s),"
                " expires_at = expires_at - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )
