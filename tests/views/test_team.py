"""Delegation: an owner gives accesses, within their own, and takes them back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from app.accounts import members
from app.accounts.grants import Actor, Grant, NotYoursError, grant_of
from app.accounts.roles import PERMISSIONS
from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.models import Contract, Invitation, Membership, Outlet, Role, UserAccount, UserSession
from tests import factories
from tests.accounts.mails import link, mails
from tests.page import HtmlPage
from tests.views.one_time_links import GUEST, accept
from tests.views.round_trips import statements_sent
from tests.views.test_sign_in import cookie, events
from tests.views.town import let_in, plain


@pytest.fixture
def second(shops, database):
    """A second outlet of the first shop, with its contract: (outlet id, contract number)."""
    with database.writing(DatabaseRole.OWNER) as connection:
        known = connection.scalar(select(Outlet.id).where(Outlet.siret == "99999999800019"))
        if known is None:
            outlet = factories.an_outlet(
                connection, merchant_id=shops[0].merchant_id, siret="99999999800019", trade_name="DELTA cafe"
            )
            factories.a_contract(
                connection, merchant_id=shops[0].merchant_id, outlet_id=outlet, number="4242424"
            )
        return known or outlet


@pytest.fixture
def limited_owner(app, shops, second, database):
    """An owner of the second outlet alone."""
    let_in(database, "half@shop.example", "ALPHA", Role.OWNER, outlets=["99999999800019"])
    browser = app.test_client()
    browser.sign_in("half@shop.example")
    return browser


def membership(database, email):
    with database.reading() as connection:
        return connection.scalar(
            text(
                "SELECT membership.id FROM membership JOIN user_account ON user_account.id = user_id"
                " WHERE email = :email"
            ),
            {"email": email},
        )


def invite(browser, email=GUEST, role="viewer", scope="all", **values):
    return browser.post_form("/acces/inviter", email=email, role=role, scope=scope, **values)


def exports(browser):
    with browser.get("/transactions.csv") as response:
        return response.status_code


# The journey


def test_an_owner_invites_and_the_guest_comes_in(app, owner, shops, database):
    assert shops[0].at("/acces") in owner.page("/remises").links()
    assert len(owner.page("/remises").one("nav", class_="menu").all("a")) == 2
    page = owner.page("/acces")
    assert page.h1 == "Accès"
    assert "alpha@shop.example" in page.text
    owner.page("/acces/inviter")
    assert invite(owner, role="finance").location == shops[0].at("/acces?done=invited")
    page = owner.page("/acces?done=invited")
    assert "L'invitation est partie" in plain(page.one(role="status"))
    assert GUEST in page.text
    guest = app.test_client()
    assert accept(guest, link(database, GUEST)).status_code == 303
    assert exports(guest) == 200
    assert guest.get("/acces").status_code == 403
    assert "Invitations en attente" not in owner.page("/acces").text


def test_an_outlet_and_a_contract_may_be_all_that_is_seen(app, owner, second, database):
    invite(owner, role="finance", scope="some", outlet=second, contracts="")
    guest = app.test_client()
    accept(guest, link(database, GUEST))
    main = guest.page("/remises").one("main").text
    assert "ALPHA cafe" not in main
    assert "DELTA cafe" in owner.page("/acces").text
    assert guest.get("/remises.json").json["count"] == 0


def test_the_page_of_accesses_reads_outlets_and_contracts_once(owner, shops, second, database):
    let_in(database, "part@alpha.example", "ALPHA", Role.VIEWER, outlets=["99999999800019"])
    owner.page("/acces")
    before = statements_sent(database, lambda: owner.page("/acces"))
    invite(owner, "waits@alpha.example", scope="some", outlet=second, contracts="4242424")
    assert statements_sent(database, lambda: owner.page("/acces")) == before + 1  # the contracts


def test_changing_suspending_restoring_and_removing_act_on_the_next_click(app, owner, shops, database):
    let_in(database, "aid@shop.example", "ALPHA", Role.FINANCE)
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    assert exports(aid) == 200
    number = membership(database, "aid@shop.example")
    page = owner.page(f"/acces/{number}")
    assert page.one("input", name="role", value="finance").attributes.keys() >= {"checked"}
    assert owner.post_form(f"/acces/{number}", role="viewer", scope="all").location == shops[0].at(
        "/acces?done=changed"
    )
    assert aid.get("/remises").status_code == 303, "their sessions have ended"
    aid.sign_in("aid@shop.example")
    assert exports(aid) == 403
    assert aid.get("/remises").status_code == 200
    assert owner.post_form(f"/acces/{number}/suspendre").location == shops[0].at("/acces?done=suspended")
    assert aid.get("/remises").status_code == 303, "their sessions have ended"
    assert aid.sign_in("aid@shop.example").status_code == 303
    assert aid.get("/remises").status_code == 403
    assert "suspendu" in owner.page("/acces").text
    owner.post_form(f"/acces/{number}/retablir")
    aid.sign_in("aid@shop.example")
    assert aid.get("/remises").status_code == 200
    owner.post_form(f"/acces/{number}/retirer")
    assert aid.get("/remises").status_code == 303
    assert membership(database, "aid@shop.example") is None
    happened = [event for event in events(database) if event.startswith("access_")]
    assert happened[-4:] == ["access_changed", "access_suspended", "access_restored", "access_removed"]


@pytest.mark.parametrize(
    ("path", "values", "mailed"),
    [
        ("", {"role": "owner", "scope": "all"}, True),
        ("", {"role": "viewer", "scope": "all"}, True),
        ("", {"role": "finance", "scope": "some", "contracts": "ALPHA"}, True),
        ("/suspendre", {}, False),
        ("/retablir", {}, True),
        ("/retirer", {}, False),
    ],
)
def test_a_key_from_before_a_change_of_rights_is_worth_nothing_after(
    app, owner, shops, database, path, values, mailed
):
    let_in(database, "aid@shop.example", "ALPHA", Role.FINANCE)
    number = membership(database, "aid@shop.example")
    if path == "/retablir":
        owner.post_form(f"/acces/{number}/suspendre")
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    assert aid.get("/compte").status_code == 200
    if "contracts" in values:
        values = values | {"contracts": contract_number(database, shops[0])}
    assert owner.post_form(f"/acces/{number}{path}", **values).status_code == 303
    assert aid.get("/compte").status_code == 303
    told = [mail["Subject"] for mail in mails(database, "aid@shop.example")]
    assert [each.endswith("votre accès à ALPHA merchant a été modifié") for each in told] == [True] * mailed


def test_what_stays_as_it_is_ends_nothing(app, owner, shops, database):
    let_in(database, "aid@shop.example", "ALPHA", Role.FINANCE)
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    number = membership(database, "aid@shop.example")
    assert owner.post_form(f"/acces/{number}", role="finance", scope="all").status_code == 303
    assert owner.post_form(f"/acces/{number}/retablir").status_code == 303
    assert aid.get("/remises").status_code == 200
    assert mails(database, "aid@shop.example") == []
    assert "access_changed" not in events(database)


def test_whoever_accepts_more_rights_keeps_one_session_with_another_key(app, owner, shops, database):
    """They are signed in twice and accept in one of the two browsers."""
    let_in(database, GUEST, "BRAVO", Role.VIEWER)
    invite(owner)
    path = link(database, GUEST)
    here, elsewhere, thief = (app.test_client() for _ in range(3))
    for browser in (here, elsewhere):
        browser.sign_in(GUEST)
    thief.set_cookie("bordereau", cookie(here))
    assert accept(here, path).location == shops[0].at("/")
    assert [browser.get("/compte").status_code for browser in (here, elsewhere, thief)] == [200, 303, 303]


def test_the_command_line_ends_sessions_as_well(app, owner, shops, database):
    let_in(database, shops[0].email, "BRAVO", Role.VIEWER, password=None)
    assert owner.get("/compte").status_code == 303


def test_an_invitation_is_sent_again_or_withdrawn(app, owner, shops, database):
    invite(owner)
    old = link(database, GUEST)
    with database.reading() as connection:
        number = connection.scalar(select(Invitation.id))
    assert owner.post_form(f"/acces/invitations/{number}/renvoyer").location == shops[0].at(
        "/acces?done=invited"
    )
    new = link(database, GUEST)
    assert accept(app.test_client(), old).status_code == 410
    assert owner.post_form(f"/acces/invitations/{number}/annuler").location == shops[0].at(
        "/acces?done=withdrawn"
    )
    assert accept(app.test_client(), new).status_code == 410
    assert owner.post_form(f"/acces/invitations/{number}/renvoyer").status_code == 404
    assert "invitation_revoked" in events(database)


def test_what_was_invited_dies_with_the_rights_of_whoever_invited(app, owner, database):
    let_in(database, "boss@shop.example", "ALPHA", Role.OWNER)
    boss = app.test_client()
    boss.sign_in("boss@shop.example")
    invite(boss)
    path = link(database, GUEST)
    owner.post_form(f"/acces/{membership(database, 'boss@shop.example')}", role="viewer", scope="all")
    assert accept(app.test_client(), path).status_code == 410


@pytest.mark.parametrize("action", ["suspend", "remove"])
def test_of_two_owners_who_shut_each_other_out_at_once_one_stays(shops, database, action):
    let_in(database, "boss@shop.example", "ALPHA", Role.OWNER)
    emails = (shops[0].email, "boss@shop.example")
    ids = [membership(database, email) for email in emails]
    start = Barrier(2)

    def act(index):
        with database.writing() as connection:
            user_id = connection.scalar(select(UserAccount.id).where(UserAccount.email == emails[index]))
            held = grant_of(connection, user_id, shops[0].merchant_id)
            actor = Actor(user_id, shops[0].merchant_id, held, None, "r")
            start.wait()
            getattr(members, action)(connection, None, actor, ids[1 - index])

    with ThreadPoolExecutor(2) as pool:
        ended = [type(future.exception()) for future in [pool.submit(act, index) for index in range(2)]]
    assert set(ended) == {type(None), NotYoursError}
    with database.reading() as connection:
        still = select(func.count()).select_from(Membership).where(Membership.suspended_at.is_(None))
        assert connection.scalar(still.where(Membership.id.in_(ids))) == 1


# Nobody grants more than they have


@pytest.mark.parametrize("role", [Role.FLEET, Role.FINANCE, Role.VIEWER])
def test_only_an_owner_has_the_page(app, shops, database, role):
    let_in(database, "aid@shop.example", "ALPHA", role)
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    assert "/acces" not in aid.page("/remises").links()
    for path in ("/acces", "/acces/inviter"):
        assert aid.get(path).status_code == 403
    assert invite(aid).status_code == 403


def test_a_limited_owner_gives_no_more_than_he_sees(limited_owner, shops, second, database):
    refused = [
        {"scope": "all"},
        {"scope": "some", "outlet": shops[0].outlet_id},
        {"scope": "some", "outlet": shops[1].outlet_id},
        {"scope": "some", "outlet": 999_999_999},
        {"scope": "some", "contracts": contract_number(database, shops[0])},
        {"scope": "some", "contracts": contract_number(database, shops[1])},
    ]
    for asked in refused:
        response = invite(limited_owner, **asked)
        assert response.status_code == 422, asked
        page = HtmlPage(response, limited_owner.application)
        assert page.all(class_="fault"), asked
        assert page.one("input", id="email")["value"] == GUEST
    assert not mails(database)
    page = limited_owner.page("/acces/inviter")
    assert [box["value"] for box in page.all("input", name="outlet")] == [str(second)]
    assert "ALPHA cafe" not in page.one("main").text
    assert invite(limited_owner, scope="some", outlet=second).status_code == 303
    assert (
        invite(limited_owner, email="g2@shop.example", scope="some", contracts="4242424").status_code == 303
    )


def contract_number(database, shop):
    with database.reading_as(Scope(shop.merchant_id)) as connection:
        return connection.scalar(select(Contract.number).where(Contract.id == shop.contract_id))


def test_a_limited_owner_cannot_touch_those_who_have_more(limited_owner, shops, database):
    number = membership(database, shops[0].email)
    assert shops[0].email not in limited_owner.page("/acces").text
    for action in ("suspendre", "retablir", "retirer"):
        assert limited_owner.post_form(f"/acces/{number}/{action}").status_code == 404
    assert limited_owner.get(f"/acces/{number}").status_code == 404
    assert limited_owner.post_form(f"/acces/{number}", role="viewer", scope="all").status_code in (404, 422)
    assert membership(database, shops[0].email) == number


def test_nobody_touches_his_own_access_or_another_merchants(owner, shops, database):
    for email in (shops[0].email, shops[1].email):
        number = membership(database, email)
        assert owner.get(f"/acces/{number}").status_code == 404
        for action in ("suspendre", "retirer"):
            assert owner.post_form(f"/acces/{number}/{action}").status_code == 404
        assert owner.post_form(f"/acces/{number}", role="viewer", scope="all").status_code == 404


def test_anothers_invitations_do_not_exist(app, owner, shops, database):
    other = app.test_client()
    other.sign_in(shops[1].email)
    invite(other)
    with database.reading() as connection:
        number = connection.scalar(select(Invitation.id))
    for action in ("renvoyer", "annuler"):
        assert owner.post_form(f"/acces/invitations/{number}/{action}").status_code == 404
    assert GUEST not in owner.page("/acces").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "alpha@shop.example"}, "email"),
        ({"role": "king"}, "role"),
        ({"role": ""}, "role"),
        ({"scope": "some"}, "scope"),
        ({"scope": "some", "contracts": "000"}, "contracts"),
    ],
)
def test_a_fault_stands_beside_its_field_and_the_rest_is_kept(owner, database, values, field):
    response = invite(owner, **values)
    assert response.status_code == 422
    page = HtmlPage(response, owner.application)
    assert page.one(id=f"{field}-fault").text
    assert page.one("input", id="email")["value"] == values.get("email", GUEST)
    assert not mails(database)


def test_more_fields_than_the_form_has_change_nothing(owner, shops, database):
    invite(owner, merchant_id=shops[1].merchant_id, reseller_id=9, kind="staff", invited_by=7)
    with database.reading() as connection:
        row = connection.execute(select(*Invitation.__table__.columns)).one()
    assert (row.merchant_id, row.kind, row.invited_by) == (shops[0].merchant_id, "invite", 1)


ids = st.frozensets(st.integers(1, 4), max_size=4)


@st.composite
def grants(draw):
    role, limited = draw(st.sampled_from(Role)), draw(st.booleans())
    return Grant(role, limited, draw(ids), draw(ids)) if limited else Grant(role)


#: A little merchant: outlets 1 to 4, each with the contracts 10 n and 10 n + 1; contracts 1 to 4 apart.
OF_OUTLET = {outlet: {10 * outlet, 10 * outlet + 1} for outlet in range(1, 5)}
ALL = set().union(*OF_OUTLET.values()) | {1, 2, 3, 4}


def seen(grant):
    if not grant.limited:
        return ALL
    return set(grant.contract_ids).union(*(OF_OUTLET[outlet] for outlet in grant.outlet_ids))


@given(grants(), grants(), grants())
def test_a_chain_of_gifts_never_widens(first, second, third):
    """Whatever is given by whomever was given it, rights and sight only shrink."""
    for actor, given_ in ((first, second), (second, third)):
        if not actor.covers(given_, seen(actor) if actor.limited else None):
            return
        assert PERMISSIONS[given_.role] <= PERMISSIONS[actor.role]
        assert seen(given_) <= seen(actor)
        assert actor.limited <= given_.limited
    assert seen(third) <= seen(first)


@given(grants())
def test_everybody_may_give_what_he_has_and_the_owner_of_all_anything(grant):
    assert grant.covers(grant, seen(grant) if grant.limited else None)
    assert Grant(Role.OWNER).covers(grant, None)


def test_sessions_end_with_the_access_and_nobody_elses(app, owner, shops, database):
    let_in(database, "aid@shop.example", "ALPHA", Role.VIEWER)
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    owner.post_form(f"/acces/{membership(database, 'aid@shop.example')}/retirer")
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(UserSession)) == 1
        assert connection.scalar(select(func.count()).select_from(Membership)) == 3
    assert owner.get("/remises").status_code == 200
