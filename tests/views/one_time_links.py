"""What tests of one-time links share: who is invited, and the way from a mail into the portal."""

from __future__ import annotations

from sqlalchemy import func, select

from app.accounts.journal import Client
from app.models import Invitation, Membership, UserAccount
from tests.accounts.mails import link

GUEST = "guest@shop.example"
CHOSEN = "girafe ruisseau lampe velours"
CLIENT = Client(host="localhost", address="192.0.2.1", agent="Tests", request_id="r")


def accept(browser, path, password=CHOSEN, again=None):
    """Open the link and send its form."""
    browser.get(path)
    again = password if again is None else again
    return browser.post_form("/invitation", password=password, again=again)


def invitation_row(database):
    with database.reading() as connection:
        return connection.execute(
            select(*Invitation.__table__.columns).order_by(Invitation.id.desc())
        ).first()


def is_member(database, email=GUEST):
    with database.reading() as connection:
        return bool(
            connection.scalar(
                select(func.count())
                .select_from(Membership)
                .join(UserAccount, UserAccount.id == Membership.user_id)
                .where(UserAccount.email == email)
            )
        )


def asked_reset(browser, database, email):
    response = browser.post_form("/mot-de-passe-oublie", email=email)
    assert response.location == "/mot-de-passe-oublie/envoye"
    return link(database, email.lower())
