"""Sums by group on the page of a list, and as files: what each line leads to, who may have them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.lists import LISTS
from app.rules.time_zones import today
from tests import money_factories
from tests.views.town import plain

EVERY = [(name, by) for name, spec in LISTS.items() for by in spec.groupings]


def group_lines(page):
    """The lines of the groups: their names, figures and addresses."""
    return page.one("tbody").all("tr")


@pytest.fixture
def bank_line(database, shops):
    """A line of the bank that names no contract, as of yesterday."""
    day = today() - timedelta(days=1)
    own = {"merchant_id": shops[0].merchant_id}
    with database.writing(DatabaseRole.OWNER) as connection:
        own["bank_account_id"] = connection.scalar(
            text("SELECT id FROM bank_account WHERE merchant_id = :merchant_id"), own
        )
        statement_id = money_factories.a_bank_statement(connection, **own, opened_on=day, closed_on=day)
        money_factories.a_bank_movement(connection, **own, bank_statement_id=statement_id, booked_on=day)


@pytest.mark.usefixtures("bank_line")
@pytest.mark.parametrize(("name", "by"), EVERY)
def test_each_dimension_is_a_page_whose_lines_lead_to_their_rows(owner, name, by):
    path = LISTS[name].path
    page = owner.page(f"{path}?by={by}&period=last-7-days")
    lines = group_lines(page)
    assert lines
    counts = [int(plain(line.one("td", class_="count-of"))) for line in lines]
    total = plain(page.one("tfoot").one("td", class_="count-of"))
    assert sum(counts) == int(total) > 0
    for line, count in zip(lines, counts, strict=True):
        address = line.one("a")["href"]
        assert "by=" not in address
        assert owner.get(address.replace("?", ".json?")).json["count"] == count


def test_groups_stand_in_the_place_of_rows(owner):
    page = owner.page("/transactions?by=application&period=last-7-days")
    assert not page.all("div", class_="rows-group")
    (line,) = group_lines(page)
    assert "CB Proximité" in plain(line.one("th"))
    assert plain(line.one("td", class_="net-of")) == "52,40 €"
    assert plain(page.one("tfoot").one("td", class_="net-of")) == "52,40 €"
    assert "52,40 €" in plain(page.one("h2"))


def test_an_amount_of_nothing_is_a_dash(owner):
    cells = owner.page("/transactions?by=application").all("td", class_="is-nothing")
    assert {plain(cell) for cell in cells} == {"–"}


@pytest.mark.parametrize("by", ["application", "day", "scheme"])
def test_shares_below_each_other_have_as_many_figures_behind_the_comma(owner, by):
    page = owner.page(f"/transactions?by={by}&period=last-30-days")
    shares = [plain(cell) for cell in page.all("td") if cell.get("data-label") == "Part"]
    assert shares
    assert {re.sub(r"[0-9]+,[0-9]", "0,0", share) for share in shares} <= {"0,0 %", "–"}


def test_the_menu_of_groups_is_a_form_that_keeps_the_question(owner):
    page = owner.page("/transactions?outcome=accepted&period=last-30-days")
    form = page.one("form", id="regroup")
    kept = {field["name"]: field["value"] for field in form.all("input")}
    assert kept == {"outcome": "accepted", "period": "last-30-days"}
    choices = [button["value"] for button in form.all("button", name="by")]
    assert choices == ["", *LISTS["transactions"].groupings]
    grouped = owner.page("/transactions?outcome=accepted&by=day")
    hidden = {
        field["name"]: field["value"]
        for field in grouped.one("form", id="filters").all("input", type="hidden")
    }
    assert hidden["by"] == "day"


def test_what_is_no_dimension_is_refused(owner):
    page = owner.page("/transactions?by=colour")
    assert any("ne peut pas être regroupée" in plain(said) for said in page.all("p", role="alert"))
    assert not page.all("table")
    assert not page.all("h2")
    for kind in ("csv", "xlsx"):
        for query in ("", "?by=colour", "?by=day&by=week"):
            assert owner.get(f"/transactions/regroupement.{kind}{query}").status_code == 422


def test_the_file_of_groups_says_what_the_page_says(owner, shops):
    with owner.get("/transactions/regroupement.csv?by=outlet&period=last-7-days") as file:
        said = file.text
        assert "point-de-vente" in file.headers["Content-Disposition"]
    (line,) = csv.DictReader(io.StringIO(said.removeprefix("\ufeff")), delimiter=";")
    assert line["Nom commercial"] == "ALPHA cafe"
    assert line["SIRET"] == f"\t{shops[0].siret}"
    assert (line["Devise"], line["Nombre"], line["Net"]) == ("EUR", "4", "52,40")
    assert line["Remboursements"] == "-5,00"
    assert "par point de vente" in plain(owner.page("/journal").one("main"))


def test_sums_are_unfolded_where_the_net_says_nothing(owner):
    """Each reason of refusal stood on a phone with 0,00 €, and what was refused below a press."""
    for asked, is_open in (("by=reason&outcome=declined", True), ("by=outlet", False)):
        fold = owner.page(f"/transactions?{asked}").one("details", class_="all-sums")
        assert ("open" in fold.attributes) == is_open


def words_of(file: bytes) -> bytes:
    """The text of a file: that of its sheet when it is a workbook."""
    return ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml") if file.startswith(b"PK") else file


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_of_groups_holds_the_whole_of_a_period_that_rows_need_several_for(owner, kind):
    first, last = (today() + timedelta(days=days) for days in (-40, 40))
    asked = f"by=outlet&date_from={first}&date_to={last}"
    page = owner.page(f"/remises?{asked}")
    files = [link["href"] for link in page.one(class_="downloads").all("a")]
    assert [urlsplit(one).path.rsplit("/", 1)[1] for one in files] == [
        "regroupement.xlsx",
        "regroupement.csv",
    ]
    with owner.get(f"/remises/regroupement.{kind}?{asked}") as file:
        whole = words_of(file.data)
    with owner.get(f"/remises/regroupement.{kind}?by=outlet&period=last-7-days") as file:
        assert words_of(file.data) == whole  # the days on which there is something
    assert b"ALPHA cafe" in whole
    owner.page(f"/remises.{kind}?{asked}", status=422)


def test_a_name_that_a_spreadsheet_would_run_stays_a_name(owner, shops, database):
    name = '=HYPERLINK("http://elsewhere.example","open")'
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(
            text("UPDATE outlet SET trade_name = :name, siret = '+33' WHERE id = :id"),
            {"name": name, "id": shops[0].outlet_id},
        )
    with owner.get("/transactions/regroupement.csv?by=outlet&period=last-7-days") as file:
        (line,) = csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";")
    assert (line["Nom commercial"], line["SIRET"]) == (f"'{name}", "'+33")
    with owner.get("/transactions/regroupement.xlsx?by=outlet&period=last-7-days") as file:
        book = ZipFile(io.BytesIO(file.data))
    sheets = [book.read(part).decode() for part in book.namelist() if "worksheets/" in part]
    assert "HYPERLINK" in "".join(sheets)
    assert not [sheet for sheet in sheets if "<f>" in sheet or "<hyperlink" in sheet]
