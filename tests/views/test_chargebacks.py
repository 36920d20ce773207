"""Chargebacks and operations on the pages: with amounts for whoever may see the bank, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.chargebacks import to_answer
from app.models import Contract, Role, Transaction
from app.rules.time_zones import today
from tests import money_factories
from tests.page import short
from tests.views.town import let_in, plain


@pytest.fixture
def alpha(database, shops):
    """ALPHA, one of whose sales is charged back, to be answered, and was refunded by its platform."""
    shop = shops[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        sale = connection.execute(
            select(Transaction).where(
                Transaction.merchant_id == shop.merchant_id,
                Transaction.type == "debit",
                Transaction.outcome == "accepted",
            )
        ).first()
        number = connection.scalar(select(Contract.number).where(Contract.id == shop.contract_id))
        own = {"merchant_id": shop.merchant_id, "contract_id": shop.contract_id, "contract_number": number}
        own |= {"transaction_id": sale.id, "occurred_on": sale.occurred_on}
        day = today() - timedelta(days=2)
        notice = {"stage": "notice", "noticed_on": day - timedelta(days=1), "is_last": False}
        money_factories.a_chargeback(connection, **own, **notice)
        due = {"noticed_on": day, "due_on": today() + timedelta(days=5), "amount": 1234}
        money_factories.a_chargeback(connection, **own, **due, rule="sale_number", candidates=1)
        money_factories.an_operation(connection, **own, amount=4321)
        connection.execute(
            text("UPDATE transaction SET chargeback = 'debited' WHERE id = :id"), {"id": sale.id}
        )
    shop.sale = sale
    shop.contract_number = number
    return shop


def browser_of(app, database, shop, role, **limits):
    let_in(database, f"{role}@disputes.example", shop.marker, role, **limits)
    browser = app.test_client()
    browser.sign_in(f"{role}@disputes.example")
    return browser


def test_finance_sees_stages_amounts_reason_and_the_day_to_answer_by(app, database, alpha):
    shown = plain(
        browser_of(app, database, alpha, Role.FINANCE).page(f"/transactions/{alpha.sale.id}").one("main")
    )
    for words in (
        "Impayé débité",
        "Contestation, avant impayé",
        "12,34",
        "Réponse avant le",
        "Opérations",
        "−43,21",
    ):
        assert words in shown


def test_a_viewer_sees_the_state_and_no_amount_of_it(app, database, alpha):
    shown = plain(
        browser_of(app, database, alpha, Role.VIEWER).page(f"/transactions/{alpha.sale.id}").one("main")
    )
    assert "Impayé débité" in shown
    assert "12,34" not in shown


def test_the_first_words_of_a_sale_that_was_charged_back_say_so(app, database, alpha):
    page = browser_of(app, database, alpha, Role.VIEWER).page(f"/transactions/{alpha.sale.id}")
    assert plain(page.one("p", class_="verdict")) == "Impayée"


def test_it_is_a_filter_and_a_badge_and_the_files_have_it(app, database, alpha):
    browser = browser_of(app, database, alpha, Role.FINANCE)
    assert "Impayée" in plain(browser.page("/transactions?chargeback=debited").one("main"))
    (row,) = browser.get("/transactions.json?chargeback=debited").get_json()["rows"]
    assert (row["chargeback"], row["chargeback_amount"], row["chargeback_reason"]) == ("debited", 1234, "45")
    assert row["answer_by"] == (today() + timedelta(days=5)).isoformat()
    with browser.get("/transactions.csv?chargeback=debited") as file:
        assert "Montant de l’impayé" in file.text
    assert not browser.get("/transactions.json?chargeback=reversed").get_json()["rows"]


def test_a_fleet_manager_exports_no_amount_of_it(app, database, alpha):
    (row,) = (
        browser_of(app, database, alpha, Role.FLEET)
        .get("/transactions.json?chargeback=debited")
        .get_json()["rows"]
    )
    assert row["chargeback"] == "debited"
    assert "chargeback_amount" not in row


def test_a_merchant_of_whom_none_is_told_sees_nothing_of_it(app, shops):
    browser = app.test_client()
    browser.sign_in(shops[1].email)
    assert "Impayé" not in plain(browser.page("/transactions").one("main"))
    assert browser.get("/transactions.json?chargeback=debited").status_code == 422
    (row, *_) = browser.get("/transactions.json").get_json()["rows"]
    assert not [name for name in row if name.startswith("chargeback")]


def test_a_sale_that_is_one_of_several_says_so_to_whoever_sees_all_contracts(app, database, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        unsure = {
            "rule": "amount",
            "candidates": 3,
            "amount": alpha.sale.amount,
            "sold_on": alpha.sale.occurred_on,
        }
        own = {"merchant_id": alpha.merchant_id, "contract_number": alpha.contract_number}
        money_factories.a_chargeback(connection, **own, **unsure, noticed_on=today())
    page = browser_of(app, database, alpha, Role.FINANCE).page(f"/transactions/{alpha.sale.id}")
    assert "3 ventes possibles dont celle-ci" in plain(page.one("main"))
    address = next(link["href"] for link in page.one("main").all("a") if "3 ventes" in plain(link))
    assert f"contract={alpha.contract_number}" in address
    found = browser_of(app, database, alpha, Role.OWNER).get(address.replace("?", ".json?", 1)).get_json()
    assert alpha.sale.amount in {row["amount"] for row in found["rows"]}
    assert {row["date"][:10] for row in found["rows"]} == {alpha.sale.occurred_on.isoformat()}
    limited = browser_of(app, database, alpha, Role.VIEWER, contracts=[alpha.contract_number])
    assert "ventes possibles" not in plain(limited.page(f"/transactions/{alpha.sale.id}").one("main"))


def test_finance_finds_it_among_what_is_to_deal_with_until_it_is_answered(app, database, alpha):
    finance = browser_of(app, database, alpha, Role.FINANCE)
    assert "À traiter" in plain(finance.page("/transactions").one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM bank_account"))  # a merchant of a platform alone has no bank
    page = finance.page("/a-traiter")
    assert "Impayé à traiter" in plain(page.one("main"))
    assert f"jusqu'au {today() + timedelta(days=5):%d/%m/%Y}" in plain(page.one("main"))
    assert f"/transactions/{alpha.sale.id}" in {short(link["href"]) for link in page.one("main").all("a")}
    (row,) = (row for row in finance.get("/a-traiter.json").json["rows"] if row["kind"] == "chargeback")
    assert (row["until"], row["amount"]) == ((today() + timedelta(days=5)).isoformat(), 1234)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE chargeback SET stage = 'reversal' WHERE is_last"))
    assert not finance.get("/a-traiter.json").json["rows"]
    nothing = plain(finance.page("/a-traiter").one("main"))
    assert "Rien à traiter" in nothing
    assert "banque" not in nothing


def test_what_can_still_be_answered_is_told_until_its_day_has_passed(database, alpha):
    scope = Scope(merchant_id=alpha.merchant_id, contract_ids=None)
    with database.reading(DatabaseRole.OWNER) as connection:
        (found,) = to_answer(connection, scope, today())
        assert (found.stage, found.amount, found.link.id) == ("debit", 1234, alpha.sale.id)
        assert to_answer(connection, scope, today() + timedelta(days=6)) == ()


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_the_last_day_to_answer_is_the_portals_own_wherever_the_database_is(database, alpha, zone):
    """One of the two has another day, whatever the hour."""
    scope = Scope(merchant_id=alpha.merchant_id, contract_ids=None)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
        for day, told in ((today(), 1), (today() - timedelta(days=1), 0)):
            connection.execute(text("UPDATE chargeback SET due_on = :day WHERE is_last"), {"day": day})
            assert len(to_answer(connection, scope)) == told
