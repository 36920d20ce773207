"""Canaries: everybody asks for everything of everybody, and nothing that answers sings foreign words."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import delete, select

from app.accounts.journal import Event
from app.database.engine import DatabaseRole
from app.models import Delivery, JournalEntry, MailKind, Role
from app.web import access_matrix
from tests.tickets.reading import read
from tests.views.neighbours import MARKERS, address_of, enter, neighbours
from tests.views.town import portal

#: Words that only a reseller's own staff may read, beside the markers of its merchants.
OF_DESK = {
    "north": {
        "NORTHFILE",
        "NORTHWAITS",
        "NORTHTASK",
        "NORTHREASON",
        "NORTHHANDED",
        "NORTHCONTENT",
        "5550001",
        "north-host",
    },
    "south": {
        "SOUTHFILE",
        "SOUTHWAITS",
        "SOUTHTASK",
        "SOUTHREASON",
        "SOUTHHANDED",
        "SOUTHCONTENT",
        "5550002",
        "south-host",
    },
}
EVERY_WORD = set(MARKERS) | OF_DESK["north"] | OF_DESK["south"]
SOUGHT = (*MARKERS, "NORTH", "SOUTH", "5550001", "5550002")


@pytest.fixture(scope="module")
def app(module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("canaries"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


@pytest.fixture
def people(app, module_database, everybody):
    """Browsers, each with the words that its person may read; nobody has searched for anything yet."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(delete(JournalEntry).where(JournalEntry.event == Event.EXPORTED))
    made = {}
    for marker in ("ALPHA", "BRAVO", "CHARLIE"):
        email = everybody.person(Role.OWNER, marker)
        made[email] = enter(app, module_database, email), {marker}
    made["suspended"] = enter(app, module_database, everybody.person(Role.OWNER, "DELTA")), {"DELTA"}
    made["limited"] = enter(app, module_database, everybody.limited(Role.OWNER)), {"ALPHA"}
    for slug in ("north", "south"):
        own = {marker for marker, of in MARKERS.items() if of == slug} | OF_DESK[slug]
        made[f"staff {slug}"] = enter(app, module_database, everybody.staff(slug)), own
    looking = enter(app, module_database, everybody.staff("north"))
    looking.post_form(f"/gestion/commercants/{everybody.shops['ALPHA'].merchant_id}/regarder")
    made["looking"] = looking, made["staff north"][1]
    return made


def questions(app, everybody, shops=tuple(MARKERS)):
    """Each address that is read with GET, once, about each shop, and the searches for everybody's words.

    Those that the journal writes down come last: a reseller's journal then repeats the words of others.
    """
    return list(dict.fromkeys([*addresses(app, everybody, shops), *searches()]))


def addresses(app, everybody, shops):
    for endpoint in access_matrix.ROUTES.keys() - access_matrix.ONLY_IN_DEVELOPMENT:
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
        if not any("GET" in (rule.methods or ()) for rule in rules) or endpoint.startswith("links."):
            continue
        guard = access_matrix.ROUTES[endpoint]
        markers = shops if guard.names or guard.has_place else ("ALPHA",)
        for marker in markers:
            for place in (marker, None):
                yield address_of(app, everybody, endpoint, marker, place=place)[0]


def searches():
    for marker in SOUGHT:
        for path in (
            "/transactions?issuer=", "/transactions?label=", "/remises?trade_name=",
            "/gestion/commercants?q=", "/gestion/contrats?q=", "/gestion/imports?q=", "/gestion/envois?q=",
            "/gestion/personnes?q=", "/journal?person=",
            "/gestion/journal?person=", "/gestion/journal.csv?person=",
        ):  # fmt: skip
            yield path + marker
    for path in ("/transactions.json?label=", "/remises.json?trade_name="):
        yield from (path + marker for marker in SOUGHT)


def readable(response):
    """All that an answer says: its body, or the text of a PDF, and its headers."""
    if response.mimetype == "application/pdf":
        body = " ".join(text.words for text in read(response.data).texts)
    else:
        body = response.data.decode(errors="replace")
    return body + str(response.headers)


def without_the_question(said, path):
    """The answer without the words of the question itself, which the form repeats."""
    asked = path.partition("?")[2].partition("=")[2]
    return said.replace(asked, "").replace(asked.lower(), "") if asked else said


@pytest.mark.no_cover
@pytest.mark.probes("foreign ids")
def test_no_answer_holds_a_foreign_word_and_no_log_any_word(app, everybody, people, probes, caplog):
    triples, heard = 0, []
    for path in questions(app, everybody):
        for who, (browser, own) in people.items():
            with browser.get(path) as response:
                assert response.status_code < 500, (who, path)
                said = without_the_question(readable(response), path).lower()
            heard += [(who, path, word) for word in sorted(EVERY_WORD - own) if word.lower() in said]
            triples += 1
    assert heard == []
    # Logs name people and rows by number: what a payment says is not theirs to keep.
    logged = "".join(record.getMessage() for record in caplog.records).lower()
    assert not [word for word in (" cafe", " counter", " issuer", "-serial") if word in logged]
    probes(triples)


@pytest.mark.no_cover
@pytest.mark.probes("limits")
def test_limited_people_read_nothing_of_what_is_out_of_their_sight(app, everybody, module_database, probes):
    """An owner of one outlet read the whole merchant's journal once: every route is asked, by every role.

    What is out of their sight is ALPHA's; other merchants answer none of their people, limited or not.
    """
    hidden, heard, asked = ("alpha cafe", "alpha counter", "alpha issuer", "@alpha.example"), [], 0
    for role in Role:
        browser = enter(app, module_database, everybody.limited(role))
        for path in questions(app, everybody, ["ALPHA"]):
            with browser.get(path) as response:
                said = without_the_question(readable(response), path).lower()
                if response.status_code == 403:  # the page says whom to ask, in words that are meant
                    said = said.replace(everybody.person(Role.OWNER, "ALPHA"), "")
            heard += [(role, path, word) for word in hidden if word in said]
            asked += 1
    assert heard == []
    probes(asked)


def test_the_canaries_are_alive(people):
    """Each word is really there to be read by those who may: otherwise silence would prove nothing."""
    browser, own = people["staff north"]
    pages = (
        "commercants",
        "contrats",
        "imports",
        "imports?state=quarantined",
        "imports/deposer",
        "journal",
        "envois",
    )
    said = "".join(readable(browser.get(f"/gestion/{page}")) for page in pages).lower()
    assert {word for word in own if word.lower() not in said} <= {"NORTHWAITS", "NORTHREASON", "NORTHCONTENT"}
    assert "northcontent" not in said
    assert "northreason" in said
    owner, _ = people["owner@alpha.example"]
    with owner.get("/journal.csv") as response:
        assert "ALPHA journal" in readable(response)


def test_no_mail_holds_a_foreign_word(module_database, everybody):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        invited = select(Delivery.recipient, Delivery.message).where(Delivery.kind == MailKind.INVITATION)
        rows = connection.execute(invited).all()
    assert len(rows) == len(MARKERS)
    for row in rows:
        mail = message_from_bytes(bytes(row.message), policy=policy.default)
        said = "".join(
            [
                str(mail["Subject"]),
                *(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"),
            ]
        ).lower()
        marker = row.recipient.partition("@")[2].partition(".")[0].upper()
        assert marker.lower() in said
        assert not [word for word in EVERY_WORD - {marker} if word.lower() in said]
