"""Order, and one page after the other."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.models import JournalEntry
from app.rules.time_zones import today
from tests import factories
from tests.views.town import plain, rows


@pytest.fixture
def town(module_town):
    """These tests only read: they share one database."""
    return module_town


@pytest.fixture
def database(town):
    return town[0]


@pytest.fixture
def app(module_app):
    return module_app


@pytest.fixture
def many(shops, database):
    """120 more payments of the first shop, a minute apart."""
    if len(shops[0].transaction_ids) > 4:
        return
    day = datetime.combine(today() - timedelta(days=2), time(8, 0))
    with database.writing(DatabaseRole.OWNER) as connection:
        for number in range(120):
            shops[0].transaction_ids += [
                factories.a_transaction(
                    connection,
                    merchant_id=shops[0].merchant_id,
                    contract_id=shops[0].contract_id,
                    remittance_id=shops[0].remittance_id,
                    collected_on=today() - timedelta(days=1),
                    occurred_local=day + timedelta(minutes=number),
                    amount=1000 + number,
                )
            ]
        factories.sum_days(connection)


def test_see_more_by_links_shows_each_row_once(owner, many):
    seen, path, pages = [], "/transactions", 0
    while path:
        page = owner.page(path)
        assert "124 transactions" in plain(page.one("h2"))
        seen += [row.all("a")[0]["href"] for row in rows(page)]
        more = page.one("div", id="more").all("a")
        path, pages = more[0]["href"] if more else None, pages + 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 124


def test_see_more_by_htmx_adds_rows(owner, many):
    page = owner.page("/transactions")
    link = page.one("div", id="more").one("a", class_="button")
    below = f"{link['href']}&kept=last-7-days&pages=2"
    assert (link["hx-get"], link["hx-target"], link["hx-swap"]) == (below, "#more", "outerHTML")
    part = owner.part(below, target="more")
    assert len(rows(part.one("div", hx_swap_oob="beforeend:#rows"))) == 50
    assert len(part.all("h2")) == 0
    assert part.one("div", id="more").one("a", class_="button")


def how_far(page):
    """What a page says below its rows, on screen as on paper, of how many there are."""
    return [plain(words) for words in page.all("p", class_="how-far")]


def test_the_address_says_how_many_pages_stand_below_each_other(owner, shops, many):
    """So that coming back to it, or printing it, shows the same rows."""
    page = owner.page("/transactions?type=debit")
    seen = [row.all("a")[0]["href"] for row in rows(page)]
    assert how_far(page) == ["Les 50 premières lignes sur 123."]
    for number in (2, 3):
        part = owner.part(page.one("div", id="more").one("a", class_="button")["hx-get"], target="more")
        address = part.response.headers["HX-Replace-Url"]
        assert address == shops[0].at(f"/transactions?type=debit&pages={number}")
        assert how_far(part) == (["Les 100 premières lignes sur 123."] if number == 2 else [])
        seen += [row.all("a")[0]["href"] for row in rows(part)]
        page = owner.page(address)
        assert [row.all("a")[0]["href"] for row in rows(page)] == seen
    assert len(seen) == 123
    assert how_far(page) == []
    assert "HX-Replace-Url" not in page.response.headers


@pytest.mark.parametrize("pages", ["0", "-1", "11", "x", "²", "9" * 40, ""])
def test_what_is_no_number_of_pages_is_one_page(owner, many, pages):
    assert len(rows(owner.page("/transactions", query_string={"pages": pages}))) == 50
    assert owner.get("/transactions.json", query_string={"pages": "3"}).json["count"] == 124


def test_headers_sort_and_say_so(owner, many):
    page = owner.page("/transactions")
    sorted_by = heads(page).one("span", aria_sort="descending")
    assert plain(sorted_by).startswith("Date")
    amount = follow_header(page, "Montant")
    down = owner.page(amount)
    assert heads(down).one("span", aria_sort="descending").one("a")["id"] == "by-amount"
    assert "39,00 €" in plain(rows(down)[0])
    up = owner.page(follow_header(down, "Montant"))
    assert heads(up).one("span", aria_sort="ascending")
    assert "−5,00 €" in plain(rows(up)[0])


def heads(page):
    return page.one("div", class_="sheet-heads")


def follow_header(page, words):
    return next(link["href"] for link in heads(page).all("a") if words in link.text)


def test_the_json_pages_follow_each_other(owner, many):
    first = owner.get("/transactions.json").json
    assert (first["count"], len(first["rows"])) == (124, 50)
    second = owner.get(first["next"]).json
    assert not {row["id"] for row in first["rows"]} & {row["id"] for row in second["rows"]}
    third = owner.get(second["next"]).json
    assert (len(third["rows"]), third["next"]) == (24, None)


@pytest.fixture
def walks(database):
    """How many rows each walk since then is of, as the journal has it."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("DELETE FROM journal_entry WHERE event = 'exported'"))
    exported = select(JournalEntry.details).where(JournalEntry.event == "exported").order_by(JournalEntry.id)

    def read():
        with database.reading(DatabaseRole.OWNER) as connection:
            return [details["rows"] for details in connection.scalars(exported)]

    return read


def test_a_walk_leaves_its_line_wherever_it_begins(owner, many, walks):
    """A cursor can be made by hand: a page that follows none of this person's own walks begins one."""
    made = "-date~n~4102444800000000~1"
    first = owner.get(f"/transactions.json?after={made}").json
    assert len(first["rows"]) == 50
    assert walks() == [124]
    assert len(owner.get(first["next"]).json["rows"]) == 50
    assert walks() == [124]
    owner.get(f"/transactions.json?type=debit&after={made}")
    assert walks() == [124, 123], "of another question"
    owner.get("/transactions.json")
    owner.get(owner.get("/transactions.json?type=debit").json["next"])
    assert walks() == [124, 123, 124, 123]


def test_a_narrower_walk_is_none_of_the_whole(owner, many, walks):
    owner.get("/transactions.json?type=debit")
    owner.get("/transactions.json?after=-date~n~4102444800000000~1")
    assert walks() == [123, 124]


@pytest.mark.parametrize(
    "change", ["user_id = user_id + 1000", "merchant_id = 0", "at = at - interval '61 min'"]
)
def test_a_walk_of_somebody_else_elsewhere_or_long_ago_vouches_for_none(owner, many, database, walks, change):
    following = owner.get("/transactions.json").json["next"]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(f"UPDATE journal_entry SET {change} WHERE event = 'exported'"))
    owner.get(following)
    assert walks() == [124, 124]
