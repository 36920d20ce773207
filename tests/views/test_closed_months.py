"""A month closed by the reasons of its credits: the page, JSON, CSV and XLSX say the same, to the cent."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.lists import REMITTANCES
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.views.credited_months import cents, fill_month, rows_of
from tests.views.test_xlsx import cells
from tests.views.town import plain, portal_naming_issuers


@pytest.fixture
def month(database, shops):
    """ALPHA with a remittance of each state, in place of those of the town, within 30 days."""
    return fill_month(database, shops[0])


#: Number and net in cents of each reason, as the page of the month says them.
CLOSED = {
    ("Crédité", ""): (2, 112_51),
    ("Non crédité", "les relevés reçus n'en montrent aucun crédit"): (1, 91_68),
    ("Crédité avec écart", "il est arrivé moins"): (1, 64_15),
    ("Crédité avec écart", "un centime d'écart"): (1, 19_99),
    ("Règlement annoncé", "une ligne de la banque est proposée, à confirmer"): (1, 10_90),
    ("Crédit attendu", "une ligne de la banque est proposée, à confirmer"): (1, 1_90),
    ("Pas de crédit attendu", "rien à payer"): (1, 0),
}
CLOSING = (
    "Sur 301,13 € remis : 190,26 € crédités (dont 0,31 € de frais retenus), 12,80 € à confirmer, "
    "91,68 € non crédités, 6,40 € reçus en moins, moins 0,01 € reçus en trop."
)


def of_reasons(rows, number, net) -> dict[tuple[str, str], tuple[int, int]]:
    """The number and the net of rows by the words of their credit and its reason."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        reason = row.get("Raison") or row.get("Raison du crédit") or ""
        key = row["Crédit bancaire"], reason.replace("’", "'")
        count, amount = sums.get(key, (0, 0))
        sums[key] = count + number(row), amount + net(row)
    return sums


def records(file) -> list[dict[str, str]]:
    """The rows of the first sheet of a workbook by their headings."""
    rows: dict[str, dict[str, str]] = {}
    for place, (_, words) in cells(file, 1).items():
        column = place.rstrip("0123456789")
        rows.setdefault(place.removeprefix(column), {})[column] = words
    headings = rows.pop("1")
    return [{words: row.get(column, "") for column, words in headings.items()} for row in rows.values()]


def of_page(page) -> Iterator[dict[str, str]]:
    """The lines of the table of groups, in the words of files."""
    for row in page.one("tbody").all("tr"):
        name = row.one("th")
        reason = "".join(map(plain, name.all(class_="sub")))
        yield {
            "Crédit bancaire": plain(name).removesuffix(reason).strip(),
            "Raison": reason,
            "Nombre": plain(row.one(class_="count-of")),
            "Net": plain(row.one(class_="net-of")).removesuffix(" €"),
        }


def test_a_month_is_closed_by_the_same_reasons_and_sums_in_page_json_and_files(owner, month):
    page = owner.page(f"/remises?by=credit_reason&{month}")
    assert CLOSING in plain(page.one("main"))
    lines = owner.get(f"/remises.json?{month}").json["rows"]
    fields = {field.name: field for field in REMITTANCES.fields}
    said = (
        {**row, "Crédit bancaire": fields["credit"].show(row), "Raison": fields["credit_reason"].show(row)}
        for row in lines
    )
    assert of_reasons(said, lambda _: 1, operator.itemgetter("amount")) == CLOSED
    with owner.get(f"/remises.csv?{month}") as file:
        rows = rows_of(file.data)
    assert of_reasons(rows, lambda _: 1, lambda row: cents(row["Montant"])) == CLOSED
    with owner.get(f"/remises.xlsx?{month}") as file:
        assert of_reasons(records(file), lambda _: 1, lambda row: cents(row["Montant"])) == CLOSED
    with owner.get(f"/remises/regroupement.csv?by=credit_reason&{month}") as file:
        in_text = rows_of(file.data)
    with owner.get(f"/remises/regroupement.xlsx?by=credit_reason&{month}") as file:
        *in_sheet, total = records(file)
    assert cents(total["Net"]) == sum(net for _, net in CLOSED.values())
    told = [row for row in in_text if row["Nombre"]]
    for groups in (told, in_sheet, of_page(page)):
        assert of_reasons(groups, lambda row: int(row["Nombre"]), lambda row: cents(row["Net"])) == CLOSED


def test_what_is_empty_and_what_adds_up_to_nothing_are_one_line(owner, database, shops, month):
    """Empty ones are read from the sums of days, those of a sale and its refund one by one."""
    own = {"merchant_id": shops[0].merchant_id, "credit": "not_expected", "net_amount": 0}
    with database.writing(DatabaseRole.OWNER) as connection:
        contract = "SELECT contract_id FROM remittance WHERE merchant_id = :merchant_id LIMIT 1"
        own["contract_id"] = connection.scalar(text(contract), own)
        at = datetime.combine(today() - timedelta(days=4), time(22))
        amounts = {"debit_amount": 500, "refund_amount": 500, "transaction_count": 2}
        for number, more in (("000301", amounts), ("000302", {"transaction_count": 0, "debit_amount": 0})):
            factories.a_remittance(connection, **own, collected_local=at, number=number, **more)
        factories.sum_days(connection)
    rows = owner.get(f"/remises.json?{month}").json["count"]
    document = owner.get(f"/remises/regroupement.json?by=credit_reason&{month}").json
    counts = {group["key"]: group["count"] for group in document["groups"]}
    assert (counts["not_expected/nothing"], sum(counts.values()), document["count"]) == (3, rows, rows)


def take_apart(database, shop) -> None:
    """Commission on lines of its own and chargebacks, of the month and of before."""
    merchant_id, day = shop.merchant_id, today() - timedelta(days=2)
    with database.writing(DatabaseRole.OWNER) as connection:
        account = money_factories.a_bank_account(connection, merchant_id=merchant_id)
        for booked, amount in ((day, -2_70), (day - timedelta(days=40), -9_99)):
            money_factories.a_bank_movement(
                connection,
                merchant_id=merchant_id,
                bank_account_id=account,
                bank_statement_id=1,
                booked_on=booked,
                amount=amount,
                kind="fee",
            )
        for stage, amount in (("debit", 16_20), ("reversal", 5_00), ("notice", 8_88)):
            money_factories.a_chargeback(
                connection, merchant_id=merchant_id, stage=stage, amount=amount, noticed_on=day
            )


def pay_by_voucher(database, shop, payments) -> None:
    """A remittance of 30,00 € of vouchers, and ``payments`` of it: issuer, card prefix, amount and type."""
    with database.writing(DatabaseRole.OWNER) as connection:
        own = {"merchant_id": shop.merchant_id}
        own["contract_id"] = factories.a_contract(connection, **own, application="CONECS")
        local = datetime.combine(today() - timedelta(days=3), time(22))
        remittance_id = factories.a_remittance(
            connection,
            **own,
            collected_local=local,
            debit_amount=30_00,
            net_amount=30_00,
            credit="not_expected",
        )
        for issuer, card_bin, amount, kind in payments:
            factories.a_transaction(
                connection,
                **own,
                remittance_id=remittance_id,
                collected_on=local.date(),
                occurred_local=local,
                issuer=issuer,
                card_bin=card_bin,
                amount=amount,
                type=kind,
            )
        factories.sum_days(connection)


VOUCHERS = (
    ("EDENRED", "999101", 21_00, "debit"),
    ("EDENRED", "999101", 1_00, "refund"),
    (None, "999102", 4_00, "debit"),
)


def test_the_column_of_reasons_is_as_wide_as_they_are_in_the_workbook(owner, month):
    """Up to a width beyond which they take several lines."""
    with owner.get(f"/remises/regroupement.xlsx?by=credit_reason&{month}") as file:
        written = ZipFile(BytesIO(file.data)).read("xl/worksheets/sheet1.xml").decode()
    widths = dict(re.findall(r'<col min="(\d+)" max="\d+" width="([\d.]+)"', written))
    assert float(widths["2"]) > max(len(reason) for _, reason in CLOSED if len(reason) < 44)


def test_what_was_taken_apart_in_a_month_is_named_below_its_sentence(owner, database, shops, month):
    """Of the days that are asked for and of all contracts."""
    take_apart(database, shops[0])
    said = plain(owner.page(f"/remises?by=credit_reason&{month}").one("main"))
    assert (
        "Prélevé à part sur la période : 2,70 € de commissions de la banque, 16,20 € d'impayés, "
        "moins 5,00 € d'impayés rendus." in said
    )
    for other in (f"by=credit&{month}", f"by=credit_reason&{month}&credit=late"):
        assert "Prélevé" not in plain(owner.page(f"/remises?{other}").one("main"))


#: What stands beside the groups of a month: the words of its figures in files, their names, their cents.
NOTED = {
    "Où est le net": {
        ("Net remis", "net"): 331_13,
        ("Crédité", "credited"): 190_26,
        ("dont retenu comme frais", "fees"): 31,
        ("À confirmer", "to_confirm"): 12_80,
        ("Payé hors banque", "outside"): 30_00,
        ("Non crédité", "late"): 91_68,
        ("Reçu en moins", "short"): 6_40,
        ("Reçu en trop", "in_excess"): -1,
    },
    "Titres-restaurant par émetteur": {
        ("EDENRED", "EDENRED"): 20_00,
        ("Émetteur non communiqué", None): 10_00,
    },
    "Prélevé à part sur la période": {
        ("Commissions de la banque", "commission"): 2_70,
        ("Impayés", "chargebacks"): 16_20,
        ("Impayés rendus", "given_back"): -5_00,
    },
}
NAMES = ("closing", "vouchers", "taken_apart")


def test_page_json_and_files_say_the_same_beside_the_groups_of_a_month(owner, database, shops, month):
    take_apart(database, shops[0])
    pay_by_voucher(database, shops[0], VOUCHERS)
    asked = f"by=credit_reason&{month}"
    page = plain(owner.page(f"/remises?{asked}").one("main"))
    for figures in NOTED.values():
        for amount in figures.values():
            assert f"{abs(amount) // 100},{abs(amount) % 100:02} €" in page
    document = owner.get(f"/remises/regroupement.json?{asked}").json
    assert [(note["name"], note["currency"], note["figures"]) for note in document["notes"]] == [
        (name, "EUR", [{"name": one, "amount": amount} for (_, one), amount in figures.items()])
        for name, figures in zip(NAMES, NOTED.values(), strict=True)
    ]
    assert sum(group["net"] for group in document["groups"]) == document["totals"][0]["net"] == 331_13
    with owner.get(f"/remises/regroupement.csv?{asked}") as file:
        rows = rows_of(file.data)
    said = [(row["Crédit bancaire"], row["Raison"], row["Devise"], cents(row["Bilan"])) for row in rows]
    beside = [row for row, line in zip(said, rows, strict=True) if not line["Nombre"]]
    assert beside == [
        (title, words, "EUR", amount)
        for title, figures in NOTED.items()
        for (words, _), amount in figures.items()
    ]
    assert sum(cents(row["Net"]) for row in rows) == 331_13
    with owner.get(f"/remises/regroupement.xlsx?{asked}") as file:
        sheet = cells(file, 2)
    words = [written for place, (_, written) in sheet.items() if place.startswith("A")]
    for title, figures in NOTED.items():
        listed = [title, *(words for words, _ in figures)]
        assert words[words.index(title) : words.index(title) + len(listed)] == listed
        first = next(int(place[1:]) for place, (_, written) in sheet.items() if written == title)
        amounts = [round(float(sheet[f"B{line}"][1]) * 100) for line in range(first + 1, first + len(listed))]
        assert amounts == [*figures.values()]


def test_a_payer_that_received_less_is_named_wherever_its_gap_is(owner, database, shops, month):
    """The bank credited what it was sent: whoever asks it about the gap asks the wrong one."""
    merchant_id = shops[0].merchant_id
    with database.writing(DatabaseRole.OWNER) as connection:
        money_factories.a_bank_account(connection, merchant_id=merchant_id)
        row = connection.execute(
            text("SELECT id, collected_on FROM remittance WHERE merchant_id = :m AND credit_gap = 640"),
            {"m": merchant_id},
        ).one()
        money_factories.a_settlement_link(
            connection,
            merchant_id=merchant_id,
            settlement_id=money_factories.a_settlement(connection, merchant_id=merchant_id),
            remittance_id=row.id,
            collected_on=row.collected_on,
            amount=57_75,
        )
    said = "AMERICAN EXPRESS a reçu moins que ce qui a été remis"
    page = plain(owner.page(f"/remises/{row.id}").one("main"))
    assert f"{said} (6,40 €)." in page
    assert "La banque a crédité un autre montant" not in page
    assert f"{said} (6,40 €)" in plain(owner.page("/a-traiter").one("main"))
    assert f"Crédité avec écart {said} 1 " in plain(
        owner.page(f"/remises?by=credit_reason&{month}").one("main")
    )


def test_meal_vouchers_are_told_by_issuer_to_the_cent(owner, database, shops, month):
    """What no payment tells of stands among those without an issuer, so that all make the line below."""
    pay_by_voucher(database, shops[0], VOUCHERS)
    said = plain(owner.page(f"/remises?by=credit_reason&{month}").one("main"))
    assert "Titres-restaurant par émetteur : EDENRED 20,00 €, Émetteur non communiqué 10,00 €." in said


def test_the_maintainers_table_names_issuers_as_in_the_statement_of_vouchers(
    database, shops, month, tmp_path
):
    pay_by_voucher(database, shops[0], VOUCHERS)
    browser = portal_naming_issuers(database, tmp_path, {"9": "Another", "9991": "EDENRED"}).test_client()
    browser.sign_in(shops[0].email)
    said = plain(browser.page(f"/remises?by=credit_reason&{month}").one("main"))
    assert "Titres-restaurant par émetteur : EDENRED 24,00 €, Émetteur non communiqué 6,00 €." in said
    document = browser.get(f"/remises/regroupement.json?by=credit_reason&{month}").json
    assert document["notes"][1]["figures"] == [
        {"name": "EDENRED", "amount": 24_00},
        {"name": None, "amount": 6_00},
    ]
    with browser.get(f"/remises/regroupement.csv?by=credit_reason&{month}") as file:
        assert '"EDENRED";EUR' in file.text
    assert "EDENRED 3 " in plain(browser.page(f"/transactions/titres-restaurant?{month}").one("main"))


def test_nobody_without_the_bank_closes_a_month(owner, database, month):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE membership SET role = 'fleet'"))
    assert "reçus en moins" not in plain(owner.page(f"/remises?by=credit_reason&{month}").one("main"))
    for kind in ("csv", "xlsx", "json"):
        assert owner.get(f"/remises/regroupement.{kind}?by=credit_reason&{month}").status_code == 422
    assert "credit_reason" not in owner.get(f"/remises.json?{month}").json["rows"][0]
