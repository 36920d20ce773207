"""Amounts near one that nothing has: offered where nothing is found, of the same days and in sight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Role
from app.rules.time_zones import today
from tests import factories
from tests.views.town import let_in, plain


def offered(page):
    """The amounts that a page offers, and where they lead."""
    lines = [one for one in page.one("main").all("p") if "Montants proches" in plain(one)]
    return {plain(way): way["href"] for line in lines for way in line.all("a")}


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("amount=39,50", ["39,00 €"]),
        ("amount=93,00", ["39,00 €"]),
        ("amount=18,20", ["18,00 €", "18,40 €"]),
        ("amount=77,00", []),
        ("amount=39,50&outcome=declined", []),
        ("amount_from=39,10&amount_to=39,50", []),
        ("amount=39,50&amount=18,20", []),
    ],
)
def test_an_empty_list_offers_the_amounts_near_the_one_that_was_asked_for(owner, asked, near):
    """A little less, two digits the other way round, both sides; nothing that other filters leave out."""
    page = owner.page(f"/transactions?{asked}")
    assert sorted(offered(page)) == near
    for amount, href in offered(page).items():
        assert amount in plain(owner.page(href).one("div", id="rows"))


def test_what_is_found_offers_nothing_else(owner):
    assert "Montants proches" not in owner.page("/transactions?amount=39,00").text


def test_a_search_that_finds_nothing_offers_them_too(owner):
    page = owner.page("/transactions/recherche?q=39,50")
    assert list(offered(page)) == ["39,00 €"]
    assert owner.get(offered(page)["39,00 €"]).status_code == 200
    assert list(offered(owner.page("/transactions/recherche?q=77,00"))) == []
    before = today() - timedelta(days=5)
    assert offered(owner.page(f"/transactions/recherche?q=39,50 {before:%d/%m/%Y}")) == {}, "of those days"


def test_at_most_five_are_offered_the_nearest_first(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        for place, cents in enumerate((9800, 9900, 10100, 10200)):
            connection.execute(
                text("UPDATE transaction SET amount = :cents WHERE id = :id"),
                {"cents": cents, "id": shops[0].transaction_ids[place]},
            )
    assert list(offered(owner.page("/transactions?amount=100,00"))) == [
        "99,00 €",
        "101,00 €",
        "98,00 €",
        "102,00 €",
    ]


def test_nobody_is_offered_what_they_may_not_see(app, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_contract(connection, merchant_id=shops[0].merchant_id, number="4242424")
    let_in(database, "none@near.example", shops[0].marker, Role.VIEWER, contracts=["4242424"])
    browser = app.test_client()
    browser.sign_in("none@near.example")
    assert "Montants proches" not in browser.page("/transactions?amount=39,50").text


def test_it_speaks_english(owner):
    owner.post_form("/langue", lang="en")
    assert "Amounts near it: €39.00" in plain(owner.page("/transactions?amount=39,50").one("main"))
