"""The remittances of one night: by terminal in a shop, by shop in a chain, what did not pass first."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.rules.time_zones import today
from tests import factories
from tests.views.town import a_contract, a_payment, plain, rows

SHOPS = 30


def night():
    """The evening before today, on the portal's clock."""
    return datetime.combine(today() - timedelta(days=1), time(22))


def address():
    """The remittances of that night alone."""
    return f"/remises?date_from={night():%Y-%m-%d}&date_to={night():%Y-%m-%d}"


def of(amount):
    """The sums of a remittance of one payment."""
    sums = {"debit_count": 1, "debit_amount": amount, "net_amount": amount, "transaction_count": 1}
    return {**sums, "received_count": 1, "received_net": amount}


@pytest.fixture
def chain(database, shops):
    """SHOPS more shops of ALPHA, two remittances of one euro each; the last shop has one rejected besides."""
    merchant_id = shops[0].merchant_id
    with database.writing(DatabaseRole.OWNER) as connection:
        contracts = factories.a_chain(connection, merchant_id=merchant_id, shops=SHOPS)
        named = {"merchant_id": merchant_id, "collected_local": night()}
        for contract_id in contracts:
            for _ in range(2):
                factories.a_remittance(connection, **named, contract_id=contract_id, **of(100))
        rejected = factories.a_remittance(
            connection, **named, contract_id=contracts[-1], status="rejected", **of(74860)
        )
        factories.sum_days(connection)
        names = connection.scalars(
            text("SELECT trade_name FROM outlet WHERE merchant_id = :id ORDER BY fold(trade_name)"),
            {"id": merchant_id},
        ).all()
    return rejected, names


def heads(page):
    """The groups of a page: what each is called, and what it adds up to."""
    return [
        (plain(head.one(role="rowheader")), plain(head.one(class_="money")))
        for head in page.all("div", class_="group-head")
    ]


def pages(owner, address):
    """The pages of a list, one after the other."""
    found = [owner.page(address)]
    while more := [link for link in found[-1].all("a") if plain(link) == "Voir plus"]:
        found.append(owner.page(more[0]["href"]))
    return found


def test_a_chain_s_night_is_grouped_by_shop_and_what_did_not_pass_comes_first(owner, chain):
    rejected, names = chain
    shown = pages(owner, address())
    assert len(shown) == 2
    first, *others = heads(shown[0])
    assert first == ("Non remises en banque", "")
    assert f"/remises/{rejected}" in rows(shown[0])[0].all("a")[0]["href"]
    called = [name for name, _ in (*others, *heads(shown[1]))]
    assert list(dict.fromkeys(called)) == names
    assert {sum_ for _, sum_ in others[1:-1]} == {"2,00 €"}


def test_what_did_not_pass_is_in_no_sum_and_in_no_bar(owner, chain):
    shown = owner.page(f"{address()}&pages=2")
    said = plain(shown.one("p", class_="big"))
    digits = (re.sub(r"\D", "", amount) for _, amount in heads(shown))
    cents = sum(int(number) for number in digits if number)
    assert said == f"{cents // 100},{cents % 100:02} €"
    assert cents < 74860, "the rejected one alone is more"
    bars = [plain(bar) for bar in shown.all("figure", class_="chart")[0].all("title")]
    (passed,) = {bar for bar in bars if said in bar}
    assert "748,60 €" not in passed
    assert any("748,60 €" in bar for bar in bars), "it has a bar of its own"


def test_no_row_of_the_night_is_lost_or_shown_twice_by_going_on(owner, chain):
    found = [row.all("a")[0]["href"] for page in pages(owner, address()) for row in rows(page)]
    assert len(found) == len(set(found)) == 2 * SHOPS + 2


def test_the_document_and_the_file_keep_the_order_of_the_page(owner, chain):
    page = [row.all("a")[0]["href"] for row in rows(owner.page(address()))]
    document = owner.get(address().replace("?", ".json?")).json
    assert [f"/{row['id']}" for row in document["rows"]] == [href[href.rindex("/") :] for href in page]
    with owner.get(address().replace("?", ".csv?")) as file:
        assert "748,60" in file.text.splitlines()[1]


def test_a_row_outside_the_group_of_its_shop_names_it(owner, chain):
    row, ordinary = rows(owner.page(address()))[:2]
    assert plain(row.one("span", class_="sub")).startswith("FOURNIL")
    assert "ALPHA cafe" not in plain(ordinary.one("span", class_="sub"))


def test_other_orders_and_several_days_are_as_they_were(owner, chain):
    assert heads(owner.page(f"{address()}&sort=-amount")) == []
    assert "Non remises en banque" not in [name for name, _ in heads(owner.page(f"{address()}&sort=date"))]
    week = heads(owner.page("/remises?period=last-7-days"))
    assert not [name for name, _ in week if name.startswith("FOURNIL")]


def test_the_terminal_with_a_remittance_that_did_not_pass_comes_first(owner, database, shops):
    shop = shops[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        other = a_contract(connection, shop, None, number="7654321", label="Zinc")
        named = {"merchant_id": shop.merchant_id, "contract_id": other, "terminal_number": "002"}
        factories.a_remittance(connection, **named, collected_local=night(), **of(100))
        factories.a_remittance(connection, **named, collected_local=night(), status="rejected", **of(200))
        factories.sum_days(connection)
    page = owner.page(address())
    assert heads(page) == [("Zinc TPE 002", "1,00 €"), ("ALPHA counter TPE 001", "52,40 €")]
    assert "2,00 €" in plain(rows(page)[0])


def test_a_payment_says_its_outlet_before_its_till_where_there_are_several(owner, database, shops):
    another_shop(database, shops[0])
    assert below(owner) == {"ALPHA cafe · ALPHA counter", "FOURNIL · Zinc"}
    assert "Nom commercial · Libellé" in columns_of(owner.page("/transactions"))


def test_what_never_differs_is_not_repeated_on_each_row(owner, database, shops):
    """A baker with one till read "Comptoir" on each of hundreds of payments."""
    assert below(owner) == {""}
    for path in ("/transactions", "/remises", "/remises?period=last-7-days"):
        assert "ALPHA counter" not in "".join(map(plain, rows(owner.page(path))))
        assert not {"Libellé", "Nom commercial"} & {*columns_of(owner.page(path))}
    assert "Libellé" in columns_of(owner.page("/transactions?columns=label"))
    with database.writing(DatabaseRole.OWNER) as connection:
        a_contract(connection, shops[0], None, number="7654321", label="Zinc")
    assert below(owner) == {"ALPHA counter"}


def test_one_answer_of_a_chain_says_of_which_shop_it_is(owner, database, shops):
    """Not where the shop was asked for: then its name stands above the rows."""
    another_shop(database, shops[0])
    assert below(owner, "?amount=39") == {"ALPHA cafe · ALPHA counter"}
    assert below(owner, "?trade_name=cafe") == {""}
    assert below(owner, "?label=Zinc") == {""}
    assert "Nom commercial · Libellé" in columns_of(owner.page("/transactions?amount=39"))


def another_shop(database, shop):
    """A shop of the same merchant with a till of its own, which takes a payment."""
    with database.writing(DatabaseRole.OWNER) as connection:
        outlet_id = factories.an_outlet(
            connection, merchant_id=shop.merchant_id, trade_name="FOURNIL", siret="99999999800027"
        )
        till = a_contract(connection, shop, None, outlet_id=outlet_id, number="7654321", label="Zinc")
        a_payment(connection, replace(shop, contract_id=till), night(), 0, {"amount": 100})


def below(owner, asked=""):
    """What stands below the names of the payments, but their cards."""
    shown = rows(owner.page(f"/transactions{asked}"))
    return {plain(row.one("span", class_="sub")).partition(" · ")[2] for row in shown}


def columns_of(page):
    """What the table of a desk has as the heads of its columns."""
    return [
        plain(head).strip(" ↓")
        for head in page.one("div", class_="sheet-heads").all("span", role="columnheader")
    ]
