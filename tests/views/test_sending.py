"""Sending a ticket: one page, each address with its own fault, one click one mail, nobody else's rows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.roles import PERMISSIONS, Permission
from app.database.engine import DatabaseRole
from app.mail.quotas import PER_RECIPIENT
from app.models import Delivery, MailKind, Role
from tests import factories
from tests.page import HtmlPage
from tests.views.sending import journal, key_of, rows_of, send
from tests.views.town import a_contract, follow, let_in, plain

HTMX = {"HX-Request": "true", "HX-Target": "steps"}


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
