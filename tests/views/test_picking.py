"""Accesses at a chain of 500 shops: found, chosen and sent without JavaScript, within limits."""

from __future__ import annotations

import gzip
import re

import pytest
from sqlalchemy import select

from app.accounts.departments import NAMES, department
from app.database.engine import DatabaseRole
from app.models import Invitation, Membership, MembershipLimit, Outlet, Role, UserAccount
from app.views.picking import FEW, OutletChoice, after_step, picker
from app.web.security import LIMITS
from tests import factories
from tests.accounts.mails import mails
from tests.page import HtmlPage
from tests.views.one_time_links import GUEST
from tests.views.round_trips import statements_sent
from tests.views.town import plain

SHOPS = 500
PLACES = [
    OutletChoice(1, "FOURNIL Part-Dieu 001", "38 rue Servient", "69003 LYON", "50050050000001", "69"),
    OutletChoice(2, "FOURNIL Villeurbanne 002", "", "69100 VILLEURBANNE", "50050050000002", "69"),
    OutletChoice(3, "Café de l’Étoile", "69 place Grenette", "38000 GRENOBLE", "50050050000369", "38"),
    OutletChoice(4, "Kiosque 69", "", "", "50050050000004", "other"),
]


@pytest.fixture
def chain(shops, database):
    """500 more outlets of the first shop: their ids, in the order of their numbers."""
    with database.writing(DatabaseRole.OWNER) as connection:
        return factories.a_chain(connection, merchant_id=shops[0].merchant_id, shops=SHOPS)


def step(owner, name, path="/acces/inviter", **values):
    """A step within the form, as a browser without JavaScript sends it."""
    asked = {"email": "half@", "role": "fleet", "scope": "some", "contracts": "4242424", **values}
    response = owner.post_form(path, step=name, **asked)
    assert response.status_code == 200
    return HtmlPage(response, owner.application)


def ticked(page):
    return {int(box["value"]) for box in page.all("input", name="outlet") if "checked" in box.attributes}


def titles(page):
    return [group.one("summary").all("span")[0].text for group in page.all("details", class_="group")]


# What is found


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("", {1, 2, 3, 4}),
        ("  ", {1, 2, 3, 4}),
        ("fournil", {1, 2}),
        ("FOURNIL lyon", {1}),
        ("etoile", {3}),
        ("Étoile, grenoble", {3}),
        ("69", {1, 2, 4}),
        ("69003", {1}),
        ("rhone", {1, 2}),
        ("Isère", {3}),
        ("part-dieu", {1}),
        ("dieu part", {1}),
        ("ournil", set()),
        ("000369", {3}),
        ("500 500 500 00369", {3}),
        ("500500", {1, 2, 3, 4}),
        ("lyon grenoble", set()),
        ("'\"<%_\\", {1, 2, 3, 4}),
    ],
)
def test_words_are_found_by_their_beginnings_and_sirets_by_their_digits(sought, found):
    assert {place.id for place in PLACES if place.answers(sought)} == found


@pytest.mark.parametrize(
    ("step", "chosen", "left"),
    [
        ("find", {3}, {3}),
        ("choose", {3}, {1, 2, 3}),
        ("choose-69", {3}, {1, 2, 3}),
        ("choose-38", {3}, {3}),
        ("clear", {1, 3}, {3}),
        ("anything", {1}, {1}),
    ],
)
def test_a_step_touches_what_answers_and_nothing_else(step, chosen, left):
    assert after_step(PLACES, frozenset(chosen), step, "fournil") == left


def test_chosen_ones_come_first_and_elsewhere_last():
    shown = picker(PLACES, {3}, "")
    assert [place.id for place in shown.chosen] == [3]
    assert [(group.title, len(group.outlets)) for group in shown.groups] == [("69 Rhône", 2), ("Autres", 1)]


def test_every_department_has_a_name_and_a_postcode():
    assert len(NAMES) == 96 + 5 + 7
    found = {"20000": "2A", "20137": "2A", "20200": "2B", "20600": "2B", "01000": "01", "97411": "974"}
    found |= {"98800": "988", "98000": "980", "69003": "69", "": "", "99123": "", "00100": "", "97": ""}
    assert {postcode: department(postcode) for postcode in found} == found
    assert department(None) == ""


# The form, without JavaScript


def test_500_outlets_stand_by_department_on_a_page_that_is_light(owner, chain):
    response = owner.get("/acces/inviter", headers={"Accept-Encoding": "gzip"})
    assert len(response.data) < 40_000
    page = gzip.decompress(response.data).decode()
    assert page.count('name="outlet"') == SHOPS + 1
    assert "69 Rhône" in page
    assert "2A Corse-du-Sud" in page
    assert "974 La Réunion" in page


def test_a_search_shows_what_matches_and_keeps_what_is_chosen(owner, chain):
    page = step(owner, "find", find="saint-etienne", outlet=[chain[0], chain[7]])
    assert ticked(page) == {chain[0], chain[7]}
    assert titles(page) == ["Choisis", "42 Loire"]
    assert len(page.all("input", name="outlet")) == 2 + 50
    assert page.one("input", id="email")["value"] == "half@"
    assert page.one("textarea", id="contracts").text == "4242424"
    assert "checked" in page.one("input", id="role-fleet").attributes
    assert "checked" in page.one("input", id="scope-some").attributes
    assert not page.all(class_="fault")
    assert "Choisis : 2 / 501" in plain(page.one(class_="picker-count"))


def test_all_that_match_are_chosen_and_let_go_in_one_step(owner, chain):
    page = step(owner, "choose", find="69", outlet=chain[1])
    rhone = {number for index, number in enumerate(chain, start=1) if index % 10 in (0, 1)}
    assert ticked(page) == rhone | {chain[1]}
    page = step(owner, "clear", find="villeurbanne", outlet=sorted(ticked(page)))
    assert len(ticked(page)) == 50 + 1
    page = step(owner, "choose-38", outlet=chain[1])
    assert len(ticked(page)) == 50 + 1
    assert "Aucun point de vente" in plain(step(owner, "find", find="zzz").one(class_="nothing"))


def test_a_step_gives_nothing(owner, chain, database):
    step(owner, "choose", email=GUEST, find="lyon")
    with database.reading() as connection:
        assert connection.scalar(select(Invitation.id)) is None
    assert not mails(database)


def test_a_step_shows_no_outlet_of_others(owner, shops, chain):
    page = step(owner, "find", find="lyon", outlet=shops[1].outlet_id)
    assert ticked(page) == set()
    assert "BRAVO" not in page.one("main").text


def test_500_chosen_fit_into_a_form_and_a_mail(owner, chain, database):
    """The form of 500 outlets is far below what a body may hold, even with ids as long as they get."""
    longest = "&".join(f"outlet={2**63 - 1 - each}" for each in range(SHOPS))
    assert len(longest) < LIMITS["MAX_FORM_MEMORY_SIZE"] / 2
    pasted = "\n".join(f"{number:08}" for number in chain)
    values = {"email": GUEST, "role": "fleet", "scope": "some", "find": "x" * 100}
    response = owner.post_form("/acces/inviter", outlet=chain, contracts=pasted, **values)
    assert response.status_code == 303
    with database.reading() as connection:
        row = connection.execute(select(Invitation.outlet_ids, Invitation.contract_ids)).one()
    assert set(row.outlet_ids) == set(chain)
    assert len(row.contract_ids) == SHOPS
    assert plain(owner.page("/acces").all(class_="sentence")[0]).endswith(
        "500 points de vente dans 9 départements · 500 contrats"
    )


def test_a_body_beyond_the_limits_is_refused_whole(owner, chain, database):
    values = {"email": GUEST, "role": "fleet", "scope": "some"}
    response = owner.post_form("/acces/inviter", contracts="1 " * 40_000, **values)
    assert response.status_code == 413
    assert not mails(database)


def test_an_access_opened_again_lists_its_outlets_first(owner, chain, database):
    member = a_member(database, "region@shop.example", chain[3:40:10])
    page = owner.page(f"/acces/{member}")
    group = page.all("details", class_="group")[0]
    assert titles(page)[0] == "Choisis"
    assert len(group.all("input")) == len(chain[3:40:10]) == len(ticked(page))
    assert "open" in group.attributes
    assert "4 points de vente (Loire)" in plain(owner.page("/acces").one("main"))


def test_nothing_is_given_by_default_at_a_chain_and_everything_by_choice(owner, chain, database):
    page = owner.page("/acces/inviter")
    assert not [box for box in page.all("input", name="scope") if "checked" in box.attributes]
    response = owner.post_form("/acces/inviter", email=GUEST, role="viewer", outlet=chain[0])
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    assert "Choisissez ce que voit cette personne" in plain(page.one(id="scope-fault"))
    assert ticked(page) == {chain[0]}
    assert not mails(database)


def test_a_form_that_comes_back_with_a_fault_has_the_whole_list(owner, chain):
    values = {"email": "nobody", "role": "viewer", "scope": "some", "outlet": chain[0]}
    response = owner.post_form("/acces/inviter", find="lyon", **values)
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    assert len(page.all("input", name="outlet")) == SHOPS + 1, "portal.js searches what stands on the page"
    assert page.one("input", id="find")["value"] == ""
    assert ticked(page) == {chain[0]}


def test_one_shop_needs_no_choice_and_a_few_no_search(app, shops, owner):
    alone = app.test_client()
    alone.sign_in(shops[1].email)
    page = alone.page("/acces/inviter")
    assert "checked" in page.one("input", id="scope-all").attributes
    assert not page.all("input", name="find")
    assert not picker(PLACES * 3, set(), "").is_long
    assert FEW == 12


# Contract numbers


@pytest.mark.parametrize("between", [" ", ", ", ";", "\r\n", "\t", " ;\n", "\u00a0"])
def test_contract_numbers_are_taken_as_people_paste_them(owner, chain, database, between):
    pasted = between.join(f"{number:08}" for number in chain[:3])
    values = {"email": GUEST, "role": "viewer", "scope": "some"}
    assert owner.post_form("/acces/inviter", contracts=f" {pasted}{between}", **values).status_code == 303
    with database.reading() as connection:
        assert set(connection.scalar(select(Invitation.contract_ids))) == set(chain[:3])


def test_a_spreadsheet_may_have_cut_the_zeros_but_what_is_exact_comes_first(owner, shops, chain, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        exact = factories.a_contract(connection, merchant_id=shops[0].merchant_id, number=str(chain[0]))
    for number, expected in ((chain[1], chain[1]), (chain[0], exact)):
        values = {"email": f"c{number}@shop.example", "role": "viewer", "scope": "some"}
        assert owner.post_form("/acces/inviter", contracts=str(number), **values).status_code == 303
        with database.reading() as connection:
            given = select(Invitation.contract_ids).where(Invitation.email == values["email"])
            assert connection.scalar(given) == [expected]


def test_every_unknown_number_is_named_but_nothing_like_a_card(owner, chain):
    card = "4970100000000154"
    asked = f"{chain[0]:08};111 222,333\n444 {card} 555 666"
    response = owner.post_form(
        "/acces/inviter", email=GUEST, role="viewer", scope="some", outlet=chain[0], contracts=asked
    )
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    said = plain(page.one(id="contracts-fault"))
    assert said == "Contrats inconnus chez ce commerçant : 111, 222, 333, 444, …, et 2 autres."
    assert ticked(page) == {chain[0]}
    assert re.search(r"333\s+444", page.one("textarea", id="contracts").text)


# Two hundred people


def a_member(database, email, outlets):
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = connection.scalar(select(Outlet.merchant_id).where(Outlet.id == outlets[0]))
        user = connection.scalar(UserAccount.__table__.insert().values(email=email).returning(UserAccount.id))
        values = {"user_id": user, "merchant_id": merchant_id, "role": Role.FLEET.value, "limited": True}
        member = connection.scalar(Membership.__table__.insert().values(values).returning(Membership.id))
        limits = [{"membership_id": member, "outlet_id": each} for each in outlets]
        connection.execute(MembershipLimit.__table__.insert(), limits)
        return member


def test_200_people_are_paged_searched_and_read_in_a_few_statements(owner, chain, database):
    for number in range(200):
        a_member(database, f"region{number:03}@shop.example", chain[number : number + 60])
        if number == 0:
            few = statements_sent(database, lambda: owner.page("/acces"))
    assert statements_sent(database, lambda: owner.page("/acces")) == few <= 8
    page, seen = owner.page("/acces"), []
    while True:
        seen += [each.text for each in page.all(class_="person-name")]
        further = [link["href"] for link in page.all("a") if "after=" in link["href"]]
        if not further:
            break
        page = owner.page(further[0])
    assert len(seen) == len(set(seen)) == 201
    page = owner.page("/acces?q=REGION19")
    assert [each.text for each in page.all(class_="person-name")] == [
        f"region19{digit}@shop.example" for digit in range(10)
    ]
    assert "Personne ne correspond" in plain(owner.page("/acces?q=zzz").one("main"))


def test_waiting_invitations_are_paged_and_searched_too(owner, chain, database):
    owner.post_form("/acces/inviter", email=GUEST, role="viewer", scope="all")
    with database.writing(DatabaseRole.OWNER) as connection:
        row = dict(connection.execute(select(*Invitation.__table__.columns)).one()._mapping)
        rows = [
            {**row, "id": row["id"] + n, "email": f"w{n:03}@shop.example", "nonce_hash": n.to_bytes(32)}
            for n in range(1, 71)
        ]
        connection.execute(Invitation.__table__.insert(), rows)
    page = owner.page("/acces")
    first = {each.text for each in page.all(class_="person-name")}
    [further] = [link["href"] for link in page.all("a") if "sent_after=" in link["href"]]
    rest = [each.text for each in owner.page(further).all(class_="person-name")]
    assert len(first) == 51, "50 invitations and the owner"
    assert len(rest) == 21
    assert not first & set(rest)
    page = owner.page("/acces?q=w07")
    assert [each.text for each in page.all(class_="person-name")] == ["w070@shop.example"]


BROKEN = "Cette adresse est incomplète : revenez au début de la liste"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("after=0", BROKEN),
        ("after=999999999", "alpha@shop.example (vous)"),
        ("after=-1", BROKEN),
        ("after=x", BROKEN),
        ("q=%25_", "Personne ne correspond à « %_ »"),
    ],
)
def test_strange_addresses_of_the_page_do_no_harm(owner, query, said):
    assert said in plain(owner.page(f"/acces?{query}").one("main"))
