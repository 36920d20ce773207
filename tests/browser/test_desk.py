"""The reseller's desk in a browser: every page at every width, and one morning's work."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, func, insert, select, text

from app.database.engine import DatabaseRole
from app.models import Delivery, DeliveryState, Fault, JournalEntry, MailKind, Membership, UserAccount
from importers import desk
from importers.load import load_file
from tests.browser import looks
from tests.browser.hands import Hand
from tests.browser.portal import prove
from tests.browser.windows import DESK, IPHONE, PHONE, cookies_of, signing_in
from tests.importers.files import File, Rem, Trx, directory, written
from tests.views.staff import let_staff_in, second_step_taken

STAFF = "equipe@mainteneur.example"
MERCHANT = "/gestion/commercants?q=fournil >> main tbody th a[href*='/commercants/']"
ACCESSES = f"{MERCHANT} >> a[href$='/acces']"
PAGES = {
    "gestion-commercants": "/gestion/commercants",
    "gestion-recherche": "/gestion/commercants?q=nulle+part",
    "gestion-commercant": MERCHANT,
    "gestion-nom": f"{MERCHANT} >> a[href$='/renommer']",
    "gestion-declarer": f"{MERCHANT} >> a[href*='/declarer']",
    "gestion-nouveau": "/gestion/commercants/declarer",
    "gestion-deposer": "/gestion/imports/deposer",
    "gestion-acces": ACCESSES,
    "gestion-inviter": f"{ACCESSES} >> a[href$='/inviter']",
    "gestion-contrats": "/gestion/contrats",
    "gestion-imports": "/gestion/imports",
    "gestion-quarantaine": "/gestion/imports?state=quarantined >> main tbody th a[href*='/imports/']",
    "gestion-import": "/gestion/imports?state=loaded >> main tbody th a[href*='/imports/']",
    "gestion-envois": "/gestion/envois",
    "gestion-journal": "/gestion/journal",
    "gestion-personnes": "/gestion/personnes",
    "gestion-banque": "/gestion/banque",
    "gestion-source": "/gestion/banque >> main a[href*='/banque/source/']",
    "gestion-source-modifier": "/gestion/banque >> main a[href*='/banque/source/'] >> a[href$='/modifier']",
    "gestion-source-nouvelle": "/gestion/banque/source",
}


@pytest.fixture(scope="package")
def staffed(live, tmp_path_factory):
    """The portal with somebody at its desk, two contracts of nobody's and a file in quarantine."""
    folder: Path = tmp_path_factory.mktemp("desk")
    night = File(
        source="demo-host",
        key="desk-1",
        remittances=(
            Rem(contract="1234567", transactions=(Trx(), Trx(sequence="000102", amount=1250))),
            Rem(contract="1234568", number="000777", rank="002", application="CBCLESS"),
        ),
    )
    bad = File(source="demo-host", key="desk-2").text().replace("CORRECTE", "PARFAITE")
    assert not load_file(live.database, written(folder, "NUIT-20261121.TXT", night.data()), folder).refused
    assert load_file(live.database, written(folder, "NUIT-20261122.TXT", bad.encode()), folder).refused
    slug = "demo"
    let_staff_in(live.database, STAFF, slug)
    return folder


@pytest.fixture(scope="package")
def cookies_of_staff(live, browser, staffed):
    """What the browser of somebody at the desk keeps, who has signed in once for all of their windows."""
    with signing_in(browser, live, STAFF, "a long enough password") as page:
        second_step_taken(live.database)
        return cookies_of(page)


@pytest.fixture
def at_desk(window, live, cookies_of_staff):
    """Windows of somebody at the desk."""

    def opened(width=DESK, **named):
        visitor = window(width, signed_in=False, **named)
        visitor.page.context.add_cookies(cookies_of_staff)
        prove(live.database)
        return visitor

    return opened


@looks.over(PAGES)
def test_a_page_of_the_desk_shuts_nobody_out(looking, live, cookies_of_staff, page, look):
    with live.wears(look.theme):
        visitor = looking(look, cookies_of_staff)
        visitor.visit(PAGES[page])
        assert visitor.faults(page, look) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_the_faults_of_a_long_form_are_summed_up_at_its_head_and_lead_to_their_fields(at_desk, javascript):
    """A form of 24 entries came back with its faults screens below, some of them folded."""
    visitor = at_desk(DESK, javascript=javascript)
    visitor.visit(PAGES["gestion-source-nouvelle"])
    page = visitor.page
    page.locator("[name=name]").fill("a b c")
    page.locator("main form button.primary").click()
    page.wait_for_load_state()
    summary = page.locator("#faults")
    assert summary.evaluate("summary => summary === document.activeElement")
    assert page.title().startswith("Erreur\xa0: ")
    way = summary.get_by_role("link")
    place = way.get_attribute("href")
    assert place == "#name"
    way.click()
    assert page.locator(place).is_visible()
    if javascript:
        assert page.locator(place).evaluate("field => field === document.activeElement")
    visitor.keep("gestion-source-fautes")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_each_cell_of_a_line_has_its_heading_for_a_screen_reader(at_desk, width):
    """Cells are counted: one that were gone on a phone would move those behind it under other headings."""
    visitor = at_desk(width)
    visitor.visit(PAGES["gestion-imports"])
    page = visitor.page
    headings = page.get_by_role("columnheader").count()
    line = page.get_by_role("row").filter(has_text="demo-host").first
    cells = line.get_by_role("rowheader").count() + line.get_by_role("cell").count()
    assert cells == headings > 4
    source = page.locator("thead th").all_inner_texts().index("Source") - 1
    seen = line.get_by_role("cell").nth(source)
    assert seen.inner_text() == "demo-host"
    visitor.keep("gestion-imports-lignes")


def test_the_first_merchant_is_on_a_phones_first_screen(at_desk):
    """Five buttons of equal weight stood above, and the first merchant began at 620 px with a notice."""
    visitor = at_desk(PHONE)
    visitor.visit(PAGES["gestion-commercants"])
    notices = visitor.page.locator("main .notice").all()
    first = visitor.page.locator(".table tbody tr").first.bounding_box()
    assert first["y"] - sum(notice.bounding_box()["height"] + 12 for notice in notices[1:]) < 600
    assert (
        visitor.page.locator("main .button:visible").count() - visitor.page.locator("main .subtle").count()
        == 1
    )


@pytest.mark.parametrize("page", ["gestion-commercants", "gestion-imports", "gestion-banque"])
def test_no_column_of_a_table_is_out_of_sight_on_a_desk(at_desk, page):
    visitor = at_desk(DESK)
    visitor.visit(PAGES[page])
    frames = visitor.page.locator(".table-frame")
    assert frames.count() >= 1
    assert (
        frames.evaluate_all("all => all.map((one) => one.scrollWidth - one.clientWidth)")
        == [0] * frames.count()
    )


@pytest.fixture
def not_delivered(live):
    """A mail that was put off, with the longest words for that and for why."""
    with live.database.writing(DatabaseRole.OWNER) as connection:
        owner = select(Membership.merchant_id).join(UserAccount).where(UserAccount.email == live.email)
        mail = {
            "kind": MailKind.TICKET,
            "reseller_slug": "demo",
            "merchant_id": connection.scalar(owner),
            "request_key": "not delivered",
            "sender": "tickets@mainteneur.example",
            "recipient": "assistance.comptabilite.generale@enseigne.example",
            "message_id": "<not-delivered@mainteneur.example>",
            "state": DeliveryState.RETRYING,
            "last_fault": Fault.CONNECTION_REFUSED,
        }
        connection.execute(insert(Delivery).values(mail))
    yield mail["recipient"]
    with live.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(delete(Delivery).where(Delivery.request_key == mail["request_key"]))


def test_why_a_mail_did_not_leave_is_in_sight_on_a_desk(at_desk, not_delivered):
    visitor = at_desk(DESK)
    visitor.visit(PAGES["gestion-envois"])
    frame = visitor.page.locator(".table-frame")
    assert not_delivered in frame.inner_text()
    assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0


@pytest.fixture
def attached(live):
    """A line of the journal that says much: the contracts of a chain that were attached."""
    contracts = [f"70212669{number}/001 CBCLESS" for number in range(10, 22)]
    with live.database.writing(DatabaseRole.OWNER) as connection:
        owner = select(Membership.merchant_id).join(UserAccount).where(UserAccount.email == live.email)
        entry = {"event": "attach_asked", "merchant_id": connection.scalar(owner)}
        said = {"at": func.now(), "details": {"contracts": contracts}}
        written = insert(JournalEntry).values(entry | said).returning(JournalEntry.id)
        entry_id = connection.scalar(written)
    yield contracts[-1]
    with live.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(delete(JournalEntry).where(JournalEntry.id == entry_id))


def test_what_is_told_in_the_journal_is_in_sight_on_a_desk(at_desk, attached):
    visitor = at_desk(DESK)
    visitor.visit(PAGES["gestion-journal"])
    frame = visitor.page.locator(".table-frame")
    assert attached in frame.inner_text()
    assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0


@pytest.mark.parametrize(("width", "javascript"), [(DESK, True), (PHONE, False)])
def test_a_contract_of_nobodys_finds_its_merchant(at_desk, live, staffed, width, javascript):
    """From the contracts that wait to the lists of their merchant, seen through a look."""
    number = "1234567" if javascript else "1234568"
    visitor = at_desk(width, javascript=javascript)
    page = visitor.page
    visitor.go("/gestion/contrats")
    page.get_by_label(number).check()
    visitor.follow(page.get_by_role("button", name="Rattacher les contrats choisis"))
    page.get_by_label("Nom, code, SIRET").fill("boulang")
    visitor.follow(page.get_by_role("button", name="Chercher"))
    visitor.keep("gestion-rattacher-commercant")
    visitor.follow(page.locator(".choices button").first)
    visitor.keep("gestion-rattacher")
    page.get_by_label("Nom commercial").fill("")
    page.get_by_label("Point de vente", exact=True).select_option(index=0)
    visitor.follow(page.get_by_role("button", name="Rattacher", exact=True))
    assert "En cours" in page.locator("main").inner_text()
    visitor.keep("gestion-contrats-en-cours")
    with live.database.reading(DatabaseRole.OWNER) as connection:
        task_id = connection.scalar(text("SELECT max(id) FROM desk_task"))
    desk.perform(live.database, staffed, task_id)
    page.reload()
    assert "Fait" in page.locator("main").inner_text()
    visitor.go("/gestion/commercants?q=" + number)
    visitor.follow(page.locator("tbody th a").first)
    visitor.follow(page.get_by_role("button", name="Voir les listes"))
    assert re.search(r"/m/\d+/remises", page.url)
    root = urlsplit(page.url).path.removesuffix("/remises")
    visitor.go(f"{root}/transactions?contract={number}&date_from=2026-03-01&date_to=2026-03-03")
    assert "en tant que mainteneur" in page.locator(".viewing-as").inner_text()
    visitor.keep("gestion-regard")
    assert re.search(r"net · (2 transactions|1 transaction)\n", page.locator("[data-say]").inner_text())
    visitor.follow(page.get_by_role("button", name="Quitter"))
    assert re.search(r"/gestion/\d+/commercants/\d+$", page.url)


@pytest.mark.parametrize(("width", "javascript"), [(DESK, True), (PHONE, False)])
def test_a_directory_is_handed_over_and_its_merchant_appears(at_desk, live, staffed, width, javascript):
    """A file with a fault first, then put right, then the merchant and the way to invite its owner."""
    code = f"CAVES{width}"
    line = {"reseller": "demo", "merchant_code": code, "merchant_name": f"CAVES {width}",
            "siret": f"{width:014}", "contract": f"77{width}"}  # fmt: skip
    file = staffed / "réseau.csv"
    visitor = at_desk(width, javascript=javascript)
    page = visitor.page
    visitor.go("/gestion/commercants")
    visitor.follow(page.get_by_role("link", name="Déposer un référentiel"))
    for encoding in ("cp1252", "utf-8"):
        file.write_bytes(directory({**line, "trade_name": "LA CAVE À VINS"}).decode().encode(encoding))
        page.set_input_files("input[type=file]", file)
        visitor.follow(page.get_by_role("button", name="Déposer", exact=True))
        if encoding == "cp1252":
            assert "CSV UTF-8" in page.locator("#file-faults").inner_text()
            visitor.keep("gestion-depot-refuse")
            assert visitor.barriers() == [] if javascript else True
    assert "En attente" in page.locator("main").inner_text()
    visitor.keep("gestion-depot-en-attente")
    with live.database.reading(DatabaseRole.OWNER) as connection:
        task_id = connection.scalar(text("SELECT max(id) FROM desk_task"))
    desk.perform(live.database, staffed, task_id)
    visitor.follow(page.get_by_role("link", name="Voir où il en est"))
    assert "Chargé" in page.locator("main").inner_text()
    visitor.keep("gestion-depot-charge")
    assert visitor.sideways() == 0
    visitor.follow(page.get_by_role("link", name="Voir le commerçant"))
    assert page.locator("h1").inner_text() == f"CAVES {width}"
    visitor.follow(page.get_by_role("link", name="Accès"))
    assert page.get_by_role("link", name="Inviter").first.is_visible()


@pytest.mark.parametrize("width", [IPHONE, DESK])
def test_an_access_is_given_in_nine_taps(at_desk, tell, width):
    """The task of a maintainer's staff: somebody at the baker's is to see the lists."""
    visitor, email = at_desk(width), f"apprenti-{width}@fournil.example"
    page = visitor.page
    visitor.go("/gestion/commercants")
    hand = Hand(visitor)
    find = page.get_by_role("searchbox")
    hand.tap("search box", find)
    find.fill("fournil")
    with page.expect_navigation():
        hand.press_enter("search", find)
    hand.tap("merchant", page.locator("main tbody th a[href*='/commercants/']").first)
    hand.tap("accesses", page.locator("a[href$='/acces']").first)
    hand.tap("invite", page.locator("a[href$='/inviter']").first)
    box = page.locator("#email")
    hand.tap("address", box)
    box.fill(email)
    hand.tap("role", page.locator("label[for=role-viewer]"))
    hand.tap("outlets", page.locator("label[for=scope-all]"))
    hand.tap("send", page.get_by_role("button", name="Envoyer l’invitation"))
    hand.look(page.locator("main").get_by_text(email).first)
    taps, scrolls = tell(f"An access given, {width} px", hand)
    assert (taps <= 9, scrolls <= 2) == (True, True)
