"""CSV and JSON: whole or refused, and the same as the list."""

from __future__ import annotations

import csv
import io
from datetime import datetime, time, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from app.database.engine import DatabaseRole
from app.models import JournalEntry, Role
from app.rules.time_zones import today
from app.views import list_files
from tests import factories
from tests.page import HtmlPage
from tests.views.town import follow, let_in, plain, rows


def export_events(database):
    with database.reading() as connection:
        return connection.scalars(select(JournalEntry.details).where(JournalEntry.event == "exported")).all()


def read(response):
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))


def test_the_csv_is_complete_named_and_journalled(owner, shops, database):
    page = owner.page("/transactions?type=debit")
    with owner.get(follow(page, "CSV")) as response:
        assert response.mimetype == "text/csv"
        first, last = today() - timedelta(days=7), today() - timedelta(days=1)
        name = f"transactions_alpha-merchant_{first}_{last}.csv"
        assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert response.content_length == len(response.data)
        assert len(read(response)) == 3
    entry = export_events(database)[0]
    assert entry["rows"] == 3
    assert ["type", "debit"] in entry["asked"]


def test_list_csv_and_json_agree(owner):
    for path in ("/transactions", "/remises"):
        document = owner.get(f"{path}.json").json
        with owner.get(f"{path}.csv") as response:
            lines = read(response)
        assert document["count"] == len(document["rows"]) == len(lines) == len(rows(owner.page(path)))
        assert document["totals"][0]["net"] == 5240
        assert sum(int(line["Montant compté"].replace(",", "")) for line in lines) == 5240


def test_too_long_a_period_is_refused_with_the_parts_to_take(owner, database):
    first, last = today() - timedelta(days=40), today()
    page = owner.page(f"/transactions?date_from={first}&date_to={last}&type=debit")
    refusal = owner.page(f"/transactions.csv?date_from={first}&date_to={last}&type=debit", status=422)
    assert "30 jours au plus, bornes comprises" in plain(refusal.one("main"))
    parts = [a["href"] for a in refusal.one("main").all("a") if ".csv" in a["href"]]
    side_by_side = [a for a in page.one(class_="downloads").all("a") if ".csv" in a["href"]]
    assert [a["href"] for a in side_by_side] == parts, "one click each"
    assert all(plain(a).startswith("Télécharger ") for a in side_by_side)
    halves = ((first, first + timedelta(days=29)), (first + timedelta(days=30), last))
    assert [plain(a.one("small")) for a in side_by_side] == [
        " – ".join(day.strftime("%d/%m") for day in days) for days in halves
    ], "each says its days to whoever sees it, too"
    assert [dict(parse_qsl(urlsplit(p).query)) for p in parts] == [
        {"date_from": str(first), "date_to": str(first + timedelta(days=29)), "type": "debit"},
        {"date_from": str(first + timedelta(days=30)), "date_to": str(last), "type": "debit"},
    ]
    for part in parts:
        with owner.get(part) as response:
            assert response.status_code == 200
    assert len(export_events(database)) == 2


def test_the_two_files_of_31_days_hold_all_of_them(owner, shops, database):
    first, last = today() - timedelta(days=30), today()
    with database.writing(DatabaseRole.OWNER) as connection:
        for number in range(31):
            factories.a_transaction(
                connection,
                merchant_id=shops[0].merchant_id,
                contract_id=shops[0].contract_id,
                remittance_id=shops[0].remittance_id,
                collected_on=today() - timedelta(days=1),
                occurred_local=datetime.combine(first + timedelta(days=number), time(12)),
                amount=1000 + number,
            )
        factories.sum_days(connection)
    page = owner.page(f"/transactions?date_from={first}&date_to={last}")
    ways = [a for a in page.one(class_="downloads").all("a") if ".csv" in a["href"]]
    files = [a["href"] for a in ways]
    assert len(files) == 2
    for number, way in enumerate(ways, start=1):
        assert plain(way).startswith(f"Télécharger CSV {number}/2 "), "what is seen is part of its name"
        assert "aria-label" not in way.attributes
    lines = []
    for href in files:
        with owner.get(href) as response:
            lines += read(response)
    assert plain(page.one("h2")).split(" · ")[1].startswith(f"{len(lines)} transactions")
    assert {f"{10 + number // 100},{number % 100:02}" for number in range(31)} <= {
        line["Montant"] for line in lines
    }


def test_many_files_are_listed_on_a_page_of_their_own(owner):
    first, last = today() - timedelta(days=130), today()
    page = owner.page(f"/transactions?date_from={first}&date_to={last}")
    split = owner.page(follow(page, "En 5 fichiers"), status=422)
    links = [a["href"] for a in split.all("a")]
    assert [sum(kind in href for href in links) for kind in (".csv", ".xlsx")] == [5, 5]
    for title in ("Par mois", "Par jour"):
        assert owner.page(follow(split, title)).one("table", class_="groups")


def test_a_month_of_31_days_has_its_workbooks_a_click_away(owner):
    """None was offered beyond 30 days."""
    first, last = today() - timedelta(days=30), today()
    page = owner.page(f"/transactions?date_from={first}&date_to={last}")
    (link,) = [a["href"] for a in page.one(class_="downloads").all("a") if ".xlsx" in a["href"]]
    split = owner.page(link, status=422)
    with owner.get(next(a["href"] for a in split.all("a") if ".xlsx" in a["href"])) as response:
        assert response.status_code == 200


def test_thirty_days_are_allowed(owner):
    first, last = today() - timedelta(days=30), today() - timedelta(days=1)
    with owner.get(f"/transactions.csv?date_from={first}&date_to={last}") as response:
        assert response.status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_who_may_export(app, shops, database, role):
    let_in(database, "colleague@shop.example", "ALPHA", role)
    browser = app.test_client()
    browser.sign_in("colleague@shop.example")
    page = browser.page("/transactions")
    offered = any(".csv" in link for link in page.links())
    assert any("#fichiers" in link for link in page.links()) == offered
    with browser.get("/transactions.csv") as response:
        may = role is not Role.VIEWER
        assert (response.status_code, offered) == ((200, True) if may else (403, False))
        if not may:
            page = HtmlPage(response, app)
            assert page.h1.replace("’", "'") == "Vous n'avez pas accès à cette page"
            assert f"Demandez à : {shops[0].email}" in plain(page.one("main"))  # the owner
    assert browser.get("/transactions.json").status_code == (200 if may else 403)


def test_a_failure_leaves_no_half_file(owner, monkeypatch, database):
    def broken(connection, spec, scope, criteria, file):
        file.write(b"half of it")
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(list_files, "write_csv", broken)
    response = owner.get("/transactions.csv")
    assert response.status_code == 500
    assert b"half" not in response.data
    assert not export_events(database)


def test_a_file_names_its_columns_in_full(owner):
    """What is short for the head of a narrow column is not for a file: of what was "Nombre"?"""
    for path, full, short in (
        ("/remises", "Transactions", "Nombre"),
        ("/transactions", "N° d’autorisation", "N° d’auto."),
    ):
        with owner.get(f"{path}.csv") as response:
            heads = response.data.decode("utf-8-sig").splitlines()[0].split(";")
        assert full in heads
        assert short not in heads
