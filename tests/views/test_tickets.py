"""Tickets on the page and as PDF, for those who may see the payment."""

from __future__ import annotations

import pytest

from app.database.engine import DatabaseRole
from tests import factories
from tests.views.town import a_contract, plain


def test_a_payment_leads_to_its_ticket_and_to_its_file(owner, shops):
    detail = owner.page(f"/transactions/{shops[0].transaction_ids[0]}")
    (link,) = [link for link in detail.all("a") if plain(link) == "Voir le ticket"]
    ticket = owner.page(link["href"])
    printed = plain(ticket.one("pre"))
    assert "DUPLICATA" in printed
    assert "39,00 EUR" in printed
    assert "497010" not in printed
    (file,) = [link for link in ticket.all("a") if plain(link) == "Télécharger (PDF)"]
    response = owner.get(file["href"])
    assert response.data.startswith(b"%PDF-")
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")


def test_a_remise_leads_to_its_ticket(owner, shops):
    printed = plain(owner.page(f"/remises/{shops[0].remittance_id}/ticket").one("pre"))
    assert "TELECOLLECTE" in printed
    assert "TRANSMISSION REUSSIE" in printed


@pytest.mark.parametrize("file", ["ticket", "ticket.pdf"])
def test_an_application_without_tickets_says_why(owner, shops, database, file):
    with database.writing(DatabaseRole.OWNER) as connection:
        contract_id = a_contract(connection, shops[0], None, application="NOUVEAU", number="555")
        row_id = factories.a_remittance(connection, merchant_id=shops[0].merchant_id, contract_id=contract_id)
    assert "NOUVEAU" in owner.page(f"/remises/{row_id}").source
    assert not [link for link in owner.page(f"/remises/{row_id}").all("a") if plain(link) == "Voir le ticket"]
    assert owner.get(f"/remises/{row_id}/{file}").status_code == 404
