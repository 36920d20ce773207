"""Declaring at the desk: a chain taken on without a command line, and nothing declared for anybody else."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, text

from app.database.engine import DatabaseRole
from app.desk import declare_contract, upload_checks
from app.jobs import free_jobs
from app.locks import Lock, hold
from app.models import DeskTask
from app.wording.applications import APPLICATIONS
from importers import desk, jobs
from tests.accounts.mails import link
from tests.desk.conftest import NORTHERN
from tests.desk.declaring import CARD, LINE, UPLOAD, main, traces, upload
from tests.desk.places import merchant_id
from tests.importers.files import File, Rem, directory
from tests.page import HtmlPage
from tests.views.town import follow, plain, rows
from tests.waiting import HANGS


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
@pytest.mark.probes("uploads")
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


def test_traces_would_be_found(place, north):
    upload(north, directory({**LINE, "label": "A CANARY"}))
    assert traces(place, "A CANARY") == ["desk_task"]
    place.work()
    assert "desk_task" not in traces(place, "A CANARY")


@pytest.mark.probes("uploads")
@pytest.mark.probes("uploads")
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
    real = desk.load_for_desk

    def killed(*args, **named):
        if moment == "after":
            real(*args, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(desk, "load_for_desk", killed)
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
@pytest.mark.probes("uploads")
def test_a_hostile_name_is_only_ever_shown(given, shown):
    assert declare_contract.file_name(given) == shown


@pytest.mark.probes("uploads")
def test_a_task_that_kills_each_worker_ends_and_says_so(place, north):
    page = upload(north, directory(LINE)).location
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'desk_task'")
        )
    desk.end_given_up(place.database)
    assert place.tasks()[-1].state == "waiting"
    with place.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET attempts = 4 WHERE task_name = 'desk_task'"))
    free_jobs(place.database)
    desk.end_given_up(place.database)
    (*_, task) = place.tasks()
    assert (task.state, task.content) == ("failed", None)
    assert "ne sera plus essayé" in plain(north.page(page).one("main"))


@pytest.mark.parametrize(("deaths", "beside", "waits"), [(0, True, False), (1, True, False), (2, True, True),
    (0, False, True)])  # fmt: skip
def test_a_task_that_killed_workers_is_done_beside_nothing_else(place, north, deaths, beside, waits):
    """Nor is one begun while a file is tried alone: of two that die together each is held to be the cause."""
    upload(north, directory(LINE))
    (task,) = place.tasks()
    portal = {"config": SimpleNamespace(data=place.data), "database": place.database}
    context = SimpleNamespace(additional_context=portal, job=SimpleNamespace(attempts=deaths))
    doing = threading.Thread(target=jobs.desk_task.func, args=(context, task.id))
    with place.database.writing(DatabaseRole.IMPORT) as other:
        hold(other, Lock.ALONE, shared=beside)
        doing.start()
        doing.join(1 if waits else HANGS)
        assert place.tasks()[-1].state == ("waiting" if waits else "done")
    doing.join(HANGS)
    assert place.tasks()[-1].state == "done"


def test_a_file_with_a_hostile_name_is_loaded_like_any_other(place, north):
    location = upload(north, directory(LINE), "../<b>.tmp").location
    place.work()
    page = north.page(location)
    assert page.h1 == "<b>.tmp.csv"
    assert "Chargé :" in main(page)
    assert {path.name for path in place.data.iterdir()} == {"archive", "filing.lock"}


# For oneself alone


@pytest.mark.probes("desks and places")
@pytest.mark.probes("desks and places")
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
@pytest.mark.probes("desks and places")
@pytest.mark.probes("desks and places")
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


@pytest.mark.probes("desks and places")
def test_a_request_of_another_maintainer_does_not_exist(place, north):
    location = upload(north, directory(LINE)).location
    south = place.browser("staff@south.example")
    assert south.get(location).status_code == 404
    place.work()
    assert south.get(location).status_code == 404
    assert "referentiel.csv" not in south.page(UPLOAD).text
