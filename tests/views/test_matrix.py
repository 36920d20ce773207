"""Every line of the access matrix, asked for real: everybody, every route, every relation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.accounts.roles import Level
from app.models import Role
from app.web import access_matrix
from app.web.access_matrix import Decision, Relation
from tests.views.neighbours import address, enter, neighbours
from tests.views.town import portal


@pytest.fixture(scope="module")
def app(module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


@pytest.fixture(scope="module")
def browsers(app, module_database, everybody):
    """One browser for each (who, relation that needs a person of its own)."""
    made = {}
    for role in Role:
        made[role, Relation.OWN] = enter(app, module_database, everybody.person(role, "ALPHA"))
        made[role, Relation.SUSPENDED] = enter(app, module_database, everybody.person(role, "DELTA"))
        made[role, Relation.OUT_OF_LIMITS] = enter(app, module_database, everybody.limited(role))
    made[access_matrix.STRANGER, Relation.OWN] = app.test_client()
    made[access_matrix.STAFF, Relation.OWN] = enter(app, module_database, everybody.staff("north"))
    for relation, marker in ((Relation.OWN, "ALPHA"), (Relation.SUSPENDED, "DELTA")):
        looking = enter(app, module_database, everybody.staff("north"))
        there = f"/gestion/commercants/{everybody.shops[marker].merchant_id}/regarder"
        assert looking.post_form(there).location == everybody.shops[marker].at("/remises")
        made[access_matrix.STAFF_LOOKING, relation] = looking
    return made


def answered(browser, path, method, *, with_token):
    """What a request is answered with; one that would change something goes without its CSRF token."""
    data = {"csrf_token": browser.token()} if with_token else {}
    with browser.open(path, method=method, data=data if method == "POST" else None) as response:
        location = response.location or ""
        if location.startswith("/connexion") or response.status_code == 401:
            return Decision.SIGN_IN
        if location.startswith("/gestion/") and method == "GET" and response.status_code == 303:
            return Decision.TO_DESK
        if response.status_code in (403, 404):
            return Decision(str(response.status_code))
        assert response.status_code < 500, (path, response.status)
        return Decision.ALLOWED


@pytest.mark.no_cover
@pytest.mark.probes("roles")
def test_each_line_of_the_matrix_is_what_really_happens(app, everybody, browsers, probes):
    wrong, asked = [], 0
    for endpoint, who, relation, where, expected in access_matrix.lines():
        person = relation if (who, relation) in browsers else Relation.OWN
        path, method = address(app, everybody, endpoint, relation, where)
        # What is allowed and changes something stops at the form's check: 400, and nothing has changed.
        token = method == "POST" and who != access_matrix.STRANGER and expected is Decision.ABSENT
        found = answered(browsers[who, person], path, method, with_token=token)
        needs = access_matrix.ROUTES[endpoint].needs
        if (needs, found) in ((None, Decision.SIGN_IN), (Level.STAFF, Decision.TO_DESK)):
            found = Decision.ALLOWED  # the page's own answer, to one who is in no second step, say
        asked += 1
        if found is not expected:
            line = f"{endpoint} {who} {relation.value}, {where.value}"
            wrong.append(f"{line}: {expected.value}, found {found.value}")
    assert wrong == []
    probes(asked)


def test_every_route_has_its_line_and_every_line_its_route(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(access_matrix.ROUTES)


def test_every_route_that_names_something_says_so(app):
    """An address with a number in it names a thing: a new one must say which."""
    numbered = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if re.search(r"(?<!^/m/)(?<!^/gestion/)<id:", rule.rule)
    }
    numbered -= access_matrix.ONLY_IN_DEVELOPMENT
    assert numbered == {endpoint for endpoint, guard in access_matrix.ROUTES.items() if guard.names}


def test_what_only_posts_is_said_to_change_something(app):
    posting = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" not in (rule.methods or ()) and rule.methods
    }
    assert posting == {endpoint for endpoint, guard in access_matrix.ROUTES.items() if guard.changes}


def test_the_page_says_what_the_matrix_says():
    page = Path(access_matrix.__file__).with_name("ACCESS.md").read_text(encoding="utf-8")
    assert page == access_matrix.documented()


@pytest.mark.probes("looks")
def test_a_look_changes_nothing_whatever_the_route(app, everybody, browsers):
    """Whoever looks and posts to a merchant's own route is refused, also where looking may read."""
    looking = browsers[access_matrix.STAFF_LOOKING, Relation.OWN]
    for rule in app.url_map.iter_rules():
        guard = access_matrix.ROUTES[rule.endpoint]
        if isinstance(guard.needs, access_matrix.Permission) and "POST" in (rule.methods or ()):
            path, _ = address(app, everybody, rule.endpoint, Relation.OWN)
            assert looking.post(path, data={"csrf_token": looking.token()}).status_code == 403, path


@pytest.mark.probes("CSRF")
def test_head_is_answered_as_get_wherever_a_form_is_sent(app, everybody, browsers, probes):
    """A form in it is not read: nobody asks for its token."""
    wrong, asked = [], 0
    for rule in app.url_map.iter_rules():
        if not {"GET", "POST"} <= (rule.methods or set()):
            continue
        path, _ = address(app, everybody, rule.endpoint, Relation.OWN)
        for who in (access_matrix.STRANGER, access_matrix.STAFF, Role.OWNER):
            browser = browsers[who, Relation.OWN]
            head = browser.open(path, method="HEAD", data={"email": "nobody@shop.example", "name": "x"})
            asked += 1
            if head.status_code != browser.get(path).status_code:
                wrong.append(f"{path} {who}: {head.status}")
    assert wrong == []
    probes(asked)
