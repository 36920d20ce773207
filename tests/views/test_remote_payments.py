"""Remote payments on the pages: remittances without totals, what a platform alone knows, no terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from app.database.engine import DatabaseRole
from app.models import RemotePayment, Transaction
from app.rules.time_zones import today
from tests import factories
from tests.page import short
from tests.views.test_details import alerts, set_remittance, steps, verdict
from tests.views.town import plain, rows


@pytest.fixture
def platform(database, shops):
    """The shop's full remittance, made by a platform, which says more of its first payment."""
    shop = shops[0]
    set_remittance(
        database, shop, has_totals=False, seal="no_totals", number="", opened_local=None, opened_at=None
    )
    with database.writing(DatabaseRole.OWNER) as connection:
        payments = connection.execute(
            select(Transaction)
            .where(Transaction.remittance_id == shop.remittance_id)
            .order_by(Transaction.id)
        ).all()
        for place, payment in enumerate(payments):
            row = {
                **{name: getattr(payment, name) for name in ("merchant_id", "occurred_on", "reseller_id")},
                "contract_id": payment.contract_id,
                "transaction_id": payment.id,
                "number": payment.sequence_number,
                "sold_on": payment.occurred_on,
                "captured_on": payment.collected_on,
                "said_at": datetime(2026, 3, 3, tzinfo=UTC),
                "digest": "",
                "import_file_id": 0,
            }
            first = {"three_ds": "3D_SUCCESS", "card_country": "FRA", "schedule_rank": 2, "schedule_count": 3}
            connection.execute(insert(RemotePayment).values({**row, **(first if not place else {})}))
        factories.sum_days(connection)
    shop.first = payments[0]
    return shop


def test_a_remittance_of_a_platform_says_so_and_has_no_ticket(owner, platform):
    page = owner.page(f"/remises/{platform.remittance_id}")
    assert page.h1.startswith("Remise du ")
    assert verdict(page) == ("Remise faite par la plateforme", "is-good")
    assert not alerts(page)
    assert [tone for _, tone in steps(page)] == ["is-good"]
    shown = plain(page.one("main"))
    assert "aucun terminal n'a appelé" in shown
    assert "Sans totaux" in shown
    assert "Déclaré et reçu" not in shown


def test_a_remittance_of_which_an_acquirer_tells_the_sum_alone_says_so_and_no_gap(owner, database, shops):
    """It counts as at the bank; nothing is awaited of it, compared or linked that nobody delivers."""
    told = {"seal": "no_payments", "received_count": 0, "received_net": 0, "file_number": "065A6808"}
    set_remittance(database, shops[0], **told, opened_local=None, opened_at=None)
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert verdict(page) == ("Reçue par l'acquéreur, qui n'en donne que la somme", "is-good")
    assert not alerts(page)
    shown = plain(page.one("main"))
    assert "paiements non communiqués" in shown
    assert "De cette remise, l'acquéreur ne donne que la somme : elle n'a pas de ticket." in shown
    assert "Écart en nombre — Écart en montant —" in shown
    assert "Déclaré et reçu" not in shown
    assert not [a for a in page.all("a") if "transactions?" in a.get("href", "")]
    found = owner.get("/remises.json?seal=no_payments&period=last-7-days").json
    (row,) = found["rows"]
    assert (row["amount"], row["gap_amount"], row["gap_count"]) == (5240, None, None)
    assert found["totals"][0]["net"] == 5240


def test_its_money_counts_as_remitted(owner, platform):
    found = owner.get("/remises.json?seal=no_totals&period=last-7-days").json
    (row,) = found["rows"]
    assert (row["seal"], row["number"], row["status"], row["amount"]) == ("no_totals", None, "correct", 5240)
    assert found["totals"][0]["net"] == 5240
    with owner.get("/remises.csv?seal=no_totals&period=last-7-days") as response:
        content = response.get_data(as_text=True).replace("\u00a0", " ")
    assert "Sans totaux : faite par une plateforme" in content


def test_its_payments_are_found_from_it_and_it_from_them(owner, platform):
    page = owner.page(f"/remises/{platform.remittance_id}")
    (link,) = {a["href"] for a in page.all("a") if "captured_on=" in a.get("href", "")}
    assert len(owner.get(link.replace("/transactions?", "/transactions.json?")).json["rows"]) == 4
    payment = owner.page(f"/transactions/{platform.first.id}")
    assert f"/remises/{platform.remittance_id}" in [
        short(a.get("href", "")) for a in payment.one("main").all("a")
    ]


def test_a_payment_has_what_its_platform_alone_knows(owner, platform):
    shown = plain(owner.page(f"/transactions/{platform.first.id}").one("main"))
    for words in ("Paiement à distance", "Porteur authentifié", "FRA", "2/3", "Remis le"):
        assert words in shown
    row = owner.get(f"/transactions.json?captured_on={platform.first.collected_on}").json["rows"][-1]
    assert {"captured_on", "three_ds", "card_country", "schedule"} <= set(row)
    assert not owner.get("/transactions.json?captured_on=2001-01-01").json["rows"]
    assert owner.get("/transactions.json?captured_on=yesterday").status_code == 422


def test_a_merchant_without_any_sees_nothing_of_it(owner, shops):
    assert "captured_on" not in owner.get("/transactions.json").json["rows"][0]
    assert "Paiement à distance" not in plain(
        owner.page(f"/transactions/{shops[0].transaction_ids[0]}").one("main")
    )


def test_what_is_not_captured_waits_and_is_no_failure(owner, platform, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE transaction SET remitted = false"))
    set_remittance(database, platform, status="incomplete", number="-")
    page = owner.page(f"/remises/{platform.remittance_id}")
    assert page.h1.startswith("Paiements du ")
    assert verdict(page) == ("Pas encore remis par la plateforme", "is-warn")
    assert len(alerts(page)) == 1
    night = owner.page(
        f"/remises?date_from={today() - timedelta(days=1)}&date_to={today() - timedelta(days=1)}"
    )
    assert "n'est pas encore faite par la plateforme" in plain(night.one("main"))
    row = owner.get("/remises.json?number=-&period=last-7-days").json["rows"][0]
    assert row["status"] == "incomplete"


def test_what_has_nothing_to_capture_says_so_in_its_row(owner, platform, database):
    """A row of two declined payments and 0,00 € said nothing, beside others that are "Correcte"."""
    set_remittance(
        database, platform, status="incomplete", number="-", debit_count=0, refund_count=0, net_amount=0
    )
    (row,) = [
        row for row in rows(owner.page("/remises?period=last-7-days")) if "rien à remettre" in plain(row)
    ]
    assert "is-bad" not in row["class"].split()


def test_what_is_not_captured_has_no_number_anywhere_and_is_found_all_the_same(owner, platform, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE transaction SET remitted = false"))
    set_remittance(database, platform, status="incomplete", number="-")
    for path, name in (("/remises", "number"), ("/transactions", "remittance")):
        rows = owner.get(f"{path}.json?period=last-7-days").json["rows"]
        assert None in {row[name] for row in rows}
        with owner.get(f"{path}.csv?period=last-7-days") as response:
            lines = [line.split(";") for line in response.data.decode("utf-8-sig").splitlines()]
        numbers = [line[lines[0].index("N° de remise")] for line in lines[1:]]
        assert len(numbers) == len(rows)
        assert not [number for number in (*numbers, *(row[name] for row in rows)) if number and "-" in number]
    remittance, payment = f"/remises/{platform.remittance_id}", f"/transactions/{platform.first.id}"
    shown = owner.page(payment)
    for page in (shown, owner.page(remittance)):
        assert not [button for button in page.all("button") if "remise" in button.get("aria-label", "")]
    (link,) = {a["href"] for a in shown.one("main").all("a") if plain(a) == "Voir la remise"}
    assert short(link) == remittance
    assert "Voir la remise" in plain(owner.page("/transactions").one("main"))
    (all_of_it,) = {
        a["href"] for a in owner.page(remittance).all("a") if "state=pending" in a.get("href", "")
    }
    assert len(owner.get(all_of_it.replace("/transactions?", "/transactions.json?")).json["rows"]) == 4


@pytest.mark.parametrize("number", ["065A6808", "0123456789ABCDEF0123456789ABCDEF012"])
def test_long_numbers_of_remittances_can_be_asked_for(owner, number):
    for path in (f"/remises.json?number={number}", f"/transactions.json?remittance={number}"):
        assert owner.get(path).status_code == 200
    assert owner.get(f"/remises.json?number={number}{'0' * 35}").status_code == 422


def test_digits_that_no_terminal_numbers_with_are_refused_without_a_platform(owner, shops):
    for path in ("/remises.json?number=", "/remises.csv?number=", "/transactions.json?remittance="):
        assert owner.get(path + "12345678901").status_code == 422
    assert owner.get("/remises.json?number=000 417").status_code == 200
    assert "6 caractères au plus" in plain(owner.page("/remises?number=12345678901").one("main"))


def test_a_platform_numbers_with_more_digits(owner, platform):
    for path in ("/remises.json?number=", "/transactions.json?remittance="):
        assert owner.get(path + "12345678901").status_code == 200
