"""Declaring at the desk: one contract, a merchant's new name, and what came before anybody was known."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from importers import desk
from importers.load import load_file
from tests import factories
from tests.desk.conftest import NORTHERN
from tests.desk.declaring import CARD, LINE, main, traces, upload
from tests.desk.places import merchant_id
from tests.importers.files import File, directory, written
from tests.page import HtmlPage
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import follow, plain, portal

# A contract


def contract_form(**values):
    return {
        "merchant": "new", "merchant_code": "BAKER", "merchant_name": "Boulangerie d'essai",
        "siret": "999 999 998 00035", "trade_name": "AU PAIN", "address": "2 rue d'Ici", "postcode": "01000",
        "city": "Ici", "time_zone": "Indian/Reunion", "contract": "5557777", "rank": "1",
        "application": "CBEMV", "bank_code": "", **values,
    }  # fmt: skip


def test_a_new_merchant_is_declared_before_any_file_names_it(place, north):
    assert "Un nouveau commerçant" in main(north.page("/gestion/commercants"))
    assert north.page("/gestion/commercants/declarer").h1 == "Un nouveau commerçant"
    response = north.post_form("/gestion/commercants/declarer", **contract_form())
    place.work()
    page = north.page(response.location)
    assert page.h1 == "5557777/001 CBEMV"
    assert "Chargé : 1 contrat, 1 point de vente, 1 commerçant" in main(page)
    merchant = north.page(follow(page, "Voir le commerçant"))
    assert "5557777/001 CBEMV" in main(merchant)
    assert place.value("SELECT time_zone FROM outlet WHERE siret = '99999999800035'") == "Indian/Reunion"
    assert "declaration-" in north.page("/gestion/imports").text
    assert "A déclaré un contrat" in main(north.page("/gestion/journal"))


def test_a_contract_is_added_to_a_known_outlet_and_leaves_it_as_it_was(place, north):
    merchant = merchant_id(place, "NORTHSHOP")
    form = north.page(f"/gestion/commercants/declarer?merchant={merchant}")
    assert form.h1 == "Déclarer un contrat"
    outlet = form.one("select", name="outlet").all("option")[0]["value"]
    before = "SELECT to_jsonb(o) FROM outlet o WHERE siret = '99999999800019'"
    known = place.value(before)
    values = contract_form(
        merchant=str(merchant), outlet=outlet, application="CBCLESS", siret="", trade_name=""
    )
    assert north.post_form("/gestion/commercants/declarer", **values).status_code == 303
    place.work()
    assert place.value(before) == known
    page = north.page(f"/gestion/commercants/{merchant}")
    assert "5557777/001 CBCLESS" in main(page)
    assert "Déclarations récentes" in main(page)


def test_what_is_wrong_with_a_contract_is_said_beside_its_field(place, north):
    values = contract_form(
        merchant_code="NORTHSHOP", merchant_name=f"TPE {CARD}", contract="n° 7", rank="12345",
        application="", bank_code="12", siret="1", trade_name="a;b", time_zone="Mars/Base",
    )  # fmt: skip
    response = north.post_form("/gestion/commercants/declarer", **values)
    assert response.status_code == 422
    page = HtmlPage(response, north.application)
    wrong = {field["id"] for name in ("input", "select") for field in page.all(name, aria_invalid="true")}
    assert wrong == {
        "merchant_code", "merchant_name", "contract", "rank", "application", "bank_code", "siret",
        "trade_name", "time_zone",
    }  # fmt: skip
    assert page.one("input", name="city")["value"] == "Ici"
    assert "numéro de carte complet" in plain(page.one(id="merchant_name-fault"))
    taken = north.post_form("/gestion/commercants/declarer", **contract_form(contract="7654321"))
    assert "autre commerçant" in plain(HtmlPage(taken, north.application).one(id="contract-fault"))
    assert place.tasks() == []
    assert traces(place, CARD) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("NORTHSH\u041eP", "Des lettres de l'alphabet latin"),
        ("\uff2eORTHSHOP", "existe déjà"),
        ("north\u200bshop", "existe déjà"),
    ],
)
def test_a_new_merchant_looks_like_no_other_one(place, north, code, fault):
    response = north.post_form("/gestion/commercants/declarer", **contract_form(merchant_code=code))
    assert response.status_code == 422
    assert fault in main(HtmlPage(response, north.application))
    assert place.tasks() == []


def test_a_file_of_the_desk_ends_no_contract_before_it_is_known_to_begin(place, north):
    known = "UPDATE contract SET valid_from = '2026-03-02' WHERE merchant_id > 0"
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(known))
    line = NORTHERN | {"valid_from": "", "valid_to": "2026-03-01"}
    asked = upload(north, directory(line)).location
    place.work()
    assert "précède le début de la validité" in main(north.page(asked))


def test_a_card_number_does_not_get_in_by_the_form_that_attaches_either(place, north):
    contract = place.value("SELECT id FROM contract WHERE merchant_id = 0 AND number = '1234567'")
    values = contract_form(contract=str(contract), trade_name=f"TPE {CARD}")
    assert north.post_form("/gestion/contrats/rattacher", **values).status_code == 422
    assert traces(place, CARD) == []


# A name


def rename(browser, merchant, name):
    return browser.post_form(f"/gestion/commercants/{merchant}/renommer", name=name)


def test_a_merchant_is_renamed_and_named_back_and_renamed_again(place, north):
    """The same words said again are the same bytes, and hold again all the same."""
    merchant = merchant_id(place, "NORTHSHOP")
    outlet = place.value("SELECT to_jsonb(o) FROM outlet o WHERE merchant_id = :id", id=merchant)
    contract = place.value("SELECT to_jsonb(c) FROM contract c WHERE merchant_id = :id", id=merchant)
    page = north.page(f"/gestion/commercants/{merchant}/renommer")
    assert "Le prochain référentiel" in main(page)
    for name in ("Maison d'après", "NORTH merchant", "Maison d'après"):
        response = rename(north, merchant, name)
        assert place.work() == 1
        assert "Chargé :" in main(north.page(response.location))
        assert north.page(f"/gestion/commercants/{merchant}").h1 == name.replace("'", "'")
    assert place.value("SELECT to_jsonb(o) FROM outlet o WHERE merchant_id = :id", id=merchant) == outlet
    assert place.value("SELECT to_jsonb(c) FROM contract c WHERE merchant_id = :id", id=merchant) == contract
    owner = place.browser("owner@north.example")
    assert "A changé le nom du commerçant" in main(owner.page("/journal"))


def test_the_archive_rebuilds_the_last_name(place, north):
    merchant = merchant_id(place, "NORTHSHOP")
    for name in ("First", "NORTH merchant", "Second", "First"):
        rename(north, merchant, name)
        place.work()
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "TRUNCATE remittance, transaction, transaction_day, remittance_day, terminal, terminal_day,"
                " terminal_month, remittance_third, transaction_third, known_value, contract, outlet, source,"
                " import_file, import_refusal, received_day CASCADE"
            )
        )
        connection.execute(text("UPDATE merchant SET name = 'gone' WHERE id <> 0"))
    from importers.files.archive import files_in  # noqa: PLC0415 - as the command does it

    for path in list(files_in([place.data / "archive"])):
        assert not load_file(place.database, path, place.data).refused
    assert place.value("SELECT name FROM merchant WHERE code = 'NORTHSHOP'") == "First"


@pytest.mark.parametrize("name", ["", "   ", "NORTH merchant", "a;b", "x" * 121, f"CB {CARD}"])
def test_a_name_that_cannot_be_is_refused_beside_its_field(place, north, name):
    response = rename(north, merchant_id(place, "NORTHSHOP"), name)
    assert response.status_code == 422
    assert plain(HtmlPage(response, north.application).one(id="name-fault"))
    assert place.tasks() == []


def test_a_merchant_without_a_contract_says_what_to_do_first(place, north):
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE contract SET outlet_id = NULL WHERE number = '7654321'"))
    response = rename(north, merchant_id(place, "NORTHSHOP"), "Other")
    assert "déclarez-en un d'abord" in plain(HtmlPage(response, north.application).one(id="name-fault"))


# Before anything is known


def test_what_came_before_any_directory_is_announced_to_the_only_maintainer(database, tmp_path):
    """A host delivers first, the reseller's staff come second, their merchant directory third."""
    app = portal(database, tmp_path)
    night = written(tmp_path, "night.txt", File(source="host", key="n1").data())
    assert not load_file(database, night, tmp_path).refused
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_reseller(connection, slug="north", name="North")
    let_staff_in(database, "staff@north.example", "north")
    browser = app.test_client()
    sign_in(browser, "staff@north.example")
    assert "1 contrat vient d'une source encore attribuée à personne" in main(
        browser.page("/gestion/contrats")
    )
    upload(browser, directory(LINE))
    with database.reading(DatabaseRole.OWNER) as connection:
        task_id = connection.scalar(text("SELECT id FROM desk_task"))
    desk.perform(database, tmp_path, task_id)
    page = main(browser.page("/gestion/contrats"))
    assert "attribuée à personne" not in page
    assert "7654321/001 CBEMV" in page
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_reseller(connection, slug="south", name="South")
        connection.execute(text("UPDATE contract SET reseller_id = 0 WHERE number = '7654321'"))
    assert "attribuée à personne" not in main(browser.page("/gestion/contrats"))
