"""The column chooser: what a table shows on a desk, in the address and kept for each person and list."""

from __future__ import annotations

from app.listing.scope import Scope
from app.listing.table_columns import FITTING, choosable
from app.listing.visible import seen_by
from app.lists import REMITTANCES, TRANSACTIONS
from app.models import Role
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import heads, let_in, plain, rows

#: Between what a row is called and its amount.
USUAL = ["N° de carte", "Produit · Émetteur", "N° d'auto.", "N° de remise"]


def boxes(page):
    return page.one("form", id="columns").all("input", type="checkbox")


def ticked(page):
    return {box["value"] for box in boxes(page) if "checked" in box.attributes}


def below(page):
    return [plain(span) for span in rows(page)[0].one(class_="below").all("span") if span.all("b")]


def choose(browser, path, *names):
    return browser.page(browser.post_form(f"{path}/colonnes", columns=list(names)).location)


def test_the_chooser_offers_every_column_of_the_list_the_usual_ones_first_and_ticked(owner, shops, database):
    sight = Scope(shops[0].merchant_id)
    for path, spec in (("/transactions", TRANSACTIONS), ("/remises", REMITTANCES)):
        page = owner.page(path)
        offered = [box["value"] for box in boxes(page)]
        always = {spec.table_columns[0][0], spec.table_columns[1][0], spec.table_columns[-1][0]}
        with database.reading_as(sight) as connection:
            seen = seen_by(spec, spec.absent(sight).read(connection), lambda _: True)
        assert {*offered, *always} == {field.name for field in seen.fields if field.is_column}
        usual = [name for name in offered if name in ticked(page)]
        order = [field.name for field in spec.fields]
        assert offered[: len(usual)] == usual == sorted(usual, key=order.index)
        assert offered[len(usual) :] == sorted(offered[len(usual) :], key=order.index)


def test_columns_are_in_the_address_and_stay_with_every_question_of_the_page(owner):
    page = owner.page("/transactions?columns=expiry&columns=card&type=debit")
    assert heads(page) == ["N° de carte", "Expir."]
    assert ticked(page) == {"card", "expiry"}
    onward = [link["href"] for link in page.one("div", id="results").all("a") if "?" in link["href"]]
    same = [
        href for href in onward if href.partition("?")[0].endswith("/transactions") and "colonnes" not in href
    ]
    assert len(same) > 5
    assert all("columns=card&columns=expiry" in href for href in same)
    kept = {e["value"] for e in page.one("form", id="filters").all("input", name="columns")}
    assert kept == {"card", "expiry"}


def test_what_does_not_fit_stands_below_with_its_name(owner):
    usual = ticked(owner.page("/transactions"))
    assert heads(owner.page("/transactions")) == USUAL
    asked = "&".join(f"columns={name}" for name in (*usual, "state", "siret"))
    page = owner.page(f"/transactions?{asked}")
    assert len(heads(page)) == FITTING
    names = {field.name: field.label for field in TRANSACTIONS.fields}
    assert len(below(page)) == 2, names
    assert below(page)[0] == "Remise en banque Remis"
    assert below(page)[1].startswith("SIRET ")


def test_a_chosen_column_is_there_even_if_it_says_the_same_everywhere(owner):
    assert heads(owner.page("/transactions?columns=trade_name&columns=label")) == ["Nom commercial · Libellé"]


def test_a_choice_is_kept_for_a_person_and_a_list_until_another_is_made(app, owner, shops, database):
    page = choose(owner, "/transactions", "expiry", "card")
    assert heads(page) == ["N° de carte", "Expir."]
    assert heads(owner.page("/transactions")) == ["N° de carte", "Expir."]
    assert ticked(owner.page("/transactions")) == {"card", "expiry"}
    assert "Expir." not in heads(owner.page("/remises"))
    let_in(database, "other@alpha.example", "ALPHA", Role.VIEWER)
    other = app.test_client()
    other.sign_in("other@alpha.example")
    assert heads(other.page("/transactions")) == USUAL
    choose(owner, "/transactions", "issuer")
    assert heads(owner.page("/transactions")) == ["Émetteur"]


def test_the_original_columns_end_a_choice(owner):
    usual = ticked(owner.page("/transactions"))
    page = choose(owner, "/transactions", "expiry")
    assert page.one("button", form="original-columns")
    back = page.one("form", id="original-columns")["action"]
    assert heads(owner.page(owner.post_form(back).location)) == USUAL
    choose(owner, "/transactions", "expiry")
    answer = owner.post_form("/transactions/colonnes", columns=list(usual))
    assert "columns" not in answer.location
    assert heads(owner.page("/transactions")) == USUAL


def test_an_address_shows_its_columns_and_leaves_the_readers_own_choice_alone(owner):
    choose(owner, "/transactions", "issuer")
    assert heads(owner.page("/transactions?columns=siret")) == ["SIRET"]
    assert heads(owner.page("/transactions")) == ["Émetteur"]
    assert owner.get("/transactions/colonnes?columns=siret").status_code == 405, "to read changes nothing"
    assert heads(owner.page("/transactions")) == ["Émetteur"]


def test_a_column_that_the_list_does_not_have_is_refused(owner):
    page = owner.page("/transactions?columns=password")
    assert "Cette liste n'a pas cette colonne" in plain(page.one("main"))
    assert not page.all(class_="sheet")
    owner.post_form("/transactions/colonnes", columns="password")
    assert heads(owner.page("/transactions")) == USUAL


def test_a_column_of_which_a_merchant_has_nothing_is_left_out(app, shops):
    """BRAVO has no bank account: an address that came from ALPHA shows what there is of it."""
    assert "credited_on" in {field.name for field in choosable(REMITTANCES)}
    other = app.test_client()
    other.sign_in(shops[1].email)
    assert heads(other.page("/remises?columns=credited_on&columns=rank")) == ["Rang"]


def test_files_and_programs_have_every_column_whatever_is_chosen(owner):
    for kind in ("csv", "json"):
        with (
            owner.get(f"/transactions.{kind}") as plainly,
            owner.get(f"/transactions.{kind}?columns=issuer") as chosen,
        ):
            assert chosen.status_code == 200
            assert chosen.data == plainly.data


def test_what_comes_with_see_more_has_the_same_columns(owner):
    choose(owner, "/transactions", "siret", "issuer")
    part = owner.part("/transactions", target="more")
    facts = part.one(class_="rows-group").all("div", role="row")[1].all("span", class_="fact")
    assert len(facts) == 2


def test_staff_who_look_choose_columns_for_this_address_and_keep_none(app, shops, database):
    let_staff_in(database, "staff@demo.example", "demo")
    staff = app.test_client()
    sign_in(staff, "staff@demo.example")
    staff.post_form(f"/gestion/commercants/{shops[0].merchant_id}/regarder")
    form = staff.page(shops[0].at("/transactions")).one("form", id="columns")
    assert (form["method"], form["action"]) == ("get", shops[0].at("/transactions"))
    assert heads(staff.page(shops[0].at("/transactions?columns=siret"))) == ["SIRET"]
    assert staff.post_form(shops[0].at("/transactions/colonnes"), columns="siret").status_code == 403
    assert heads(staff.page(shops[0].at("/transactions"))) == USUAL
