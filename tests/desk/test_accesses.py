"""Staff give accesses to their merchants, take them back and suspend merchants: never those of others."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.accounts.mails import link, mails
from tests.desk.conftest import SOUTH
from tests.views.test_sign_in import move_clock
from tests.views.town import plain

GUEST = "guest@north.example"


@pytest.fixture
def merchant(place):
    return place.value("SELECT id FROM merchant WHERE code = 'NORTHSHOP'")


@pytest.fixture
def foreign(place):
    return place.value("SELECT id FROM merchant WHERE code = 'SOUTHSHOP'")


def membership(place, email):
    return place.value(
        "SELECT membership.id FROM membership JOIN user_account u ON u.id = user_id WHERE u.email = :email",
        email=email,
    )


def test_staff_invite_somebody_who_then_comes_in(place, north, merchant):
    there = f"{place.desk('north')}/commercants/{merchant}/acces"
    assert "owner@north.example" in north.page(there).text
    form = north.page(f"{there}/inviter")
    assert form.one("form", action=f"{there}/inviter")
    response = north.post_form(f"{there}/inviter", email=GUEST, role="owner", scope="all")
    assert response.location == f"{there}?done=invited"
    guest = place.app.test_client()
    guest.get(link(place.database, GUEST))
    token = guest.page("/invitation").csrf
    guest.post(
        "/invitation",
        data={"csrf_token": token, "password": "quatre mots bien longs", "again": "quatre mots bien longs"},
    )
    assert "NORTH merchant" in guest.page("/remises").text
    assert "A invité quelqu'un" in plain(north.page("/gestion/journal").one("main"))
    assert GUEST in north.page("/gestion/journal?event=invited").text


def test_an_invitation_is_sent_again_and_withdrawn(place, north, merchant):
    there = f"/gestion/commercants/{merchant}/acces"
    north.post_form(f"{there}/inviter", email=GUEST, role="viewer", scope="all")
    invitation = place.value("SELECT id FROM invitation")
    assert north.post_form(f"{there}/invitations/{invitation}/renvoyer").status_code == 303
    assert len(mails(place.database, GUEST)) == 2
    north.post_form(f"{there}/invitations/{invitation}/annuler")
    assert GUEST not in north.page(there).text


def test_an_access_is_suspended_restored_and_removed(place, north, merchant):
    owner = place.browser("owner@north.example")
    there = f"/gestion/commercants/{merchant}/acces/{membership(place, 'owner@north.example')}"
    assert north.page(there).h1 == "Modifier un accès"
    north.post_form(f"{there}/suspendre")
    assert owner.get("/remises").status_code == 303
    north.post_form(f"{there}/retablir")
    assert place.browser("owner@north.example").get("/remises").status_code == 200
    north.post_form(f"{there}/retirer")
    assert membership(place, "owner@north.example") is None


def test_a_new_password_is_started_and_never_set(place, north, merchant):
    before = place.value("SELECT password_hash FROM user_account WHERE email = 'owner@north.example'")
    there = f"/gestion/commercants/{merchant}/acces/{membership(place, 'owner@north.example')}"
    assert north.post_form(f"{there}/reinitialiser").status_code == 303
    assert link(place.database, "owner@north.example").startswith("/nouveau-mot-de-passe/")
    after = place.value("SELECT password_hash FROM user_account WHERE email = 'owner@north.example'")
    assert after == before
    assert "owner@north.example" in north.page("/gestion/journal?event=reset_started").one("tbody").text


def test_a_suspended_merchant_is_closed_at_the_next_click_and_opens_again(place, north, merchant):
    owner = place.browser("owner@north.example")
    assert owner.get("/remises").status_code == 200
    north.post_form(f"/gestion/commercants/{merchant}/suspendre")
    assert "Suspendu" in north.page("/gestion/commercants").text
    assert owner.get("/remises").status_code == 303, "their sessions have ended"
    owner.sign_in("owner@north.example")
    assert owner.get("/remises").status_code == 403
    assert owner.get("/journal").status_code == 403
    north.post_form(f"/gestion/commercants/{merchant}/retablir")
    assert owner.get("/remises").status_code == 303, "and once more"
    owner.sign_in("owner@north.example")
    assert owner.get("/remises").status_code == 200
    said = plain(owner.page("/journal").one("main"))
    assert "A suspendu le commerçant" in said
    assert "A rétabli l'accès du commerçant" in said


@pytest.mark.probes("desks and places")
def test_nothing_of_another_maintainers_merchant_can_be_touched(place, north, merchant, foreign):
    of_foreign = membership(place, "owner@south.example")
    there = f"/gestion/commercants/{foreign}/acces"
    paths = ["", "/inviter", f"/{of_foreign}"]
    assert [north.get(there + path).status_code for path in paths] == [404] * 3
    acts = ["/inviter", f"/{of_foreign}", f"/{of_foreign}/suspendre", f"/{of_foreign}/reinitialiser"]
    for path in acts:
        values = {"email": GUEST, "role": "viewer", "scope": "all"}
        assert north.post_form(there + path, **values).status_code == 404, path
    for action in ("suspendre", "retablir"):
        assert north.post_form(f"/gestion/commercants/{foreign}/{action}").status_code == 404
    # A member of the foreign merchant is none of one's own merchant's, whatever the address says.
    own = f"/gestion/commercants/{merchant}/acces/{of_foreign}"
    assert north.get(own).status_code == 404
    assert north.post_form(f"{own}/retirer").status_code == 404
    assert mails(place.database) == []
    assert place.value("SELECT count(*) FROM merchant WHERE suspended_at IS NOT NULL") == 0


@pytest.fixture
def both(place):
    """Somebody who works for both resellers: they see one at a time, never the two mixed."""
    with place.database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO staff_member (user_id, reseller_id)"
                " SELECT u.id, r.id FROM user_account u, reseller r"
                " WHERE u.email = :email AND r.slug = 'north'"
            ),
            {"email": SOUTH},
        )
    return place.browser(SOUTH)


def test_staff_of_two_maintainers_go_from_desk_to_desk_by_links(place, both, foreign):
    """Each desk has its addresses; without one they lead to the desk used last."""
    for slug in ("south", "north", "south"):
        page = both.page(f"{place.desk(slug)}/commercants")
        other = "north" if slug == "south" else "south"
        assert f"{slug.upper()} merchant" in page.text
        assert f"{other.upper()} merchant" not in page.text
        assert page.one(class_="brand-merchant").text == slug
        desks = {plain(one): one for one in page.one("ul", aria_labelledby="maintainers-title").all("a")}
        assert [name for name, one in desks.items() if one.get("aria-current")] == [slug]
        assert desks[other]["href"] == f"{place.desk(other)}/"
    move_clock(place.database, last_seen_at="2 minutes")
    both.page(f"{place.desk('north')}/imports")
    assert both.get("/gestion/imports?q=x").location == f"{place.desk('north')}/imports?q=x"
    assert both.post_form("/gestion/imports/deposer").status_code == 404, "at which desk, it does not say"


@pytest.mark.probes("desks and places")
def test_a_desk_that_is_not_ones_own_does_not_exist(place, north, both, foreign):
    assert north.get(f"{place.desk('south')}/commercants").status_code == 404
    assert north.get("/gestion/0/commercants").status_code == 404
    assert both.get(f"{place.desk('north')}/commercants/{foreign}").status_code == 404
    assert both.get(f"{place.desk('south')}/commercants/{foreign}").status_code == 200
    with place.database.writing() as connection:
        connection.execute(
            text("DELETE FROM staff_member USING reseller r WHERE r.id = reseller_id AND slug = 'south'")
        )
    assert both.get(f"{place.desk('south')}/commercants").status_code == 404
    assert "SOUTH merchant" not in both.page("/gestion/commercants").text
