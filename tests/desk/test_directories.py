"""Declaring at the desk: a chain taken on without a command line, and nothing declared for anybody else."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import insert, text

from app.database.engine import DatabaseRole
from app.desk import declare_contract, upload_checks
from app.models import DeskTask
from app.rules.cards import looks_like_card
from app.wording.applications import APPLICATIONS
from importers import desk
from importers.load import load_file
from tests import factories
from tests.accounts.mails import link
from tests.desk.conftest import NORTHERN
from tests.importers.files import File, Rem, directory, written
from tests.page import HtmlPage
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import follow, plain, portal, rows

UPLOAD = "/gestion/imports/deposer"
CARD = next(f"497010123456{n:04}" for n in range(10000) if looks_like_card(f"497010123456{n:04}"))
LINE = {
    "reseller": "north",
    "merchant_code": "CHAIN",
    "merchant_name": "CHAIN merchant",
    "contract": "5550001",
}


def upload(browser, data, name="referentiel.csv"):
    """Post a file; the body is made here, since the test client leaves large ones open."""
    line, filename = "--frontier\r\nContent-Disposition: form-data; name=", name.replace('"', "%22")
    head = (
        f'{line}"csrf_token"\r\n\r\n{browser.token()}\r\n{line}"file"; filename="{filename}"'
        "\r\nContent-Type: text/csv\r\n\r\n"
    )
    body = head.encode() + data + b"\r\n--frontier--\r\n"
    return browser.post(UPLOAD, data=body, content_type="multipart/form-data; boundary=frontier")


def main(page):
    return plain(page.one("main"))


def merchant_id(place, code):
    return place.value("SELECT id FROM merchant WHERE code = :code", code=code)


def a_chain(shops):
    """One merchant with ``shops`` outlets, each with every application."""
    return directory(
        *(
            {**LINE, "siret": f"{10_000_000_000_000 + shop}", "trade_name": f"SHOP {shop:03}",
             "contract": f"6{shop:06}", "application": application, "label": ""}
            for shop in range(shops)
            for application in APPLICATIONS
        )
    )  # fmt: skip


# A file


def test_a_chain_of_500_shops_is_taken_on_without_a_command_line(place, north):
    """Merchant directory, owner, first night: what issue 4 asks of a reseller."""
    response = upload(north, b"\xef\xbb\xbf" + a_chain(500).replace(b"\n", b"\r\n"), "Réseau 2026.csv")
    assert response.status_code == 303
    page = north.page(response.location)
    assert page.h1 == "Réseau 2026.csv"
    assert "En attente du traitement" in main(page)
    assert "En cours : Réseau 2026.csv" in main(north.page("/gestion/imports"))
    assert place.work() == 1
    page = north.page(response.location)
    assert "Chargé : 7 000 contrats, 500 points de vente, 1 commerçant" in main(page)
    assert "Réseau 2026.csv" in north.page(follow(page, "Voir l'import")).text
    merchant = north.page(follow(page, "Voir le commerçant"))
    assert merchant.h1 == "CHAIN merchant"

    accesses = follow(merchant, "Accès")
    north.post_form(f"{accesses}/inviter", email="owner@chain.example", role="owner", scope="all")
    owner = place.app.test_client()
    owner.get(link(place.database, "owner@chain.example"))
    words = "quatre mots bien longs"
    token = owner.page("/invitation").csrf
    owner.post("/invitation", data={"csrf_token": token, "password": words, "again": words})
    night = Rem(contract="6000499", application="CBEMV")
    assert not place.deliver(File(source="north-host", key="n3", remittances=(night,))).refused
    seen = owner.page("/remises?date_from=2026-03-01&date_to=2026-03-03")
    (row,) = rows(seen)
    assert "6000499" in plain(row)
    assert "SHOP 499" in plain(owner.page(row.all("a")[0]["href"]).one("main"))
    assert "A déposé un référentiel" in main(north.page("/gestion/journal"))


def test_the_page_says_what_to_do_and_gives_a_model(place, north):
    page = north.page(UPLOAD)
    assert page.h1 == "Déposer un référentiel"
    assert "merchant_code" in page.text
    assert "Vous : north, sur chaque ligne" in main(page)
    for kind in ("csv", "xlsx"):
        with north.get(f"/gestion/imports/modele.{kind}") as response:
            assert f'filename="referentiel.{kind}"' in response.headers["Content-Disposition"]
            assert response.data[:4] == (b"\xef\xbb\xbfr" if kind == "csv" else b"PK\x03\x04")
    mended = declared = north.get("/gestion/imports/modele.csv").data
    assert upload(north, declared).status_code == 422
    mended = declared.replace(b"EXEMPLE;", b"MIEN;")
    assert upload(north, mended).status_code == 303
    place.work()
    assert [task.state for task in place.tasks()] == ["done"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Le fichier est vide"),
        (b"PK\x03\x04", "classeur Excel"),
        (b"name;siret\nA;B\n", "l'en-tête d'un référentiel"),
        (directory({**LINE, "label": f"TPE {CARD}"}), "numéro de carte complet"),
        (directory({**LINE, "siret": CARD}), "numéro de carte complet"),
        (directory({**LINE, "reseller": "south"}), "ligne 2, colonne « mainteneur »"),
        (directory(LINE) + b"x" * upload_checks.MOST_BYTES, "8 Mo au plus"),
    ],
)
def test_a_refused_file_says_why_beside_its_field_and_leaves_no_trace(place, north, data, words):
    response = upload(north, data, f"{CARD}.csv")
    assert response.status_code in (413, 422)
    page = HtmlPage(response, north.application)
    field = page.one("input", name="file")
    assert field["aria-invalid"] == "true"
    assert words in plain(page.one(id="file-faults"))
    assert CARD not in page.source
    assert place.tasks() == []
    assert place.work() == 0
    assert traces(place, CARD) == []


def traces(place, words):
    """Every table that holds ``words`` anywhere, as text or as bytes."""
    with place.database.reading(DatabaseRole.OWNER) as connection:
        tables = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        ).all()
        return [
            table
            for table in tables
            if connection.scalar(
                text(
                    f'SELECT count(*) FROM "{table}" AS t'
                    " WHERE strpos(t::text, :words) > 0 OR strpos(t::text, encode(:bytes, 'hex')) > 0"
                ),
                {"words": words, "bytes": words.encode()},
            )
        ]


def test_traces_would_be_found(place, north):
    upload(north, directory({**LINE, "label": "A CANARY"}))
    assert traces(place, "A CANARY") == ["desk_task"]
    place.work()
    assert "desk_task" not in traces(place, "A CANARY")


def test_what_is_far_too_large_is_not_read(place, north):
    response = upload(north, b"x" * (upload_checks.MOST_BYTES + 200_000))
    assert response.status_code == 413
    assert "8 Mo au plus" in plain(HtmlPage(response, north.application).one(id="file-faults"))
    assert north.post("/gestion/commercants/declarer", data={"more": "x" * 100_000}).status_code == 413


def test_without_a_file_one_is_asked_for(north):
    response = north.post_form(UPLOAD)
    assert response.status_code == 422
    assert "Choisissez un fichier" in plain(HtmlPage(response, north.application).one(id="file-faults"))


def test_what_the_importers_refuse_is_told_with_line_column_and_reason(place, north):
    response = upload(north, directory({**LINE, "siret": "9,99999E+13", "rank": "1", "time_zone": "Paris"}))
    place.work()
    said = main(north.page(response.location))
    assert "Rien n'a été chargé" in said
    assert "ligne 2, colonne « SIRET » : 14 chiffres attendus" in said
    assert "colonne « rang » : 3 chiffres attendus" in said
    assert "9,99999E+13" not in said
    assert merchant_id(place, "CHAIN") is None
    assert "referentiel.csv" in main(north.page("/gestion/imports?state=quarantined"))


def test_a_contract_of_another_merchant_is_refused_whole(place, north):
    taken = {**LINE, "contract": NORTHERN.get("contract", "7654321")}
    response = upload(north, directory({**LINE, "contract": "5559999"}, taken))
    place.work()
    said = main(north.page(response.location))
    assert "ligne 3" in said
    assert "autre commerçant" in said
    assert merchant_id(place, "CHAIN") is None


def test_the_same_bytes_again_say_so(place, north):
    first = upload(north, directory(LINE)).location
    place.work()
    second = upload(north, directory(LINE), "other-name.csv").location
    place.work()
    assert "Chargé :" in main(north.page(first))
    assert "déjà été chargé" in main(north.page(second))
    assert (
        place.value("SELECT count(*) FROM import_file WHERE status = 'loaded' AND format = 'REFERENTIEL'")
        == 3
    )


def test_what_waits_for_too_long_says_so(place, north):
    location = upload(north, directory(LINE)).location
    assert "plus long que d'ordinaire" not in main(north.page(location))
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE desk_task SET asked_at = now() - interval '11 minutes'"))
    assert "plus long que d'ordinaire" in main(north.page(location))
    place.work()
    assert "plus long que d'ordinaire" not in main(north.page(location))


def test_two_at_once_are_both_loaded_whole(place, north):
    """Two workers, two files of the same merchant: one after the other, nothing lost, nothing twice."""
    for number in range(2):
        lines = ({**LINE, "contract": f"55{number}{n:04}"} for n in range(50))
        assert upload(north, directory(*lines), f"half-{number}.csv").status_code == 303
    assert upload(north, directory(LINE)).status_code == 303
    assert upload(north, directory(LINE)).status_code == 303
    tasks = [task.id for task in place.tasks()]
    workers = [
        threading.Thread(target=desk.perform, args=(place.database, place.data, task_id))
        for task_id in (*tasks, *tasks)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {task.state for task in place.tasks()} == {"done"}
    assert place.value("SELECT count(*) FROM merchant WHERE code = 'CHAIN'") == 1
    count = "SELECT count(*) FROM contract WHERE merchant_id = :id"
    assert place.value(count, id=merchant_id(place, "CHAIN")) == 101


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_on_the_way_ends_in_the_same_state(place, north, monkeypatch, moment):
    """Whether the file was loaded or not yet, the job that comes back ends the task."""
    location = upload(north, directory(LINE)).location
    real = desk.load_file

    def killed(*args, **named):
        if moment == "after":
            real(*args, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(desk, "load_file", killed)
    (task,) = place.tasks()
    with pytest.raises(KeyboardInterrupt):
        desk.perform(place.database, place.data, task.id)
    (task,) = place.tasks()
    assert (task.state, task.content) == ("waiting", directory(LINE))
    monkeypatch.undo()
    desk.perform(place.database, place.data, task.id)
    (task,) = place.tasks()
    assert (task.state, task.content) == ("done", None)
    assert task.finished_at >= place.value("SELECT max(received_at) FROM import_file")
    assert "Chargé : 1 contrat, 1 point de vente, 1 commerçant" in main(north.page(location))
    assert place.value("SELECT count(*) FROM import_file WHERE name = 'referentiel.csv'") == 1
    assert len(list((place.data / "archive").iterdir())) == 7


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.csv"),
        (r"C:\Users\anne\Réseau.CSV", "Réseau.CSV"),
        (".hidden.tmp", "hidden.tmp.csv"),
        ("<script>alert(1)</script>.csv", "script>.csv"),
        ("a\u202egpj.csv", "agpj.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        (f"{CARD}.csv", "referentiel.csv"),
        ("=cmd|'/C calc'!A0.csv", "C calc'!A0.csv"),
        ("", "referentiel.csv"),
        ("..", "referentiel.csv"),
        ("é" * 300 + ".csv", "é" * 96 + ".csv"),
    ],
)
def test_a_hostile_name_is_only_ever_shown(given, shown):
    assert declare_contract.file_name(given) == shown


def test_a_file_with_a_hostile_name_is_loaded_like_any_other(place, north):
    location = upload(north, directory(LINE), "../<b>.tmp").location
    place.work()
    page = north.page(location)
    assert page.h1 == "<b>.tmp.csv"
    assert "Chargé :" in main(page)
    assert {path.name for path in place.data.iterdir()} == {"archive", "filing.lock"}


# For oneself alone


def test_nothing_can_be_declared_for_another_maintainer(place, north):
    for data in (
        directory({**LINE, "reseller": "south"}),
        directory(LINE, {**LINE, "reseller": "SOUTH", "contract": "5550002"}),
        directory({**LINE, "reseller": "source:north-host"}),
    ):
        assert upload(north, data).status_code == 422
    foreign = merchant_id(place, "SOUTHSHOP")
    for path in (
        f"/gestion/commercants/{foreign}/renommer",
        f"/gestion/commercants/declarer?merchant={foreign}",
    ):
        assert north.get(path).status_code == 404
        assert north.post_form(path, name="MINE").status_code == 404
    assert place.tasks() == []


@pytest.mark.parametrize(
    "content",
    [
        directory({**LINE, "reseller": "south"}),
        directory(LINE, {**LINE, "reseller": "south", "contract": "5550002"}),
        File(source="south-host", key="forged").data(),
        b"nothing known\n",
    ],
)
def test_the_worker_loads_nothing_for_another_maintainer_whoever_wrote_the_row(place, content):
    with place.database.writing() as connection:
        task_id = connection.scalar(
            insert(DeskTask)
            .values(
                reseller_id=place.value("SELECT id FROM reseller WHERE slug = 'north'"),
                user_id=1,
                kind="declare",
                details={"file": "forged.csv"},
                content=content,
            )
            .returning(DeskTask.id)
        )
    files = place.value("SELECT count(*) FROM import_file")
    desk.perform(place.database, place.data, task_id)
    (task,) = place.tasks()
    assert (task.state, task.content) == ("failed", None)
    assert place.value("SELECT count(*) FROM import_file") == files


def test_a_request_of_another_maintainer_does_not_exist(place, north):
    location = upload(north, directory(LINE)).location
    south = place.browser("staff@south.example")
    assert south.get(location).status_code == 404
    place.work()
    assert south.get(location).status_code == 404
    assert "referentiel.csv" not in south.page(UPLOAD).text


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
                " contract, outlet, source, import_file, import_refusal, received_day CASCADE"
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
