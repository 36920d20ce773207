"""Nobody sees a word of anybody else: every route, every person, every marker."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text, update

from app.database.engine import DatabaseRole
from app.models import JournalEntry, Role, SignInAttempt
from app.rules.time_zones import today
from tests import factories
from tests.views.town import a_contract, let_in, rows


def addresses(shops):
    """Every route with every id of everybody, and filters that ask for everybody's words."""
    yield from ("/", "/remises", "/transactions", "/remises.json", "/transactions.json")
    yield from ("/remises.csv", "/transactions.csv", "/connexion")
    for shop in shops:
        for row_id in (shop.remittance_id, shop.empty_id, *shop.transaction_ids):
            yield f"/remises/{row_id}"
            yield f"/transactions/{row_id}"
            for ticket in ("ticket", "ticket.pdf", "envoi", f"envoi?envoi={'k' * 43}"):
                yield f"/remises/{row_id}/{ticket}"
                yield f"/transactions/{row_id}/{ticket}"
        for asked in (
            f"issuer={shop.marker}",
            f"trade_name={shop.marker}",
            f"serial={shop.marker}-SERIAL",
            f"siret={shop.siret}",
            f"bank={shop.marker}",
            f"merchant_id={shop.merchant_id}",
            f"merchant={shop.merchant_id}&contract_id={shop.contract_id}",
        ):
            for path in ("/remises", "/transactions", "/transactions.json", "/transactions.csv"):
                yield f"{path}?{asked}"


def without_what_was_typed(source, path):
    """The answer without the words of the question itself, which forms and chips repeat."""
    typed = [value for pair in path.partition("?")[2].split("&") if (value := pair.partition("=")[2])]
    for value in typed:
        source = source.replace(value, "")
    return source


@pytest.mark.no_cover
@pytest.mark.probes("foreign ids")
def test_no_foreign_word_in_any_answer(app, shops, probes):
    tried = 0
    for own in shops:
        browser = app.test_client()
        browser.sign_in(own.email)
        foreign = [shop.marker for shop in shops if shop is not own]
        for path in addresses(shops):
            with browser.get(path) as response:
                said = without_what_was_typed(response.data.decode(errors="replace"), path) + str(
                    response.headers
                )
            assert not [marker for marker in foreign if marker in said], (own.marker, path)
            tried += 1
    probes(tried)


@pytest.mark.probes("foreign ids")
def test_a_foreign_row_does_not_exist_and_the_attempt_is_journalled(owner, shops, database):
    own, foreign = shops[0], shops[1]
    for path in (f"/remises/{foreign.remittance_id}", f"/transactions/{foreign.transaction_ids[0]}"):
        page = owner.page(path, status=404)
        nothing = owner.page(path.rsplit("/", 1)[0] + "/1", status=404)
        assert page.h1 == nothing.h1 == "Page introuvable"
    for path in (f"/remises/{own.remittance_id}", f"/transactions/{own.transaction_ids[0]}"):
        assert own.marker in owner.page(path).text
    assert times_told(database, "not_in_scope") == [1]


@pytest.mark.probes("foreign ids")
def test_what_is_refused_again_and_again_is_one_line_in_five_minutes(owner, shops, database):
    paths = {"not_in_scope": f"/remises/{shops[1].remittance_id}", "not_allowed": "/gestion/commercants"}
    for event, path in paths.items():
        for _ in range(3):
            assert owner.get(path).status_code in {403, 404}
        assert times_told(database, event) == [1]
        with database.writing() as connection:
            connection.execute(update(SignInAttempt).values(at=SignInAttempt.at - timedelta(minutes=6)))
        assert owner.get(path).status_code in {403, 404}
        assert times_told(database, event) == [1, 3]


def times_told(database, event):
    """How many times each line of an event stands for, the oldest first."""
    told = select(JournalEntry.details).where(JournalEntry.event == event).order_by(JournalEntry.at)
    with database.reading() as connection:
        return [details["count"] for details in connection.scalars(told)]


@pytest.mark.probes("foreign ids")
def test_odd_ids_do_not_exist(owner):
    for row_id in ("0", "-1", "1.0", "9223372036854775807", "9223372036854775808", "9" * 40, "1e3", "é"):
        for path in ("/remises", "/transactions"):
            assert owner.get(f"{path}/{row_id}").status_code == 404


# Within one merchant


@pytest.fixture
def second(shops, database):
    """A second outlet of the first shop, with one remittance and one payment."""
    shop = shops[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        named = {"merchant_id": shop.merchant_id}
        outlet_id = factories.an_outlet(connection, **named, trade_name="DELTA cafe", siret="99999999800019")
        contract_id = a_contract(
            connection, shop, None, outlet_id=outlet_id, number="4242424", label="DELTA desk"
        )
        remittance_id = factories.a_remittance(
            connection,
            **named,
            contract_id=contract_id,
            collected_local=yesterday_night(),
            siret="99999999800019",
        )
        factories.a_transaction(
            connection,
            **named,
            contract_id=contract_id,
            remittance_id=remittance_id,
            occurred_local=yesterday_night(),
            collected_on=yesterday_night().date(),
            issuer="DELTA issuer",
        )
        factories.sum_days(connection)
    return remittance_id


def yesterday_night():
    return datetime.combine(today() - timedelta(days=1), time(20, 0))


@pytest.mark.parametrize("limit", ["outlet", "contract"])
@pytest.mark.probes("limits")
def test_a_limited_person_sees_only_their_outlets_or_contracts(app, shops, second, database, limit):
    limits = {"outlets": ["99999999800019"]} if limit == "outlet" else {"contracts": ["4242424"]}
    let_in(database, "limited@shop.example", "ALPHA", Role.FINANCE, **limits)
    browser = app.test_client()
    browser.sign_in("limited@shop.example")
    for path in ("/remises", "/transactions"):
        page = browser.page(path)
        main = page.one("main").text
        assert "DELTA" in main
        assert "ALPHA cafe" not in main
        assert len(rows(page)) == 1
        assert browser.get(f"{path}.json").json["count"] == 1
        with browser.get(f"{path}.csv") as response:
            assert "ALPHA cafe" not in response.data.decode(errors="replace")
    assert browser.get(f"/remises/{shops[0].remittance_id}").status_code == 404
    assert browser.get(f"/transactions/{shops[0].transaction_ids[0]}").status_code == 404
    assert browser.get(f"/remises/{second}").status_code == 200


@pytest.mark.probes("limits")
def test_narrowing_an_access_acts_on_the_next_click(owner, shops, second, database):
    assert owner.get(f"/remises/{second}").status_code == 200
    with database.writing() as connection:
        connection.execute(text("UPDATE membership SET limited = true"))
    assert owner.get(f"/remises/{second}").status_code == 404
    assert owner.get("/transactions.json").json["count"] == 0


def test_rows_that_nobody_has_claimed_are_seen_by_nobody(app, shops, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        contract_id = factories.a_contract(connection, merchant_id=0, outlet_id=None, number="6666666")
        unclaimed = factories.a_remittance(
            connection, merchant_id=0, contract_id=contract_id, collected_local=yesterday_night()
        )
    for shop in shops:
        browser = app.test_client()
        browser.sign_in(shop.email)
        assert browser.get(f"/remises/{unclaimed}").status_code == 404
        assert browser.get("/remises.json?period=last-7-days").json["count"] == 2
