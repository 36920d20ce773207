"""A ticket that was sent: what became of it, and the whole way from a click to a mail server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from email import message_from_bytes, policy
from html import unescape

import pytest
from sqlalchemy import text, update

from app.database.engine import DatabaseRole
from app.lists import LISTS
from app.mail.jobs import sweep
from app.mail.ticket_message import ticket_message
from app.models import Delivery
from app.tickets import cardholder_ticket, lines, remittance_ticket
from app.views.tickets import shown_ticket
from tests.conftest import SECRET_KEY
from tests.mail.reading import lines_in_html, lines_in_pdf, lines_in_text
from tests.mail.servers import mail_server
from tests.tickets.rows import PAYMENTS, REMITTANCES
from tests.views.sending import journal, rows_of, send
from tests.views.town import plain
from tests.waiting import HANGS, wait_until


def become(database, **values):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Delivery).values(**values))


def test_a_failure_is_shown_in_the_servers_words_and_sent_again(owner, payment, shops, database):
    send(owner, f"{payment}/envoi", "a@maison.example")
    reply = "550 5.1.1 <b>Unknown</b>"
    become(database, state="failed", last_fault="recipient_refused", last_reply=reply)
    page = owner.page(payment)
    section = page.one("section", id="envois")
    assert reply in plain(section)
    assert not section.all("b")
    action = section.one("form")["action"]
    assert owner.post_form(action).location == shops[0].at(f"{payment}#envois")
    assert rows_of(database, Delivery.state) == [("queued",)]
    assert [details.get("again") for _, details in journal(database)] == [None, True]
    assert reply not in plain(owner.page(payment).one("section", id="envois"))
    owner.post_form(action)  # clicked twice: there is nothing more to renew
    assert len(journal(database)) == 2


def test_what_is_not_of_this_ticket_cannot_be_renewed(app, owner, shops, payment, database):
    send(owner, f"{payment}/envoi", "a@maison.example")
    become(database, state="failed", last_fault="recipient_refused")
    ((delivery_id,),) = rows_of(database, Delivery.id)
    for path in (f"/transactions/{shops[0].transaction_ids[1]}", f"/remises/{shops[0].remittance_id}"):
        assert owner.post_form(f"{path}/envois/{delivery_id}").status_code == 404
    other = app.test_client()
    other.sign_in(shops[1].email)
    for path in (payment, f"/transactions/{shops[1].transaction_ids[0]}"):
        assert other.post_form(f"{path}/envois/{delivery_id}").status_code == 404
    assert rows_of(database, Delivery.state) == [("failed",)]


def test_states_are_said_in_words(owner, payment, database):
    send(owner, f"{payment}/envoi", "a@maison.example")

    def said():
        return plain(owner.page(payment).one("section", id="envois"))

    assert "Actualiser" in said()
    become(database, state="retrying", last_fault="timeout", last_reply="451 later")
    assert "prochain essai le" in said()
    assert "451 later" in said()
    become(database, state="sent", sent_at=text("'2026-03-02T11:31:09Z'"), message=None)
    assert "le 02/03/2026 12:31" in said()  # Paris
    assert "Actualiser" not in said()
    assert "451" not in said()
    become(database, recipient=None)
    assert "effacée" in said()
    assert "maison.example" not in said()


def lines_on_page(source):
    """The lines of the one ticket on a page."""
    (printed,) = re.findall("<pre[^>]*>(.*?)</pre>", source, re.DOTALL)
    return tuple(unescape(re.sub("<[^>]+>", "", printed)).removesuffix("\n").split("\n"))


@contextmanager
def a_worker(database, folder, port):
    """``bordereau worker`` as it runs beside the portal, with a mail server of its own."""
    settings = {
        **database.addresses.settings(),
        "BORDEREAU_DATA": str(folder),
        "BORDEREAU_SECRET_KEY": SECRET_KEY,
        "BORDEREAU_SMTP_URL": f"smtp://localhost:{port}",
        "BORDEREAU_SMTP_FROM": "no-reply@horizon.example",
    }
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "worker"], env=os.environ | settings)
    try:
        yield
    finally:
        process.terminate()
        process.wait(HANGS)


@pytest.mark.parametrize("which", ["payment", "remise"])
def test_a_click_arrives_whole_at_a_mail_server(owner, request, database, tmp_path, which):
    path = request.getfixturevalue(which)
    send(owner, f"{path}/envoi", "a@maison.example", "b@maison.example")
    on_page = lines_on_page(owner.page(f"{path}/ticket").source)
    document = owner.get(f"{path}/ticket.pdf").data
    with mail_server() as box, a_worker(database, tmp_path, box.port):
        wait_until(lambda: {state for (state,) in rows_of(database, Delivery.state)} == {"sent"})
        received = list(box.received)
    assert sorted(mail.recipients for mail in received) == [["a@maison.example"], ["b@maison.example"]]
    for mail in received:
        message = message_from_bytes(mail.content, policy=policy.default)
        assert str(message["From"]).startswith("Monétique Horizon <")
        assert "Monétique Horizon" in message["Subject"]
        assert message["To"] == mail.recipients[0]
        html = message.get_body(("html",)).get_content().replace("\r\n", "\n")
        words = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        (attached,) = message.iter_attachments()
        assert attached.get_content() == document
        assert lines_in_html(MailParts(words, html)) == lines_in_text(MailParts(words, html)) == on_page
        assert "maison.example" not in words + html
    assert "a@maison.example" in plain(owner.page(path).one("section", id="envois"))


class MailParts:
    """The two parts of a mail that has arrived."""

    def __init__(self, words, html):
        self.text, self.html = words, html


def test_no_job_is_lost_between_the_click_and_the_worker(owner, payment, database):
    send(owner, f"{payment}/envoi", "a@maison.example")
    with database.reading(DatabaseRole.IMPORT) as connection:
        jobs = connection.scalars(text("SELECT task_name FROM procrastinate_jobs")).all()
    assert jobs == ["deliver"]
    assert sweep(database) == 0


@pytest.mark.parametrize("name", [*PAYMENTS, *REMITTANCES])
def test_page_pdf_and_mail_show_the_same_lines(module_app, name):
    is_payment = name in PAYMENTS
    row = PAYMENTS[name] if is_payment else REMITTANCES[name]
    ticket = (cardholder_ticket if is_payment else remittance_ticket)(row)
    theme = module_app.extensions["bordereau.themes"].by_slug["demo"]
    message = ticket_message(LISTS["transactions" if is_payment else "remittances"], row, theme)
    on_page = lines_on_page(
        module_app.jinja_env.get_template("tickets/face.html").render(ticket=shown_ticket(ticket))
    )
    assert on_page == lines(ticket) == lines_in_html(message) == lines_in_text(message)
    assert lines_in_pdf(message, ticket) == on_page
