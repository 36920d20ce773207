"""A bank statement that is missing in a chain, above Remises: which days, for whom, and where not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.lists.statement_notices import MissingDays
from app.models import Role
from app.rules.time_zones import today
from tests import money_factories
from tests.views.town import let_in, plain


class Pair:
    """The days of two statements that do not join."""

    def __init__(self, *days: str) -> None:
        self.closed_before, self.opened_on, self.closed_on = map(date.fromisoformat, days)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        # The opening balance is of the day before, or of the day itself.
        (("2026-03-10", "2026-03-11", "2026-03-12"), "Relevé bancaire du 11/03/2026 non reçu"),
        (("2026-03-10", "2026-03-12", "2026-03-12"), "Relevé bancaire du 11/03/2026 non reçu"),
        # Banks are closed at weekends.
        (("2026-03-13", "2026-03-16", "2026-03-17"), "Relevé bancaire du 16/03/2026 non reçu"),
        (
            ("2026-03-10", "2026-03-17", "2026-03-18"),
            "Relevés bancaires du 11/03/2026 au 17/03/2026 non reçus",
        ),
        (
            ("2026-03-10", "2026-03-10", "2026-03-11"),
            "Les relevés bancaires du 10/03/2026 et du 11/03/2026 ne se suivent pas",
        ),
        (
            ("2026-03-13", "2026-03-15", "2026-03-16"),
            "Relevés bancaires du 14/03/2026 au 15/03/2026 non reçus",
        ),
    ],
)
def test_the_days_of_what_is_missing(days, words):
    assert MissingDays.of(Pair(*days)).words() == words


@pytest.fixture
def alpha(database, shops):
    """ALPHA, of whose account a statement is missing among those of last week."""
    shop = shops[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant = {"id": shop.merchant_id}
        account = connection.scalar(text("SELECT id FROM bank_account WHERE merchant_id = :id"), merchant)
        connection.execute(text("DELETE FROM bank_statement WHERE merchant_id = :id"), merchant)
        shop.missing = _wednesday(today() - timedelta(days=3))
        for closed_on, closing, opening in (
            (shop.missing - timedelta(days=1), 1, 0),
            (shop.missing + timedelta(days=1), 7, 5),
        ):
            money_factories.a_bank_statement(
                connection,
                merchant_id=shop.merchant_id,
                bank_account_id=account,
                opened_on=closed_on,
                closed_on=closed_on,
                opening=opening,
                closing=closing,
            )
    return shop


def _wednesday(day: date) -> date:
    """The latest Wednesday up to ``day``: no weekend is near."""
    return day - timedelta(days=(day.weekday() - 2) % 7)


def as_role(app, database, shop, role, **limits):
    browser = app.test_client()
    let_in(database, f"{role}@notices.example", shop.marker, role, **limits)
    browser.sign_in(f"{role}@notices.example")
    return browser


def address(day: date) -> str:
    return f"/remises?date_from={day}&date_to={day}"


def notices(browser, page: str) -> list[str]:
    boxes = browser.page(page).one("main").all("div", class_="missing")
    found = (plain(line) for box in boxes for line in box.all("p"))
    return [one for one in found if "bancaire" in one]


def test_a_missing_statement_is_named_with_its_account_to_whoever_may_see_the_bank(app, database, alpha):
    said = f"Relevé bancaire du {alpha.missing:%d/%m/%Y} non reçu"
    (finance,) = notices(as_role(app, database, alpha, Role.FINANCE), address(alpha.missing))
    assert finance.startswith(f"{said} : ")
    assert "••••" in finance
    (viewer,) = notices(as_role(app, database, alpha, Role.VIEWER), address(alpha.missing))
    assert viewer == f"{said} · Ce que la banque a alors crédité n'est pas encore connu."


def test_it_stands_above_the_days_that_it_may_credit_and_no_others(app, database, alpha):
    browser = as_role(app, database, alpha, Role.OWNER)
    week = timedelta(days=7)
    assert notices(browser, address(alpha.missing - week))
    assert not notices(browser, address(alpha.missing - week - timedelta(days=2)))
    assert not notices(browser, address(alpha.missing + timedelta(days=2)))
    assert not notices(browser, "/transactions")


def test_an_account_that_serves_no_contract_in_sight_says_nothing(app, database, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant = {"id": alpha.merchant_id}
        connection.execute(text("UPDATE contract SET bank_account_id = 1 WHERE merchant_id = :id"), merchant)
    assert not notices(as_role(app, database, alpha, Role.OWNER), address(alpha.missing))


def test_nothing_is_said_where_nothing_is_missing(app, database, shops, alpha):
    other = shops[1]
    assert not notices(as_role(app, database, other, Role.FINANCE), address(alpha.missing))
