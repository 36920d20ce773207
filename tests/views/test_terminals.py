"""Terminals: who did not call is said above the remises and in a list of its own; each has its card."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.lists.terminal_calls import MOST_TERMINALS
from app.models import Role, Terminal
from app.rules.time_zones import today
from tests import factories
from tests.views.staff import let_staff_in, second_step_taken
from tests.views.town import a_contract, a_shop, follow, let_in, plain, rows

SWAPPED = 10
KITCHEN = "99999999800019"


def nights():
    """Four weeks of days, the last one first."""
    return [today() - timedelta(days=days) for days in range(1, 30)]


def a_bistro(database):
    """A shop whose counter calls every night and whose second outlet was silent last night."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="demo", name="Maintainer")
        source_id = factories.a_source(connection, reseller_id=reseller_id)
        shop = a_shop(connection, "ALPHA", reseller_id, source_id)
        other = a_shop(connection, "BRAVO", reseller_id, source_id)
        outlet_id = factories.an_outlet(
            connection, merchant_id=shop.merchant_id, trade_name="KITCHEN", siret=KITCHEN
        )
        kitchen = a_contract(connection, shop, source_id, outlet_id=outlet_id, number="4242424")
        for night in nights():
            factories.a_received_day(connection, source_id=source_id, day=night)
            calls(connection, shop, shop.contract_id, night)
            if night != nights()[0]:
                calls(connection, shop, kitchen, night)
        factories.sum_days(connection)
    for role in Role:
        let_in(database, f"{role}@alpha.example", "ALPHA", role)
        let_in(database, f"{role}@kitchen.example", "ALPHA", role, outlets=[KITCHEN])
    let_in(database, other.email, "BRAVO")
    let_staff_in(database, "staff@demo.example", "demo")
    return shop


def calls(connection, shop, contract_id, night):
    factories.a_remittance(
        connection,
        merchant_id=shop.merchant_id,
        contract_id=contract_id,
        collected_local=datetime.combine(night, time(22, 40)),
        serial_number="OLD" if night < nights()[SWAPPED] else "NEW",
        status="rejected" if night == nights()[3] else "correct",
    )


@pytest.fixture
def database(furnished):
    with furnished.copy(a_bistro) as (database, _):
        yield database


@pytest.fixture
def enter(app, database):
    def signed_in(email):
        browser = app.test_client()
        browser.sign_in(email)
        second_step_taken(database)
        return browser

    return signed_in


def terminal(database, name):
    with database.reading(DatabaseRole.OWNER) as connection:
        its = "SELECT t.id FROM terminal t JOIN outlet o ON o.id = t.outlet_id WHERE trade_name = :name"
        return connection.scalar(text(its), {"name": name})


def test_the_night_names_the_silent_terminal_and_leads_to_it(enter, database):
    page = enter("fleet@alpha.example").page("/remises")
    answer = page.one("section", class_="answer")
    assert "1 terminal sur 2 n'a pas appelé" in plain(answer)
    assert f"/terminaux/{terminal(database, 'KITCHEN')}" in follow(answer, "KITCHEN")
    page = enter("viewer@alpha.example").page("/remises")
    assert follow(page.one("section", class_="answer"), "KITCHEN").endswith("/terminaux?state=silent")
    earlier = enter("fleet@alpha.example").page(f"/remises?date_from={nights()[1]}&date_to={nights()[1]}")
    assert "n'a pas appelé" not in plain(earlier.one("main"))


@pytest.mark.parametrize("number", [MOST_TERMINALS, MOST_TERMINALS + 1])
def test_a_few_terminals_are_named_and_more_are_counted_beside_the_silent_one(enter, database, number):
    with database.writing(DatabaseRole.OWNER) as connection:
        stalls(connection, number - 2)
    answer = enter("fleet@alpha.example").page("/remises").one("section", class_="answer")
    assert f"1 terminal sur {number} n'a pas appelé" in plain(answer)
    assert "KITCHEN" in answer.one("a", class_="strip-line").text
    assert plain(answer.one("ul", class_="counts")).startswith(
        f"{number - 1} / {number} terminaux ont appelé"
    )
    named = [item.one("b").text for item in answer.all("ul", class_="calls")[0].all("li")]
    is_few = number <= MOST_TERMINALS
    assert [name for name in named if name.startswith("STALL")] == (["STALL 0", "STALL 1"] if is_few else [])


def test_many_terminals_that_all_called_are_counted(enter, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        ended = "UPDATE contract SET valid_to = :day WHERE number = '4242424'"
        connection.execute(text(ended), {"day": nights()[1]})
        stalls(connection, MOST_TERMINALS)
    answer = enter("fleet@alpha.example").page("/remises").one("section", class_="answer")
    called = MOST_TERMINALS + 1
    assert plain(answer.one("ul", class_="counts")).startswith(f"{called} / {called} terminaux ont appelé")


def stalls(connection, number, *called):
    """So many further outlets of the merchant, whose terminals ``called`` then, or on the last night."""
    kitchen = "SELECT merchant_id, source_id FROM contract WHERE number = '4242424'"
    merchant_id, source_id = connection.execute(text(kitchen)).one()
    for further in range(number):
        outlet_id = factories.an_outlet(
            connection,
            merchant_id=merchant_id,
            trade_name=f"STALL {further}",
            siret=f"9999999981{further:04}",
        )
        contract_id = factories.a_contract(
            connection, merchant_id=merchant_id, outlet_id=outlet_id, source_id=source_id
        )
        for night in called or nights()[:1]:
            factories.a_remittance(
                connection,
                merchant_id=merchant_id,
                contract_id=contract_id,
                collected_local=datetime.combine(night, time(21, 5)),
            )
    factories.sum_days(connection)


def test_an_outlet_that_is_silent_as_a_whole_may_be_closed(enter, database):
    answer = enter("fleet@alpha.example").page("/remises").one("section", class_="answer")
    assert "fermé ?" in plain(answer)
    with database.writing(DatabaseRole.OWNER) as connection:
        move_the_kitchen(connection)
    answer = enter("fleet@alpha.example").page("/remises").one("section", class_="answer")
    assert "d'autres terminaux du point de vente ont appelé" in plain(answer)
    assert plain(answer.one("a", class_="strip-line").one("b")) == "Till 2"


def test_a_silent_till_beside_others_says_which_it_is_in_a_chain(enter, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        move_the_kitchen(connection)
        stalls(connection, 1)
    answer = enter("fleet@alpha.example").page("/remises").one("section", class_="answer")
    assert plain(answer.one("a", class_="strip-line").one("b")) == "ALPHA cafe · Till 2"
    named = [item.one("b").text for item in answer.all("ul", class_="calls")[0].all("li")]
    assert named == ["ALPHA cafe · ALPHA counter", "ALPHA cafe · Till 2", "STALL 0"]


def move_the_kitchen(connection):
    """The silent terminal is a second till of the outlet whose counter called."""
    kitchen = connection.scalar(text("SELECT id FROM outlet WHERE trade_name = 'KITCHEN'"))
    contracts = "SELECT id FROM contract WHERE outlet_id = :kitchen"
    named = f"UPDATE remittance SET terminal_number = '002' WHERE contract_id IN ({contracts})"
    moved = (
        "UPDATE contract c SET outlet_id = o.id, label = 'Till 2' FROM outlet o"
        " WHERE c.outlet_id = :kitchen AND o.merchant_id = c.merchant_id AND o.id <> :kitchen"
    )
    for statement in (named, moved):
        connection.execute(text(statement), {"kitchen": kitchen})
    factories.keep_what_is_derived(connection)


def test_it_is_named_where_nothing_at_all_came(enter):
    page = enter("fleet@kitchen.example").page("/remises")
    assert "1 terminal sur 1 n'a pas appelé" in plain(page.one("section", class_="answer"))


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_names_and_last_calls_and_the_right_to_terminals_adds_the_card(enter, database, role):
    browser = enter(f"{role}@alpha.example")
    page = browser.page("/terminaux")
    said = [plain(row) for row in rows(page)]
    assert len(said) == 2
    assert any("KITCHEN" in row and "muet" in row for row in said)
    may = role in (Role.OWNER, Role.FLEET)
    assert bool(rows(page)[0].all("a")) is may
    card = f"/terminaux/{terminal(database, 'KITCHEN')}"
    assert browser.get(card).status_code == (200 if may else 403)
    assert "net" not in plain(page.one("h2"))


def test_the_silent_ones_of_a_night_are_told_with_its_day_also_when_there_are_none(enter, database):
    """Nothing matches these filters, it said, where nothing was wrong."""
    browser = enter("fleet@alpha.example")
    said = plain(browser.page("/terminaux?state=silent").one("section", class_="answer"))
    assert said.startswith("1 terminal sur 2 n'a pas appelé")
    assert said.endswith("1 terminal a appelé")
    with database.writing(DatabaseRole.OWNER) as connection:
        kitchen = connection.execute(
            text("SELECT merchant_id, id FROM contract WHERE number = '4242424'")
        ).one()
        factories.a_remittance(
            connection,
            merchant_id=kitchen.merchant_id,
            contract_id=kitchen.id,
            collected_local=datetime.combine(nights()[0], time(22, 40)),
        )
        factories.keep_what_is_derived(connection)
    page = browser.page("/terminaux?state=silent")
    said = plain(page.one("section", class_="answer"))
    assert said.startswith("Aucun terminal muet")
    day = nights()[0].day
    assert f" {'1er' if day == 1 else day} " in said
    assert said.endswith("2 terminaux ont appelé")
    assert "Rien ne correspond" not in plain(page.one("main"))
    assert page.all("a", class_="back")
    assert "Rien ne correspond" in plain(browser.page("/terminaux?state=silent&trade_name=x").one("main"))


def test_no_night_is_told_where_the_list_goes_by_the_one_of_other_sources(enter, database):
    """Whoever sees the kitchen alone, whose source is behind, read of another night than the rows were of."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = connection.execute(text("SELECT id FROM reseller WHERE slug = 'demo'")).scalar_one()
        behind = factories.a_source(connection, reseller_id=reseller_id, name="behind")
        for night in nights()[1:]:
            factories.a_received_day(connection, source_id=behind, day=night)
        connection.execute(
            text("UPDATE contract SET source_id = :behind WHERE number = '4242424'"), {"behind": behind}
        )
    page = enter("fleet@kitchen.example").page("/terminaux?state=silent")
    assert not page.all(id="verdict")
    assert enter("fleet@alpha.example").page("/terminaux?state=silent").all(id="verdict")


def test_the_source_that_is_behind_is_named_where_there_is_another(enter, database):
    missing = nights()[0]
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = connection.execute(text("SELECT id FROM reseller WHERE slug = 'demo'")).scalar_one()
        behind = factories.a_source(connection, reseller_id=reseller_id, name="behind")
        for night in nights()[1:]:
            factories.a_received_day(connection, source_id=behind, day=night)
        connection.execute(
            text("UPDATE contract SET source_id = :behind WHERE number = '4242424'"), {"behind": behind}
        )
    address = f"/remises?date_from={missing}&date_to={missing}"
    said = plain(enter("fleet@alpha.example").page(address).one("div", class_="missing"))
    assert "1 journée n'a pas été reçue" in said
    assert "Il manque les fichiers de : behind." in said
    alone = plain(enter("fleet@kitchen.example").page(address).one("div", class_="missing"))
    assert "Il manque" not in alone


def test_the_list_and_its_files_say_the_same(enter):
    browser = enter("owner@alpha.example")
    found = browser.get("/terminaux.json?state=silent").json
    assert found["count"] == 1
    assert found["totals"] == []
    (row,) = found["rows"]
    assert (row["trade_name"], row["state"], row["serial"]) == ("KITCHEN", "silent", "NEW")
    assert row["date"] == f"{nights()[1]}T22:40:00"
    with browser.get("/terminaux.csv?state=silent") as file:
        (line,) = file.text.splitlines()[1:]
    assert "KITCHEN" in line
    assert "muet" in line
    assert "CB Proximité" in line
    assert "CBEMV" not in line
    assert row["application"] == "CBEMV"
    with browser.get("/terminaux.xlsx") as file:
        assert file.status_code == 200
    assert len(rows(browser.page("/terminaux?state=calling&trade_name=alpha"))) == 1
    assert browser.get("/terminaux.json?state=asleep").status_code == 422


def test_the_choice_beside_with_and_without_leads_there(enter):
    browser = enter("viewer@alpha.example")
    choices = [plain(option) for option in browser.page("/remises").one("select", name="count").all("option")]
    assert "Terminaux muets" in choices
    assert browser.get("/remises?count=silent").location.endswith("/terminaux?state=silent")
    assert browser.get("/remises.json?count=silent").status_code in (403, 422)


def test_the_card_tells_rhythm_devices_incidents_and_last_remittances(enter, database):
    page = enter("fleet@alpha.example").page(f"/terminaux/{terminal(database, 'KITCHEN')}")
    said = plain(page.one("main"))
    assert "appelle d'habitude, vers 22:40" in said
    assert "CB Proximité" in said
    assert "CBEMV" not in said
    assert said.index("NEW") < said.index("OLD"), "the swap is visible, the newest first"
    assert "Constructeur" in said, "there is room for the whole word"
    assert "Constr." not in said
    assert "rejetée" in said
    assert len(page.one("section", **{"aria-labelledby": "section-remittances"}).one("tbody").all("tr")) == 6


def test_whoever_is_limited_sees_the_terminals_of_their_outlets(enter, database):
    browser = enter("fleet@kitchen.example")
    assert [row["trade_name"] for row in browser.get("/terminaux.json").json["rows"]] == ["KITCHEN"]
    assert browser.get(f"/terminaux/{terminal(database, 'ALPHA cafe')}").status_code == 404
    assert browser.get(f"/terminaux/{terminal(database, 'KITCHEN')}").status_code == 200


def test_a_terminal_shared_with_a_contract_out_of_sight_is_not_shown(enter, database):
    """Its last call, its applications and its label would be those of the other contract as well."""
    with database.writing(DatabaseRole.OWNER) as connection:
        kitchen = connection.execute(
            text("SELECT merchant_id, outlet_id, source_id FROM contract WHERE number = '4242424'")
        ).one()
        shared = factories.a_contract(connection, number="4343434", label="HIDDEN", **kitchen._asdict())
        factories.a_remittance(
            connection,
            merchant_id=kitchen.merchant_id,
            contract_id=shared,
            collected_local=datetime.combine(nights()[1], time(22, 50)),
        )
        factories.keep_what_is_derived(connection)
    let_in(database, "one@alpha.example", "ALPHA", Role.FLEET, contracts=["4242424"])
    assert enter("one@alpha.example").get("/terminaux.json").json["rows"] == []
    assert len(enter("fleet@kitchen.example").get("/terminaux.json").json["rows"]) == 1
    silent = "1 terminal sur 1 n'a pas appelé"
    assert silent in plain(enter("fleet@kitchen.example").page("/remises").one("main"))
    assert "n'a pas appelé" not in plain(enter("one@alpha.example").page("/remises").one("main"))


def test_another_merchant_sees_nothing_of_it(enter, database):
    browser = enter("bravo@shop.example")
    assert browser.get(f"/terminaux/{terminal(database, 'KITCHEN')}").status_code == 404
    assert browser.get("/terminaux.json?state=silent").json["count"] == 0


def test_the_desk_says_whose_terminals_were_silent_and_sorts_by_last_call(enter, database):
    with database.reading(DatabaseRole.OWNER) as connection:
        reseller_id = connection.scalar(select(Terminal.reseller_id).limit(1))
    desk = f"/gestion/{reseller_id}/commercants"
    browser = enter("staff@demo.example")
    page = browser.page(desk)
    assert "1 terminal n'a pas appelé lors de la dernière nuit reçue" in plain(page.one("main"))
    assert "KITCHEN" in plain(page.one("tbody"))
    names = [plain(row.one("th")) for row in browser.page(f"{desk}?state=silent").one("tbody").all("tr")]
    assert names == ["ALPHA merchant"]
    assert browser.page(f"{desk}?sort=last_call").one("tbody").all("tr")
    assert not browser.page(f"{desk}?sort=whatever").all("tbody")


def red_lines(page):
    """What did not come, above the rows or groups of a page: the words of each line, and where it leads."""
    found = [line for kind in ("div", "tr") for line in page.all(kind, class_="is-missing")]
    return [(plain(line), line.one("a")["href"]) for line in found]


@pytest.mark.parametrize("grouped", ["", "&by=outlet", "&by=terminal"])
def test_of_an_earlier_night_nobody_is_led_to_the_silent_ones_of_the_last(enter, database, grouped):
    """Whoever may not open the card is led to the terminals of the outlet: last night it may have called."""
    night = nights()[2]
    with database.writing(DatabaseRole.OWNER) as connection:
        contracts = (
            "SELECT c.id FROM contract c JOIN outlet o ON o.id = c.outlet_id WHERE trade_name = 'KITCHEN'"
        )
        gone = f"DELETE FROM remittance WHERE collected_on = :night AND contract_id IN ({contracts})"
        connection.execute(text(gone), {"night": night})
        factories.sum_days(connection)
    page = enter("viewer@alpha.example").page(f"/remises?date_from={night}&date_to={night}{grouped}")
    to_terminals = [a["href"] for a in page.one("main").all("a") if "/terminaux" in a["href"]]
    assert to_terminals
    assert {href.rsplit("/", 1)[1] for href in to_terminals} == {"terminaux?trade_name=KITCHEN"}


def group_lines(page):
    """The lines of a grouping: its title, and its net."""
    return [
        (plain(line.one("th").all("a")[0]), plain(line.one("td", class_="net-of")))
        for line in page.one("tbody").all("tr")
    ]


def test_a_silent_outlet_stands_above_the_rows_of_the_night(enter, database):
    page = enter("fleet@alpha.example").page("/remises")
    ((words, href),) = red_lines(page)
    assert words.startswith("KITCHEN 0 terminal sur 1 · Pas d'appel depuis")
    assert words.endswith("à 22:40 non reçu")
    assert href.endswith(f"/terminaux/{terminal(database, 'KITCHEN')}")
    first, *_ = page.one("div", id="rows").all("div", class_="rows-group")
    assert "KITCHEN" in plain(first), "it comes first"
    assert len(rows(page)) == 2, "it is no row of the list"
    ((_, href),) = red_lines(enter("viewer@alpha.example").page("/remises"))
    assert href.endswith("/terminaux?state=silent")


def test_a_silent_till_stands_above_the_rows_with_those_of_its_outlet_that_called(enter, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        move_the_kitchen(connection)
    ((words, _),) = red_lines(enter("fleet@alpha.example").page("/remises"))
    assert words.startswith("Till 2 1 terminal sur 2 · Pas d'appel depuis")


def test_what_did_not_come_stands_above_no_part_of_the_night_and_no_other_order(enter):
    browser = enter("fleet@alpha.example")
    day = f"date_from={nights()[0]}&date_to={nights()[0]}"
    assert len(red_lines(browser.page(f"/remises?{day}"))) == 1
    days = f"date_from={nights()[1]}&date_to={nights()[0]}"
    earlier = f"date_from={nights()[1]}&date_to={nights()[1]}"
    for asked in (f"{day}&sort=-amount", f"{day}&status=correct", days, earlier):
        assert red_lines(browser.page(f"/remises?{asked}")) == [], asked


@pytest.mark.parametrize("by", ["outlet", "terminal"])
def test_a_silent_outlet_is_the_first_line_of_the_groups_of_its_night(enter, database, by):
    browser = enter("fleet@alpha.example")
    page = browser.page(f"/remises?by={by}")
    ((words, href),) = red_lines(page)
    assert words.startswith("KITCHEN")
    assert "appel" in words
    assert words.endswith("non reçu")
    assert href.endswith(f"/terminaux/{terminal(database, 'KITCHEN')}")
    total = plain(page.one("tfoot").one("td", class_="net-of"))
    assert group_lines(page) == [("KITCHEN", "non reçu"), ("ALPHA cafe", total)], "once, and in no sum"
    assert plain(page.one("tfoot").one("td", class_="count-of")) == "2"
    day = f"date_from={nights()[0]}&date_to={nights()[0]}"
    for asked in (f"by=day&{day}", f"by={by}&{day}&status=correct", f"by={by}&period=last-7-days"):
        assert red_lines(browser.page(f"/remises?{asked}")) == [], asked
    with browser.get(f"/remises/regroupement.csv?by={by}&{day}") as file:
        assert "non reçu" not in file.text
        assert "appel" not in file.text


def test_an_outlet_of_which_one_terminal_is_silent_keeps_its_sums_and_comes_first(enter, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        move_the_kitchen(connection)
        stalls(connection, 3)
        of_stall = (
            "SELECT c.id FROM contract c JOIN outlet o ON o.id = c.outlet_id WHERE trade_name = 'STALL 1'"
        )
        raised = "UPDATE remittance SET debit_amount = 99900, net_amount = 99900 WHERE contract_id IN"
        connection.execute(text(f"{raised} ({of_stall})"))
        factories.sum_days(connection)
    page = enter("fleet@alpha.example").page("/remises?by=outlet")
    assert red_lines(page) == []
    (first, net), (second, _), *_ = group_lines(page)
    assert (first, second) == ("ALPHA cafe", "STALL 1")
    assert net != "non reçu"
    (line,) = page.one("tbody").all("tr", class_="is-bad")
    assert "1 terminal sur 2 · TPE 002 : pas d'appel depuis" in plain(line)
    assert "/terminaux/" in line.one("a", class_="words")["href"]
    page = enter("fleet@alpha.example").page("/remises?by=terminal")
    ((words, _),) = red_lines(page)
    assert "d'autres terminaux du point de vente ont appelé" in words


def test_it_stands_alone_where_nothing_at_all_came(enter):
    browser = enter("fleet@kitchen.example")
    for asked, name in (("", "ALPHA counter"), ("?by=outlet", "KITCHEN"), ("?by=terminal", "KITCHEN")):
        ((words, _),) = red_lines(browser.page(f"/remises{asked}"))
        assert words.startswith(name)


def test_where_too_many_are_missing_none_of_them_called(enter, database):
    """The day is unusual, not the terminals: none is named, and none is counted as one that called."""
    with database.writing(DatabaseRole.OWNER) as connection:
        stalls(connection, MOST_TERMINALS, *nights()[1:])
    page = enter("fleet@alpha.example").page("/remises")
    answer = page.one("section", class_="answer")
    assert "n'a pas appelé" not in plain(answer)
    assert [plain(item.one("b")) for item in answer.one("ul", class_="calls").all("li")] == ["ALPHA counter"]
    assert red_lines(page) == []
