"""Contracts that nobody has declared: what waits under them, and the merchant they are attached to."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text

from app.database.engine import DatabaseRole
from app.models import DeskTask
from importers import desk
from importers.load import load_file
from tests.desk.places import contract_ids, follow_first, merchant_id
from tests.page import HtmlPage
from tests.views.town import plain


def attach_form(place, **values):
    return {
        "contract": str(contract_ids(place)),
        "merchant": str(merchant_id(place, "NORTHSHOP")),
        "outlet": "new",
        "trade_name": "",
        "siret": "",
        **values,
    }


def test_contracts_that_wait_say_what_they_hold(north):
    page = north.page("/gestion/contrats")
    main = plain(page.one("main"))
    assert "1234567/001 CBEMV" in main
    assert "1 remise, 2 transactions" in main
    assert "depuis le 02/03/2026" in main
    assert "7777777" not in main


def test_an_attached_contract_appears_with_its_history(place, north):
    owner = place.browser("owner@north.example")
    week = "date_from=2026-03-01&date_to=2026-03-03"
    assert owner.get(f"/transactions.json?{week}").json["count"] == 1
    step = north.page(f"/gestion/contrats/rattacher?contract={contract_ids(place)}&q=north")
    assert "NORTH merchant" in step.text
    merchant = merchant_id(place, "NORTHSHOP")
    form = north.page(f"/gestion/contrats/rattacher?contract={contract_ids(place)}&merchant={merchant}")
    outlet = form.one("select", name="outlet").all("option")[0]["value"]
    response = north.post_form("/gestion/contrats/rattacher", **attach_form(place, outlet=outlet))
    assert (response.status_code, response.location) == (303, f"{place.desk('north')}/contrats")
    assert "En cours" in plain(north.page("/gestion/contrats").one("main"))
    assert owner.get(f"/transactions.json?{week}").json["count"] == 1
    assert place.work() == 1
    document = owner.get(f"/transactions.json?{week}").json
    assert document["count"] == 3
    assert document["totals"][0]["net"] == 3900 + 3900 + 1250
    main = plain(north.page("/gestion/contrats").one("main"))
    assert "Fait" in main
    assert "Chaque contrat a son commerçant" in main
    assert "rattachement-" in north.page("/gestion/imports").text


def test_a_new_merchant_and_outlet_are_made_with_the_contract(place, north):
    values = attach_form(
        place,
        merchant="new",
        merchant_code="BAKER",
        merchant_name="Boulangerie d'essai",
        trade_name="AU PAIN",
        siret="999 999 998 00035",
        city="Exempleville",
        time_zone="Indian/Reunion",
    )
    assert north.post_form("/gestion/contrats/rattacher", **values).status_code == 303
    place.work()
    assert [task.state for task in place.tasks()] == ["done"]
    page = north.page(follow_first(north, "/gestion/commercants", "Boulangerie d'essai"))
    assert "AU PAIN" in page.text
    zone = place.value("SELECT time_zone FROM outlet WHERE siret = '99999999800035'")
    assert zone == "Indian/Reunion"


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(place, north):
    values = attach_form(
        place, merchant="new", merchant_code="NORTHSHOP", merchant_name="a;b", siret="123", city="Ici"
    )
    response = north.post("/gestion/contrats/rattacher", data={"csrf_token": north.token(), **values})
    assert response.status_code == 422

    page = HtmlPage(response, north.application)
    faults = {field["id"] for field in page.all("input", aria_invalid="true")}
    assert faults == {"merchant_code", "merchant_name", "trade_name", "siret"}
    assert page.one("input", name="city")["value"] == "Ici"
    summary = page.one("div", id="faults")
    assert plain(summary.one("p")) == "4 saisies sont à corriger :"
    assert {link["href"].removeprefix("#") for link in summary.all("a")} == faults
    assert page.title.startswith("Erreur : Rattacher")
    assert place.tasks() == []


@pytest.mark.parametrize("field", ["contract", "merchant"])
def test_nothing_of_another_maintainer_can_be_attached_or_given_to(place, north, field):
    foreign = {"contract": contract_ids(place, "7777777"), "merchant": merchant_id(place, "SOUTHSHOP")}
    north.post_form("/gestion/contrats/rattacher", **attach_form(place, **{field: str(foreign[field])}))
    assert place.tasks() == []


def test_the_worker_trusts_no_task_that_crosses_maintainers(place):
    """Even a row that the web should never have written moves nothing to another reseller's merchant."""

    with place.database.writing() as connection:
        task_id = connection.scalar(
            insert(DeskTask)
            .values(
                reseller_id=place.value("SELECT id FROM reseller WHERE slug = 'north'"),
                user_id=1,
                kind="attach",
                merchant_id=merchant_id(place, "SOUTHSHOP"),
                details={"contract_ids": [contract_ids(place)], "contracts": [], "outlet_id": 1},
            )
            .returning(DeskTask.id)
        )
    desk.perform(place.database, place.data, task_id)
    assert [task.state for task in place.tasks()] == ["failed"]
    assert contract_ids(place) is not None


def test_a_task_is_done_once_and_a_late_one_says_why(place, north):
    values = attach_form(place, trade_name="NEW", siret="99999999800043")
    north.post_form("/gestion/contrats/rattacher", **values)
    north.post_form("/gestion/contrats/rattacher", **values)
    assert len(place.tasks()) == 1
    place.work()

    desk.perform(place.database, place.data, place.tasks()[0].id)
    assert place.value("SELECT count(*) FROM import_file WHERE name LIKE 'rattachement%'") == 1


def test_the_archive_rebuilds_what_was_attached(place, north):
    north.post_form(
        "/gestion/contrats/rattacher", **attach_form(place, trade_name="NEW", siret="99999999800043")
    )
    place.work()
    count = "SELECT count(*) FROM transaction WHERE merchant_id = :merchant"
    merchant = merchant_id(place, "NORTHSHOP")
    assert place.value(count, merchant=merchant) == 3

    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "TRUNCATE remittance, transaction, transaction_day, remittance_day, terminal, terminal_day,"
                " terminal_month, remittance_third, transaction_third, known_value, contract, outlet, source,"
                " import_file, import_refusal, received_day CASCADE"
            )
        )
    for path in sorted((place.data / "archive").iterdir()):
        assert not load_file(place.database, path, place.data).refused
    assert place.value(count, merchant=merchant) == 3
