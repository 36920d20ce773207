"""The statement of meal vouchers: what each issuer owes, by the file's word or the maintainer's table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.listing import paper
from app.listing.statement import Debt, StatementLine
from app.listing.statement_pdf import StatementPaper, write_statement
from app.lists.transactions import TRANSACTIONS
from app.rules.time_zones import today
from tests import factories
from tests.tickets.reading import read
from tests.views.test_xlsx import by_heading, cells
from tests.views.town import plain, portal_naming_issuers

PAYMENTS = (
    {"issuer": "EDENRED", "amount": 1900},
    {"issuer": "EDENRED", "amount": 1100},
    {"issuer": "EDENRED", "amount": 300, "type": "refund"},
    {"issuer": "EDENRED", "amount": 5000, "outcome": "declined"},
    {"issuer": "PLUXEE", "amount": 950, "remitted": False},
    {"issuer": None, "card_bin": "999101", "amount": 700},
    {"issuer": None, "card_bin": None, "amount": 250},
)


def yesterday():
    return today() - timedelta(days=1)


def yesterday_alone():
    """The period in an address."""
    return f"date_from={yesterday()}&date_to={yesterday()}"


@pytest.fixture
def theme(app):
    """The look that the portal of these tests wears."""
    return app.extensions["bordereau.themes"].by_slug["demo"]


@pytest.fixture
def canteen(database, shops):
    """The first shop takes meal vouchers: two remittances of one night."""
    shop = shops[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        contract_id = factories.a_contract(
            connection,
            merchant_id=shop.merchant_id,
            outlet_id=shop.outlet_id,
            application="CONECS",
            label="Canteen",
        )
        night = datetime.combine(yesterday(), time(22, 5))
        remittance_id = factories.a_remittance(
            connection,
            merchant_id=shop.merchant_id,
            contract_id=contract_id,
            number="000777",
            collected_local=night,
        )
        for minute, values in enumerate(PAYMENTS):
            factories.a_transaction(
                connection,
                merchant_id=shop.merchant_id,
                contract_id=contract_id,
                remittance_id=remittance_id,
                collected_on=yesterday(),
                occurred_local=night.replace(hour=12, minute=minute),
                **values,
            )
        factories.sum_days(connection)
    return shop


def debts_of(page):
    """The debts of the first table: who owes, how many payments, what is due and what is not handed in."""
    table = page.all("table")[0]
    rows = [
        [plain(cell) for cell in (line.one("th"), *line.all("td"))] for line in table.one("tbody").all("tr")
    ]
    return {name: (count, due, pending) for name, count, _, _, _, due, pending in rows}


def test_it_says_what_each_issuer_owes(owner, canteen):
    assert debts_of(owner.page(f"/transactions/titres-restaurant?{yesterday_alone()}")) == {
        "EDENRED": ("3", "27,00 €", "–"),
        "PLUXEE": ("1", "0,00 €", "9,50 €"),
        "Émetteur non communiqué": ("2", "9,50 €", "–"),
    }


def test_each_issuer_leads_to_its_payments(owner, canteen):
    page = owner.page(f"/transactions/titres-restaurant?{yesterday_alone()}")
    found = {}
    for line in page.all("table")[0].one("tbody").all("tr"):
        link = line.one("a")
        found[plain(link)] = owner.get(link["href"].replace("?", ".json?")).json["count"]
    assert found == {"EDENRED": 3, "PLUXEE": 1, "Émetteur non communiqué": 2}


@pytest.fixture
def named(database, canteen, tmp_path):
    """The owner's browser, where the maintainer has a table of prefixes."""
    browser = portal_naming_issuers(database, tmp_path, {"9": "Another", "9991": "EDENRED"}).test_client()
    browser.sign_in(canteen.email)
    return browser


def test_the_maintainers_table_names_issuers_that_the_file_does_not(named):
    found = debts_of(named.page(f"/transactions/titres-restaurant?{yesterday_alone()}"))
    assert found["EDENRED"] == ("4", "34,00 €", "–")
    assert found["Émetteur non communiqué"] == ("1", "2,50 €", "–")


def sheets_of(data):
    """The sheets of a paper: the lines of each from top to bottom, as the words that stand on them."""
    sheets, lines = [], {}
    for found in read(data).texts:
        lines.setdefault(found.baseline, []).append((found.left, re.sub(r"[\u00a0\u202f]", " ", found.words)))
        if found.words.startswith("Page "):
            sheets.append([[words for _, words in sorted(lines[at])] for at in sorted(lines, reverse=True)])
            lines = {}
    return sheets


def lines_of(file):
    """All lines of a paper that was sent."""
    return [line for sheet in sheets_of(file.data) for line in sheet]


def test_the_pdf_says_the_same_and_is_journalled(owner, canteen):
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}") as file:
        assert file.mimetype == "application/pdf"
        assert "releve-titres-restaurant" in file.headers["Content-Disposition"]
        lines = lines_of(file)
    assert ["EDENRED", "3", "30,00 €", "−3,00 €", "0,00 €", "27,00 €", "0,00 €"] in lines
    assert ["EDENRED", "Dû, remis : 27,00 €"] in lines
    assert any(line[1:3] == ["000777", "ALPHA cafe · Canteen"] for line in lines)
    assert "CONECS" in plain(owner.page("/journal").one("main"))


def test_the_pdf_adds_its_issuers_up(owner, canteen):
    """A finance director had to add them up by hand."""
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}") as file:
        lines = lines_of(file)
    assert ["Total", "6", "49,00 €", "−3,00 €", "0,00 €", "36,50 €", "9,50 €"] in lines
    assert lines[lines.index(["Dû, remis", "Pas encore remis", "Nombre"]) + 1] == ["36,50 €", "9,50 €", "6"]
    assert ["Total", "3", "27,00 €"] in lines
    assert ["Total", "1", "9,50 €", "9,50 € pas encore remis"] in lines


def test_the_page_adds_its_issuers_up(owner, canteen):
    total = owner.page(f"/transactions/titres-restaurant?{yesterday_alone()}").all("table")[0].one("tfoot")
    assert [plain(cell) for cell in total.inside() if cell.tag in ("th", "td")] == [
        "Total", "6", "49,00 €", "−3,00 €", "–", "36,50 €", "9,50 €",
    ]  # fmt: skip


def test_the_pdf_says_whose_it_is_what_counts_and_until_when(owner, canteen, theme):
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}&label=Canteen") as file:
        lines, data = lines_of(file), file.data
    said = " ".join(word for line in lines for word in line)
    assert lines[0] == [theme.name, "ALPHA merchant"]
    assert b"/Subtype /Image" in data
    assert ["Relevé titres-restaurant"] in lines
    assert f"ALPHA cafe · SIRET {canteen.siret}" in said
    assert "Sont comptés les paiements acceptés de ces jours" in said
    assert "Sélection : " in said
    assert f"Données à jour au {yesterday():%d/%m/%Y}" in said


def test_what_says_nothing_of_any_remittance_has_no_column(owner, canteen):
    """Status stood above nothing but blanks."""
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}") as file:
        lines = lines_of(file)
    headings = [line for line in lines if line[0] == "Date"]
    assert [line[-1] for line in headings] == ["Net", "Statut", "Net"]
    page = owner.page(f"/transactions/titres-restaurant?{yesterday_alone()}")
    shown = [plain(table.all("th", scope="col")[-1]) for table in page.all("table")[1:]]
    assert shown == ["Net", "Statut", "Net"]


def test_the_pdf_writes_its_words_whole(owner, canteen, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        named = "UPDATE outlet SET trade_name = 'FOURNIL ŽILINA Ελλάδα FOURNEYRON' WHERE id = :id"
        connection.execute(text(named), {"id": canteen.outlet_id})
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}") as file:
        words = [word for line in lines_of(file) for word in line]
    assert "Remboursements" in words
    assert "FOURNIL ŽILINA Ελλάδα FOURNEYRON · Canteen" in words


def test_the_pdf_says_where_a_name_goes_on_and_cuts_no_amount(owner, canteen, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        named = "UPDATE outlet SET trade_name = :name WHERE id = :id"
        connection.execute(text(named), {"name": "LONG " * 40, "id": canteen.outlet_id})
        dear = "UPDATE transaction SET amount = 12345678990 WHERE issuer = 'EDENRED' AND amount = 1900"
        connection.execute(text(dear))
        factories.sum_days(connection)
    with owner.get(f"/transactions/titres-restaurant.pdf?{yesterday_alone()}") as file:
        lines = lines_of(file)
    places = [line[2] for line in lines if line[1:2] == ["000777"]]
    assert len(places) == 3
    assert all(place.startswith("LONG LONG") and place.endswith("…") for place in places)
    assert any("123 456 797,90 €" in line for line in lines)


def test_the_workbook_has_a_line_for_each_batch_and_what_is_owed(owner, canteen):
    """A finance director typed the statement off a PDF."""
    address = f"/transactions/titres-restaurant.xlsx?{yesterday_alone()}"
    with owner.get(address) as response:
        assert "releve-titres-restaurant" in response.headers["Content-Disposition"]
        lines, totals = cells(response, 1), cells(response, 2)
    assert by_heading(lines, "Émetteur", 2)[1] == "EDENRED"
    assert by_heading(lines, "Date", 2)[0] == "n"
    assert by_heading(lines, "N° de remise", 2) == ("inlineStr", "000777")
    assert by_heading(lines, "Net", 2) == ("n", "27")
    assert by_heading(lines, "Statut", 3)[1] == "Pas encore remis"
    of_issuer = {
        totals[ref][1]: [totals[f"{column}{ref[1:]}"][1] for column in "BCDEFGH"]
        for ref in totals
        if ref[0] == "A" and int(ref[1:]) > 4
    }
    assert of_issuer == {
        "EDENRED": ["EUR", "3", "30", "-3", "0", "27", "0"],
        "PLUXEE": ["EUR", "1", "9.5", "0", "0", "0", "9.5"],
        "Émetteur non communiqué": ["EUR", "2", "9.5", "0", "0", "9.5", "0"],
        "Total": ["EUR", "6", "49", "-3", "0", "36.5", "9.5"],
    }
    net = sum(float(by_heading(lines, "Net", line)[1]) for line in (2, 3, 4))
    assert net == 36.5 + 9.5, "control sum"
    assert "Excel" in plain(owner.page(address.replace(".xlsx", "")).one(class_="downloads"))
    assert owner.get("/transactions/titres-restaurant.xlsx?date_from=2026-02-31").status_code == 422


def test_a_paper_holds_one_month_at_most(owner, canteen):
    """Beyond, writing it would keep a process of the portal busy for everybody."""
    first = yesterday() - timedelta(days=31)
    longer = f"date_from={first}&date_to={yesterday()}"
    assert owner.get(f"/transactions/titres-restaurant.pdf?{longer}").status_code == 422
    page = owner.page(f"/transactions/titres-restaurant?{longer}")
    assert "un mois au plus" in plain(page.one("main"))
    assert not page.one(class_="downloads").all("a")
    month = f"date_from={first + timedelta(days=1)}&date_to={yesterday()}"
    with owner.get(f"/transactions/titres-restaurant.pdf?{month}") as file:
        assert file.mimetype == "application/pdf"


def test_a_period_without_vouchers_says_so(owner, canteen):
    page = owner.page("/transactions/titres-restaurant?date_from=2026-01-01&date_to=2026-01-02")
    assert "Aucun titre-restaurant" in plain(page.one("main"))


def test_what_is_not_understood_is_said_and_is_no_empty_period(owner, canteen):
    address = "/transactions/titres-restaurant{}?date_from=2026-02-31"
    page = owner.page(address.format(""), status=422)
    assert "Ce jour n'existe pas" in " ".join(plain(one) for one in page.all(class_="notice", role="alert"))
    assert "Aucun titre-restaurant" not in plain(page.one("main"))
    file = owner.get(address.format(".pdf"))
    assert (file.status_code, file.text.partition(":")[0]) == (422, "date_from")


def test_grouping_by_issuer_leads_to_it(owner, canteen):
    page = owner.page(f"/transactions?by=issuer&{yesterday_alone()}")
    links = [link["href"] for link in page.all("a") if "Relevé titres-restaurant" in plain(link)]
    assert len(links) == 1
    assert debts_of(owner.page(links[0]))["EDENRED"] == ("3", "27,00 €", "–")


def debt_of(number):
    """Of an issuer, with so many remittances."""
    line = StatementLine(yesterday(), "000123", "ALPHA cafe", 1, 950, is_remitted=True)
    sums = {"debit": 950, "refund": 0, "cancelled": 0, "refund_cancelled": 0}
    return Debt("EDENRED", "EUR", number, sums, 950, 0, (line,) * number)


@pytest.mark.parametrize("number", range(20, 50))
def test_no_page_of_the_pdf_ends_with_a_heading(app, theme, number):
    """An issuer stood at the foot of a page, and what it owes on the next one."""
    debts = debt_of(number), debt_of(100)
    statement = StatementPaper(
        made=TRANSACTIONS.owing,
        whose="ALPHA",
        outlets="",
        days="mars",
        selection="",
        printed="01/04/2026",
        fresh=None,
        debts=debts,
    )
    file = BytesIO()
    with app.test_request_context():
        assert write_statement(statement, theme, file) == number + 100
    sheets = sheets_of(file.getvalue())
    assert len(sheets) >= 3
    assert sum("000123" in line for sheet in sheets for line in sheet) == number + 100
    for before, sheet in pairwise(sheets):
        assert {"000123", "Total"} & {*before[-2]}
        assert sheet[1] == ["EDENRED", "Dû, remis : 9,50 €"]


def test_a_theme_without_a_picture_that_can_be_drawn_writes_its_paper(app, theme, tmp_path):
    """A PNG is checked by its first bytes when a theme is loaded."""
    (tmp_path / "icon-180.png").write_bytes(theme.file("icon-180.png").read_bytes()[:40])
    file = BytesIO()
    with app.test_request_context():
        paper.write_paper(
            file, replace(theme, folder=tmp_path), "title", [paper.line("words")], beside="", foot=""
        )
    assert ["words"] in sheets_of(file.getvalue())[0]
