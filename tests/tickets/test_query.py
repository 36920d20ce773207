"""What a ticket needs comes in one statement, and only to those who may see it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import event

from app.database.engine import DatabaseRole
from app.listing.query import printable
from app.listing.scope import Scope
from app.lists import REMITTANCES, TRANSACTIONS
from app.tickets import cardholder_ticket, lines, remittance_ticket
from tests import factories
from tests.tickets.rows import PAYMENT, REMITTANCE


@dataclass(frozen=True)
class TicketShop:
    merchant_id: int
    contract_id: int
    remittance_id: int
    transaction_id: int


def a_shop(connection, **values) -> TicketShop:
    merchant_id = factories.a_merchant(connection)
    outlet_id = factories.an_outlet(
        connection,
        merchant_id=merchant_id,
        trade_name="CAFÉ DE L'ÎLE",
        address="3 quai de l'Exemple",
        postcode="56780",
        city="MODÈLE",
    )
    contract_id = factories.a_contract(connection, merchant_id=merchant_id, outlet_id=outlet_id)
    own = {"merchant_id": merchant_id, "contract_id": contract_id}
    remittance_id = factories.a_remittance(connection, **own, **values, number="000417", net_amount=3900)
    transaction_id = factories.a_transaction(connection, **own, **values, remittance_id=remittance_id)
    return TicketShop(merchant_id, contract_id, remittance_id, transaction_id)


@pytest.fixture(scope="module")
def shops(module_database):
    with module_database.writing(DatabaseRole.OWNER) as connection:
        return a_shop(connection), a_shop(connection, ticket="LIGNE 1\nLIGNE 2")


@pytest.fixture
def connection(module_database, shops):
    with module_database.reading_as(Scope(shops[0].merchant_id)) as connection:
        yield connection


@pytest.fixture
def statements(connection):
    """The statements sent from here on."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


def test_a_payment_and_a_remittance_with_all_their_fields_in_one_statement_each(
    connection, shops, statements
):
    scope = Scope(shops[0].merchant_id)
    payment = printable(connection, TRANSACTIONS, scope, shops[0].transaction_id)
    assert len(statements) == 1
    remittance = printable(connection, REMITTANCES, scope, shops[0].remittance_id)
    assert len(statements) == 2
    assert set(payment) ^ set(PAYMENT) == set()
    assert set(remittance) ^ set(REMITTANCE) == set()


def test_the_tickets_of_what_is_stored(connection, shops):
    scope = Scope(shops[0].merchant_id, (shops[0].contract_id,))
    payment = lines(cardholder_ticket(printable(connection, TRANSACTIONS, scope, shops[0].transaction_id)))
    remittance = lines(remittance_ticket(printable(connection, REMITTANCES, scope, shops[0].remittance_id)))
    for shown in (payment, remittance):
        assert "CAFÉ DE L'ÎLE" in shown
        assert "3 quai de l'Exemple" in shown
        assert "56780 MODÈLE" in shown
    assert "############0044" in payment
    assert "le 02/03/2026 à 12:31:09" in payment
    assert "TOTAL NET :    39,00 EUR" in remittance
    assert "le 02/03/2026 à 23:15:07" in remittance


def test_the_lines_of_the_file_come_first(connection, shops):
    scope = Scope(shops[1].merchant_id)
    scope.isolation.enter(connection)
    payment = cardholder_ticket(printable(connection, TRANSACTIONS, scope, shops[1].transaction_id))
    remittance = remittance_ticket(printable(connection, REMITTANCES, scope, shops[1].remittance_id))
    assert lines(payment)[1:] == lines(remittance)[1:] == ("", "LIGNE 1", "LIGNE 2")


def test_what_is_out_of_scope_does_not_exist(connection, shops):
    own, other = shops
    for scope in (
        Scope(other.merchant_id),
        Scope(other.merchant_id, (own.contract_id,)),
        Scope(own.merchant_id, ()),
        Scope(own.merchant_id, (other.contract_id,)),
    ):
        assert printable(connection, TRANSACTIONS, scope, own.transaction_id) is None
        assert printable(connection, REMITTANCES, scope, own.remittance_id) is None


@pytest.mark.parametrize("row_id", [0, -1, 2**63 - 1, 2**63, 10**30])
def test_an_id_that_nothing_has_is_no_fault(connection, shops, row_id):
    scope = Scope(shops[0].merchant_id)
    assert printable(connection, TRANSACTIONS, scope, row_id) is None
    assert printable(connection, REMITTANCES, scope, row_id) is None
