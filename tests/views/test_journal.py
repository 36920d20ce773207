"""The journal: an owner reads what was done at his merchant, the maintainer's staff at all of theirs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from app.db import Role as DatabaseRole
from app.models import JournalEntry, Role, UserAccount
from tests.views.town import follow, let_in, plain, rows


def user_id(database, email):
    with database.reading() as connection:
        return connection.scalar(select(UserAccount.id).where(UserAccount.email == email))


def written(database, merchant_id, number, event="exported", **values):
    """``number`` entries, a minute apart, the last one now."""
    now = datetime.now(UTC)
    entries = [
        {
            "at": now - timedelta(minutes=n),
            "event": event,
            "merchant_id": merchant_id,
            "details": {"list": "remittances", "rows": n, "asked": []},
            **values,
        }
        for n in range(number)
    ]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(insert(JournalEntry), entries)


def test_the_owner_reads_who_did_what_and_when(owner, shops):
    with owner.get("/transactions.csv"):
        owner.get("/remises/999999")
    page = owner.page("/journal")
    said = [plain(row) for row in rows(page)]
    assert said[0].startswith("A demandé une ligne hors de sa vue")
    assert said[1].startswith("A téléchargé une liste")
    assert "Transactions, 4 lignes" in said[1]
    assert any(line.startswith("S'est connecté") for line in said)
    assert all("alpha@shop.example" in line for line in said)


def test_the_account_menu_leads_there_and_only_for_owners(app, owner, shops, database):
    assert follow(owner.page("/remises"), "Journal") == "/journal"
    let_in(database, "viewer@shop.example", "ALPHA", Role.VIEWER)
    viewer = app.test_client()
    viewer.sign_in("viewer@shop.example")
    assert "/journal" not in viewer.page("/remises").source
    assert viewer.get("/journal").status_code == 403
    assert viewer.get("/journal.csv").status_code == 403


def test_it_is_filtered_by_person_and_by_event(owner, shops, database):
    written(database, shops[0].merchant_id, 3, user_id=user_id(database, "alpha@shop.example"))
    let_in(database, "other@shop.example", "ALPHA", Role.FINANCE)
    written(database, shops[0].merchant_id, 2, user_id=user_id(database, "other@shop.example"))
    assert len(rows(owner.page("/journal?event=exported"))) == 5
    assert len(rows(owner.page("/journal?event=exported&person=OTHER@"))) == 2
    assert "Rien au journal" in owner.page("/journal?person=nobody").text
    assert len(rows(owner.page("/journal?event=unheard"))) >= 5


def test_it_goes_on_page_by_page_without_losing_or_doubling_a_line(owner, shops, database):
    written(database, shops[0].merchant_id, 120)
    seen, path = [], "/journal?event=exported"
    while path:
        page = owner.page(path)
        seen += [plain(row) for row in rows(page)]
        further = [link["href"] for link in page.all("a") if plain(link) == "Page suivante"]
        path = further[0] if further else None
    assert len(seen) == len(set(seen)) == 120


def test_the_csv_is_whole_and_opens_right(owner, shops, database):
    written(database, shops[0].merchant_id, 70)
    written(database, shops[0].merchant_id, 1, event="=cmd|' /C calc'!A0")
    with owner.get("/journal.csv?event=exported") as response:
        assert response.mimetype == "text/csv"
        assert response.data.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in response.data
        lines = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == 70
    assert list(lines[0]) == ["Date", "Qui", "Commerçant", "Quoi", "Détails"]
    with owner.get("/journal.csv") as response:
        assert "\n'=" in response.data.decode().replace(";'=", "\n'=")
        assert ";=" not in response.data.decode()
    assert "A téléchargé le journal" in owner.page("/journal").text


def test_nothing_of_another_merchant_is_in_it(app, shops, database):
    for shop in shops:
        written(database, shop.merchant_id, 1, details={"list": shop.marker, "rows": 1, "asked": []})
    for shop in shops:
        browser = app.test_client()
        browser.sign_in(shop.email)
        with browser.get("/journal.csv") as response:
            said = browser.page("/journal").source + response.data.decode()
        foreign = [other.marker for other in shops if other is not shop]
        assert shop.marker in said
        assert not [marker for marker in foreign if marker in said or marker.lower() + "@" in said]


@pytest.mark.parametrize("after", ["0", "-1", "x", "9" * 30, ""])
def test_odd_places_to_start_from_do_no_harm(owner, after):
    assert owner.get(f"/journal?after={after}").status_code == 200
