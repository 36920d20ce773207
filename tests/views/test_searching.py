"""From a caller's words to the payment that is meant."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from sqlalchemy import event, text

from app.database.engine import DatabaseRole
from app.rules.time_zones import today
from app.wording import formats
from tests.views.town import a_payment, plain, rows

CARD = "4970101234567893"


@pytest.fixture
def town(module_town):
    """These tests only read: they share one database."""
    return module_town


@pytest.fixture
def database(town):
    return town[0]


@pytest.fixture
def app(module_app):
    return module_app


def searched(browser, words, at="/transactions"):
    return browser.get(f"{at}/recherche?q={quote(words)}")


def asked(response):
    assert response.status_code == 303, response.status
    return dict(parse_qsl(urlsplit(response.location).query))


def test_an_amount_and_a_day_lead_to_the_payment_with_its_ticket_at_hand(owner, shops):
    night = today() - timedelta(days=1)
    response = searched(owner, f"18,40 {night:%d/%m}")
    assert asked(response) == {"amount": "18,40", "date_from": str(night), "date_to": str(night)}
    page = owner.page(response.location)
    (row,) = rows(page)
    assert "18,40" in plain(row)
    assert "Envoyer le ticket" in plain(row)
    assert any(
        chip.text.strip().startswith("Retirer le filtre Montant")
        for chip in page.one(class_="chips").all("a")
    )


def test_without_a_day_the_nearest_period_that_has_rows_is_shown(owner, shops):
    assert asked(searched(owner, "18,40 €")) == {"amount": "18,40"}


def test_a_word_finds_the_shop(owner, shops):
    assert asked(searched(owner, f"{shops[0].marker} cafe")) == {"trade_name": f"{shops[0].marker} cafe"}
    assert asked(searched(owner, f"{shops[0].marker} counter")) == {"label": f"{shops[0].marker} counter"}


def test_the_words_of_a_state_find_what_is_in_it(owner, shops, database):
    shop, night = shops[0], datetime.combine(today() - timedelta(days=1), time(23, 16, 8))
    with database.writing(DatabaseRole.IMPORT) as connection:
        a_payment(connection, shop, night, 8, {"amount": 5150, "outcome": "declined"})
    assert asked(searched(owner, "refusés 51,50")) == {"amount": "51,50", "outcome": "declined"}


def test_a_state_and_a_shop_in_words_find_what_is_in_it_there(owner, shops, database):
    shop, night = shops[0], datetime.combine(today() - timedelta(days=1), time(23, 17, 9))
    with database.writing(DatabaseRole.IMPORT) as connection:
        a_payment(connection, shop, night, 7, {"amount": 5250, "outcome": "declined"})
    found = asked(searched(owner, f"{shop.marker} cafe refusés"))
    assert found == {"trade_name": f"{shop.marker} cafe", "outcome": "declined"}


def test_a_month_alone_leads_to_it_where_it_names_no_shop(owner, shops):
    night = today() - timedelta(days=1)
    first = night.replace(day=1)
    found = asked(searched(owner, formats.written_day(night, "LLLL")))
    assert found["date_from"] == str(first)


def test_what_a_remise_does_not_have_is_found_among_the_payments(owner, shops):
    response = searched(owner, "39,00", "/remises")
    assert urlsplit(response.location).path.endswith("/transactions")
    assert asked(response) == {"amount": "39,00"}


def test_a_number_that_is_two_things_offers_both(owner, shops, database):
    shop, night = shops[0], datetime.combine(today() - timedelta(days=1), time(23, 15, 7))
    with database.writing(DatabaseRole.IMPORT) as connection:
        a_payment(connection, shop, night, 9, {"amount": 4400})
    page = owner.page("/transactions/recherche?q=0044")
    offers = [plain(link) for link in page.one("main").one("ul").all("a")]
    assert [("carte" in offer, "Montant 44,00" in offer) for offer in offers] == [
        (True, False),
        (False, True),
    ]
    assert offers[1].endswith("1 transaction")


def test_a_wrong_day_does_not_hide_what_is_there_on_another(owner):
    """The caller was there on Tuesday and says Wednesday."""
    page = owner.page(f"/transactions/recherche?q=18,40 {today() - timedelta(days=40):%d/%m/%Y}")
    main = page.one("main")
    assert "Rien ne correspond" in plain(main)
    assert "Sur d'autres jours" in plain(main)
    (offer,) = main.one("ul").all("a")
    assert "18,40" in plain(offer)
    assert "18,40" in plain(owner.page(offer["href"]).one(id="rows"))
    assert "autres jours" not in owner.page("/transactions/recherche?q=77,77").text, "no day was named"


def test_the_end_of_a_card_that_is_a_remise_number_too_offers_both(owner, shops, database):
    shop, night = shops[0], datetime.combine(today() - timedelta(days=1), time(23, 16, 7))
    with database.writing(DatabaseRole.OWNER) as connection:
        number = connection.scalar(
            text("UPDATE remittance SET number = '000044' WHERE id = :id RETURNING number"),
            {"id": shop.remittance_id},
        )
    with database.writing(DatabaseRole.IMPORT) as connection:
        a_payment(connection, shop, night, 10, {"card_last4": "0044"})
    assert number == "000044"
    page = owner.page("/remises/recherche?q=0044")
    offers = page.one("main").one("ul").all("a")
    assert ["/remises" in offer["href"] for offer in offers] == [True, False]
    assert "carte" in plain(offers[1])


def test_all_readings_of_a_period_are_one_statement(owner, app):
    """A text that can mean many things may take as long as any question, and not as many times as long."""
    asked = []
    engine = app.extensions["bordereau.database"].engine(DatabaseRole.WEB)

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    owner.page("/transactions/recherche?q=9814+9815+zzzz")
    event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if "FROM transaction" in statement]) == 3


def test_another_merchants_rows_are_not_found(owner, shops):
    page = owner.page(f"/transactions/recherche?q={shops[1].marker}+cafe")
    assert "Rien ne correspond" in plain(page.one("main"))


def test_a_card_number_is_refused_and_not_shown_again(owner):
    page = owner.page(f"/transactions/recherche?q={CARD}", status=422)
    assert CARD not in str(page)
    assert "4 derniers" in plain(page.one(id="find-fault"))
    assert page.one(id="find")["value"] == ""


def test_nothing_typed_leads_back_to_the_list(owner):
    response = searched(owner, "   ")
    assert response.status_code == 303
    assert response.location.endswith("/transactions")


def test_words_that_match_nothing_say_what_can_be_typed(owner):
    page = owner.page("/remises/recherche?q=zzzz")
    assert "« zzzz »" in plain(page.one("main"))
    assert "23,40" in plain(page.one("main"))
