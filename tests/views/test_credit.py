"""Credits on the pages: where there is a bank, for whoever may see it, and nowhere else."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Role
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import heads, let_in, plain


@pytest.fixture
def alpha(database, shops):
    """ALPHA, whose remittance of last night was credited today, short of one euro."""
    shop = shops[0]
    own = {"merchant_id": shop.merchant_id}
    with database.writing(DatabaseRole.OWNER) as connection:
        own["bank_account_id"] = connection.scalar(
            text("SELECT id FROM bank_account WHERE merchant_id = :id"), {"id": shop.merchant_id}
        )
        statement_id = money_factories.a_bank_statement(connection, **own)
        movement_id = money_factories.a_bank_movement(
            connection, **own, bank_statement_id=statement_id, amount=5140, booked_on=today()
        )
        money_factories.a_credit_link(
            connection,
            merchant_id=shop.merchant_id,
            bank_movement_id=movement_id,
            booked_on=today(),
            remittance_id=shop.remittance_id,
        )
        connection.execute(
            text(
                "UPDATE remittance SET credit = 'differs', credited_on = :day, credit_gap = 100"
                " WHERE merchant_id = :merchant AND id = :id"
            ),
            {"day": today(), "merchant": shop.merchant_id, "id": shop.remittance_id},
        )
        factories.sum_days(connection)
    return shop


def page_of(app, database, shop, role):
    """The detail of the remittance as somebody of that role sees it."""
    browser = app.test_client()
    let_in(database, f"{role}@credit.example", shop.marker, role)
    browser.sign_in(f"{role}@credit.example")
    return browser, browser.page(f"/remises/{shop.remittance_id}")


def test_a_gap_is_a_badge_a_filter_and_a_line_beside_the_net(owner, alpha):
    page = owner.page("/remises?credit=differs")
    assert "Crédité avec écart" in plain(page.one("main"))
    assert "Dont crédité avec écart 52,40 €" in plain(page.one("main"))
    assert "52,40" not in plain(owner.page("/remises?credit=late").one("main"))


def test_what_a_bank_credited_within_some_days_is_asked_for(owner, alpha):
    """As a statement of the bank is read: by the day of the credit, not by that of the call."""
    day, before = today(), today() - timedelta(days=1)
    for asked, found in {
        f"credited_on={day}": 1,
        f"credited_on={before}": 0,
        f"credited_on_from={before}&credited_on_to={day}": 1,
        f"credited_on_to={before}": 0,
    }.items():
        assert owner.get(f"/remises.json?{asked}").json["count"] == found, asked
    page = owner.page(f"/remises?credited_on_from={before}")
    assert f"à partir du {before:%d/%m/%Y}" in plain(page.one("main"))
    (first,) = [e for e in page.one("form", id="filters").all("input") if e["name"] == "credited_on_from"]
    assert (first["type"], first["value"]) == ("date", before.isoformat())
    assert owner.get("/remises.json?credited_on_from=soon").status_code == 422


def test_the_day_of_a_credit_is_a_column_once_a_row_of_the_selection_has_one(owner, alpha, database):
    """The morning after it stood empty over every row, for a bank credits later."""
    assert "Crédité le" in heads(owner.page("/remises"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE remittance SET credit = 'expected', credited_on = NULL, credit_gap = NULL")
        )
        factories.sum_days(connection)
    page = owner.page("/remises")
    assert page.one(class_="sheet")
    assert "Crédité le" not in heads(page)
    assert heads(owner.page("/remises?columns=credited_on")) == ["Crédité le"], "who chose it has it"


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("credited", ("Créditée par la banque {day}", "is-good")),
        ("differs", ("Créditée par la banque, avec un écart {day}", "is-warn")),
        ("announced", ("Règlement annoncé par l'acquéreur {by}", "is-plain")),
        ("expected", ("Crédit de la banque attendu au plus tard le {by}", "is-plain")),
        ("late", ("Non créditée par la banque, attendue le {by}", "is-bad")),
        ("not_expected", None),
        ("unknown", None),
    ],
)
def test_whether_the_bank_credited_it_is_the_last_step_for_whoever_sees_it(app, database, alpha, state, step):
    """It is what every look at a remittance asks: a viewer reads it without opening all fields."""
    by = today() + timedelta(days=3)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE remittance SET credit = :state, expected_by = :by WHERE id = :id"),
            {"state": state, "by": by, "id": alpha.remittance_id},
        )
    _, page = page_of(app, database, alpha, Role.VIEWER)
    steps = [(plain(one), one.classes[0]) for one in page.one("ol", class_="course").all("li")]
    own = steps[3:]
    if step is None:
        assert own == []
    else:
        words, tone = step
        assert own == [(words.format(day=f"{today():%d/%m}", by=f"{by:%d/%m}"), tone)]


def test_finance_sees_the_line_of_the_bank_and_why(app, database, alpha):
    _, page = page_of(app, database, alpha, Role.FINANCE)
    shown = plain(page.one("main"))
    assert "Ligne de la banque" in shown
    assert "51,40 €" in shown
    assert "même n° de remise et même montant" in shown


def test_what_the_bank_took_off_is_told_to_finance_alone(app, database, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        said = {"id": alpha.remittance_id}
        connection.execute(
            text("UPDATE credit_link SET group_fee = 321, rule = 'contract_fees' WHERE remittance_id = :id"),
            said,
        )
    for role, is_told in ((Role.FINANCE, True), (Role.VIEWER, False)):
        _, page = page_of(app, database, alpha, role)
        shown = plain(page.one("main"))
        assert ("Commission retenue 3,21 €" in shown) is is_told
        assert ("3,21" in shown) is is_told
    assert "la somme d’un jour du contrat" not in shown


def test_a_viewer_sees_the_state_and_nothing_of_the_bank(app, database, alpha):
    _, page = page_of(app, database, alpha, Role.VIEWER)
    shown = plain(page.one("main"))
    assert "Crédité avec écart" in shown
    assert "Ligne de la banque" not in shown
    assert "Écart du crédit" not in shown
    assert "51,40" not in shown


def test_a_fleet_manager_exports_no_gap(app, database, alpha):
    browser, _ = page_of(app, database, alpha, Role.FLEET)
    (row,) = browser.get("/remises.json?credit=differs").get_json()["rows"]
    assert row["credit"] == "differs"
    assert "credit_gap" not in row


def test_a_merchant_without_a_bank_sees_nothing_of_it(app, shops):
    browser = app.test_client()
    browser.sign_in(shops[1].email)
    assert "Crédit bancaire" not in plain(browser.page("/remises").one("main"))
    assert browser.get("/remises.json?credit=late").status_code == 422
    document = browser.get("/remises.json").get_json()
    assert not [name for name in document["rows"][0] if name.startswith("credit")]
    assert "credit" not in document["totals"][0].get("apart", {})


LOOKING = "staff@credit.example"


@pytest.mark.parametrize("who", [Role.VIEWER, Role.FLEET, Role.FINANCE, LOOKING])
def test_only_whoever_may_see_the_bank_is_told_the_gap_on_a_page_or_in_a_file(app, database, alpha, who):
    browser, may = app.test_client(), who == Role.FINANCE
    email = LOOKING if who == LOOKING else f"{who}@credit.example"
    if who == LOOKING:
        let_staff_in(database, email, "demo")
    else:
        let_in(database, email, alpha.marker, who)
    sign_in(browser, email)
    if who == LOOKING:
        browser.post_form(f"/gestion/commercants/{alpha.merchant_id}/regarder")
    said = plain(browser.page(alpha.at(f"/remises/{alpha.remittance_id}")).one("main"))
    assert [words in said for words in ("Écart du crédit", "Ligne de la banque", "51,40")] == [may] * 3
    assert "Écart du crédit" not in plain(browser.page(alpha.at("/remises")).one("main"))
    if who == Role.VIEWER:
        return
    with browser.get(alpha.at("/remises.csv")) as file:
        assert ("Écart du crédit" in file.text) is may
    with browser.get(alpha.at("/remises.xlsx")) as file, ZipFile(BytesIO(file.data)) as book:
        assert any("Écart du crédit" in book.read(name).decode() for name in book.namelist()) is may
    with browser.get(alpha.at("/remises/regroupement.csv?by=outlet")) as file:
        assert "Écart" not in file.text
    assert ("credit_gap" in browser.get(alpha.at("/remises.json")).json["rows"][0]) is may
    assert browser.get(alpha.at("/remises.json?credit_gap=1")).status_code == 422


def test_a_line_that_credits_more_than_one_may_see_is_shown_without_its_amount(app, database, alpha):
    """The amount is the sum of them: it would tell what the shops next door took."""
    with database.writing(DatabaseRole.OWNER) as connection:
        own = {"merchant_id": alpha.merchant_id}
        other = factories.a_contract(connection, **own, number="4242424")
        night = datetime.combine(today() - timedelta(days=1), time(23, 0))
        remittance_id = factories.a_remittance(connection, **own, contract_id=other, collected_local=night)
        number = connection.scalar(
            text("SELECT number FROM contract WHERE id = :id"), {"id": alpha.contract_id}
        )
    let_in(database, "one@credit.example", alpha.marker, Role.FINANCE, contracts=[number])
    let_in(database, "all@credit.example", alpha.marker, Role.FINANCE)
    browsers = {name: app.test_client() for name in ("one", "all")}
    for name, browser in browsers.items():
        browser.sign_in(f"{name}@credit.example")
        assert "51,40" in plain(browser.page(f"/remises/{alpha.remittance_id}").one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        movement_id = connection.scalar(
            text("SELECT bank_movement_id FROM credit_link WHERE remittance_id = :id"),
            {"id": alpha.remittance_id},
        )
        money_factories.a_credit_link(
            connection,
            **own,
            bank_movement_id=movement_id,
            booked_on=today(),
            remittance_id=remittance_id,
            collected_on=night.date(),
        )
    said = {
        name: plain(browser.page(f"/remises/{alpha.remittance_id}").one("main"))
        for name, browser in browsers.items()
    }
    assert "51,40" in said["all"]
    assert "51,40" not in said["one"]
    assert "crédit de 2 remises" in said["one"]
    assert "Créditées avec cette remise" not in said["one"]


@pytest.mark.parametrize("who", [Role.VIEWER, Role.FINANCE])
def test_whoever_sees_the_state_is_led_to_what_was_credited_together(app, database, alpha, who):
    """By the same line of the bank once it is certain, without any amount of that line."""
    _, page = page_of(app, database, alpha, who)
    assert "Créditées avec cette remise" not in plain(page.one("main"))
    own = {"merchant_id": alpha.merchant_id}
    night = datetime.combine(today() - timedelta(days=1), time(23, 0))
    with database.writing(DatabaseRole.OWNER) as connection:
        other = factories.a_remittance(
            connection, **own, contract_id=alpha.contract_id, collected_local=night, number="000777"
        )
        movement_id = connection.scalar(text("SELECT bank_movement_id FROM credit_link"))
        link = {**own, "bank_movement_id": movement_id, "remittance_id": other}
        dates = {"booked_on": today(), "collected_on": night.date()}
        money_factories.a_credit_link(connection, **link, **dates, certainty="proposed")
    browser = app.test_client()
    browser.sign_in(f"{who}@credit.example")
    address = f"/remises/{alpha.remittance_id}"
    assert "Créditées avec cette remise" not in plain(browser.page(address).one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE credit_link SET certainty = 'certain'"))
    page = browser.page(address)
    (section,) = [one for one in page.all("section") if one.get("aria-labelledby") == "section-together"]
    assert "Remise n° 000777" in plain(section)
    (way,) = section.all("a")
    assert way["href"].endswith(f"/remises/{other}")
    assert ("51,40" in plain(page.one("main"))) is (who == Role.FINANCE)


def test_whoever_may_confirm_a_proposed_credit_reads_it_and_asks_for_it(app, database, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "UPDATE remittance SET credit = 'expected', credit_proposed = true, credited_on = NULL,"
                " credit_gap = NULL WHERE id = :id"
            ),
            {"id": alpha.remittance_id},
        )
        connection.execute(
            text("UPDATE credit_link SET certainty = 'proposed' WHERE remittance_id = :id"),
            {"id": alpha.remittance_id},
        )
        factories.sum_days(connection)
    finance, page = page_of(app, database, alpha, Role.FINANCE)
    said = plain(page.one("main"))
    assert "Crédit à confirmer Une ligne de la banque est peut-être son crédit" in said
    assert [plain(way) for way in page.all("a") if way.get("href", "").endswith("/a-traiter")] == [
        "Confirmer ou rejeter"
    ]
    asked = "credit_proposal=open"
    assert "Crédit à confirmer" in plain(finance.page(f"/remises?{asked}").one("main"))
    (row,) = finance.get(f"/remises.json?{asked}").get_json()["rows"]
    assert (row["credit"], row["credit_proposal"]) == ("expected", "open")
    with finance.get(f"/remises.csv?{asked}") as file:
        assert ";Crédit attendu;Crédit à confirmer;" in file.text
    fleet, page = page_of(app, database, alpha, Role.FLEET)
    assert "à confirmer" not in plain(page.one("main"))
    assert "à confirmer" not in plain(fleet.page("/remises").one("main"))
    assert fleet.get(f"/remises.json?{asked}").status_code == 422


def test_a_proposal_is_the_last_step_of_a_batch_for_whoever_may_confirm_it(app, database, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "UPDATE remittance SET credit = 'expected', credit_proposed = true, credit_gap = NULL"
                " WHERE merchant_id = :m AND id = :r"
            ),
            {"m": alpha.merchant_id, "r": alpha.remittance_id},
        )
    _, seen = page_of(app, database, alpha, Role.FINANCE)
    assert "Crédit de la banque à confirmer" in plain(seen.one("ol", class_="course"))
    _, seen = page_of(app, database, alpha, Role.VIEWER)
    assert "Crédit de la banque attendu" in plain(seen.one("ol", class_="course"))
