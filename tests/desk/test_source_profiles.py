"""Sources of files at the desk: made, seen, changed by whoever proves who they are, and a file explained."""

from __future__ import annotations

import io

import pytest

from app.database.engine import DatabaseRole
from importers.files import profiles, sources
from importers.load import load_file
from tests.desk.conftest import SOUTH
from tests.importers.money.test_bank_statements_stored import RIB
from tests.importers.money.test_journals import jrb
from tests.importers.money.test_mapped_csv import CIC, STRIPE
from tests.views.town import plain

PAGE, NEW, TRIAL = "/gestion/banque", "/gestion/banque/source", "/gestion/banque/essai"
FORM = {"role": "money", "inbox": "north-stripe", "merchant": "NORTHSHOP", "cards": "refuse"}


def asked(place, response):
    assert response.status_code == 303, response.get_data(as_text=True)
    place.work()
    return response.location


def source_id(place, name):
    return place.value("SELECT id FROM source WHERE name = :name", name=name)


def drop(place, folder, text):
    place.delivered += 1
    path = place.folder / folder / f"export-{place.delivered}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_file(place.database, path, place.data)


def test_a_source_is_made_and_reads_the_files_of_its_folder(place, north):
    page = north.page(asked(place, north.post_form(NEW, name="north-stripe", **FORM)))
    assert "La source est comme vous l'avez dit" in plain(page.one("main"))
    assert not drop(place, "north-stripe", STRIPE).refused
    assert place.value("SELECT count(*) FROM settlement WHERE merchant_id <> 0") == 1
    shown = plain(north.page(f"{NEW}/{source_id(place, 'north-stripe')}").one("main"))
    for words in ("stripe", "NORTHSHOP", "Argent", "export-", "Chargé"):
        assert words in shown
    assert "north-stripe" in plain(north.page(PAGE).one("main"))


def test_an_application_asks_for_the_role_of_payments_before_anything_is_sent(place, north):
    """In the words of the page: the worker would refuse it, in those of the command."""
    response = north.post_form(NEW, name="north-shop", **FORM | {"application": "CBVAD"})
    assert response.status_code == 422
    said = response.get_data(as_text=True).replace("\u00a0", " ")
    assert "Choisissez « les paiements de ses propres contrats »" in said
    assert place.value("SELECT count(*) FROM desk_task") == 0


#: A form in which every setting is said, and what is stored of it.
EVERYTHING = FORM | {
    "role": "payments",
    "title": "Terminaux du Nord",
    "file_pattern": r"RELEVE_.*",
    "account": RIB,
    "format": "CSV",
    "mapping": "SumUp transaction report",
    "aliases": "Art=kind\nZustand=kind",
    "words": "Auszahlung Bezahlt=sale",
    "labels": "VIR CB .*=remittance\nCB (?P<contract_number>[0-9]{7})=refund",
    "payers": "AMEX FR=AMERICAN EXPRESS",
    "application": "cbvad",
    "rank": "002",
    "scale_net": "10000",
    "scale_commission": "100",
    "encoding": "cp850",
    "delimiter": ";",
    "time_zone": "UTC",
    "cards": "mask",
    "contracts": "099999999800019=7654321",
    "expected_at": "06:30",
    "expected_days": "working",
}
STORED = {
    "account": RIB[:21],
    "aliases": {"Art": "kind", "Zustand": "kind"},
    "application": "CBVAD",
    "cards": "mask",
    "contracts": {"099999999800019": "7654321"},
    "delimiter": ";",
    "encoding": "cp850",
    "labels": {"VIR CB .*": "remittance", "CB (?P<contract_number>[0-9]{7})": "refund"},
    "mapping": "SumUp transaction report",
    "payers": {"AMEX FR": "AMERICAN EXPRESS"},
    "rank": "002",
    "scales": {"net": 10000, "commission": 100},
    "title": "Terminaux du Nord",
    "words": {"Auszahlung Bezahlt": "sale"},
}


def test_every_setting_can_be_said_changed_and_unsaid(place, north):
    asked(place, north.post_form(NEW, name="north-all", **EVERYTHING))
    at = f"{NEW}/{source_id(place, 'north-all')}"
    page = north.page(f"{at}/modifier")
    assert RIB[:21] not in page.source
    with place.database.reading(DatabaseRole.IMPORT) as connection:
        stored = profiles.of(connection, "north-all")
    assert stored.settings.stored() == STORED
    assert f"{stored.columns['expected_at']:%H:%M}" == "06:30"
    nothing = dict.fromkeys(EVERYTHING, "") | FORM  # as a browser sends what was emptied
    asked(place, north.post_form(f"{at}/modifier", **nothing))
    with place.database.reading(DatabaseRole.IMPORT) as connection:
        left = profiles.of(connection, "north-all")
    assert left.settings.stored() == {"account": RIB[:21], "cards": "refuse"}
    assert left.columns["expected_days"] is left.columns["file_pattern"] is None
    asked(place, north.post_form(f"{at}/modifier", **nothing | {"account": "-"}))
    with place.database.reading(DatabaseRole.IMPORT) as connection:
        assert profiles.of(connection, "north-all").settings.account == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "north-host"},
        {"inbox": "../x"},
        {"file_pattern": "("},
        {"account": f"{RIB[:-1]}6"},
        {"aliases": "no pair"},
        {"contracts": "4970101122334455=7654321"},
        {"expected_at": "25:00"},
        {"rank": "1"},
        {"application": "CB;VAD"},
        {"format": "other"},
    ],
)
def test_what_cannot_be_is_said_beside_its_field(place, north, wrong):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-host", "north")
    response = north.post_form(NEW, **{"name": "north-mine", **FORM} | wrong)
    assert response.status_code == 422
    assert 'class="fault"' in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"merchant": "SOUTHSHOP"}, "Code du commerçant"),
        ({"mapping": "own", "own_mapping": "[["}, "Correspondance"),
        ({"time_zone": "Mars/Base"}, "Fuseau horaire"),
        ({"labels": "CB .*=money"}, "Libellés d'argent des cartes"),
        ({"labels": "CB (?P<amount>.*)=fee"}, "Libellés d'argent des cartes"),
        ({"payers": "AMEX (=AMERICAN EXPRESS"}, "Libellés des payeurs"),
        ({"labels": "\n".join(f"VIR {n}=fee" for n in range(51))}, "Libellés d'argent des cartes"),
        ({"payers": "\n".join(f"VIR {n}=X" for n in range(51))}, "Libellés des payeurs"),
        ({"name": "north-taken"}, "autre mainteneur"),
    ],
)
def test_what_the_worker_refuses_is_said_with_its_field(place, north, wrong, words):
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        known = {"name": "north-mine"} | FORM | wrong
    if "name" in wrong:  # a colleague elsewhere makes it between the form and the worker
        response = north.post_form(NEW, **known)
        with place.database.writing(DatabaseRole.IMPORT) as connection:
            sources.bind(connection, "north-taken", "south")
    else:
        response = north.post_form(NEW, **known)
    page = north.page(asked(place, response))
    assert words in plain(page.one("main"))
    assert place.value("SELECT count(*) FROM source WHERE inbox = 'north-stripe'") == 0


def test_what_waited_in_quarantine_is_loaded_once_its_source_says_how(place, north):
    asked(place, north.post_form(NEW, name="north-cic", role="money", inbox="north-cic"))
    assert drop(place, "north-cic", CIC).refused
    at = f"{NEW}/{source_id(place, 'north-cic')}"
    assert "il ne nomme aucun compte" in plain(north.page(at).one("main"))
    answer = north.post_form(f"{at}/modifier", role="money", inbox="north-cic", account=RIB)
    page = plain(north.page(asked(place, answer)).one("main"))
    assert "Fichiers qui l'attendaient" in page
    assert place.value("SELECT count(*) FROM bank_statement") == 2


def test_a_source_of_another_maintainer_does_not_exist(place, north):
    asked(place, north.post_form(NEW, name="north-stripe", **FORM))
    south, at = place.browser(SOUTH), f"{NEW}/{source_id(place, 'north-stripe')}"
    assert south.get(at).status_code == 404
    assert south.post_form(f"{at}/modifier", **FORM).status_code == 404
    assert south.post_form(TRIAL, source="north-stripe").status_code == 404


def test_a_file_is_explained_and_nothing_of_it_is_kept(place, north):
    files = "SELECT count(*) FROM import_file"
    before, sample = place.value(files), {"file": (io.BytesIO(STRIPE.encode()), "stripe.xml")}
    page = north.page(asked(place, north.post_form(TRIAL, **sample)))
    shown = plain(page.one("main"))
    assert "Essai de stripe.xml" in shown  # under its own name
    assert "stripe.xml.csv" not in shown
    for words in ("Stripe payout reconciliation", "reporting_category", "customer_name"):
        assert words in shown
    assert "A B" not in shown
    assert place.value("SELECT count(*) FROM settlement") == 0
    assert place.value(files) == before
    assert place.value("SELECT bool_and(content IS NULL) FROM desk_task")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "vide"), (b"x;4970101122334455\n", "carte"), (b"hello\n", None)],
)
def test_a_file_that_cannot_be_explained_says_why(place, north, content, words):
    response = north.post_form(TRIAL, file=(io.BytesIO(content), "x.csv"))
    if words:
        assert response.status_code == 422
        assert words in response.get_data(as_text=True)
    else:
        page = plain(north.page(asked(place, response)).one("main"))
        assert "Le fichier serait mis en quarantaine" in page
    assert place.value("SELECT count(*) FROM desk_task WHERE content IS NOT NULL") == 0


def test_a_reason_says_what_is_to_be_done_at_the_desk(place, north):
    asked(place, north.post_form(NEW, name="north-cic", role="money", inbox="north-cic"))
    assert drop(place, "north-cic", CIC).refused
    for page in (f"{NEW}/{source_id(place, 'north-cic')}", first_file(north)):
        shown = plain(north.page(page).one("main"))
        assert "dites lequel sous Banque, dans le profil de sa source" in shown
        assert "bordereau" not in shown


def first_file(browser) -> str:
    """The page of the file that is listed first."""
    found = (link for link in browser.page("/gestion/imports").links() if "/imports/" in link)
    return next(link for link in found if link.rsplit("/", 1)[-1].isdigit())


def test_a_journal_that_lacks_a_heading_shows_what_became_of_all_of_them(place, north):
    """Otherwise one of them is named each time that it is tried again."""
    journal = jrb(("000101", "DT", 3900, 386_880, 31)).replace(b"NET_AMOUNT", b"Encaisse")
    page = north.page(asked(place, north.post_form(TRIAL, file=(io.BytesIO(journal), "JRB.csv"))))
    shown = plain(page.one("main"))
    assert "Encaisse → ignorée" in shown
    assert "BRUT_AMOUNT → gross" in shown
