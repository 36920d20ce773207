"""What of a merchant's money is to look into: for whoever may see the bank, and deciding on proposals."""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.models import DeskTask, Role
from app.rules.time_zones import today
from app.views import deciding
from app.wording.days import month_and_year
from importers import desk
from tests import factories, money_factories
from tests.views.town import let_in, plain, table_rows

PAGE = "/a-traiter"


@pytest.fixture
def alpha(database, shops):
    """ALPHA, whose remittance a line may credit; the statement before it is missing, one has no balance."""
    shop = shops[0]
    own = {"merchant_id": shop.merchant_id}
    with database.writing(DatabaseRole.OWNER) as connection:
        own["bank_account_id"] = connection.scalar(
            text("SELECT id FROM bank_account WHERE merchant_id = :id"), {"id": shop.merchant_id}
        )
        connection.execute(
            text("DELETE FROM bank_statement WHERE merchant_id = :id"), {"id": shop.merchant_id}
        )
        days = {"opened_on": today() - timedelta(days=9), "closed_on": today() - timedelta(days=8)}
        money_factories.a_bank_statement(connection, **own, **days, closing=1)
        between = dict.fromkeys(days, today() - timedelta(days=5))
        notified = {"opening": None, "closing": None, "proven": False, "notification": "1" * 64}
        money_factories.a_bank_statement(connection, **own, **between, **notified)
        statement_id = money_factories.a_bank_statement(
            connection, **own, opened_on=today() - timedelta(days=1), closed_on=today()
        )
        movement_id = money_factories.a_bank_movement(
            connection, **own, bank_statement_id=statement_id, amount=5240, booked_on=today()
        )
        row = connection.execute(
            text("SELECT collected_on FROM remittance WHERE merchant_id = :m AND id = :r"),
            {"m": shop.merchant_id, "r": shop.remittance_id},
        ).one()
        money_factories.a_credit_link(
            connection,
            merchant_id=shop.merchant_id,
            bank_movement_id=movement_id,
            booked_on=today(),
            remittance_id=shop.remittance_id,
            collected_on=row.collected_on,
            amount=5240,
            rule="equal_amount",
            certainty="proposed",
        )
        connection.execute(
            text(
                "UPDATE remittance SET credit = 'late', expected_by = :day WHERE merchant_id = :m AND id = :r"
            ),
            {"day": today(), "m": shop.merchant_id, "r": shop.remittance_id},
        )
        factories.sum_days(connection)
    shop.movement_id = movement_id
    return shop


def as_role(app, database, shop, role, **limits):
    browser = app.test_client()
    let_in(database, f"{role}@items.example", shop.marker, role, **limits)
    browser.sign_in(f"{role}@items.example")
    return browser


def test_finance_sees_what_is_late_missing_and_to_confirm(app, database, alpha):
    finance = as_role(app, database, alpha, Role.FINANCE)
    shown = plain(finance.page(PAGE).one("main"))
    assert "Crédit à confirmer 1 · 52,40 €" in shown
    assert "52,40 €" in shown
    assert "Non crédité 1 · 52,40 €" in shown
    assert "Relevé manquant 1" in shown
    waiting = len(finance.get(f"{PAGE}.json").json["rows"])
    assert waiting == 3
    for page in ("/remises", "/transactions?foo=1", "/transactions"):
        ways = [plain(way) for way in finance.page(page).all("a") if way.get("href", "").endswith(PAGE)]
        assert ways in ([], [f"À traiter {waiting}"])
    assert f"À traiter {waiting}" in plain(finance.page("/remises").one("main"))


@pytest.fixture
def short(database, alpha):
    """A line of half of what is late, of the same contract; too old a one, another's, an explained one."""
    with database.writing(DatabaseRole.OWNER) as connection:
        contract, account_id, statement_id = connection.execute(
            text(
                "SELECT c.number, m.bank_account_id, m.bank_statement_id FROM remittance r JOIN contract c"
                " ON c.merchant_id = r.merchant_id AND c.id = r.contract_id JOIN bank_movement m"
                " ON m.merchant_id = r.merchant_id AND m.id = :line WHERE r.merchant_id = :m AND r.id = :r"
            ),
            {"line": alpha.movement_id, "m": alpha.merchant_id, "r": alpha.remittance_id},
        ).one()
        lines = ((2620, 0, contract), (2630, 60, contract), (2640, 0, "1111111"), (2650, 0, contract))
        for rank, (amount, days, number) in enumerate(lines, start=1):
            line = money_factories.a_bank_movement(
                connection,
                merchant_id=alpha.merchant_id,
                bank_account_id=account_id,
                bank_statement_id=statement_id,
                amount=amount,
                booked_on=today() - timedelta(days=days),
                contract_number=number,
                rank=rank,
            )
        explained = {"booked_on": today(), "collected_on": today(), "amount": 2650}
        money_factories.a_credit_link(
            connection, merchant_id=alpha.merchant_id, bank_movement_id=line, **explained
        )
    return contract


def test_finance_sees_what_came_beside_what_is_late(app, database, alpha, short):
    """The bank credited half: the remittance is late, and this is what it is to be asked about."""
    finance = as_role(app, database, alpha, Role.FINANCE)
    shown = plain(finance.page(PAGE).one("main"))
    assert "Ligne de la banque qui n'explique aucune remise 1 · 26,20 €" in shown
    assert "nomme le contrat d'une remise non créditée" in shown.lower()
    rows = finance.get(f"{PAGE}.json").json["rows"]
    assert [row["contract"] for row in rows if row["amount"] == 26_20] == [short]
    assert not {26_30, 26_40, 26_50} & {row["amount"] for row in rows}
    assert f"À traiter {len(rows)}" in plain(finance.page("/remises").one("main"))


@pytest.mark.parametrize("limit", ["that contract", "another contract", "its outlet", "another outlet"])
def test_what_came_beside_is_told_to_whoever_may_see_its_contract(app, database, alpha, short, limit):
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_contract(
            connection,
            merchant_id=alpha.merchant_id,
            outlet_id=factories.an_outlet(connection, merchant_id=alpha.merchant_id, siret="99999999800019"),
            number="4242424",
        )
        siret = connection.scalar(
            text(
                "SELECT siret FROM outlet o JOIN contract c ON c.merchant_id = o.merchant_id"
                " AND c.outlet_id = o.id WHERE c.merchant_id = :m AND c.number = :number"
            ),
            {"m": alpha.merchant_id, "number": short},
        )
    limits = {
        "that contract": {"contracts": [short]},
        "another contract": {"contracts": ["4242424"]},
        "its outlet": {"outlets": [siret]},
        "another outlet": {"outlets": ["99999999800019"]},
    }
    finance = as_role(app, database, alpha, Role.FINANCE, **limits[limit])
    told = [row["contract"] for row in finance.get(f"{PAGE}.json").json["rows"] if row["amount"] == 26_20]
    assert told == ([] if limit.startswith("another") else [short])


def test_the_way_to_last_month_is_there_on_every_screen(owner, database, alpha):
    """A month is closed on a phone too, whether anything waits or nothing does."""

    def ways():
        line = owner.page("/remises").one("p", class_="strip-more")
        assert "wide-only" not in [line["class"], *(way["class"] for way in line.all("a"))]
        return [plain(way).partition(" ")[0] for way in line.all("a")]

    assert ways() == ["À", "Banque", "Rapprocher"]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET credit = 'credited'"))
        for table in ("credit_link", "bank_statement"):
            connection.execute(text(f"DELETE FROM {table}"))
    assert ways() == ["Banque", "Rapprocher"]


@pytest.fixture
def older(database, alpha):
    """A remittance of the month before last that is late, and a chargeback of it; the month of both."""
    day = (today().replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=5)
    with database.writing(DatabaseRole.OWNER) as connection:
        own = {"merchant_id": alpha.merchant_id}
        contract = text("SELECT contract_id FROM remittance WHERE merchant_id = :m AND id = :r")
        factories.a_remittance(
            connection,
            **own,
            contract_id=connection.scalar(contract, {"m": alpha.merchant_id, "r": alpha.remittance_id}),
            collected_local=datetime.combine(day, time(22)),
            number="000777",
            debit_amount=3300,
            net_amount=3300,
            credit="late",
            expected_by=day + timedelta(days=7),
        )
        due = today() + timedelta(days=3)
        money_factories.a_chargeback(connection, **own, stage="notice", noticed_on=day, due_on=due)
    return f"{day:%Y-%m}"


def of_proposal(owner):
    """The month of the remittance that a line of today may credit."""
    return next(row["day"][:7] for row in owner.get(f"{PAGE}.json").json["rows"] if row["amount"] == 52_40)


def test_what_is_open_is_shown_and_written_of_one_month(owner, alpha, older):
    """All of it is there unless a month is asked for, and each item stands in a month that is offered."""
    page = owner.page(PAGE)
    every = owner.get(f"{PAGE}.json").json["rows"]
    periods = page.one("nav", **{"aria-label": "Périodes"}).all("a")
    assert plain(periods[0]) == "Tout ce qui est ouvert"
    assert periods[0].get("aria-current") == "true"
    found = {way["href"].partition("month=")[2]: way for way in periods[1:]}
    parts = {month: owner.get(f"{PAGE}.json?month={month}").json["rows"] for month in found}
    stood = [row for rows in parts.values() for row in rows if row["kind"] != "statement_missing"]
    assert len(stood) == len([row for row in every if row["kind"] != "statement_missing"])
    assert all(row in every for row in stood)
    # The days that lack a statement may be of two months: each of them lacks it.
    assert all(any(row in rows for rows in parts.values()) for row in every)
    assert sorted(row["kind"] for row in parts[older]) == ["chargeback", "late"]
    asked = owner.page(f"{PAGE}?month={older}")
    assert "Non crédité 1 · 33,00 €" in plain(asked.one("main"))
    assert "Crédit à confirmer" not in plain(asked.one("main"))
    with owner.get(f"{PAGE}.csv?month={older}") as file:
        assert older in file.headers["Content-Disposition"]
        assert len(file.text.splitlines()) == 3
    recent = of_proposal(owner)
    answer = owner.page(f"{PAGE}?month={recent}").one("form", class_="actions")
    assert answer["action"].endswith(f"{PAGE}?month={recent}")


def test_the_way_from_a_closed_month_leads_to_what_is_open_of_it(owner, alpha, older):
    """What waits in all is not counted there: of the month that is closed it may be less."""
    first = date.fromisoformat(f"{older}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def way(last):
        page = owner.page(f"/remises?date_from={first}&date_to={last}&by=credit_reason")
        return next(link for link in page.all("a", class_="way") if "traiter" in plain(link))

    assert way(last)["href"].endswith(f"{PAGE}?month={older}")
    assert plain(way(last)) == "À traiter"
    assert way(last - timedelta(days=1))["href"].endswith(PAGE)
    assert plain(way(last - timedelta(days=1))) == "À traiter 5"


def test_the_journal_names_the_month_of_a_file(owner, alpha, older):
    for asked in (f"?month={older}", ""):
        with owner.get(f"{PAGE}.csv{asked}"):
            owner.get(f"{PAGE}.json{asked}")
    every, _, of_month, _ = [plain(row) for row in table_rows(owner.page("/journal"))][:4]
    month = month_and_year(date.fromisoformat(f"{older}-01"))
    assert "5 lignes : tout ce qui est ouvert" in every
    assert f"2 lignes : {month}" in of_month


def test_a_decision_comes_back_to_the_month_that_was_looked_at(owner, alpha, older):
    month = of_proposal(owner)
    data = {"line": str(alpha.movement_id), "verdict": "rejected"}
    onward = owner.post_form(f"{PAGE}?month={month}", **data).location
    assert f"month={month}" in onward
    assert "Rejeté" in plain(owner.page(onward).one("main"))


@pytest.mark.parametrize("month", ["2026-13", "octobre", "1999-01", "2026-1"])
def test_a_month_that_is_none_shows_nothing_of_another(owner, alpha, month):
    page = owner.page(f"{PAGE}?month={month}")
    assert "52,40" not in plain(page.one("main"))
    assert "Choisissez une des valeurs de la liste" in plain(page.one("main"))
    assert owner.get(f"{PAGE}.json?month={month}").status_code == 422
    assert owner.post_form(f"{PAGE}?month={month}", line="1", verdict="rejected").status_code == 400


def test_what_a_bank_credits_together_is_one_line_and_leads_to_its_remittances(owner, database, alpha):
    """Two remittances of a contract and day that are late: their sum, and the list of the two."""
    with database.writing(DatabaseRole.OWNER) as connection:
        row = connection.execute(
            text("SELECT contract_id, collected_local FROM remittance WHERE merchant_id = :m AND id = :r"),
            {"m": alpha.merchant_id, "r": alpha.remittance_id},
        ).one()
        factories.a_remittance(
            connection,
            merchant_id=alpha.merchant_id,
            contract_id=row.contract_id,
            collected_local=row.collected_local,
            number="000999",
            debit_amount=1000,
            net_amount=1000,
        )
        connection.execute(text("UPDATE remittance SET credit = 'late' WHERE number = '000999'"))
    (late,) = [one for one in owner.get(f"{PAGE}.json").json["rows"] if one["kind"] == "late"]
    assert (late["amount"], len(late["numbers"])) == (6240, 2)
    assert "Non crédité 1 · 62,40 €" in plain(owner.page(PAGE).one("main"))
    day = row.collected_local.date()
    address = f"credit=late&amp;date_from={day}&amp;date_to={day}"
    assert address in owner.get(PAGE).get_data(as_text=True)


def test_nobody_else_sees_it_nor_the_way_there(app, database, alpha):
    viewer = as_role(app, database, alpha, Role.VIEWER)
    assert viewer.get(PAGE).status_code == 403
    assert "À traiter" not in plain(viewer.page("/remises").one("main"))


def test_a_merchant_without_a_bank_has_nothing_of_it(owner, database, shops):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM bank_account"))
    assert owner.get(PAGE).status_code == 404
    assert "À traiter" not in plain(owner.page("/remises").one("main"))


def test_the_files_hold_the_same(owner, alpha):
    with owner.get(f"{PAGE}.csv") as response:
        rows = list(csv.reader(StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    document = owner.get(f"{PAGE}.json").json
    assert [row[0] for row in rows[1:]] == ["Non crédité", "Crédit à confirmer", "Relevé manquant"]
    assert [row["kind"] for row in document["rows"]] == ["late", "proposed", "statement_missing"]
    assert document["rows"][1]["amount"] == 5240
    assert rows[2][6] == "52,40"
    with owner.get(f"{PAGE}.xlsx") as response, ZipFile(BytesIO(response.data)) as book:
        assert "Crédit à confirmer" in book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_in_one_language_whoever_takes_it(owner, alpha, kind):
    with owner.get(f"{PAGE}.{kind}") as in_french:
        own = in_french.data
    owner.set_cookie("lang", "en")
    assert "The same amount" in plain(owner.page(PAGE).one("main"))
    with owner.get(f"{PAGE}.{kind}") as in_english:
        assert cells(kind, in_english.data) == cells(kind, own)


def cells(kind, content):
    """The words of a file."""
    if kind == "csv":
        return content
    return ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("asked", ["foo=1", "period=yesterday", "done=nothing", "done=a&done=b"])
def test_what_is_not_understood_is_refused(owner, alpha, asked):
    page = owner.page(f"{PAGE}?{asked}")
    assert page.one("main").one("p", role="alert").text
    assert "Rien à traiter" not in page.text
    assert not page.all("section")
    for kind in ("csv", "xlsx", "json"):
        answer = owner.get(f"{PAGE}.{kind}?{asked}")
        assert answer.status_code == 422
        assert asked.partition("=")[0] in answer.text


def test_a_confirmed_proposal_is_asked_of_the_worker_and_journalled(owner, database, alpha, tmp_path):
    response = owner.post_form(PAGE, line=str(alpha.movement_id), verdict="confirmed")
    assert response.status_code == 303
    page = owner.page(PAGE)
    assert "décidé, en cours" in plain(page.one("main"))
    with database.reading() as connection:
        task = connection.execute(select(DeskTask.id, DeskTask.kind, DeskTask.merchant_id)).one()
    assert (task.kind, task.merchant_id) == ("decide", alpha.merchant_id)
    desk.perform(database, tmp_path, task.id)
    with database.reading(DatabaseRole.OWNER) as connection:
        assert connection.scalar(text("SELECT verdict FROM credit_decision")) == "confirmed"
    assert "A confirmé un crédit de la banque" in plain(owner.page("/journal").one("main"))


def proposed_besides(database, number):
    """The ids of as many lines more that are proposed for the same reason."""
    with database.writing(DatabaseRole.OWNER) as connection:
        line = connection.execute(text("SELECT * FROM bank_movement")).one()
        link = connection.execute(text("SELECT * FROM credit_link")).one()
        others = [
            money_factories.a_bank_movement(
                connection,
                merchant_id=line.merchant_id,
                bank_account_id=line.bank_account_id,
                bank_statement_id=line.bank_statement_id,
                rank=line.rank + 1 + place,
                amount=line.amount,
                booked_on=line.booked_on,
            )
            for place in range(number)
        ]
        for other in others:
            money_factories.a_credit_link(connection, **link._asdict() | {"bank_movement_id": other})
    return others


def test_five_of_a_kind_are_in_sight_and_the_rest_a_tap_away(owner, database, alpha):
    proposed_besides(database, 4)
    main = owner.page(PAGE).one("main")
    assert len(main.all("li", class_="person")) == 5
    assert not main.all("details")


def test_what_is_folded_can_be_answered_as_well(owner, database, alpha):
    others = proposed_besides(database, 7)
    main = owner.page(PAGE).one("main")
    assert plain(main.one("details").one("summary")) == "3 autres"
    assert len(main.one("details").all("li", class_="person")) == 3
    lines = {
        one["value"] for item in main.all("li", class_="person") for one in item.all("input", name="line")
    }
    assert lines == {str(alpha.movement_id), *map(str, others)}


def test_several_lines_are_confirmed_at_once_or_none_of_them(owner, database, alpha):
    """A second line is proposed for the same reason; with one among them that is none, nothing is decided."""
    (other,) = proposed_besides(database, 1)
    assert "Confirmer les 2" in plain(owner.page(PAGE).one("main"))
    lines = [str(alpha.movement_id), str(other)]
    assert owner.post_form(PAGE, line=[*lines, "1"], verdict="confirmed").status_code == 404
    with database.reading() as connection:
        assert connection.scalar(select(DeskTask.id)) is None
    assert owner.post_form(PAGE, line=lines, verdict="confirmed").status_code == 303
    with database.reading() as connection:
        (decided,) = connection.scalars(select(DeskTask.details)).all()  # matched once, not once a line
    assert {str(one) for one in decided["bank_movement_ids"]} == set(lines)
    assert "Confirmer les 2" not in plain(owner.page(PAGE).one("main"))  # both are under way


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"line": "1", "verdict": "confirmed"}, 404),
        ({"line": "x", "verdict": "confirmed"}, 400),
        ({"verdict": "confirmed"}, 400),
        ({"line": "1", "verdict": "credited"}, 400),
    ],
)
def test_what_is_no_proposal_is_not_decided(owner, database, alpha, form, status):
    assert owner.post_form(PAGE, **form).status_code == status
    with database.reading() as connection:
        assert connection.scalar(select(DeskTask.id)) is None


def chargeback(database, shop, **values):
    """A debit of the bank of ALPHA's contract, yesterday, which three sales may be of."""
    with database.writing(DatabaseRole.OWNER) as connection:
        number = connection.scalar(
            text("SELECT number FROM contract WHERE merchant_id = :m"), {"m": shop.merchant_id}
        )
        own = {"contract_number": number, "noticed_on": today() - timedelta(days=1), "sold_on": None}
        row = {**own, "rule": "amount", "candidates": 3, "transaction_id": None, "occurred_on": None}
        return money_factories.a_chargeback(connection, merchant_id=shop.merchant_id, **(row | values))


def to_find(browser):
    return [one for one in browser.get(f"{PAGE}.json").json["rows"] if one["kind"] == "sale_to_find"]


def test_a_debit_of_the_bank_that_several_sales_may_be_of_is_to_be_looked_into(app, database, alpha):
    chargeback(database, alpha)
    finance = as_role(app, database, alpha, Role.FINANCE)
    (found,) = to_find(finance)
    assert (found["amount"], found["until"]) == (3900, None)
    assert found["why"] == "Impayé débité · motif 45 · 3 ventes possibles"
    page = finance.page(PAGE)
    assert "Impayé dont la vente est à trouver 1 · 39,00 €" in plain(page.one("main"))
    (way,) = [one for one in page.one("main").all("a") if "/transactions?" in one.get("href", "")]
    assert "amount=39" in way["href"]
    waiting = len(finance.get(f"{PAGE}.json").json["rows"])
    assert f"À traiter {waiting}" in plain(finance.page("/remises").one("main"))


@pytest.mark.parametrize(
    "values",
    [
        {"candidates": 0, "rule": None},
        {"candidates": 1},
        {"stage": "notice"},
        {"due_on": today() - timedelta(days=1)},
        {"noticed_on": today() - timedelta(days=61)},
        {"is_last": False},
    ],
)
def test_nobody_is_asked_for_a_sale_that_is_certain_or_long_ago(app, database, alpha, values):
    chargeback(database, alpha, **values)
    assert to_find(as_role(app, database, alpha, Role.FINANCE)) == []


@pytest.fixture
def five_late(database, alpha):
    """Four more telecollections of the same contract that the bank has not credited, 10 to 40 €."""
    with database.writing(DatabaseRole.OWNER) as connection:
        for number in range(1, 5):
            sums = {"net_amount": number * 1000, "debit_amount": number * 1000, "transaction_count": 1}
            factories.a_remittance(
                connection,
                merchant_id=alpha.merchant_id,
                contract_id=alpha.contract_id,
                collected_local=datetime.combine(today() - timedelta(days=number + 1), time(20)),
                credit="late",
                expected_by=today(),
                **sums,
            )
        factories.sum_days(connection)


def late_rows(page):
    """The amounts of what is not credited, and where one goes on from there."""
    section = page.one("section", **{"aria-labelledby": "late"})
    ways = [(plain(way), way["href"]) for way in section.all("p", class_="actions")[-1].all("a")]
    return [plain(cell) for cell in section.all("td", class_="slot-aside")], ways


def test_the_largest_of_each_kind_are_in_sight_and_all_of_one_a_press_away(owner, five_late, monkeypatch):
    """A chain of 500 shops had 505 of them on one page: 54 761 px of a phone."""
    monkeypatch.setattr(deciding, "_FEW", 2)
    monkeypatch.setattr(deciding, "_PAGE", 3)
    page = owner.page(PAGE)
    shown, ways = late_rows(page)
    assert shown == ["52,40 €", "40,00 €"]
    assert "Non crédité 5 · 152,40 €" in plain(page.one("main")), "the sum is of all of them"
    assert [words for words, _ in ways] == ["Voir les 5", "Totaux par point de vente"]
    first = owner.page(ways[0][1])
    assert [plain(head) for head in first.one("main").all("h2")] == ["Non crédité 5 · 152,40 €"]
    shown, (further, _) = late_rows(first)
    assert shown == ["52,40 €", "40,00 €", "30,00 €"]
    assert late_rows(owner.page(further[1]))[0] == ["20,00 €", "10,00 €"]
    sums = owner.page(ways[1][1])
    assert "152,40 €" in plain(sums.one("h2", id="total-line"))


def test_a_kind_is_asked_for_and_written_alone(owner, five_late):
    kinds = owner.page(PAGE).one("nav", **{"aria-label": "Catégories"})
    every = {plain(way).rpartition(" · ")[0]: way["href"] for way in kinds.all("a")}
    assert list(every)[:2] == ["Tout", "Non crédité"]
    address = every["Non crédité"]
    assert "kind=late" in address
    rows = owner.get(address.replace(PAGE, f"{PAGE}.json")).json["rows"]
    assert {row["kind"] for row in rows} == {"late"}
    assert len(rows) == 5
    for asked in ("kind=other", "kind=late&kind=differs", "after=x"):
        assert not owner.page(f"{PAGE}?{asked}").one("main").all("section")
    assert owner.get(f"{PAGE}.json?after=2").status_code == 422, "a file is whole"


def test_what_a_line_of_the_bank_tells_leads_to_it(owner, database, alpha, short):
    ways = [way["href"] for way in owner.page(PAGE).one("main").all("a") if "/credits/" in way["href"]]
    with database.reading(DatabaseRole.OWNER) as connection:
        line = connection.scalar(text("SELECT id FROM bank_movement WHERE amount = 2620"))
    assert {way.rpartition("/")[2] for way in ways} == {str(line), str(alpha.movement_id)}
    for way in ways:
        assert plain(owner.page(way).one("h1")).startswith("Crédit de remises du ")


def test_a_question_that_is_not_understood_has_a_way_out(owner, alpha):
    for asked in ("after=x", "montant=12"):
        notice = owner.page(f"{PAGE}?{asked}").one("main").one("p", role="alert")
        assert owner.page(notice.one("a")["href"]).all("table")
