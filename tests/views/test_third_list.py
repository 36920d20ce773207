"""A list that the portal does not have: declared once, and every address of it answers, to every role."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from app.database.engine import DatabaseRole
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.sums import series
from app.lists import LISTS
from app.models import Role
from app.rules.time_zones import today
from app.web import access_matrix
from app.web.access_matrix import ROUTES, Decision, Relation, Where, list_routes
from tests.views.incidents import INCIDENT, INCIDENTS
from tests.views.neighbours import enter, neighbours
from tests.views.town import plain, portal, rows

#: The same rows in a list that has no period: all of them, always.
WHOLE = replace(
    INCIDENTS, name="every_incident", path="/tous-incidents", source=replace(INCIDENTS.source, day=None)
)


@pytest.fixture(scope="module")
def declared():
    """The lists, known to the portal as its own are."""
    with pytest.MonkeyPatch.context() as patch:
        for spec in (INCIDENTS, WHOLE):
            patch.setitem(LISTS, spec.name, spec)
            for endpoint, guard in list_routes(spec).items():
                patch.setitem(ROUTES, endpoint, guard)
        yield


@pytest.fixture(scope="module")
def app(declared, module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("third"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    made = neighbours(app, module_database)
    with module_database.writing(DatabaseRole.OWNER) as connection:
        INCIDENT.create(connection)
        connection.execute(text(f'GRANT SELECT ON incident TO "{module_database.roles.web}"'))
        for shop in made.shops.values():
            connection.execute(insert(INCIDENT), [incident(shop, number) for number in range(1, 4)])
    return made


def yesterday():
    return today() - timedelta(days=1)


def incident(shop, number):
    at = datetime.combine(yesterday(), datetime.min.time()) + timedelta(hours=9 + number)
    return {
        "merchant_id": shop.merchant_id,
        "id": number,
        "contract_id": shop.contract_id,
        "happened_on": yesterday(),
        "happened_at": at.replace(tzinfo=UTC),
        "happened_local": at,
        "kind": "lost" if number == 1 else "paper",
        "words": None if number == 1 else f"{shop.marker} incident {number}",
        "cost": 100 * number,
        "currency": "EUR",
    }


@pytest.fixture(scope="module", params=list(Role))
def browser(request, app, module_database, everybody):
    browser = enter(app, module_database, everybody.person(request.param, "ALPHA"))
    browser.role = request.param
    return browser


@pytest.fixture(scope="module")
def owner(app, module_database, everybody):
    return enter(app, module_database, everybody.person(Role.OWNER, "ALPHA"))


def addresses(spec):
    """Every address of a list that is read, by its page."""
    row = f"{spec.path}/2"
    return {
        "index": spec.path,
        "document": f"{spec.path}.json",
        "download": f"{spec.path}.csv",
        "workbook": f"{spec.path}.xlsx",
        "search": f"{spec.path}/recherche?q=1 et 2",
        "groups_document": f"{spec.path}/regroupement.json?by=kind",
        "groups_download": f"{spec.path}/regroupement.csv?by=kind",
        "groups_workbook": f"{spec.path}/regroupement.xlsx?by=kind",
        "detail": row,
        "ticket": f"{row}/ticket",
        "ticket_file": f"{row}/ticket.pdf",
        "sending": f"{row}/envoi?envoi={'k' * 43}",
    }


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_every_address_answers_as_the_matrix_says(browser, spec):
    for page, path in addresses(spec).items():
        expected = access_matrix.decide(
            browser.role, ROUTES[f"{spec.name}.{page}"], Relation.OWN, Where.SHORT
        )
        with browser.get(path) as response:
            assert response.status_code == (200 if expected is Decision.ALLOWED else 403), path


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_every_page_of_a_list_is_asked(app, spec):
    read = {page for page, guard in list_routes(spec).items() if not guard.changes}
    assert read == {f"{spec.name}.{page}" for page in addresses(spec)}


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_its_columns_are_chosen_and_stay(owner, spec):
    onward = owner.post_form(f"{spec.path}/colonnes", columns=["words"]).location
    for path in (onward, spec.path):
        heads = plain(owner.page(path).one(class_="sheet-heads"))
        assert "Wording of it" in heads
        assert "Rang" not in heads


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_a_view_of_it_is_kept_and_shown(owner, everybody, spec):
    kept = owner.post_form("/vues", list_name=spec.name, asked="kind=lost", name="Lost ones")
    assert (kept.status_code, kept.location) == (
        303,
        f"/m/{everybody.shops['ALPHA'].merchant_id}{spec.path}?kind=lost",
    )
    assert "Lost ones" in plain(owner.page(spec.path).one("nav", class_="wide-only"))


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_page_json_and_csv_show_the_same(owner, spec):
    page = owner.page(spec.path)
    assert "−6,00 € net · 3 incidents" in plain(page.one("h2"))
    assert len(rows(page)) == 3
    found = owner.get(f"{spec.path}.json?sort=words").json
    assert found["totals"] == [{"currency": "EUR", "count": 3, "cost": 600, "net": -600}]
    assert [row["id"] for row in found["rows"]] == [2, 3, 1]
    with owner.get(f"{spec.path}.csv") as file:
        assert len(file.text.splitlines()) == 4
    assert (
        len(rows(owner.page(f"{spec.path}?kind=paper&words=alpha&contract={found['rows'][0]['contract']}")))
        == 2
    )
    assert not owner.page(f"{spec.path}?words=bravo").all("table")


def test_its_rows_are_those_in_scope(app, module_database, everybody):
    limited = enter(app, module_database, everybody.limited(Role.OWNER))
    assert limited.get("/incidents.json").json["count"] == 0
    assert limited.get("/incidents/2").status_code == 404


def test_its_sums_are_grouped_by_its_dimension(module_database, everybody):
    scope = Scope(everybody.shops["ALPHA"].merchant_id)
    criteria = Criteria.from_args(INCIDENTS, [], Days(today(), today(), today()))
    with module_database.reading() as connection:
        groups = series(connection, INCIDENTS, scope, criteria, by=INCIDENTS.dimensions[0])
    assert [(group.key, group.totals.count, group.totals.lines[0]["cost"]) for group in groups] == [
        ("lost", 1, 100),
        ("paper", 2, 500),
    ]


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_its_groups_are_a_document_for_programs(owner, spec):
    assert owner.get(f"{spec.path}/regroupement.json?by=kind").json == {
        "by": "kind",
        "count": 3,
        "totals": [{"currency": "EUR", "count": 3, "cost": 600, "net": -600}],
        "groups": [
            {"key": "lost", "currency": "EUR", "count": 1, "cost": 100, "net": -100},
            {"key": "paper", "currency": "EUR", "count": 2, "cost": 500, "net": -500},
        ],
        "notes": [],
    }


@pytest.mark.parametrize("spec", [INCIDENTS, WHOLE], ids=lambda spec: spec.name)
def test_its_page_has_its_groups(owner, spec):
    page = owner.page(f"{spec.path}?by=kind")
    assert [plain(line.one("th")) for line in page.one("tbody").all("tr")] == ["Lost", "Paper"]
    assert plain(page.one("tfoot").one("td", class_="net-of")) == "−6,00 €"
    grouped = owner.page(f"{spec.path}?words=alpha").one("form", id="regroup")
    assert "kind" in [button["value"] for button in grouped.all("button", name="by")]


def test_a_ticket_of_it_is_sent_and_told_of(owner):
    onward = owner.get("/incidents/2/envoi").location
    key = owner.page(onward).one("input", name="request_key")["value"]
    data = {"request_key": key, "to": "a@maison.example"}
    assert owner.post_form("/incidents/2/envoi", **data).location.endswith("/incidents/2#envois")
    assert "a@maison.example" in plain(owner.page("/incidents/2").one("section", id="envois"))
    assert not owner.page("/incidents/3").all("section", id="envois")
    assert "Incidents" in plain(owner.page("/journal").one("main"))


def test_its_own_permission_can_keep_it_from_a_role():
    kept = replace(INCIDENTS, permission="journal")
    for guard in list_routes(kept).values():
        assert access_matrix.decide(Role.VIEWER, guard, Relation.OWN, Where.THERE) is Decision.REFUSED
        assert access_matrix.decide(Role.OWNER, guard, Relation.OWN, Where.THERE) is Decision.ALLOWED
