"""The two lists as a merchant uses them, with and without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.lists import REMITTANCES, TRANSACTIONS
from app.rules.time_zones import today
from tests.views.town import follow, plain, rows

CARD = "4970101234567893"
#: What the details show in a part of their own: sums declared and received, the way to the
#: original sale, what became of a chargeback.
IN_ITS_PART = {
    "remittances": {
        f"{name}{part}"
        for name in ("debit", "cancelled", "refund", "refund_cancelled", "declined", "abandoned")
        for part in ("", "_count")
    },
    "transactions": {"original_id", "chargeback_on", "chargeback_amount", "chargeback_reason", "answer_by"},
}


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


def test_remittances_open_on_the_last_night_and_what_reached_the_bank(owner, shops):
    page = owner.page("/remises")
    assert plain(page.one("h2")) == "La télécollecte est bien passée"
    answer = plain(page.one("section", class_="answer"))
    assert "52,40 € remis en banque · 1 remise, 4 paiements" in answer
    assert "refus" not in answer.lower()
    assert len(rows(page)) == 1
    assert f"à jour au {today() - timedelta(days=1):%d/%m}" in plain(page.one("div", class_="day"))


PRINTED = ("/remises", "/transactions", "/remises?by=day", "/terminaux", "/transactions/titres-restaurant")


@pytest.mark.parametrize("path", PRINTED)
def test_a_printed_list_says_whose_it_is(owner, shops, path):
    """As an accountant files it: name, SIRET and address of the one outlet in sight."""
    printed = [plain(line) for line in owner.page(path).one("main").all(class_="on-paper")]
    assert printed == [f"ALPHA cafe · SIRET {shops[0].siret}"]


def test_the_share_of_refusals_stands_in_the_total_line(owner):
    line = plain(owner.page("/transactions").one("h2"))
    assert line.startswith("52,40 € net · 4 transactions · 25 % refusées · 18,00 € refusés, à part")
    declined = plain(owner.page("/transactions?outcome=declined").one("h2"))
    assert "%" not in declined
    assert declined.startswith("0,00 € net · 1 transaction · 18,00 € refusés, à part")
    assert "refus" not in plain(owner.page("/transactions?outcome=accepted").one("h2"))


def test_refusals_are_asked_for_by_kind_of_reason(owner, shops):
    (row,) = rows(owner.page("/transactions?reason=funds"))
    assert "18,00 €" in plain(row)
    assert not rows(owner.page("/transactions?reason=card"))
    assert "Solde ou plafond" in plain(owner.page(f"/transactions/{shops[0].transaction_ids[3]}").one("main"))


def test_payments_without_an_authorisation_are_asked_for_and_proposed(owner):
    page = owner.page("/transactions?authorisation=none")
    assert len(rows(page)) == 1
    assert "Sans n° d'autorisation" in plain(page.one("ul", class_="chips"))
    field = page.one("form", id="filters").one("input", name="authorisation")
    assert [option["value"] for option in page.one("datalist", id=field["list"]).all("option")] == ["none"]


def test_numbers_open_the_keyboard_of_numbers(owner):
    modes = {
        field["name"]: field.get("inputmode")
        for path in ("/transactions", "/remises")
        for field in owner.page(path).one("form", id="filters").all("input")
    }
    numbers = ("contract", "rank", "siret", "remittance", "number", "terminal", "card")
    assert {modes[name] for name in numbers} == {"numeric"}
    assert modes["amount"] == "decimal"
    assert {modes[name] for name in ("trade_name", "serial", "authorisation")} == {""}


def test_a_terminal_is_asked_for_by_its_number(owner):
    for path, found in (("/transactions", 4), ("/remises?period=last-7-days", 2)):
        mark = "&" if "?" in path else "?"
        assert len(rows(owner.page(f"{path}{mark}terminal=1"))) == found
        assert not rows(owner.page(f"{path}{mark}terminal=2"))


def test_a_total_has_its_parts(owner):
    page = owner.page("/remises?count=with")
    assert plain(page.one("h2")).startswith("52,40 € net · 1 remise")
    assert plain(page.one("dl", class_="sums")) == (
        "Débits 57,40 € Remboursements −5,00 € Annulations 0,00 € Refusées, non comptées 18,00 €"
        " Dont sans relevé bancaire reçu 52,40 €"
    )


def test_an_empty_remittance_proves_that_the_terminal_called(owner, shops):
    page = owner.page("/remises?count=without&period=last-7-days")
    assert len(rows(page)) == 1
    assert "aucun paiement" in plain(rows(page)[0])


def test_transactions_show_signs_and_refusals(owner):
    page = owner.page("/transactions")
    assert plain(page.one("h2")).startswith("52,40 € net · 4 transactions")
    shown = [plain(row) for row in rows(page)]
    assert any("−5,00 €" in row and "Remboursement" in row for row in shown)
    assert any("18,00 €" in row and "Refusée" in row for row in shown)
    refused = next(row for row in rows(page) if "Refusée" in row.text)
    assert "void" in refused.one(class_="amount").classes


def test_the_ordinary_case_has_no_note(owner):
    for path in ("/remises?count=with", "/transactions?type=debit&outcome=accepted"):
        (row, *_) = rows(owner.page(path))
        notes = [note for note in row.all("span") if note.get("class").startswith("note-")]
        assert [plain(note) for note in notes if note["class"] != "note-plain"] == []
        assert [plain(note) for note in notes] == (["Correcte"] if "remises" in path else [])


@pytest.mark.parametrize(
    ("asked", "stand_out"),
    [
        ("outcome=declined", False),
        ("outcome=declined&outcome=accepted", True),
        ("outcome=accepted", True),
        ("", True),
    ],
)
def test_rows_that_were_asked_for_as_what_they_are_do_not_stand_out(owner, asked, stand_out):
    """A week of declined payments was a wall of red."""
    sheet = owner.page(f"/transactions?{asked}").one("div", class_="sheet")
    assert ("of-one-kind" not in sheet.classes) == stand_out


def test_a_payment_that_is_no_money_does_not_wait_for_the_bank(owner):
    for outcome, word in (("declined", "Refusée"), ("abandoned", "Abandon")):
        for row in rows(owner.page(f"/transactions?outcome={outcome}")):
            assert word in plain(row)
            assert "Non remis" not in plain(row)


def test_a_day_says_its_sum_though_a_part_of_it_is_on_another_page(owner, database, shops, monkeypatch):
    monkeypatch.setattr("app.views.shown_pages.PAGE_SIZE", 1)
    page = owner.page("/transactions")
    assert len(rows(page)) == 1
    assert [plain(head.one(class_="money")) for head in page.all("div", class_="group-head")] == ["52,40 €"]


def test_faults_are_summed_up_at_the_top_and_lead_to_their_fields(owner):
    page = owner.page("/transactions?amount_from=beaucoup&card=12")
    summary = page.one(id="faults")
    assert (summary["role"], summary["tabindex"]) == ("alert", "-1")
    assert "2 filtres" in plain(summary)
    for link in summary.all("a"):
        assert page.one(id=link["href"].removeprefix("#"))["aria-invalid"] == "true"


def test_rows_are_grouped_and_a_group_adds_up_to_the_total(owner):
    page = owner.page("/transactions")
    totals = [plain(head.one(class_="money")) for head in page.all("div", class_="group-head")]
    assert totals == ["52,40 €"]


def test_a_day_says_how_many_payments_it_has(owner):
    """All of them, of whatever outcome, as the number above the list."""
    page = owner.page("/transactions")
    count = owner.get("/transactions.json").json["count"]
    (said,) = [plain(head.one(class_="said")) for head in page.all("div", class_="group-head")]
    assert said == f"{count}{count} transactions"


def test_the_menu_has_two_entries(owner, shops):
    menu = owner.page("/remises").one("nav", class_="menu")
    assert [plain(link) for link in menu.all("a")] == ["Remises", "Transactions"]
    assert menu.one("a", aria_current="page")["href"] == shops[0].at("/remises")


def test_the_start_leads_to_the_remittances(owner, shops):
    assert owner.get("/").location == shops[0].at("/remises")


def test_every_field_has_its_place_among_the_details():
    for spec in (REMITTANCES, TRANSACTIONS):
        placed = [field.name for title in spec.sections for field in spec.section(title)]
        assert {*spec.by_name} - {*placed} == IN_ITS_PART[spec.name]
        assert len(set(placed)) == len(placed)


def test_the_details_show_what_is_known(owner, shops):
    page = owner.page(f"/transactions/{shops[0].transaction_ids[3]}")
    words = plain(page.one("main"))
    for expected in (
        "497010******0044",
        "ALPHA issuer",
        "ALPHA order",
        "12/28",
        "Puce",
        "CB",
        "A0000000421010",
        "ALPHA cafe",
    ):
        assert expected in words
    assert "Le solde ou le plafond de la carte" in words
    assert "Devise du porteur" not in words


def test_a_remittance_compares_what_it_declares_with_what_arrived(owner, shops):
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    table = page.one("table", class_="compare")
    assert [plain(row) for row in table.one("tbody").all("tr")] == [
        "Débits 57,40 € 2 paiements 57,40 € 2 paiements",
        "Débits annulés – –",
        "Remboursements 5,00 € 1 paiement 5,00 € 1 paiement",
        "Remboursements annulés – –",
        "Paiements refusés 18,00 € 1 paiement 18,00 € 1 paiement",
        "Abandons – –",
    ]


def test_from_a_remittance_to_its_transactions_and_back(owner, shops):
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    payments = owner.page(follow(page, "Voir ses transactions (4)"))
    assert len(rows(payments)) == 4
    assert plain(payments.one("h2")).startswith("52,40 € net · 4 transactions")
    payment = owner.page(rows(payments)[0].all("a")[0]["href"])
    (back,) = {link["href"] for link in payment.all("a") if "/remises/" in link["href"]}
    assert back == shops[0].at(f"/remises/{shops[0].remittance_id}")


def test_back_leads_to_the_list_with_its_filters(owner, shops):
    path = f"/transactions/{shops[0].transaction_ids[0]}"

    def back(referrer):
        link = owner.page(path, headers={"Referer": referrer}).one("a", class_="back")
        return plain(link), link["href"]

    named = shops[0].at("/transactions?type=debit")
    whole = "Toutes les transactions", shops[0].at("/transactions")
    asked = "Retour à la liste", "/transactions?type=debit"
    assert back("http://localhost/transactions?type=debit") == asked
    assert back(f"http://localhost{named}") == (asked[0], named)
    assert back("http://evil.example/transactions?type=debit") == whole
    assert back(f"http://evil.example{named}") == whole
    assert back("http://localhost/remises?number=1") == whole
    assert back(f"http://localhost{shops[1].at('/transactions')}") == whole
    assert back(f"http://localhost/transactions?card={CARD}&type=debit") == asked


def test_a_count_is_a_link(owner, shops):
    page = owner.page("/remises?count=with")
    link = next(a for row in rows(page) for a in row.all("a") if "4 paiements" in plain(a))
    assert len(rows(owner.page(link["href"]))) == 4
