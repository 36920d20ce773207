"""The list of what the bank credited: its lines, what each pays, and who may see them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, time, timedelta
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import first_day_kept
from app.lists import bank_credits
from app.models import Role
from app.retention import purge
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.views.town import let_in, plain

PAGE = "/credits"
YESTERDAY = timedelta(days=1)


@pytest.fixture
def alpha(database, shops):
    """ALPHA with six lines: two batches at once, one to confirm, one of a payment, and three without batches.

    Their ids stand in ``lines`` by what they are; the second batch is of a contract of its own.
    """
    shop = shops[0]
    own = {"merchant_id": shop.merchant_id}
    night = datetime.combine(today() - YESTERDAY, time(23, 0))
    with database.writing(DatabaseRole.OWNER) as connection:
        account_id = connection.scalar(
            text("SELECT id FROM bank_account WHERE merchant_id = :id"), {"id": shop.merchant_id}
        )
        statement_id = money_factories.a_bank_statement(
            connection, **own, bank_account_id=account_id, opened_on=today() - YESTERDAY, closed_on=today()
        )
        shop.number = connection.scalar(
            text("SELECT number FROM contract WHERE id = :id"), {"id": shop.contract_id}
        )
        other = factories.a_contract(connection, **own, outlet_id=shop.outlet_id, number="4242424")
        shop.other_id = factories.a_remittance(
            connection, **own, contract_id=other, collected_local=night, number="000777", net_amount=1000
        )

        def line(rank, amount, **values):
            return money_factories.a_bank_movement(
                connection,
                **own,
                bank_account_id=account_id,
                bank_statement_id=statement_id,
                **{"rank": rank, "amount": amount, "booked_on": today(), "value_on": today(), **values},
            )

        def link(movement_id, remittance_id, amount, **values):
            money_factories.a_credit_link(
                connection,
                **own,
                bank_movement_id=movement_id,
                remittance_id=remittance_id,
                booked_on=today(),
                collected_on=night.date(),
                amount=amount,
                **values,
            )

        shop.lines = {
            "both": line(0, 6200, label="REMISE CB 0777"),
            "one": line(1, 5240, label="=REMISE +CB"),
            "payout": line(2, 4900, kind="payout", label="AMEX", contract_number=shop.number),
            "unexplained": line(3, 12345, contract_number=shop.number, booked_on=today() - YESTERDAY),
            "fee": line(4, -321, kind="fee", label="COMMISSION"),
            "elsewhere": line(5, 777, contract_number="9999999"),
        }
        link(shop.lines["both"], shop.remittance_id, 5240, rule="contract_fees", group_fee=40)
        link(shop.lines["both"], shop.other_id, 1000, rule="contract_fees", group_fee=40)
        link(shop.lines["one"], shop.remittance_id, 5240, rule="equal_amount", certainty="proposed")
        acceptor_id = money_factories.an_acceptor(connection, **own)
        settlement_id = money_factories.a_settlement(
            connection,
            **own,
            acceptor_id=acceptor_id,
            number="PAY-1",
            gross=5000,
            discount=100,
            fee=0,
            net=4900,
            bank_movement_id=shop.lines["payout"],
            credited_on=today(),
            rule="settlement_number",
        )
        money_factories.a_settlement_link(
            connection,
            **own,
            settlement_id=settlement_id,
            remittance_id=shop.remittance_id,
            collected_on=night.date(),
        )
        factories.sum_days(connection)
    return shop


def as_role(app, database, shop, role, **limits):
    browser, email = app.test_client(), f"{role}{len(limits)}@lines.example"
    let_in(database, email, shop.marker, role, **limits)
    browser.sign_in(email)
    return browser


def ids_of(browser, asked=""):
    return {row["id"] for row in browser.get(f"{PAGE}.json{asked}").json["rows"]}


def test_each_line_says_what_it_pays_and_what_is_left(app, database, alpha):
    rows = {
        row["amount"]: row
        for row in as_role(app, database, alpha, Role.FINANCE).get(f"{PAGE}.json").json["rows"]
    }
    said = ("kind", "state", "batches", "contract", "paid", "gap", "fee", "payment")
    assert {amount: tuple(row[name] for name in said) for amount, row in rows.items()} == {
        6200: ("remittance", "explained", 2, f"4242424, {alpha.number}", 6240, -40, 40, None),
        5240: ("remittance", "proposed", 1, alpha.number, 5240, 0, None, None),
        4900: ("payout", "explained", 1, alpha.number, 5000, -100, 100, "PAY-1"),
        12345: ("remittance", "unexplained", None, alpha.number, None, None, None, None),
        -321: ("fee", "apart", None, None, None, None, None, None),
        777: ("remittance", "unexplained", None, "9999999", None, None, None, None),
    }
    assert rows[6200]["date"] == rows[6200]["value_on"] == today().isoformat()
    assert rows[6200]["account"].startswith("•••• ")


def test_the_page_adds_up_what_its_rows_are(owner, alpha):
    document = owner.get(f"{PAGE}.json").json
    (totals,) = document["totals"]
    amounts = [row["amount"] for row in document["rows"]]
    assert (totals["net"], totals["count"]) == (sum(amounts), len(amounts)) == (29141, 6)
    assert (totals["credited"], totals["commission"]) == (29462, 321)
    assert totals["unexplained"] == 12345 + 777
    page = plain(owner.page(PAGE).one("main"))
    assert "291,41 € net · 6 lignes de la banque" in page
    assert "Dont sans remise expliquée 131,22 €" in page
    assert "Crédit de remises" in page


def test_files_hold_the_lines_of_the_page(owner, alpha):
    with owner.get(f"{PAGE}.csv") as file:
        rows = list(csv.DictReader(StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert sorted(row["Montant"] for row in rows) == sorted(
        ["62,00", "52,40", "49,00", "123,45", "-3,21", "7,77"]
    )
    assert {row["Libellé de la banque"] for row in rows} >= {"REMISE CB 0777", "'=REMISE +CB"}
    assert not any(row["Compte"].removeprefix("•••• ").isdigit() and len(row["Compte"]) > 9 for row in rows)
    with owner.get(f"{PAGE}.xlsx") as file, ZipFile(BytesIO(file.data)) as book:
        assert any("REMISE CB 0777" in book.read(name).decode() for name in book.namelist())
    with owner.get(f"{PAGE}/regroupement.csv?by=kind") as file:
        assert "Commission" in file.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("amount=62", {"both"}),
        ("amount=3,21", {"fee"}),
        ("amount_from=60&amount_to=130", {"both", "unexplained"}),
        ("kind=payout", {"payout"}),
        ("state=unexplained", {"unexplained", "elsewhere"}),
        ("state=proposed", {"one"}),
        ("wording=commission", {"fee"}),
        ("contract=4242424", {"both"}),
        ("trade_name=alpha", {"both", "one", "payout"}),
        (f"date_from={today() - YESTERDAY}&date_to={today() - YESTERDAY}", {"unexplained"}),
    ],
)
def test_lines_are_found_by_what_one_knows_of_them(owner, alpha, asked, found):
    assert ids_of(owner, f"?{asked}") == {alpha.lines[name] for name in found}


@pytest.mark.parametrize(
    ("typed", "leads"),
    [("62,00", "amount=62%2C00"), ("4242424", "contract=4242424"), ("commission", "wording")],
)
def test_the_search_box_takes_amounts_contracts_and_words(owner, alpha, typed, leads):
    response = owner.get(f"{PAGE}/recherche", query_string={"q": typed})
    assert response.status_code == 303
    assert leads in response.location


def test_one_goes_from_a_batch_to_its_line_and_back(owner, alpha):
    batch = owner.page(f"/remises/{alpha.other_id}")
    (way,) = [one["href"] for one in batch.all("a") if "/credits/" in one.get("href", "")]
    assert way.endswith(f"/credits/{alpha.lines['both']}")
    line = owner.page(way)
    said = plain(line.one("main"))
    assert "Crédit de remises" in said
    assert "Commission retenue 0,40 €" in said
    ways = {one["href"].rpartition("/")[2] for one in line.all("a") if "/remises/" in one.get("href", "")}
    assert ways == {str(alpha.remittance_id), str(alpha.other_id)}


def test_a_line_that_pays_one_batch_leads_to_it_from_the_list(owner, alpha):
    ways = [one["href"] for one in owner.page(f"{PAGE}?amount=49").all("a")]
    assert any(way.endswith(f"/remises/{alpha.remittance_id}") for way in ways)


def test_what_is_to_confirm_or_explains_nothing_says_what_to_do(owner, alpha):
    for name, words in {
        "one": "confirmez-la ou rejetez-la sous « À traiter »",
        "unexplained": "Aucune remise reçue n'a ce montant",
    }.items():
        assert words in plain(owner.page(f"{PAGE}/{alpha.lines[name]}").one("main"))


def test_remises_lead_to_the_lines_of_their_days(owner, alpha):
    day, before = today(), today() - timedelta(days=6)
    for asked, leads in {
        "": "",
        f"?date_from={before}&date_to={day}": f"?date_from={before}&date_to={day}",
    }.items():
        ways = [one["href"] for one in owner.page(f"/remises{asked}").all("a") if plain(one) == "Banque"]
        assert [way.partition("/credits")[2] for way in ways] == [leads]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FLEET])
def test_whoever_may_not_see_the_bank_sees_no_line(app, database, alpha, role):
    browser = as_role(app, database, alpha, role)
    for address in (PAGE, f"{PAGE}.json", f"{PAGE}.csv", f"{PAGE}.xlsx", f"{PAGE}/{alpha.lines['both']}"):
        assert browser.get(address).status_code == 403
    for address in ("/remises", f"/remises/{alpha.remittance_id}"):
        assert "/credits" not in browser.page(address).text


def test_whoever_sees_some_contracts_sees_the_lines_of_these_alone(app, database, alpha):
    """Not one that pays others too, nor what tells of no contract, nor the payment of an acquirer."""
    browser = as_role(app, database, alpha, Role.FINANCE, contracts=[alpha.number])
    seen = {alpha.lines[name] for name in ("one", "unexplained")}
    document = browser.get(f"{PAGE}.json").json
    assert {row["id"] for row in document["rows"]} == seen
    assert document["totals"][0]["net"] == 5240 + 12345
    for name, movement_id in alpha.lines.items():
        assert browser.get(f"{PAGE}/{movement_id}").status_code == (200 if movement_id in seen else 404), name
    with browser.get(f"{PAGE}.csv") as file:
        assert "62,00" not in file.text
    assert "0 ligne de la banque" in plain(browser.page(f"{PAGE}?amount=62").one("main"))
    both = as_role(app, database, alpha, Role.FINANCE, contracts=[alpha.number, "4242424"], outlets=[])
    assert ids_of(both) == seen | {alpha.lines["both"]}
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM remittance WHERE id = :id"), {"id": alpha.other_id})
    assert ids_of(browser) == ids_of(both) == seen, "what became of it is not known any more"


def test_a_line_to_confirm_that_may_pay_others_too_is_open_for_whoever_sees_all_of_it(app, database, alpha):
    """In the list of what is open, and in its count above Remises."""
    browser = as_role(app, database, alpha, Role.FINANCE, contracts=[alpha.number])

    def to_confirm(reader):
        rows = reader.get("/a-traiter.json").json["rows"]
        ways = [plain(way) for way in reader.page("/remises").all("a") if way["href"].endswith("/a-traiter")]
        assert [int(way.rpartition(" ")[2]) for way in ways] == ([len(rows)] if rows else [])
        return [row["amount"] for row in rows if row["kind"] == "proposed"]

    assert to_confirm(browser) == [5240]
    with database.writing(DatabaseRole.OWNER) as connection:
        money_factories.a_credit_link(
            connection,
            merchant_id=alpha.merchant_id,
            bank_movement_id=alpha.lines["one"],
            remittance_id=alpha.other_id,
            booked_on=today(),
            collected_on=today() - YESTERDAY,
            amount=1000,
            rule="equal_amount",
            certainty="proposed",
        )
    assert to_confirm(browser) == []
    both = as_role(app, database, alpha, Role.FINANCE, contracts=[alpha.number, "4242424"], outlets=[])
    assert to_confirm(both) == [5240]


def test_a_neighbour_sees_nothing_of_it(app, shops, alpha):
    browser = app.test_client()
    browser.sign_in(shops[1].email)
    assert browser.get(f"{PAGE}.json").json["count"] == 0
    assert browser.get(f"{PAGE}/{alpha.lines['both']}").status_code == 404
    assert "/credits" not in browser.page("/remises").text, "who has no bank is not led there"


def test_days_that_no_statement_tells_of_do_not_look_like_days_without_credits(owner, alpha, database):
    assert f"à jour au {today():%d/%m}" in plain(owner.page(PAGE).one("main"))
    week = f"?date_from={today() - timedelta(days=14)}&date_to={today() - YESTERDAY}"
    assert "n'ont pas été reçues" not in plain(owner.page(PAGE + week).one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE bank_statement SET closed_on = :day"), {"day": today() - timedelta(days=10)}
        )
    assert "n'ont pas été reçues" in plain(owner.page(PAGE + week).one("main"))


def test_a_day_that_statements_tell_of_is_there_on_the_same_day(owner, alpha, database):
    """Payments of today arrive tomorrow; what the bank booked today may be here already."""
    day = f"?date_from={today()}&date_to={today()}"
    arrives = "Les données d'aujourd'hui arrivent demain"
    for asked in (day, f"{day}&amount=1", "", f"?by=day&date_from={today()}"):
        assert arrives not in plain(owner.page(PAGE + asked).one("main")), asked
    assert "0 ligne de la banque" in plain(owner.page(f"{PAGE}{day}&amount=1").one("main"))
    assert arrives in plain(owner.page(f"/transactions{day}").one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE bank_statement SET closed_on = :day"), {"day": today() - YESTERDAY})
    assert arrives in plain(owner.page(f"{PAGE}{day}&amount=1").one("main"))


def test_a_line_goes_on_paying_a_batch_that_is_older_than_what_is_kept(app, owner, alpha, database, tmp_path):
    """The night before the first day kept is gone, the line of the morning after is not."""
    first = first_day_kept(today())
    by_the_night = datetime.now(UTC).date()  # the day before, in the first hours of a day here
    own = {"merchant_id": alpha.merchant_id}
    night = datetime.combine(first_day_kept(by_the_night) - YESTERDAY, time(23, 0))
    with database.writing(DatabaseRole.OWNER) as connection:
        gone = factories.a_remittance(
            connection, **own, contract_id=alpha.contract_id, collected_local=night, net_amount=4321
        )
        account, statement = connection.execute(
            text("SELECT bank_account_id, id FROM bank_statement WHERE merchant_id = :merchant_id"), own
        ).one()
        line = money_factories.a_bank_movement(
            connection, **own, bank_account_id=account, bank_statement_id=statement, amount=4321,
            booked_on=first, value_on=first, contract_number=alpha.number, rank=9,
        )  # fmt: skip
        money_factories.a_credit_link(
            connection, **own, bank_movement_id=line, remittance_id=gone, booked_on=first,
            collected_on=night.date(), amount=4321,
        )  # fmt: skip
    purge(database, tmp_path, by_the_night)
    with database.reading(DatabaseRole.OWNER) as connection:
        assert not connection.scalar(text("SELECT count(*) FROM remittance WHERE id = :id"), {"id": gone})
    day = f"?date_from={first}&date_to={first}"
    (row,) = owner.get(f"{PAGE}.json{day}").json["rows"]
    said = ("state", "batches", "contract", "paid", "gap")
    assert [row[name] for name in said] == ["explained", 1, alpha.number, 4321, 0]
    page = owner.page(f"{PAGE}{day}")
    ways = [one["href"] for one in page.all("a") if plain(one) in ("1", "1 remise")]
    assert all(way.endswith(f"/credits/{line}") for way in ways)
    assert "/remises/" not in "".join(one.get("href", "") for one in page.one("main").all("a"))
    assert "Aucune remise reçue n'a ce montant" not in plain(owner.page(f"{PAGE}/{line}").one("main"))
    limited = as_role(app, database, alpha, Role.FINANCE, contracts=[alpha.number])
    assert ids_of(limited, day) == set(), "what it paid is not known any more"


def test_batches_that_a_line_may_pay_are_not_said_to_be_paid(owner, alpha):
    for name, title in (("one", "Remises qu'elle paie peut-être"), ("both", "Remises qu'elle paie")):
        assert title in [plain(one) for one in owner.page(f"{PAGE}/{alpha.lines[name]}").all("h2")], name


def test_it_speaks_english(owner, alpha):
    owner.post_form("/langue", lang="en")
    said = plain(owner.page(PAGE).one("main"))
    assert "6 lines of the bank" in said
    assert "Credit of batches" in said
    assert "No batch received has this amount" in plain(
        owner.page(f"{PAGE}/{alpha.lines['unexplained']}").one("main")
    )


@pytest.mark.parametrize("is_certain", [True, False])
def test_a_line_that_takes_a_sale_back_leads_to_it(app, database, alpha, is_certain):
    """Where it may be several, to all of these; from À traiter one gets to the line."""
    with database.writing(DatabaseRole.OWNER) as connection:
        own = connection.execute(
            text("SELECT bank_account_id, bank_statement_id, merchant_id FROM bank_movement WHERE id = :id"),
            {"id": alpha.lines["fee"]},
        ).mappings()
        line = money_factories.a_bank_movement(
            connection,
            **own.one(),
            rank=9,
            amount=-3900,
            kind="chargeback",
            booked_on=today(),
            contract_number=alpha.number,
        )
        sold = "SELECT occurred_on FROM transaction WHERE id = :id"
        certain = {
            "transaction_id": alpha.transaction_ids[0],
            "occurred_on": connection.scalar(text(sold), {"id": alpha.transaction_ids[0]}),
        }
        several = {"rule": "amount", "candidates": 2, "sold_on": None}
        money_factories.a_chargeback(
            connection,
            merchant_id=alpha.merchant_id,
            contract_number=alpha.number,
            bank_movement_id=line,
            noticed_on=today(),
            **(certain if is_certain else several),
        )
    finance = as_role(app, database, alpha, Role.FINANCE)
    page = finance.page(f"{PAGE}/{line}").one("main")
    (way,) = [one for one in page.all("a") if "/transactions" in one.get("href", "")]
    assert plain(way) == ("Voir la vente" if is_certain else "2 ventes possibles")
    finance.page(way["href"])
    if not is_certain:
        ways = [one["href"] for one in finance.page("/a-traiter").one("main").all("a")]
        assert [way for way in ways if way.endswith(f"{PAGE}/{line}")]


def test_a_table_says_no_gap_of_nothing_and_how_many_contracts(app, database, alpha, monkeypatch):
    """31 contracts of one payment of an acquirer took 15 lines of a desk."""
    monkeypatch.setattr(bank_credits, "_FEW_CONTRACTS", 1)
    finance = as_role(app, database, alpha, Role.FINANCE)
    shown = plain(finance.page(PAGE).one("div", id="rows"))
    assert "2 contrats" in shown
    assert f"4242424, {alpha.number}" not in shown
    assert "−0,40 €" in shown
    assert "0,00 €" not in shown.replace("100,00 €", "").replace("50,00 €", "")
    assert f"4242424, {alpha.number}" in plain(finance.page(f"{PAGE}/{alpha.lines['both']}").one("main"))
