"""Payments of acquirers on the pages: where there are any, for whoever may see the bank, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Role
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.views.town import let_in, plain


@pytest.fixture
def bravo(database, shops):
    """BRAVO, which has no bank: the remittance of last night is announced, less 1,05 EUR."""
    shop = shops[1]
    own = {"merchant_id": shop.merchant_id}
    paid_on = today() + timedelta(days=2)
    with database.writing(DatabaseRole.OWNER) as connection:
        settlement_id = money_factories.a_settlement(
            connection, **own, number="065A6808", gross=5240, discount=105, net=5135, paid_on=paid_on
        )
        part = {"settlement_id": settlement_id, "paid_on": paid_on}
        money_factories.a_settlement_link(
            connection, **own, **part, remittance_id=shop.remittance_id, amount=5240, fee=105
        )
        money_factories.a_settlement_line(connection, **own, **part, transaction_id=shop.transaction_ids[0])
        connection.execute(
            text(
                "UPDATE remittance SET credit = 'announced', expected_by = :day, fee_amount = 105"
                " WHERE merchant_id = :merchant AND id = :id"
            ),
            {"day": paid_on, "merchant": shop.merchant_id, "id": shop.remittance_id},
        )
        factories.sum_days(connection)
    return shop


def browser_of(app, database, shop, role, **limits):
    browser = app.test_client()
    let_in(database, f"{role}@settled.example", shop.marker, role, **limits)
    browser.sign_in(f"{role}@settled.example")
    return browser


def test_a_payment_that_is_announced_is_a_badge_a_filter_and_a_line_beside_the_net(app, database, bravo):
    browser = browser_of(app, database, bravo, Role.FINANCE)
    shown = plain(browser.page("/remises?credit=announced").one("main"))
    assert f"Règlement annoncé pour le {today() + timedelta(days=2):%d/%m/%Y}" in shown
    assert "Dont règlement annoncé 52,40 €" in shown
    assert "Frais des règlements 1,05 €" in shown
    (totals,) = browser.get("/remises.json").get_json()["totals"]
    assert totals["apart"]["credit"]["fee"] == 105
    assert totals["apart"]["credit"]["announced"] == 5240


def test_finance_sees_the_payment_of_a_remittance_and_of_a_sale(app, database, bravo):
    browser = browser_of(app, database, bravo, Role.FINANCE)
    remittance = plain(browser.page(f"/remises/{bravo.remittance_id}").one("main"))
    for words in ("N° de règlement 065A6808", "Brut du règlement 52,40 €", "Net du règlement 51,35 €"):
        assert words in remittance
    sale = plain(browser.page(f"/transactions/{bravo.transaction_ids[0]}").one("main"))
    assert "Commission 0,3120 €" in sale
    assert "Net 38,6880 €" in sale


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FLEET])
def test_nobody_else_sees_fees_or_nets(app, database, bravo, role):
    browser = browser_of(app, database, bravo, role)
    remittance = plain(browser.page(f"/remises/{bravo.remittance_id}").one("main"))
    sale = plain(browser.page(f"/transactions/{bravo.transaction_ids[0]}").one("main"))
    listed = plain(browser.page("/remises").one("main"))
    assert "Règlement annoncé pour le" in listed
    for words in ("065A6808", "51,35", "1,05", "0,3120", "Frais"):
        assert words not in remittance + sale + listed
    if role == Role.FLEET:
        document = browser.get("/remises.json").get_json()
        assert "fee_amount" not in document["rows"][0]
        assert "fee" not in document["totals"][0]["apart"]["credit"]


def test_whoever_sees_a_part_of_the_merchant_is_told_of_that_part_alone(app, database, bravo):
    with database.reading(DatabaseRole.OWNER) as connection:
        number = connection.scalar(
            text("SELECT number FROM contract WHERE id = :id"), {"id": bravo.contract_id}
        )
    browser = browser_of(app, database, bravo, Role.FINANCE, contracts=[number])
    shown = plain(browser.page(f"/remises/{bravo.remittance_id}").one("main"))
    assert "Frais de cette remise 1,05 €" in shown
    assert "51,35" not in shown


def test_a_merchant_without_payments_sees_nothing_of_them(app, shops):
    browser = app.test_client()
    browser.sign_in(shops[1].email)
    assert "Règlement" not in plain(browser.page(f"/remises/{shops[1].remittance_id}").one("main"))
    assert "fee_amount" not in browser.get("/remises.json").get_json()["rows"][0]
