"""The reseller's desk: what its staff find, attach, load again and look at, within their merchants alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.desk import merchants
from app.rules.cards import passes_luhn
from importers.files import profiles, sources
from tests import factories
from tests.desk.conftest import NORTH, SOUTH
from tests.desk.places import follow_first, merchant_id
from tests.importers.files import File, Rem, Trx, directory
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written
from tests.views.town import follow, plain, rows

# Finding


def test_staff_begin_at_their_merchants(place, north):
    desk = place.desk("north")
    assert north.get("/").location == f"{desk}/"
    assert north.get(f"{desk}/").location == north.get("/gestion/").location == f"{desk}/commercants"
    page = north.page("/gestion/commercants")
    assert page.h1 == "Commerçants"
    assert "NORTH merchant" in page.text
    assert "SOUTH" not in page.text
    assert "1 contrat n'appartient encore à personne" in plain(page.one("main"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("north", True),
        ("NORTHSHOP", True),
        ("99999999800019", True),
        ("7654321", True),
        ("NÖRTH caf", True),
        ("8888888", False),
        ("99999999800027", False),
        ("south", False),
        ("%", False),
    ],
)
def test_a_merchant_is_found_by_any_of_its_numbers(north, words, found):
    page = north.page("/gestion/commercants", query_string={"q": words})
    assert ("NORTH merchant" in page.one("main").text) == found


@pytest.mark.parametrize("address", ["commercants", "imports", "envois", "personnes", "contrats"])
def test_a_search_that_finds_nothing_says_for_what(north, address):
    page = north.page(f"/gestion/{address}?q=nulle-part")
    assert "ne correspond à « nulle-part »" in plain(page.one(class_="empty"))


def test_a_merchant_shows_its_outlets_and_contracts(place, north):
    page = north.page(follow_first(north, "/gestion/commercants", "NORTH merchant"))
    assert page.h1 == "NORTH merchant"
    assert "7654321/001 CBEMV" in page.text
    assert north.get(f"/gestion/commercants/{merchant_id(place, 'SOUTHSHOP')}").status_code == 404


def test_pages_go_on_where_the_last_one_ended(place, north):
    lines = [
        {"reseller": "north", "merchant_code": f"M{n:03}", "merchant_name": f"Merchant {n:03}",
         "siret": f"{n:014}", "contract": f"55{n:05}"}
        for n in range(60)
    ]  # fmt: skip

    assert not place.deliver(directory(*lines)).refused
    page = north.page("/gestion/commercants")
    names = [plain(row.all("th")[0]) for row in page.one("tbody").all("tr")]
    assert len(names) == 50
    page = north.page(follow(page, "Page suivante"))
    names += [plain(row.all("th")[0]) for row in page.one("tbody").all("tr")]
    assert names == sorted(names)
    assert len(set(names)) == 61


def test_contracts_without_an_outlet_are_shown_as_well(place, north):
    merchant = merchant_id(place, "NORTHSHOP")
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE contract SET outlet_id = NULL WHERE number = '7654321'"))
    page = north.page(f"/gestion/commercants/{merchant}")
    assert "7654321/001 CBEMV (Comptoir)" in page.text


# Imports


def test_the_import_journal_shows_each_file_and_its_sums(north):
    page = north.page("/gestion/imports")
    main = plain(page.one("main"))
    assert "file-2.txt" in main
    assert "1 remise, 1 transaction" in main
    assert "39,00 €" in main
    assert "north-host" in main
    assert "south-host" not in main


def test_the_ordinary_case_has_no_badge_at_the_desk(place, north):
    """What is loaded or sent is said in plain words, so that what needs somebody stands out."""
    bad = File(source="north-host", key="bad").text().replace("CORRECTE", "PARFAITE")
    assert place.deliver(bad.encode(), "bad.txt").refused
    page = north.page("/gestion/imports")
    assert "Chargé" in plain(page.one("main"))
    badges = {plain(badge) for badge in page.one("table").all(class_="badge")}
    assert "En quarantaine" in badges
    assert "Chargé" not in badges
    one = north.page(follow_first(north, "/gestion/imports?state=loaded", "file-2.txt"))
    assert plain(one.one("p", class_="card-badges")) == "Chargé"
    assert one.all(class_="badge") == []


def test_a_column_that_says_nothing_of_any_row_is_left_out(north):
    """Headings stood over nothing: no terminal is silent, nobody is suspended."""
    heads = [plain(head) for head in north.page("/gestion/commercants").all("th", scope="col")]
    assert heads[:2] == ["Commerçant", "Code"]
    assert "Terminaux muets" not in heads
    for path in ("/gestion/commercants", "/gestion/personnes", "/gestion/imports"):
        page = north.page(path)
        lines = [line.all("th") + line.all("td") for line in page.one("tbody").all("tr")]
        said = [any(plain(cell) for cell in column) for column in zip(*lines, strict=True)]
        assert said == [True] * len(page.all("th", scope="col"))


def test_a_file_in_quarantine_says_line_column_and_reason(place, north):
    bad = File(source="north-host", key="bad").text().replace("CORRECTE", "PARFAITE")
    assert place.deliver(bad.encode(), "bad.txt").refused
    assert "1 fichier en quarantaine" in plain(north.page("/gestion/commercants").one("main"))
    page = north.page(follow_first(north, "/gestion/imports?state=quarantined", "bad.txt"))
    main = plain(page.one("main"))
    assert "ligne 2, colonne « statut » : doit être CORRECTE, REJETEE ou INCOMPLETE" in main
    assert "PARFAITE" not in main
    assert "Réessayer" in main
    facts = [plain(term) for term in page.one("dl", class_="facts").all("dt")]
    assert facts == ["Reçu", "Source", "Lignes", "Secondes", "Empreinte (SHA-256)"], (
        "what is known, and no dash"
    )


def test_another_file_under_a_known_number_replaces_it_when_staff_say_so(place, north):
    other = File(source="north-host", key="n1", remittances=(Rem(transactions=(Trx(amount=4000),)),))
    assert place.deliver(other, "corrected.txt").refused
    path = follow_first(north, "/gestion/imports?state=quarantined", "corrected.txt")
    page = north.page(path)
    assert "Remplacer" in plain(page.one("main"))
    assert north.post_form(f"{path}/reprendre").status_code == 404
    assert north.post_form(f"{path}/remplacer").location == path
    assert "Le traitement a été demandé" in plain(north.page(path).one("main"))
    north.post_form(f"{path}/remplacer")
    assert place.work() == 1
    assert place.value("SELECT amount FROM transaction WHERE merchant_id <> 0 AND amount = 4000") == 4000
    main = plain(north.page(path).one("main"))
    assert "Chargé" in main
    assert "corrected.txt" in main
    assert "Remplacé" in plain(north.page("/gestion/imports?state=superseded").one("main"))


def test_a_bank_statement_is_its_folders_in_quarantine_too_and_may_replace(place, north):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox=place.folder.name)
    assert not place.deliver(written(Statement((MovementLine(5740),))), "STATEMENT-1").refused
    assert place.deliver(written(Statement((MovementLine(5750),))), "STATEMENT-2").refused
    path = follow_first(north, "/gestion/imports?state=quarantined", "STATEMENT-2")
    theirs = path.replace(place.desk("north"), place.desk("south"))
    assert place.browser(SOUTH).get(theirs).status_code == 404
    assert north.post_form(f"{path}/remplacer").location == path
    assert place.work() == 1
    assert place.value("SELECT amount FROM bank_movement") == 5750


def test_a_file_tried_again_fails_with_its_reason_or_loads_when_it_can(place, north):
    contradiction = File(source="north-host", key="other", remittances=(Rem(transactions=(Trx(amount=1),)),))
    assert place.deliver(contradiction, "night.txt").refused
    path = follow_first(north, "/gestion/imports?state=quarantined", "night.txt")
    north.post_form(f"{path}/reprendre")
    place.work()
    main = plain(north.page(path).one("main"))
    assert "Échec" in main
    replaced = File(source="north-host", key="n1", remittances=())
    assert place.deliver(replaced, "empty.txt").refused
    north.post_form(follow_first(north, "/gestion/imports?q=empty", "empty.txt") + "/remplacer")
    place.work()
    north.post_form(f"{path}/reprendre")
    place.work()
    assert "night.txt" in north.page(path).text
    assert "Chargé" in plain(north.page(path).one("main"))


def test_a_file_with_a_card_number_offers_nothing(place, north):
    digits = next(f"497010123456{n:04}" for n in range(10000) if passes_luhn(f"497010123456{n:04}"))
    full = File(source="north-host", key="card").text().replace("497010******0028", digits)
    assert place.deliver(full.encode(), "card.txt").refused
    path = follow_first(north, "/gestion/imports?state=quarantined", "card.txt")
    page = north.page(path)
    assert "Aucune copie" in plain(page.one("main"))
    assert digits not in page.source
    assert north.post_form(f"{path}/reprendre").status_code == 404


def test_a_file_that_is_nobodys_is_nobodys_while_there_are_several(place, north):
    assert place.deliver(b"nothing known\n", "strange.txt").refused
    assert "strange.txt" not in north.page("/gestion/imports").text


def test_a_file_of_another_maintainer_does_not_exist(place, north):
    foreign = place.value("SELECT id FROM import_file WHERE name = 'file-4.txt'")
    assert north.get(f"/gestion/imports/{foreign}").status_code == 404
    assert north.post_form(f"/gestion/imports/{foreign}/reprendre").status_code == 404


# Looking


def only_row_in_full(browser, page):
    """The detail of the only row: the list names no outlet where there is only one."""
    (row,) = rows(page)
    return plain(browser.page(row.all("a")[0]["href"]).one("main"))


def test_a_look_is_announced_and_journalled_and_reads_only(place, north):
    merchant = merchant_id(place, "NORTHSHOP")
    there, lists = f"{place.desk('north')}/commercants/{merchant}", f"/m/{merchant}"
    assert north.get(f"{lists}/remises").location == there, "it is said first"
    assert north.post_form(f"/gestion/commercants/{merchant}/regarder").location == f"{lists}/remises"
    page = north.page(f"{lists}/remises?date_from=2026-03-01&date_to=2026-03-03")
    banner = page.one(class_="viewing-as")
    assert "Vous consultez les données de NORTH merchant en tant que mainteneur" in plain(banner)
    assert "NORTH cafe" in only_row_in_full(north, page)
    with north.get(f"{lists}/transactions.csv?date_from=2026-03-01&date_to=2026-03-03") as response:
        assert response.status_code == 200
    assert north.post_form(page.one(class_="viewing-as").one("form")["action"]).location == there
    assert north.get(f"{lists}/remises").location == there
    assert north.get("/remises").location == f"{place.desk('north')}/"
    owner = place.browser("owner@north.example")
    journal = plain(owner.page("/journal").one("main"))
    assert "A consulté les données du commerçant en tant que mainteneur" in journal
    assert NORTH in journal
    assert "A téléchargé une liste" in journal


def test_a_look_at_a_suspended_merchant_works_and_at_a_foreign_one_does_not(place, north):
    merchant = merchant_id(place, "NORTHSHOP")
    with place.database.writing() as connection:
        connection.execute(text("UPDATE merchant SET suspended_at = now() WHERE id = :id"), {"id": merchant})
    north.post_form(f"/gestion/commercants/{merchant}/regarder")
    lists = f"/m/{merchant}/remises?date_from=2026-03-01&date_to=2026-03-03"
    assert "NORTH cafe" in only_row_in_full(north, north.page(lists))
    foreign = merchant_id(place, "SOUTHSHOP")
    assert north.post_form(f"/gestion/commercants/{foreign}/regarder").status_code == 404
    assert north.get(f"/m/{foreign}/remises").status_code == 404


def test_the_desk_is_closed_to_merchants(place):
    owner = place.browser("owner@north.example")
    for path in (
        "/gestion/",
        "/gestion/commercants",
        "/gestion/contrats",
        "/gestion/imports",
        "/gestion/journal",
    ):
        assert owner.get(path).status_code == 403
    assert "/gestion" not in owner.page("/remises").source


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/gestion/envois?state=bad", "une des valeurs de la liste"),
        ("/gestion/envois?after=x", "incomplète"),
        ("/gestion/imports?state=bad", "une des valeurs de la liste"),
        ("/gestion/imports?q=a&status=loaded", "pas de filtre"),
        ("/gestion/commercants?after=0", "incomplète"),
        ("/gestion/commercants?q=4970101234567893", "4 derniers chiffres"),
        ("/gestion/contrats?foo=1", "pas de filtre"),
        ("/gestion/contrats?q=a&q=b", "Une valeur au plus"),
    ],
)
def test_the_lists_of_the_desk_refuse_what_they_do_not_understand(north, address, words):
    page = north.page(address)
    assert words in plain(page.one("main"))
    assert not page.all("table")
    assert not page.all("ul", class_="picks")
    assert not page.all("div", class_="empty")
    assert "4970101234567893" not in page.source


NAMES = ("auberge", "ÉPICERIE", "Œuvre", "zèbre", "Zinc", "école", "Bar")
IN_ORDER = ["auberge", "Bar", "école", "ÉPICERIE", "Œuvre", "zèbre", "Zinc"]


def test_merchants_are_in_french_order_and_paged_by_it(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection)
        for name in NAMES:
            merchant_id = factories.a_merchant(connection, reseller_id=reseller_id, name=name)
        for name in NAMES:
            factories.an_outlet(connection, merchant_id=merchant_id, trade_name=name)
        assert [row.name for row in merchants.merchants(connection, reseller_id).rows] == IN_ORDER
        first = merchants.merchants(connection, reseller_id).rows[2]
        following = merchants.merchants(connection, reseller_id, after=first.id).rows
        assert [row.name for row in following] == IN_ORDER[3:]
        outlets = merchants.outlets(connection, reseller_id, merchant_id).rows
        assert [row.trade_name for row in outlets] == IN_ORDER
