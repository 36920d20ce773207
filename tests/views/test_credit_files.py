"""The credit figures of Remises: the page, JSON, CSV and XLSX say the same, to the cent."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Credit
from app.wording import codes
from app.wording.i18n import gettext
from tests import factories
from tests.views.credited_months import CREDITED, TO_CONFIRM, cents, fill_month, rows_of
from tests.views.test_xlsx import by_heading, cells
from tests.views.town import plain


@pytest.fixture
def month(database, shops):
    """ALPHA with a remittance of each state, in place of those of the town, within 30 days."""
    return fill_month(database, shops[0])


def of_rows(states, nets, gaps, fees) -> Counter[str]:
    """The sums of rows by state, and those of gaps and fees, in cents."""
    sums: Counter[str] = Counter()
    for state, net, gap, fee in zip(states, nets, gaps, fees, strict=True):
        sums[state] += net
        sums["gap"] += gap
        sums["fee"] += fee
    return +sums


@pytest.fixture
def rejected(database, shops, month):
    """A month with a rejected remittance: nothing of it is in the net, whatever is proposed."""
    with database.writing(DatabaseRole.OWNER) as connection:
        row = connection.execute(
            text("SELECT contract_id, collected_local FROM remittance WHERE merchant_id = :m LIMIT 1"),
            {"m": shops[0].merchant_id},
        ).one()
        factories.a_remittance(
            connection,
            merchant_id=shops[0].merchant_id,
            contract_id=row.contract_id,
            collected_local=row.collected_local,
            number="000200",
            status="rejected",
            debit_amount=700,
            net_amount=700,
            credit="expected",
            credit_proposed=True,
        )
        factories.sum_days(connection)
    return month


def test_page_json_and_files_say_the_same_of_what_is_to_be_confirmed(owner, rejected):
    wanted = sum(net for _, net in TO_CONFIRM)
    assert owner.get(f"/remises.json?{rejected}").json["totals"][0]["apart"]["credit"]["to_confirm"] == wanted
    assert "Dont crédit à confirmer 12,80 €" in plain(owner.page(f"/remises?{rejected}").one("main"))
    assert owner.get(f"/remises.json?{rejected}&credit_proposal=open").json["totals"][0]["net"] == wanted
    with owner.get(f"/remises.csv?{rejected}") as file:
        rows = rows_of(file.data)
    chosen = [row for row in rows if row["Crédit proposé"] == "Crédit à confirmer"]
    assert sum(cents(row["Montant"]) for row in chosen if row["Statut"] == "Correcte") == wanted
    with owner.get(f"/remises/regroupement.csv?by=credit&{rejected}") as file:
        groups = rows_of(file.data)
    assert sum(cents(group["Dont crédit à confirmer"]) for group in groups) == wanted
    for name in ("remises.xlsx", "remises/regroupement.xlsx"):
        with owner.get(f"/{name}?by=credit&{rejected}") as file:
            assert of_totals(cells(file, 2), "Dont crédit à confirmer") == wanted


def test_what_is_to_be_confirmed_is_added_up_from_rows_as_from_days(owner, rejected):
    """What is proposed is asked of the rows: the daily sums do not know it."""
    (line,) = owner.get(f"/remises.json?{rejected}&credit_proposal=open").json["totals"]
    assert line["apart"]["credit"]["to_confirm"] == sum(net for _, net in TO_CONFIRM)


def test_nobody_without_the_bank_is_told_what_is_to_be_confirmed(owner, database, rejected):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE membership SET role = 'viewer'"))
    said = plain(owner.page(f"/remises?{rejected}").one("main"))
    assert "Dont crédit attendu" in said
    assert "à confirmer" not in said


@pytest.mark.usefixtures("rejected")
def test_the_migration_fills_what_is_to_be_confirmed_into_the_days_that_are_there(database):
    fill = import_module("migrations.versions.0057_credits_to_confirm")._TO_CONFIRM
    kept = text("SELECT d.*::text FROM remittance_day d ORDER BY 1")
    with database.writing(DatabaseRole.OWNER) as connection:
        before = connection.scalars(kept).all()
        changed = connection.execute(text("UPDATE remittance_day SET to_confirm = 0 WHERE to_confirm <> 0"))
        assert changed.rowcount > len(TO_CONFIRM)
        connection.execute(text(fill))
        assert connection.scalars(kept).all() == before


def of_totals(found, label: str) -> int:
    """An amount of the sheet of totals, in cents."""
    place = next(reference for reference, (_, words) in found.items() if words == label)
    return round(float(found[f"B{place.removeprefix('A')}"][1]) * 100)


def in_csv(content: bytes) -> Counter[str]:
    rows = rows_of(content)
    columns = ("Montant", "Écart du crédit", "Frais du règlement")
    amounts = ([cents(row[name]) for row in rows] for name in columns)
    return of_rows([row["Crédit bancaire"] for row in rows], *amounts)


def in_workbook(response) -> Counter[str]:
    found = cells(response, 1)

    def column(heading: str) -> list[str]:
        shown = (by_heading(found, heading, line) for line in range(2, 2 + len(CREDITED)))
        return [cell[1] if cell else "" for cell in shown]

    amounts = ("Montant", "Écart du crédit", "Frais du règlement")
    numbers = ([round(float(value or 0) * 100) for value in column(name)] for name in amounts)
    return of_rows(column("Crédit bancaire"), *numbers)


def test_page_json_csv_and_workbook_have_the_same_credit_figures(owner, month):
    document = owner.get(f"/remises.json?{month}").json
    rows = document["rows"]
    listed = of_rows(
        *([row[name] or 0 for row in rows] for name in ("credit", "amount", "credit_gap", "fee_amount"))
    )
    assert len(rows) == len(CREDITED)
    told = document["totals"][0]["apart"]["credit"]
    assert told.pop("to_confirm") == sum(net for _, net in TO_CONFIRM)
    assert +Counter({name: amount for name, amount in told.items() if amount}) == listed
    assert sum(told[state] for state in Credit) == document["totals"][0]["net"]
    words = {gettext(codes.CREDITS[state]): state.value for state in Credit}
    with owner.get(f"/remises.csv?{month}") as file:
        assert renamed(in_csv(file.data), words) == listed
    with owner.get(f"/remises.xlsx?{month}") as file:
        assert renamed(in_workbook(file), words) == listed
    page = plain(owner.page(f"/remises?{month}").one("main"))
    for said in (
        "Dont non crédité 91,68 €",
        "Dont crédité avec écart 84,14 €",
        "Dont crédité par la banque 112,51 €",
    ):
        assert said in page


def renamed(sums: Counter[str], words: dict[str, str]) -> Counter[str]:
    """Sums by the words of a file as sums by code."""
    return Counter({words.get(name, name): amount for name, amount in sums.items()})
