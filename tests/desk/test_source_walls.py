"""What a maintainer cannot do, to others or to the night, by the sources that they say at their desk."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.patterns import is_pattern
from importers import waiting
from importers.files import profiles, sources
from importers.load import load_file
from tests import factories
from tests.desk.conftest import SOUTH
from tests.desk.declaring import LINE, upload
from tests.importers.files import File, Rem, directory
from tests.importers.money.test_bank_statements_stored import RIB, statement
from tests.importers.money.test_cfonb120 import MovementLine
from tests.importers.money.test_mapped_csv import CIC
from tests.views.town import plain

NEW = "/gestion/banque/source"
CARD = "4970101122334455"
FORM = {"role": "money", "cards": "refuse"}
MAPPING = 'name = "x"\nrecord = "settlements"\nrecognised_by = ["a"]\n%s\n[columns]\nkind = ["k"]\n'


def asked(place, browser, **said):
    """What the page of a task says of a source that was asked for."""
    response = browser.post_form(NEW, **{"name": "north-mine", **FORM} | said)
    assert response.status_code == 303, response.get_data(as_text=True)
    place.work()
    return plain(browser.page(response.location).one("main"))


def drop(place, folder, name, text):
    path = place.folder / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_file(place.database, path, place.data)


@pytest.fixture
def south_bank(place):
    """A folder and names by which south's statements are known; whoever runs the portal said so."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "south-bank", "south")
        profiles.change(
            connection, "south-bank", role="money", inbox="bank", file_pattern="^RELEVE", account=RIB
        )


@pytest.mark.probes("desks and places")
@pytest.mark.usefixtures("south_bank")
@pytest.mark.parametrize(
    "reaching",
    [
        {"file_pattern": ".*"},
        {"inbox": "bank"},
        {"inbox": "bank", "file_pattern": ".*"},
        {"inbox": "inbox"},
    ],
)
def test_files_of_another_maintainer_stay_theirs_whatever_is_said_of_them(place, north, reaching):
    said = asked(place, north, **reaching)
    assert "Dossier de la boîte de réception" in said
    assert "south-bank" not in said
    assert place.value("SELECT count(*) FROM source WHERE name = 'north-mine'") == 0
    assert not drop(place, "bank", "RELEVE_1.csv", CIC).refused
    owner = "SELECT r.slug FROM import_file f JOIN source s ON s.id = f.source_id JOIN reseller r"
    assert place.value(f"{owner} ON r.id = s.reseller_id WHERE f.name LIKE 'RELEVE%'") == "south"


@pytest.mark.probes("desks and places")
def test_what_waits_for_whoever_owns_it_is_not_taken_by_the_first_to_ask(place, north):
    assert drop(place, "shared", "RELEVE_1.csv", CIC).refused
    assert "Dossier de la boîte de réception" in asked(place, north, inbox="shared", account=RIB)
    assert place.value("SELECT count(*) FROM bank_statement") == 0


@pytest.mark.usefixtures("south_bank")
def test_a_place_that_the_operator_gave_stays_when_something_else_is_said(place):
    south = place.browser(SOUTH)
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "north-bank", "north")
        profiles.change(connection, "north-bank", role="money", inbox="bank", file_pattern="^NORD")
    at = f"{NEW}/{place.value('SELECT id FROM source WHERE name = :name', name='south-bank')}"
    said = {"inbox": "bank", "file_pattern": "^RELEVE", "encoding": "utf-8"}
    assert south.post_form(f"{at}/modifier", **FORM, **said).status_code == 303
    place.work()
    assert place.tasks()[-1].state == "done"


@pytest.mark.probes("files in")
@pytest.mark.parametrize(
    "pattern",
    [
        "(?P<a>x)",
        "(",
        "a{99999999999999999999}",
        r"^(.*)(.*)(.*)(.*)\1\2\3\4$",
        "([a-z]{0,255}){0,90}x",
        "([a-z]{0,255}){0,60}x",
    ],
)
def test_a_pattern_that_would_stop_every_night_is_refused_beside_its_field(place, north, pattern):
    response = north.post_form(NEW, name="north-mine", inbox="north-mine", file_pattern=pattern, **FORM)
    assert response.status_code == 422
    assert 'class="fault"' in response.get_data(as_text=True)
    assert place.tasks() == []


@pytest.mark.probes("files in")
def test_a_pattern_that_takes_long_to_understand_is_none_whoever_asks(place):
    """It is valid: the database understands it in a quarter of a minute, with the lock of all loads held."""
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        assert not is_pattern(connection, "(([a-z]{0,60}){0,60}){0,2}x")


def test_how_long_a_pattern_may_take_to_understand_bounds_nothing_else(place):
    with place.database.writing() as connection:
        before = connection.scalar(text("SHOW statement_timeout"))
        assert is_pattern(connection, "^RELEVE_[0-9]{8}")
        assert not is_pattern(connection, "([a-z]{0,255}){0,60}x")
        assert connection.scalar(text("SHOW statement_timeout")) == before


def test_a_pattern_of_the_database_is_one(place, north):
    assert "comme vous l'avez dit" in asked(
        place, north, inbox="north-mine", file_pattern=r"^[[:alpha:]]+\\1_"
    )


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("field", ["name", "inbox", "file_pattern", "merchant", "time_zone", "account"])
def test_a_card_number_is_kept_in_no_field_of_a_source(place, north, field):
    response = north.post_form(NEW, **{"name": "north-mine", **FORM} | {field: CARD})
    assert response.status_code == 422
    assert CARD not in place.value("SELECT coalesce(string_agg(details::text, ' '), '') FROM journal_entry")
    assert place.tasks() == []


@pytest.mark.probes("files in")
@pytest.mark.parametrize(
    "mapping",
    [
        f"a = {'[' * 3000}",
        f"a = {'9' * 5000}",
        MAPPING % "decimal = 5",
        MAPPING % "words = 3",
        MAPPING % "words = { k = 3 }",
        MAPPING % 'days = "zzz"',
        MAPPING % 'days = ["y", "m", "d"]',
        MAPPING % 'rows = { column = "z" }',
        MAPPING % "rows = [1]",
        MAPPING % "recognised_by = [1]",
        MAPPING.replace('"settlements"', '["a"]') % "",
        MAPPING.replace('["k"]', "[5]") % "",
        MAPPING.replace('["k"]', "5") % "",
    ],
)
def test_a_mapping_that_is_none_says_so_with_its_field(place, north, mapping):
    assert "Correspondance" in asked(place, north, inbox="north-mine", mapping="own", own_mapping=mapping)
    assert place.value("SELECT count(*) FROM source WHERE name = 'north-mine'") == 0


@pytest.mark.probes("desks and places")
def test_a_source_that_is_nobodys_yet_is_not_taken_at_a_desk(place, north):
    response = north.post_form(NEW, name="north-new", inbox="north-mine", **FORM)
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(
            connection, "north-new", ["reference"], good=True
        )  # its first file or word makes it known
    place.work()
    assert "autre mainteneur" in plain(north.page(response.location).one("main"))


# --- what is declared at a desk ------------------------------------------------------------------------

STATEMENT = statement(MovementLine(5740)).decode()
SOUTHS = ("reseller;merchant_code;iban_or_rib;label;grouping;fees;working_days;contracts\n"
          f"south;SOUTHSHOP;{RIB};;;;;*\n")  # fmt: skip
WHOSE = "SELECT r.slug FROM import_file f JOIN source s ON s.id = f.source_id JOIN reseller r"
IS_SOUTHS = f"{WHOSE} ON r.id = s.reseller_id WHERE f.name = :name AND f.status = 'loaded'"


def declare_account(place, browser, merchant, **said):
    form = {"iban_or_rib": RIB, "grouping": "unknown", "fees": "unknown", "working_days": "5",
            "contracts": "*", "label": "", "merchant_code": merchant}  # fmt: skip
    assert browser.post_form("/gestion/banque/compte", **form | said).status_code == 303
    place.work()
    return place.tasks()[-1].state


def declare_contracts(place, browser, *lines):
    assert upload(browser, directory(*lines)).status_code == 303
    place.work()
    return place.tasks()[-1].state


@pytest.mark.probes("desks and places")
def test_an_account_that_a_desk_alone_declares_takes_no_file_of_another(place, north):
    assert declare_account(place, north, "NORTHSHOP") == "done"
    refused = drop(place, "bank", "RELEVE_1.txt", STATEMENT)
    read = place.value("SELECT received_at FROM import_file WHERE name = 'RELEVE_1.txt'")
    assert declare_account(place, north, "NORTHSHOP", label="Autre") == "done"
    assert place.value("SELECT received_at FROM import_file WHERE name = 'RELEVE_1.txt'") == read
    assert "--inbox" in refused.refusals[0].text()
    assert place.value("SELECT count(*) FROM bank_statement") == 0
    with place.database.writing(DatabaseRole.IMPORT) as connection:  # whoever runs the portal says whose
        sources.bind(connection, "south-bank", "south")
        profiles.change(connection, "south-bank", role="money", inbox="bank")
    waiting.of_source(place.database, place.data, "south-bank")
    assert place.value(IS_SOUTHS, name="RELEVE_1.txt") == "south"
    assert place.value("SELECT count(*) FROM bank_statement WHERE merchant_id <> 0") == 0


@pytest.mark.probes("desks and places")
def test_an_account_that_a_desk_declares_holds_up_no_file_of_another(place, north):
    assert declare_account(place, north, "NORTHSHOP") == "done"
    assert not place.deliver(SOUTHS.encode(), "comptes.csv").refused
    assert not drop(place, "bank", "RELEVE_1.txt", STATEMENT).refused
    assert place.value(IS_SOUTHS, name="RELEVE_1.txt") == "south"
    merchant = "SELECT m.code FROM bank_statement b JOIN merchant m ON m.id = b.merchant_id"
    assert place.value(merchant) == "SOUTHSHOP"


@pytest.mark.probes("desks and places")
def test_a_declaration_that_is_asked_for_again_stays_the_desks_word(place, north):
    """What was refused for want of a contract, tried again once there is one."""
    assert declare_account(place, north, "NORTHSHOP", contracts=LINE["contract"]) == "failed"
    assert declare_contracts(place, north, LINE | {"merchant_code": "NORTHSHOP"}) == "done"
    file = place.value("SELECT id FROM import_file WHERE status = 'quarantined'")
    assert north.post_form(f"/gestion/imports/{file}/reprendre").status_code == 303
    place.work()
    assert place.tasks()[-1].state == "done"
    assert drop(place, "bank", "RELEVE_1.txt", STATEMENT).refused


@pytest.mark.probes("desks and places")
def test_what_the_operator_declares_once_more_is_the_operators_word(place):
    south = place.browser(SOUTH)
    assert declare_account(place, south, "SOUTHSHOP") == "done"
    assert not place.deliver(SOUTHS.encode(), "comptes.csv").refused
    assert declare_account(place, south, "SOUTHSHOP", label="Autre") == "done"
    assert not drop(place, "bank", "RELEVE_1.txt", STATEMENT).refused
    assert place.value(IS_SOUTHS, name="RELEVE_1.txt") == "south"


@pytest.mark.probes("desks and places")
def test_a_contract_that_a_desk_alone_declares_takes_no_source_of_another(place, north):
    assert declare_contracts(place, north, LINE) == "done"
    night = Rem(contract=LINE["contract"], number="000777")
    assert not place.deliver(File(source="host-2", key="h1", remittances=(night,))).refused
    assert declare_contracts(place, north, LINE, LINE | {"contract": "5550002"}) == "done"
    shown = "SELECT count(*) FROM remittance WHERE merchant_id <> 0 AND number = '000777'"
    declared = "SELECT r.declared FROM source s JOIN reseller r ON r.id = s.reseller_id"
    assert place.value(f"{declared} WHERE s.name = 'host-2'") is False
    with place.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "host-2", "north")
    assert place.value(shown) == 1


@pytest.mark.probes("desks and places")
@pytest.mark.parametrize("name", ["south-host-2", "host-2", "north", "northern-host", "SOUTH-bank"])
def test_the_name_of_a_source_is_not_taken_before_its_first_file(place, north, name):
    said = asked(place, north, name=name, inbox="north-mine")
    assert "Nom de la source" in said
    assert "north-" in said
    assert place.value("SELECT count(*) FROM source WHERE name = :name", name=name) == 0


@pytest.mark.probes("desks and places")
@pytest.mark.usefixtures("south_bank")
def test_what_others_have_is_refused_as_what_nobody_has(place, north):
    words = [asked(place, north, name=name, inbox="north-mine") for name in ("south-bank", "south-none")]
    assert reason(words[0]) == reason(words[1])
    words = [asked(place, north, inbox=folder, account=RIB) for folder in ("bank", "none", "inbox")]
    assert len({reason(each) for each in words}) == 1


def reason(said):
    """Why a task was not done."""
    return re.search(r"pourquoi(.*?)Rien", said)[1]


@pytest.mark.probes("desks and places")
def test_of_maintainers_that_begin_alike_each_has_its_own_names(place, north):
    with place.database.writing(DatabaseRole.OWNER) as connection:
        factories.a_reseller(connection, slug="north-east", name="North East")
    assert "Nom de la source" in asked(place, north, name="north-east-host", inbox="north-mine")
    with place.database.writing(DatabaseRole.IMPORT) as connection:  # theirs, as south's of folder east-bank
        sources.bind(connection, "south-bank", "north")
    assert not place.deliver(SOUTHS.encode(), "comptes.csv").refused
    assert "--inbox" in drop(place, "bank", "RELEVE_1.txt", STATEMENT).refusals[0].text()
