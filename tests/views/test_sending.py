"""Sending a ticket: one page, each address with its own fault, one click one mail, nobody else's rows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email import message_from_bytes, policy
from html import unescape

import pytest
from sqlalchemy import select, text, update

from app.accounts.roles import PERMISSIONS, Permission
from app.database.engine import DatabaseRole
from app.lists import LISTS
from app.mail.jobs import sweep
from app.mail.quotas import PER_RECIPIENT
from app.mail.ticket_message import ticket_message
from app.models import Delivery, JournalEntry, MailKind, Role
from app.tickets import cardholder_ticket, lines, remittance_ticket
from app.views.tickets import face
from tests import factories
from tests.conftest import SECRET_KEY
from tests.mail.reading import lines_in_html, lines_in_pdf, lines_in_text
from tests.mail.servers import mail_server
from tests.page import HtmlPage
from tests.tickets.rows import PAYMENTS, REMITTANCES
from tests.views.town import a_contract, follow, let_in, plain

HTMX = {"HX-Request": "true", "HX-Target": "steps"}


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


@pytest.fixture
def payment(shops):
    return f"/transactions/{shops[0].transaction_ids[0]}"


@pytest.fixture
def remise(shops):
    return f"/remises/{shops[0].remittance_id}"


# The page.


@pytest.mark.parametrize("which", ["payment", "remise"])
def test_from_the_list_to_the_delivery(owner, request, database, shops, which):
    path = request.getfixturevalue(which)
    listed = owner.page(path.rpartition("/")[0])
    links = [link["href"] for link in listed.all("a", class_="send-link")]
    assert links.count(shops[0].at(f"{path}/envoi")) == 1  # each row stands once
    asked = owner.get(f"{path}/envoi")
    assert asked.status_code == 303  # to itself, with the number of the request
    page = owner.page(asked.location)
    assert "DUPLICATA" in plain(page.one("pre"))
    assert len(page.all("input", name="to")) == 5
    key = page.one("input", name="request_key")["value"]
    response = send(owner, f"{path}/envoi", "a@maison.example", "b@maison.example", key=key)
    assert (response.status_code, response.location) == (303, shops[0].at(f"{path}#envois"))
    for page in (owner.page(path), owner.page(f"{path}/ticket")):
        shown = plain(page.one("section", id="envois"))
        assert "a@maison.example" in shown
        assert "b@maison.example" in shown
    row_id = int(path.rpartition("/")[2])
    name = "transactions" if which == "payment" else "remittances"
    assert (
        rows_of(database, Delivery.merchant_id, Delivery.list_name, Delivery.row_id, Delivery.kind)
        == [(shops[0].merchant_id, name, row_id, "ticket")] * 2
    )


def test_from_the_detail_and_from_the_ticket(owner, payment, shops):
    detail = owner.page(payment)
    assert follow(detail, "Envoyer le ticket") == shops[0].at(f"{payment}/envoi")
    ticket = owner.page(f"{payment}/ticket")
    assert owner.page(follow(ticket, "Envoyer par e-mail")).all("input", name="to")


def test_the_dialogue_gets_the_same_page_as_a_part(owner, payment, shops, database):
    part = owner.part(f"{payment}/envoi", "steps")
    assert "DUPLICATA" in plain(part.one("pre"))
    key = part.one("input", name="request_key")["value"]
    bad = send(owner, f"{payment}/envoi", "non", key=key, headers=HTMX)
    assert bad.status_code == 200  # browsers write 422 parts in their console
    assert "Il manque le @" in bad.text
    assert "<html" not in bad.text
    here = {**HTMX, "HX-Current-URL": f"http://localhost{payment}"}
    good = send(owner, f"{payment}/envoi", "oui@maison.example", key=key, headers=here)
    assert good.status_code == 200
    assert good.text.count("oui@maison.example") == 2  # in the dialogue, and on the page below it
    assert 'hx-swap-oob="true"' in good.text
    assert f'<a class="refresh" href="{shops[0].at(payment)}">' in good.text
    elsewhere = {**HTMX, "HX-Current-URL": "http://localhost/transactions"}
    assert (
        "hx-swap-oob"
        not in send(owner, f"{payment}/envoi", "oui@maison.example", key=key, headers=elsewhere).text
    )
    assert len(rows_of(database, Delivery.id)) == 1


def test_each_fault_stands_beside_its_address_and_nothing_leaves(owner, payment, database):
    response = send(owner, f"{payment}/envoi", "bon@maison.example", "sans arobase", "", "a@maison")
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    boxes = page.all("input", name="to")
    assert [box["value"] for box in boxes] == ["bon@maison.example", "sans arobase", "", "a@maison", ""]
    assert [box.get("aria-invalid") for box in boxes] == ["", "true", "", "true", ""]
    faults = [page.one("p", id=box["aria-describedby"]).text for box in boxes if box.get("aria-invalid")]
    assert len(set(faults)) == 2
    folds = page.all("details", class_="more-addresses")
    assert ["open" in fold.attributes for fold in folds] == [True, True, True, False]
    assert rows_of(database, Delivery.id) == []
    assert journal(database) == []


def test_a_sixth_address_is_refused_not_dropped(owner, payment, database):
    many = [f"a{number}@maison.example" for number in range(6)]
    page = HtmlPage(send(owner, f"{payment}/envoi", *many), owner.application)
    assert page.status == 422
    assert [box["value"] for box in page.all("input", name="to")] == many
    assert "5 adresses au plus" in page.text.replace("\u00a0", " ")
    assert rows_of(database, Delivery.id) == []


def test_a_card_number_among_the_addresses_is_not_shown_again(owner, payment):
    response = send(owner, f"{payment}/envoi", "4970 1000 0000 0055")
    assert response.status_code == 422
    assert [box["value"] for box in HtmlPage(response, owner.application).all("input", name="to")] == [""] * 5
    assert "numéro de carte" in response.text


def test_nobody_is_nobody(owner, payment, database):
    page = HtmlPage(send(owner, f"{payment}/envoi", "", ""), owner.application)
    assert page.status == 422
    assert "Indiquez au moins une adresse" in page.text
    assert rows_of(database, Delivery.id) == []


def test_english_for_those_who_ask(owner, payment, database):
    owner.post_form("/langue", lang="en")
    send(owner, f"{payment}/envoi", "a@maison.example")
    with database.reading(DatabaseRole.IMPORT) as connection:
        message = message_from_bytes(connection.scalar(select(Delivery.message)), policy=policy.default)
    assert message["Subject"].startswith("Monétique Horizon: your payment ticket")


# One click, one mail.


def test_clicking_again_reloading_and_going_back_are_one_mail(owner, payment, database):
    path = f"{payment}/envoi"
    key = key_of(owner, path)
    for _ in range(3):
        assert send(owner, path, "a@maison.example", "A@maison.example", key=key).status_code == 303
    again = owner.page(f"{path}?envoi={key}")  # the same address of the same step
    assert again.one("input", name="request_key")["value"] == key
    assert rows_of(database, Delivery.recipient) == [("a@maison.example",)]
    assert [details["recipients"] for _, details in journal(database)] == [1]
    send(owner, path, "a@maison.example")  # asked for anew: another mail
    assert len(rows_of(database, Delivery.id)) == 2


def test_twenty_clicks_at_once_are_one_mail(app, owner, shops, payment, database):
    path = f"{payment}/envoi"
    key = key_of(owner, path)
    browsers = []
    for _ in range(20):
        browser = app.test_client()
        browser.sign_in(shops[0].email)
        browsers.append((browser, browser.token()))

    def click(pair):
        browser, token = pair
        data = {"csrf_token": token, "request_key": key, "to": "a@maison.example"}
        return browser.post(path, data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, browsers)) == {303}
    assert [row.kind for row in rows_of(database, Delivery.kind)].count(MailKind.TICKET) == 1


@pytest.mark.parametrize("key", ["", "x", "é" * 43, "a" * 44, "../../etc/passwd"])
def test_a_form_without_its_number_is_not_ours(owner, payment, database, key):
    data = {"csrf_token": owner.token(), "request_key": key, "to": "a@maison.example"}
    assert owner.post(f"{payment}/envoi", data=data).status_code == 400
    assert rows_of(database, Delivery.id) == []


# Who may, and for what.


@pytest.mark.parametrize("role", sorted(Role))
def test_whoever_sees_tickets_sends_them(app, shops, database, payment, role):
    let_in(database, f"{role}@shop.example", shops[0].marker, role)
    browser = app.test_client()
    browser.sign_in(f"{role}@shop.example")
    assert send(browser, f"{payment}/envoi", "a@maison.example").status_code == 303


def test_a_role_without_it_is_refused_and_sees_no_way(app, shops, owner, database, payment, monkeypatch):
    """Every role has it today: one that had lists and exports alone would be told no more than these."""
    monkeypatch.setitem(PERMISSIONS, Role.FINANCE, frozenset({Permission.LIST, Permission.EXPORT}))
    assert send(owner, f"{payment}/envoi", "a@maison.example").status_code == 303
    let_in(database, "daf@shop.example", shops[0].marker, Role.FINANCE)
    browser = app.test_client()
    browser.sign_in("daf@shop.example")
    for path in ("/transactions", payment):
        source = browser.page(path).source
        assert "/envoi" not in source
        assert "a@maison.example" not in source
    assert browser.get(f"{payment}/ticket").status_code == 403
    assert browser.get(f"{payment}/envoi").status_code == 403
    assert browser.post(f"{payment}/envoi", data={"csrf_token": browser.token()}).status_code == 403


def test_a_foreign_row_does_not_exist(owner, shops, database):
    foreign = shops[1]
    for path in (f"/transactions/{foreign.transaction_ids[0]}", f"/remises/{foreign.remittance_id}"):
        assert owner.get(f"{path}/envoi").status_code == 404
        data = {"csrf_token": owner.token(), "request_key": "a" * 43, "to": "a@maison.example"}
        assert owner.post(f"{path}/envoi", data=data).status_code == 404
    assert rows_of(database, Delivery.id) == []


def test_a_row_beyond_ones_contracts_does_not_exist(app, shops, database, payment):
    with database.writing(DatabaseRole.OWNER) as connection:
        a_contract(connection, shops[0], None, number="777")
    let_in(database, "narrow@shop.example", shops[0].marker, Role.FLEET, contracts=("777",))
    browser = app.test_client()
    browser.sign_in("narrow@shop.example")
    assert browser.get(f"{payment}/envoi").status_code == 404


def test_deliveries_are_seen_by_those_in_scope_alone(app, owner, shops, payment):
    send(owner, f"{payment}/envoi", "secret@maison.example")
    other = app.test_client()
    other.sign_in(shops[1].email)
    assert other.get(payment).status_code == 404
    for path in ("/transactions", f"/transactions/{shops[1].transaction_ids[0]}"):
        assert "secret@maison.example" not in other.page(path).source


def test_a_row_without_ticket_has_nothing_to_send_and_says_why(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        contract_id = a_contract(connection, shops[0], None, application="NOUVEAU", number="555")
        row_id = factories.a_remittance(connection, merchant_id=shops[0].merchant_id, contract_id=contract_id)
    page = owner.page(f"/remises/{row_id}")
    assert "NOUVEAU" in page.text
    assert "/envoi" not in page.source
    assert owner.get(f"/remises/{row_id}/envoi").status_code == 404


def test_the_journal_counts_and_names_nobody(owner, shops, remise, database, capfd):
    send(owner, f"{remise}/envoi", "a@maison.example", "b@maison.example")
    ((merchant_id, details),) = journal(database)
    assert merchant_id == shops[0].merchant_id
    assert details == {"list": "remittances", "id": shops[0].remittance_id, "recipients": 2}
    assert "maison.example" not in json.dumps(details) + capfd.readouterr().err


def test_a_limit_of_the_day_is_said_kindly_and_keeps_what_was_typed(owner, payment, database):
    for _ in range(PER_RECIPIENT):
        send(owner, f"{payment}/envoi", "a@maison.example")
    response = send(owner, f"{payment}/envoi", "a@maison.example", "b@maison.example")
    page = HtmlPage(response, owner.application)
    assert page.status == 422
    assert str(PER_RECIPIENT) in page.one("main").one("p", role="alert").text
    assert [box["value"] for box in page.all("input", name="to")][:2] == [
        "a@maison.example",
        "b@maison.example",
    ]
    assert len(rows_of(database, Delivery.id)) == PER_RECIPIENT


# What became of it.


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


# The whole way.


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
        process.wait(30)


@pytest.mark.parametrize("which", ["payment", "remise"])
def test_a_click_arrives_whole_at_a_mail_server(owner, request, database, tmp_path, which):
    path = request.getfixturevalue(which)
    send(owner, f"{path}/envoi", "a@maison.example", "b@maison.example")
    on_page = lines_on_page(owner.page(f"{path}/ticket").source)
    document = owner.get(f"{path}/ticket.pdf").data
    with mail_server() as box, a_worker(database, tmp_path, box.port):
        deadline = time.monotonic() + 30
        while {state for (state,) in rows_of(database, Delivery.state)} != {"sent"}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
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
def test_page_pdf_and_mail_show_the_same_lines(app, name):
    is_payment = name in PAYMENTS
    row = PAYMENTS[name] if is_payment else REMITTANCES[name]
    ticket = (cardholder_ticket if is_payment else remittance_ticket)(row)
    theme = app.extensions["bordereau.themes"].by_slug["demo"]
    message = ticket_message(LISTS["transactions" if is_payment else "remittances"], row, theme)
    on_page = lines_on_page(app.jinja_env.get_template("tickets/face.html").render(**face(ticket)))
    assert on_page == lines(ticket) == lines_in_html(message) == lines_in_text(message)
    assert lines_in_pdf(message, ticket) == on_page
