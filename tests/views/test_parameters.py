"""What every address does with a parameter that it does not know, or cannot read: it is refused, and said.

A contract over all routes that take a question: those of the lists, and every page with a query of its own.
"""

from __future__ import annotations

import re

import pytest

from app.listing.asked_period import DATES, KEPT, PERIOD
from app.listing.criteria import AFTER, BY, COLUMNS, MOST_VALUES, SORT
from app.lists import LISTS
from app.models import Role
from app.web import access_matrix
from app.web.access_matrix import Level, Relation
from tests.page import Fragment
from tests.views.neighbours import address, enter, neighbours
from tests.views.town import portal

#: No parameter reads it: neither a word, nor a code, nor a choice, nor a day.
NONSENSE = "n%07n"
UNKNOWN = ("foo=1", "foo=", "montant=12&foo=1")
FILES_OF_ROWS = ("document", "download", "workbook")
FILES_OF_GROUPS = ("groups_document", "groups_download", "groups_workbook")
STATEMENTS = ("statement_file", "statement_workbook")
#: The pages and files of other questions than a list's, each with what it takes.
QUERIES = {
    "team.index": ("q", "done", "after", "sent_after"),
    "desk_team.index": ("q", "done", "after", "sent_after"),
    "journal.show": ("person", "event", "after"),
    "desk.journal": ("person", "event", "after"),
    "desk.merchants": ("q", "after"),
    "desk.merchant": ("q", "after"),
    "desk.contracts": ("q", "after"),
    "desk.files": ("q", "state", "after"),
    "desk.deliveries": ("q", "state", "after"),
    "desk.people": ("q", "after"),
    "open_items.show": ("month", "done"),
}
QUERY_FILES = {
    "journal.download": ("person", "event", "after"),
    "desk.journal_csv": ("person", "event", "after"),
    "open_items.document": ("month",),
    "open_items.download": ("month",),
    "open_items.workbook": ("month",),
}


@pytest.fixture(scope="module")
def app(module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("parameters"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


@pytest.fixture(scope="module")
def ask(app, module_database, everybody):
    """Ask a route by its name, as whoever may: the owner of a shop, or their maintainer."""
    owner = enter(app, module_database, everybody.person(Role.OWNER, "ALPHA"))
    staff = enter(app, module_database, everybody.staff("north"))

    def ask(endpoint, query):
        path, _ = address(app, everybody, endpoint, Relation.OWN)
        needs = access_matrix.ROUTES[endpoint].needs
        return (staff if needs is Level.STAFF else owner).get(f"{path}?{query}")

    return ask


def told(response):
    """The parameters that a file or a document is refused for."""
    assert response.status_code == 422, response.status_code
    if response.is_json:
        return {fault["parameter"] for fault in response.json["faults"]}
    assert response.mimetype == "text/plain"
    return {line.partition(": ")[0] for line in response.text.splitlines()}


def wrong_of(spec):
    """What is wrong in as many ways as a list takes parameters: the parameter, and the query."""
    of_days = () if spec.source.day is None else (*DATES, PERIOD, KEPT)
    for name in (*spec.parameters, SORT, AFTER, *of_days):
        yield name, f"{name}={NONSENSE}"
        yield name, "&".join(f"{name}={number}" for number in range(MOST_VALUES + 1))
    yield from (("foo", query) for query in UNKNOWN)


def wrong_on_a_page(spec):
    """The same with one parameter of too many values: pages and files read an address alike."""
    asked = [query for _, query in wrong_of(spec)]
    return [*(query for query in asked if "&" not in query), next(query for query in asked if "&" in query)]


def shows_nothing(app, response):
    """Whether a page says what is wrong, and shows neither rows nor totals nor a way to a file."""
    page = Fragment(response, app)
    main = page.one("main")
    said = [one for one in main.inside() if {"bad", "fault"} & {*one.classes} and one.text]
    links = [one.get("href") for one in main.all("a")]
    files = [href for href in links if re.search(r"\.(csv|xlsx|json|pdf)\b", href)]
    rows = [*main.all("table"), *main.all("h2", id="total-line")]
    return bool(said) and not files and not rows


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", LISTS)
def test_a_file_of_a_list_answers_what_was_asked_or_says_what_it_cannot_read(ask, name, probes):
    wrong, asked = [], 0
    for parameter, query in wrong_of(LISTS[name]):
        for page in FILES_OF_ROWS[:1] if parameter != "foo" else FILES_OF_ROWS:
            asked += 1
            with ask(f"{name}.{page}", query) as response:
                if response.status_code != 422 or parameter not in told(response):
                    wrong.append((page, query[:40], response.status_code))
    assert wrong == []
    probes(asked)


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", LISTS)
def test_the_other_files_of_a_list_do_too(ask, name, probes):
    spec, asked = LISTS[name], 0
    by = f"by={next(iter(spec.groupings))}&" if spec.groupings else ""
    pages = (*FILES_OF_ROWS[1:], *(FILES_OF_GROUPS if by else ()), *(STATEMENTS if spec.statement else ()))
    wrong_ones = dict(wrong_of(spec))
    for page in pages:
        for parameter in (*list(wrong_ones)[:3], *(PERIOD, KEPT) * (spec.source.day is not None), "foo"):
            query = wrong_ones[parameter]
            with ask(f"{name}.{page}", f"{by if 'group' in page else ''}{query}") as response:
                assert parameter in told(response), (page, parameter)
            asked += 1
    for page in FILES_OF_GROUPS if by else ():
        with ask(f"{name}.{page}", f"{BY}={NONSENSE}") as response:
            assert told(response) == {BY}
    probes(asked)


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", LISTS)
def test_the_page_of_a_list_says_so_and_shows_nothing_of_another_selection(app, ask, name, probes):
    asked = [*wrong_on_a_page(LISTS[name]), *(f"{each}={NONSENSE}" for each in (BY, COLUMNS))]
    shown = [query[:40] for query in asked if not shows_nothing(app, ask(f"{name}.index", query))]
    assert shown == []
    probes(len(asked))


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", [name for name, spec in LISTS.items() if spec.statement])
def test_the_page_of_a_statement_does_too(app, ask, name, probes):
    asked = wrong_on_a_page(LISTS[name])
    shown = [query[:40] for query in asked if not shows_nothing(app, ask(f"{name}.statement", query))]
    assert shown == []
    probes(len(asked))


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", [name for name, spec in LISTS.items() if spec.search])
@pytest.mark.parametrize("query", ["q=12&foo=1", "q=12&q=13", f"q={NONSENSE}"])
def test_a_search_reads_its_words_or_says_so(app, ask, name, query, probes):
    response = ask(f"{name}.search", query)
    assert response.status_code == 422
    assert shows_nothing(app, response)
    probes(1)


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("endpoint", QUERIES)
def test_every_page_with_a_query_says_so(app, ask, endpoint, probes):
    asked = [*UNKNOWN]
    for name in QUERIES[endpoint]:
        asked += [f"{name}={NONSENSE}", "&".join(f"{name}={number}" for number in range(101))]
    shown = [query[:40] for query in asked if not shows_nothing(app, ask(endpoint, query))]
    assert shown == []
    probes(len(asked))


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("endpoint", QUERY_FILES)
def test_every_file_of_a_query_is_refused(ask, endpoint, probes):
    asked = 0
    for name in QUERY_FILES[endpoint]:
        for query in (f"{name}={NONSENSE}", "&".join(f"{name}={number}" for number in range(101))):
            with ask(endpoint, query) as response:
                assert told(response) == {name}, query[:40]
            asked += 1
    for query in UNKNOWN:
        with ask(endpoint, query) as response:
            assert "foo" in told(response)
    probes(asked + len(UNKNOWN))
