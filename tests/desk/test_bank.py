"""The bank at the desk: its sources, accounts, proposals, what contradicts, within its merchants alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.rules.time_zones import today
from importers.files import profiles, sources
from importers.load import load_file
from tests import money_factories
from tests.desk.conftest import SOUTH
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written
from tests.importers.money.test_settlements_stored import CONTRACT as ACQUIRED
from tests.importers.money.test_settlements_stored import Submission, grrcn
from tests.views.town import plain

RIB = "99999000010000000000115"
ACCOUNTS = f"""reseller;merchant_code;iban_or_rib;label;grouping;fees;working_days;contracts
north;NORTHSHOP;{RIB};Compte courant;;;;*
"""
PAGE = "/gestion/banque"


@pytest.fixture
def bank(place):
    """The folder of a bank of the reseller NORTH; returns what delivers a statement to it."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox="bank")

    def deliver(*lines: MovementLine, day: date | None = None, **said):
        day = day or today() - timedelta(days=1)
        place.delivered += 1
        path = place.folder / "bank" / f"statement-{place.delivered}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written(Statement(lines, day=day, **said)))
        return load_file(place.database, path, place.data)

    return deliver


@pytest.fixture
def proposed(place, bank):
    """A remittance of NORTH that a line without any number may credit; returns its line."""
    day = today() - timedelta(days=2)
    payment = Trx(amount=3900, at=f"{day.isoformat()}T12:31:09")
    remittance = Rem(
        number="000999",
        opened=f"{day.isoformat()}T08:00:11",
        collected=f"{day.isoformat()}T23:15:07",
        transactions=(payment,),
    )
    made = f"{(day + timedelta(days=1)).isoformat()}T02:00:00+01:00"
    source = place.value(
        "SELECT s.name FROM source s JOIN reseller r ON r.id = s.reseller_id"
        " WHERE r.slug = 'north' AND s.role = 'payments'"
    )
    loaded = place.deliver(File(key="PROPOSED", source=source, remittances=(remittance,), created=made))
    assert not loaded.refused, [one.text() for one in loaded.refusals]
    assert not place.deliver(ACCOUNTS.encode()).refused
    assert not bank(MovementLine(3900, label="REMISE CARTE")).refused
    return place.value("SELECT bank_movement_id FROM credit_link WHERE certainty = 'proposed'")


@pytest.fixture
def south(place):
    """The browser of the other reseller's staff."""
    return place.browser(SOUTH)


def shown(browser):
    return plain(browser.page(PAGE).one("main"))


def test_a_source_shows_its_profile_and_an_account_waits_to_be_claimed(place, north, south, bank):
    assert not bank(MovementLine(1234)).refused
    page = shown(north)
    assert "north-bank" in page
    assert "Argent" in page
    assert "Comptes que personne n'a déclarés" in page
    assert "•••• 0001" in page
    assert RIB not in page
    assert "north-bank" not in shown(south)
    assert "0001" not in shown(south)


def settled(place, *, paid_on):
    """A payment of an acquirer comes for a contract, in the folder of the bank of NORTH."""
    path = place.folder / "bank" / f"settled-{paid_on}.csv"
    path.parent.mkdir(exist_ok=True)
    sold = Submission(day=paid_on - timedelta(days=3), gross=10_000, fee=250, number="000417")
    path.write_bytes(grrcn(sold, paid_on=paid_on))
    assert not load_file(place.database, path, place.data).refused


def test_contracts_of_acquirers_that_nobody_has_are_named_with_what_waits(place, north, south, bank):
    """With what is to be done, until they are declared: they stand with no other undeclared contract."""
    settled(place, paid_on=today() - timedelta(days=2))
    said = "Contrats d'acquéreurs que personne n'a déclarés"
    page = shown(north)
    assert said in page
    assert ACQUIRED in page
    assert "1 règlement" in page
    assert "déclarer ce contrat" in page
    assert ACQUIRED not in shown(south)
    assert ACQUIRED not in plain(north.page("/gestion/contrats").one("main"))
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "INSERT INTO contract (merchant_id, id, reseller_id, number, rank, application)"
                " SELECT m.id, m.id, m.reseller_id, :number, '001', 'AMEX' FROM merchant m"
                " JOIN reseller r ON r.id = m.reseller_id WHERE r.slug = 'north'"
            ),
            {"number": ACQUIRED},
        )
    assert "plusieurs commerçants ont ce numéro" in shown(north)
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM settlement"))
    assert said not in shown(north)


def test_a_statement_that_contradicts_and_one_that_is_missing_are_named(place, north, bank):
    assert not place.deliver(ACCOUNTS.encode()).refused
    bank(MovementLine(1234), day=today() - timedelta(days=3))
    assert bank(MovementLine(1235), day=today() - timedelta(days=3)).refused
    bank(day=today() - timedelta(days=1), opening=5)
    page = shown(north)
    assert "Fichiers qui contredisent ce qui est connu" in page
    assert "un autre relevé de ce compte et de ce jour est connu" in page
    assert "--replace" not in page, "a desk has no commands"
    assert "Relevés manquants" in page
    assert "Lignes qui n'expliquent aucune remise" in page
    assert "12,34" in page


def test_a_line_that_brought_the_payment_of_an_acquirer_explains_it(place, north, bank):
    assert not place.deliver(ACCOUNTS.encode()).refused
    assert not bank(MovementLine(3822, code="05", label="AMERICAN EXPRESS PAYMENT F331")).refused
    assert "F331" in shown(north)
    with place.database.writing(DatabaseRole.OWNER) as connection:
        money_factories.a_settlement(
            connection,
            merchant_id=place.value("SELECT merchant_id FROM bank_movement"),
            bank_movement_id=place.value("SELECT id FROM bank_movement"),
        )
    assert "F331" not in shown(north)


def test_staff_confirm_a_proposal_of_their_own_merchants_alone(place, north, south, proposed):
    assert "Crédits à confirmer" in shown(north)
    assert "Crédits à confirmer" not in shown(south)
    answer = {"line": str(proposed), "verdict": "confirmed"}
    assert south.post_form(PAGE, **answer).status_code == 404
    assert north.post_form(PAGE, **answer).status_code == 303
    assert "décidé, en cours" in shown(north)
    place.work()
    assert place.value("SELECT credit FROM remittance WHERE number = '000999'") == "credited"
    assert "Crédits à confirmer" not in shown(north)


FORM = f"{PAGE}/compte"


def test_an_account_is_declared_and_what_waited_appears(place, north, bank):
    assert not bank(MovementLine(1234)).refused
    form = {"merchant_code": "NORTHSHOP", "iban_or_rib": RIB, "label": "Courant", "fees": "deducted"}
    assert north.page(FORM).h1 == "Déclarer un compte bancaire"
    response = north.post_form(FORM, grouping="unknown", working_days="5", contracts="*", **form)
    assert response.status_code == 303
    place.work()
    page = north.page(response.location)
    assert "Courant •••• 0001" in plain(page.one("main"))
    assert RIB not in page.source
    stored = "SELECT label || ' ' || fees FROM bank_account WHERE merchant_id <> 0"
    assert place.value(stored) == "Courant deducted"
    assert "Comptes que personne n'a déclarés" not in shown(north)
    assert place.value("SELECT count(*) FROM bank_movement WHERE merchant_id <> 0") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchant_code": "SOUTHSHOP"},
        {"merchant_code": ""},
        {"iban_or_rib": f"{RIB[:-1]}6"},
        {"label": "a;b"},
        {"working_days": "31"},
        {"contracts": "1;2"},
        {"grouping": "other"},
    ],
)
def test_a_form_that_is_wrong_asks_for_nothing(place, north, wrong):
    sound = {
        "merchant_code": "NORTHSHOP",
        "iban_or_rib": RIB,
        "label": "",
        "fees": "unknown",
        "grouping": "unknown",
        "working_days": "",
        "contracts": "*",
    }
    assert north.post_form(FORM, **(sound | wrong)).status_code == 422
    assert place.tasks() == []
