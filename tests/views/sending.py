"""What tests of sending share: a request to send, and the rows and lines that come of it."""

from __future__ import annotations

from sqlalchemy import select

from app.models import Delivery, JournalEntry


def key_of(browser, path):
    """The number of a fresh request: the one in the address that the link leads to."""
    response = browser.get(path)
    assert response.status_code == 303
    return browser.page(response.location).one("input", name="request_key")["value"]


def send(browser, path, *recipients, key=None, **named):
    data = {
        "csrf_token": browser.token(),
        "request_key": key or key_of(browser, path),
        "to": list(recipients),
    }
    return browser.post(path, data=data, **named)


def rows_of(database, *columns):
    with database.reading() as connection:
        return connection.execute(select(*columns).order_by(Delivery.id)).all()


def journal(database):
    with database.reading() as connection:
        return connection.execute(
            select(JournalEntry.merchant_id, JournalEntry.details).where(JournalEntry.event == "ticket_sent")
        ).all()
