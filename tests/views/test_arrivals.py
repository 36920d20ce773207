"""What has arrived, what has not, and what does not add up."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import ensure_partitions
from app.lists.nights import Bar
from app.rules.time_zones import today
from app.views.chart import usual_day
from app.wording.days import days_in_words
from tests import factories
from tests.views.test_xlsx import cells
from tests.views.town import plain, rows


@pytest.mark.parametrize(
    ("seal", "words"),
    [
        ({"seal": "awaiting_payments"}, "en attente de ses paiements"),
        ({"seal": "awaiting_totals", "has_totals": False}, "en attente de sa télécollecte"),
        ({"seal": "differs", "received_count": 2, "received_net": 4000}, "écart de 2 opérations et 12,40 €"),
        ({"seal": "differs", "received_count": 5, "received_net": 6000}, "écart de 1 opération et 7,60 €"),
    ],
)
def test_each_remittance_carries_its_seal(owner, shops, database, seal, words):
    with database.writing(DatabaseRole.OWNER) as connection:
        columns = ", ".join(f"{name} = :{name}" for name in seal)
        connection.execute(
            text(f"UPDATE remittance SET {columns} WHERE id = :id"), {**seal, "id": shops[0].remittance_id}
        )
    page = owner.page("/remises?count=with")
    assert words in plain(rows(page)[0])
    assert words in plain(owner.page(f"/remises/{shops[0].remittance_id}").one("main"))


def test_a_remittance_whose_payments_are_all_there_alerts_nobody(owner, shops):
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    verdict, control = page.all("p", class_="verdict")
    assert plain(verdict) == "La télécollecte est bien passée"
    assert plain(control) == "Tous reçus, sans écart avec le total déclaré"
    assert not page.all("div", class_="alert")


def test_a_telecollection_that_has_not_arrived_declares_nothing(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE remittance SET has_totals = false, seal = 'awaiting_totals' WHERE id = :id"),
            {"id": shops[0].remittance_id},
        )
        factories.sum_days(connection)
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    table = page.one("table", class_="compare")
    assert plain(table.one("thead").all("th")[1]) == "Déclaré pas encore reçu"
    assert [plain(row.all("td")[0]) for row in table.one("tbody").all("tr")] == ["—"] * 6
    said = plain(page.one("main"))
    assert "Correcte" not in said
    assert "Réussie" not in said
    assert "son ticket viendra avec elle" in said
    assert owner.get(f"/remises/{shops[0].remittance_id}/ticket").status_code == 404
    row = next(row for row in owner.get("/remises.json").json["rows"] if row["id"] == shops[0].remittance_id)
    declared = ("status", "status_text", "transmission", "debit", "debit_count", "declined", "gap_amount")
    assert {row[name] for name in declared} == {None}
    assert row["received_net"] == 5240
    assert not rows(owner.page("/remises?status=correct&count=with"))


def test_what_only_awaits_its_telecollection_is_no_failure(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET has_totals = false, seal = 'awaiting_totals'"))
        factories.sum_days(connection)
    verdict = owner.page("/remises").one("h2")
    assert plain(verdict) == "1 remise sur 1 attend sa télécollecte"
    assert "is-warn" in verdict.classes


def test_what_failed_is_named_before_all_that_is_awaited(owner, shops, database):
    night = datetime.combine(today() - timedelta(days=1), time(22))
    named = {"merchant_id": shops[0].merchant_id, "contract_id": shops[0].contract_id}
    with database.writing(DatabaseRole.OWNER) as connection:
        for minute in range(30):
            factories.a_remittance(
                connection,
                **named,
                collected_local=night + timedelta(minutes=minute),
                has_totals=False,
                seal="awaiting_totals",
                net_amount=90000,
            )
        factories.a_remittance(connection, **named, collected_local=night, status="rejected", net_amount=100)
        factories.sum_days(connection)
    answer = owner.page("/remises").one("section", class_="answer")
    assert plain(answer.one("h2")) == "1 remise sur 32 n'est pas passée"
    strips = [plain(strip.one("b")) for strip in answer.all("a", class_="strip-line")]
    assert "rejetée" in strips[0]
    assert "pas encore reçue" in strips[1]
    assert plain(answer.one("p", class_="strip-more").all("span", class_="long")[0]) == "et 29 autres"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "rejected"}, "10,00 € rejetés, à part"),
        ({"status": "incomplete"}, "10,00 € interrompus ou pas encore remis, à part"),
        ({"transmission": "failed"}, "10,00 € non transmis, à part"),
        ({"has_totals": False, "seal": "awaiting_totals"}, "10,00 € en attente de leur télécollecte, à part"),
    ],
)
def test_what_is_not_money_at_the_bank_stands_beside_the_net_of_any_period(
    owner, shops, database, values, said
):
    """Of a week it stood in the folded parts alone, while the number of batches held it."""
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_remittance(
            connection,
            merchant_id=shops[0].merchant_id,
            contract_id=shops[0].contract_id,
            collected_local=datetime.combine(today() - timedelta(days=1), time(22)),
            transaction_count=1,
            debit_amount=1000,
            net_amount=1000,
            **values,
        )
        factories.sum_days(connection)
    for path in ("/remises?period=last-7-days", "/remises?period=last-7-days&by=day", "/remises?count=with"):
        assert said in plain(owner.page(path).one("h2", id="total-line"))
    well = owner.page("/remises?period=last-7-days&status=correct&transmission=succeeded&seal=complete")
    assert "à part" not in plain(well.one("h2", id="total-line"))


def test_a_call_without_payments_that_did_not_pass_stands_behind_all_that_is_money(owner, shops, database):
    """On a chain's night 0,00 € rejected took the red strips, and 31,20 € that were awaited none."""
    night = datetime.combine(today() - timedelta(days=1), time(22))
    named = {
        "merchant_id": shops[0].merchant_id,
        "contract_id": shops[0].contract_id,
        "collected_local": night,
    }
    empty = {"net_amount": 0, "transaction_count": 0}
    with database.writing(DatabaseRole.OWNER) as connection:
        failed_id = factories.a_remittance(connection, **named, **empty, status="rejected")
        factories.sum_days(connection)
    page = owner.page("/remises")
    assert plain(page.one("h2")) == "1 appel sans paiement n'est pas passé, sur 2"
    assert "is-warn" in page.one("h2").classes
    strips = page.one("section", class_="answer").all("a", class_="strip-line")
    assert {"is-warn" in strip.classes for strip in strips} == {True}
    assert all("aucun paiement" in plain(strip) for strip in strips)
    assert not [row for row in page.all(class_="line") if "is-bad" in row.classes]
    assert "Rejetée" in plain(owner.page(f"/remises/{failed_id}").one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_remittance(
            connection,
            **named,
            has_totals=False,
            seal="awaiting_totals",
            net_amount=3120,
            transaction_count=4,
        )
        factories.sum_days(connection)
    answer = owner.page("/remises").one("section", class_="answer")
    assert plain(answer.one("h2")) == "1 remise sur 3 attend sa télécollecte"
    assert "31,20" in plain(answer.all("a", class_="strip-line")[0])


def test_a_night_of_which_nothing_passed_says_so_in_money(owner, shops, database):
    """“remis en banque · 0 remise” stood there alone; of what is awaited 0,00 € would be untrue."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET status = 'rejected'"))
        factories.sum_days(connection)
    answer = owner.page("/remises").one("section", class_="answer")
    assert plain(answer.one("p", class_="big")) == "0,00 €"
    assert plain(answer.one("p", class_="big-label")) == "remis en banque · 0 remise, 0 paiement"
    with database.writing(DatabaseRole.OWNER) as connection:
        awaited = "has_totals = false, seal = 'awaiting_totals', status = 'correct'"
        connection.execute(text(f"UPDATE remittance SET {awaited}"))
        factories.sum_days(connection)
    answer = owner.page("/remises").one("section", class_="answer")
    assert not answer.all("p", class_="big")
    assert not answer.all("p", class_="big-label")


def test_missing_payments_are_a_warning(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET missing_sequences = 2"))
    assert "2 paiements manquants" in plain(rows(owner.page("/remises?count=with"))[0])
    notices = owner.page(f"/remises/{shops[0].remittance_id}").all(class_="notice")
    assert "2 paiements manquants" in plain(notices[0])


def test_a_day_that_has_not_arrived_is_said_and_is_no_zero(owner, database):
    missing = today() - timedelta(days=3)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM received_day WHERE day = :day"), {"day": missing})
    page = owner.page("/transactions")
    notice = page.one("div", class_="notice")
    assert "1 journée n'a pas été reçue" in plain(notice)
    assert f"{missing:%d/%m/%Y}" in plain(notice)
    alone = owner.page(f"/transactions?date_from={missing}&date_to={missing}")
    assert "pas encore arrivées" in plain(alone.one("main"))
    assert "€" not in alone.one("main").text


FIRST = "Pas de données avant le {:%d/%m/%Y}."
TODAY = "Les données d'aujourd'hui arrivent demain."
TO_COME = "Les jours à venir n'ont pas encore de données."


@pytest.mark.parametrize("path", ["/remises", "/transactions"])
@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(0, 0, [TODAY]), (1, 2, [TO_COME]), (-300, -299, [FIRST]), (0, 400, [TODAY, TO_COME])],
)
@pytest.mark.parametrize("filters", ["", "&contract=4242"])
def test_days_that_no_file_can_tell_of_are_called_what_they_are(
    owner, database, path, first, last, said, filters
):
    page = owner.page(f"{path}?date_from={in_days(first)}&date_to={in_days(last)}{filters}")
    shown = plain(page.one("div", class_="empty"))
    for sentence in said:
        assert sentence.format(first_received(database)) in shown
    assert "Aucun" not in shown
    assert "Rien ne correspond" not in shown
    assert not page.all("section", class_="answer")


@pytest.mark.parametrize("path", ["/remises", "/transactions"])
@pytest.mark.parametrize("document", [".json", "/regroupement.json"])
def test_documents_name_the_days_that_no_file_tells_of(owner, shops, database, path, document):
    """A program takes no row for no sale: the day is named."""
    missing, first = in_days(-3), in_days(-5)
    with database.writing(DatabaseRole.OWNER) as connection:
        gone = text("DELETE FROM received_day WHERE day = :missing OR day < :first")
        connection.execute(gone, {"missing": missing, "first": first})
    by = "by=day&" if document.startswith("/") else ""
    asked = f"{path}{document}?{by}date_from={in_days(-6)}&date_to={in_days(1)}"
    untold = [in_days(number).isoformat() for number in (-6, -3, 0, 1)]
    assert owner.get(asked).json["not_received"] == untold
    told = f"{path}{document}?{by}date_from={in_days(-2)}&date_to={in_days(-1)}"
    assert owner.get(told).json["not_received"] == []


@pytest.mark.parametrize("path", ["/remises", "/transactions"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_file_of_days_that_have_not_come_is_refused_and_one_that_lacks_some_says_so(
    owner, shops, database, path, kind, grouped
):
    """A heading alone, with 200, read as a day without sales."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM received_day WHERE day = :day"), {"day": in_days(-4)})
    page = f"{path}/regroupement.{kind}?by=day&" if grouped else f"{path}.{kind}?"
    day = f"{page}date_from={in_days(-4)}&date_to={in_days(-4)}"
    refusal = owner.get(day)
    assert refusal.status_code == 422
    assert f"{in_days(-4):%d/%m/%Y}" in refusal.text
    assert "Pas de fichier" in refusal.text
    assert owner.get(f"{page}date_from={in_days(1)}&date_to={in_days(2)}").status_code == 422
    with database.reading() as connection:
        exported = text("SELECT count(*) FROM journal_entry WHERE event = 'exported'")
        assert connection.scalar(exported) == 0
    with owner.get(f"{page}date_from={in_days(-5)}&date_to={in_days(-1)}") as partial:
        assert partial.status_code == 200
        assert partial.headers["Content-Disposition"].endswith(f"_incomplet.{kind}")
        if kind == "xlsx":
            words = [words for _, words in cells(partial, 2).values()]
            assert words[words.index("Jours non reçus") + 1] == f"{in_days(-4):%d/%m/%Y}"
    with owner.get(f"{page}date_from={in_days(-3)}&date_to={in_days(-3)}") as whole:
        assert whole.status_code == 200
        assert "incomplet" not in whole.headers["Content-Disposition"]


def test_a_period_says_which_of_its_days_no_file_can_tell_of(owner, shops, database):
    page = owner.page(f"/remises?date_from={in_days(-300)}&date_to={in_days(1)}")
    assert rows(page)
    assert plain(page.one("p", class_="info")) == " ".join(
        [FIRST.format(first_received(database)), TODAY, TO_COME]
    )
    assert not owner.page("/remises").all("p", class_="info")


@pytest.mark.parametrize(
    ("path", "first", "last"),
    [
        ("/remises?", -1, -1),
        ("/transactions?", -1, -1),
        ("/transactions?by=day&", -9, 0),
        ("/transactions?", -5, 0),
    ],
)
def test_a_chart_has_a_bar_of_nothing_on_received_days_alone(owner, shops, database, path, first, last):
    """A bar without height says that nothing happened: not so of days missing or before the first."""
    with database.writing(DatabaseRole.OWNER) as connection:
        gone = "DELETE FROM received_day WHERE day = :missing OR day < :first"
        connection.execute(text(gone), {"missing": in_days(-4), "first": in_days(-6)})
    page = owner.page(f"{path}date_from={in_days(first)}&date_to={in_days(last)}")
    drawn = {plain(bar) for bar in page.all("figure", class_="chart")[0].all("title")}
    days = {number: re.compile(rf"\b{in_days(number).day}(er)?\b.* :") for number in range(-9, 1)}
    assert {number for number, day in days.items() if any(map(day.search, drawn))} == {-6, -5, -3, -2, -1}


_EARLIER = """
UPDATE transaction SET occurred_on = occurred_on - 2, occurred_at = occurred_at - interval '2 days',
  occurred_local = occurred_local - interval '2 days' WHERE id = :id"""


@pytest.mark.parametrize(
    ("last", "first_received", "compared"),
    [(-1, -19, True), (-1, -4, True), (-1, -3, False), (0, -19, False)],
)
def test_only_days_that_have_all_arrived_are_compared(owner, shops, database, last, first_received, compared):
    """The first file is of one of the days before: what was taken on the others, nobody tells."""
    with database.writing(DatabaseRole.OWNER) as connection:
        ensure_partitions(connection, {"transaction": [in_days(days) for days in range(-9, 1)]})
        connection.execute(text(_EARLIER), {"id": shops[0].transaction_ids[0]})
        connection.execute(
            text("DELETE FROM received_day WHERE day < :day"), {"day": in_days(first_received)}
        )
        factories.sum_days(connection)
    page = owner.page(f"/transactions?by=application&date_from={in_days(last - 1)}&date_to={in_days(last)}")
    said = plain(page.one("main"))
    assert ("par rapport aux 2 jours précédents" in said) == compared
    days = days_in_words(in_days(last - 3), in_days(last - 2), today())
    assert (f"précédents ({days[:1].lower()}{days[1:]})" in said) == compared, "as people say them"


def in_days(number):
    return today() + timedelta(days=number)


def first_received(database):
    with database.reading(DatabaseRole.OWNER) as connection:
        return connection.scalar(text("SELECT min(day) FROM received_day"))


def test_rows_without_a_whole_day_are_not_called_no_data(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM received_day"))
    page = owner.page("/remises")
    assert rows(page)
    assert "aucune journée entière reçue" in plain(page.one("div", class_="day"))
    assert "pas encore de données" not in plain(page.one("main"))


def test_empty_lists_say_why(owner, database):
    assert "Rien ne correspond à ces filtres" in plain(owner.page("/remises?number=999999").one("main"))
    quiet = today() - timedelta(days=10)
    page = owner.page(f"/remises?date_from={quiet}&date_to={quiet}")
    assert "Aucun terminal n'a appelé" in plain(page.one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM received_day"))
    assert "Rien n'est encore arrivé" in plain(
        owner.page(f"/remises?date_from={quiet}&date_to={quiet}").one("main")
    )
    assert "pas encore de données" in plain(
        owner.page(f"/remises?date_from={quiet}&date_to={quiet}").one("main")
    )


def test_currencies_are_never_added(owner, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        night = datetime.combine(today() - timedelta(days=2), time(22, 0))
        factories.a_remittance(
            connection,
            merchant_id=shops[0].merchant_id,
            contract_id=shops[0].contract_id,
            collected_local=night,
            currency="XPF",
            debit_count=1,
            debit_amount=1500,
            net_amount=1500,
            transaction_count=1,
        )
        factories.sum_days(connection)
    page = owner.page("/remises?period=last-7-days")
    assert len(page.all("dl", class_="sums")) == 2
    assert plain(page.one("h2")).startswith("52,40 € 1 500 FCFP net · 3 remises")


@pytest.mark.parametrize(
    ("path", "what", "last"), [("/remises", "Remis en banque", -2), ("/transactions", "Net par jour", -3)]
)
def test_a_chart_says_which_days_it_shows(owner, shops, database, path, what, last):
    """October had the "31 last days" of November above it."""
    with database.writing(DatabaseRole.OWNER) as connection:
        ensure_partitions(connection, {"transaction": [in_days(last)]})
        connection.execute(text(_EARLIER), {"id": shops[0].transaction_ids[0]})
        factories.sum_days(connection)
    latest = owner.page(path).one("figure", class_="chart").one("figcaption")
    assert plain(latest).startswith(f"{what} · 14 derniers jours")
    earlier = owner.page(f"{path}?date_from={in_days(last)}&date_to={in_days(last)}")
    caption = plain(earlier.one("figure", class_="chart").one("figcaption"))
    days = days_in_words(in_days(last - 13), in_days(last), today())
    assert caption.startswith(f"{what} · {days}")


def test_a_chart_says_what_an_open_day_brings():
    """A night of a shop tells little without the usual one beside it; closed days are none."""
    bars = [Bar(in_days(-3), 1000), Bar(in_days(-2)), Bar(in_days(-1), 2001)]
    assert usual_day(bars) == 1500
    assert usual_day(bars[:2]) is None
