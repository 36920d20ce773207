"""Saved views: what a list shows kept by a member, shared or not; never more than an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.departures import erase, suspend
from app.accounts.saved_views import LONGEST_NAME, MOST_KEPT
from app.database.engine import DatabaseRole
from app.models import JournalEntry, Role, SavedView
from app.rules.time_zones import today
from tests import factories
from tests.page import HtmlPage
from tests.views.town import let_in, plain, rows

CARD = "4970101234567893"


def strip(page):
    """The names of the views above a list."""
    return [plain(link) for nav in page.all("nav", class_="wide-only") for link in nav.all("a")]


def menu(page):
    return page.one("details", class_="keep-view")


def keep(browser, path, name, *, shared=False):
    """Keep what ``path`` shows, by the form of its page; the page it leads to."""
    form = menu(browser.page(path)).all("form")[0]
    hidden = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
    return answered(browser, browser.post(form["action"], data=form_data(hidden, name, shared=shared)))


def change(browser, path, name, *, shared=False):
    form = menu(browser.page(path)).all("form")[0]
    data = form_data({"csrf_token": browser.token()}, name, shared=shared)
    return answered(browser, browser.post(form["action"], data=data))


def form_data(hidden, name, *, shared):
    return {**hidden, "name": name, **({"is_shared": "y"} if shared else {})}


def answered(browser, response):
    assert response.status_code == 303, response.text
    return browser.page(response.location)


def colleague(app, database, role=Role.VIEWER, marker="ALPHA"):
    email = f"{role}.colleague@{marker.lower()}.example"
    let_in(database, email, marker, role)
    browser = app.test_client()
    browser.sign_in(email)
    return browser


def test_the_list_as_it_opens_is_no_view(owner):
    assert not owner.page("/transactions").all("details", class_="keep-view")
    assert not owner.page("/remises").all("details", class_="keep-view")


def test_a_view_keeps_filters_grouping_columns_and_a_period_that_moves(owner):
    path = "/transactions?period=last-month&type=refund&by=issuer&columns=expiry"
    page = keep(owner, path, "  Remboursements   du mois dernier ")
    assert strip(page) == ["Remboursements du mois dernier"]
    (pill,) = owner.page("/transactions").one("nav", class_="wide-only").all("a")
    for part in ("period=last-month", "type=refund", "by=issuer", "columns=expiry"):
        assert part in pill["href"]
    assert "date_from" not in pill["href"]
    assert "Mois dernier" in plain(
        owner.page(pill["href"]).one("nav", class_="periods", aria_label="Périodes")
    )
    assert not strip(owner.page("/remises"))


def test_a_view_keeps_the_columns_that_a_person_has_chosen(owner):
    owner.post_form("/transactions/colonnes", columns="siret")
    keep(owner, "/transactions", "SIRET")
    owner.post_form("/transactions/colonnes")
    (pill,) = owner.page("/transactions").one("nav", class_="wide-only").all("a")
    assert pill["href"].endswith("?columns=siret")


def test_a_view_is_the_first_group_of_the_filters_on_a_phone(owner):
    keep(owner, "/transactions?type=refund", "Remboursements")
    panel = owner.page("/transactions").one("form", id="filters")
    (views,) = panel.all("nav", class_="narrow-only")
    assert [plain(link) for link in views.all("a")] == ["Remboursements"]
    assert next(part for part in panel.all() if part.tag in ("nav", "fieldset")) is views


def test_the_view_that_is_shown_is_renamed_and_removed_there(owner):
    page = keep(owner, "/transactions?type=refund", "Remboursement")
    assert plain(menu(page).one("summary")) == "Vue « Remboursement »"
    assert page.one("nav", class_="wide-only").one("a")["aria-current"] == "true"
    page = change(owner, "/transactions?type=refund", "Remboursements")
    assert strip(page) == ["Remboursements"]
    removal = menu(page).all("form")[1]
    page = answered(owner, owner.post_form(removal["action"]))
    assert strip(page) == []
    assert plain(menu(page).one("summary")) == "Garder cette vue"


def test_a_phone_says_which_view_is_shown(app, owner, database):
    """Its views are in its filters: keeping one, and removing it, changed nothing that was in sight."""
    page = keep(owner, "/transactions?type=refund", "Remboursements", shared=True)
    assert plain(page.one("p", class_="view-shown")) == "Vue « Remboursements »"
    others = colleague(app, database).page("/transactions?type=refund")
    assert plain(others.one("p", class_="view-shown")) == "Vue « Remboursements » · partagée par alpha"
    assert not owner.page("/transactions?type=debit").all("p", class_="view-shown")
    page = answered(owner, owner.post_form(menu(page).all("form")[1]["action"]))
    assert not page.all("p", class_="view-shown")


def test_from_a_name_that_is_refused_one_gets_back_to_what_was_to_be_kept(owner):
    page = keep(owner, "/transactions?type=refund", "Vue")
    assert refused(owner, "vue").one("p", class_="actions").one("a")["href"].endswith("?type=debit")
    keep(owner, "/transactions?type=debit", "Autre")
    form = menu(page).all("form")[0]
    response = owner.post_form(form["action"], name="Autre")
    again = HtmlPage(response, owner.application).one("p", class_="actions").one("a")
    assert (response.status_code, again["href"].endswith("?type=refund")) == (422, True)


def test_a_view_is_private_until_it_is_shared_and_only_its_keeper_changes_it(app, owner, shops, database):
    keep(owner, "/transactions?type=refund", "Remboursements")
    other = colleague(app, database)
    assert strip(other.page("/transactions")) == []
    change(owner, "/transactions?type=refund", "Remboursements", shared=True)
    assert strip(other.page("/transactions")) == ["Remboursements · partagée par alpha"]
    stranger = app.test_client()
    stranger.sign_in(shops[1].email)
    assert strip(stranger.page("/transactions")) == []
    with database.reading() as connection:
        view_id = connection.scalar(select(SavedView.id))
    for browser in (other, stranger):
        assert browser.post_form(f"/vues/{view_id}", name="Mine").status_code == 404
        assert browser.post_form(f"/vues/{view_id}/supprimer").status_code == 404
    assert strip(owner.page("/transactions")) == ["Remboursements"]
    change(owner, "/transactions?type=refund", "Remboursements")
    assert strip(other.page("/transactions")) == []


def test_sharing_widens_no_rights(app, owner, shops, database):
    """Whoever sees another outlet alone follows the address to an empty list."""
    page = keep(owner, "/transactions?type=debit", "Débits", shared=True)
    assert rows(page)
    other = {"trade_name": "Elsewhere", "siret": "99999999800019"}
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.an_outlet(connection, merchant_id=shops[0].merchant_id, **other)
    let_in(database, "narrow@alpha.example", "ALPHA", Role.VIEWER, outlets=[other["siret"]])
    narrow = app.test_client()
    narrow.sign_in("narrow@alpha.example")
    (pill,) = narrow.page("/transactions").one("nav", class_="wide-only").all("a")
    assert not rows(narrow.page(pill["href"]))


def test_a_person_keeps_so_many_views_of_so_many_names(owner, database):
    keep(owner, "/transactions?type=refund", "Vue")
    for name in ("vue", "", "x" * (LONGEST_NAME + 1), f"carte {CARD}", "a\u202eb"):
        page = refused(owner, name)
        assert page.one("p", class_="fault")
        assert CARD not in page.one("p", class_="fault").text
    for number in range(MOST_KEPT - 1):
        keep(owner, f"/transactions?amount={number + 1}", f"Vue {number}")
    assert str(MOST_KEPT) in plain(refused(owner, "Une de trop").one("p", class_="fault"))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SavedView)) == MOST_KEPT


def refused(owner, name):
    hidden = {"csrf_token": owner.token(), "list_name": "transactions", "asked": "type=debit"}
    response = owner.post("/vues", data=form_data(hidden, name, shared=False))
    assert response.status_code == 422
    return HtmlPage(response, owner.application)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"list_name": "transactions", "asked": "type=vente", "name": "x"}, 422),
        ({"list_name": "transactions", "asked": "autre=1", "name": "x"}, 422),
        ({"list_name": "nothing", "asked": "", "name": "x"}, 404),
        ({"name": "x"}, 404),
    ],
)
def test_what_a_list_does_not_understand_is_no_view(owner, database, form, status):
    assert owner.post_form("/vues", **form).status_code == status
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SavedView)) == 0


def view_of(app, database, role=Role.FINANCE):
    """A view that a colleague of that role shares, and one that they keep for themselves."""
    browser = colleague(app, database, role)
    keep(browser, "/transactions?type=refund", "Remboursements", shared=True)
    keep(browser, "/transactions?type=debit", "Débits")
    return f"{role}.colleague@alpha.example"


def removed(owner, _database, email):
    """Take the access of somebody away, as an owner does."""
    (line,) = [row for row in owner.page("/acces").all("li") if email in row.text and row.all("a")]
    href = line.one("a")["href"]
    return owner.post_form(f"{href}/retirer").status_code in (302, 303)


def erased(_owner, database, email):
    with database.writing(DatabaseRole.OWNER) as connection:
        erase(connection, email)


@pytest.mark.parametrize("leave", [removed, erased])
def test_a_shared_view_stays_when_its_keeper_leaves_and_is_an_owners(app, owner, database, leave):
    """Colleagues work by it; a private one goes."""
    email = view_of(app, database)
    assert strip(owner.page("/transactions")) == ["Remboursements · partagée par finance.colleague"]
    viewer = colleague(app, database)
    keep(owner, "/transactions?type=debit", "remboursements")
    leave(owner, database, email)
    assert strip(owner.page("/transactions")) == ["remboursements", "Remboursements (2)"]
    assert strip(viewer.page("/transactions")) == ["Remboursements (2) · partagée par alpha"]
    page = change(owner, "/transactions?type=refund", "Avoirs", shared=True)
    assert strip(page) == ["Avoirs", "remboursements"]
    assert "Transactions : Remboursements (2)" in plain(owner.page("/journal").one("main"))


def test_a_shared_view_passes_to_whoever_is_left(app, owner, shops, database):
    """An owner who cannot sign in comes after a colleague who can."""
    keep(owner, "/transactions?type=refund", "Remboursements", shared=True)
    viewer = colleague(app, database)
    colleague(app, database, Role.OWNER)
    with database.writing(DatabaseRole.OWNER) as connection:
        suspend(connection, "owner.colleague@alpha.example")
        erase(connection, shops[0].email)
    assert strip(viewer.page("/transactions")) == ["Remboursements"]


def test_no_shared_view_is_out_of_sight_because_there_are_many(app, owner, database, monkeypatch):
    monkeypatch.setattr("app.accounts.saved_views.MOST_SHARED", 1)
    keep(owner, "/transactions?type=refund", "Remboursements", shared=True)
    other = colleague(app, database)
    keep(other, "/transactions?type=debit", "Débits")
    form = menu(other.page("/transactions?type=debit")).all("form")[0]
    response = other.post_form(form["action"], name="Débits", is_shared="y")
    assert response.status_code == 422
    assert "partagées" in plain(HtmlPage(response, app).one("p", class_="fault"))
    assert strip(other.page("/transactions")) == ["Débits", "Remboursements · partagée par alpha"]
    change(owner, "/transactions?type=refund", "Avoirs", shared=True)  # which takes no more room


def test_a_view_is_journalled_and_goes_with_the_last_account(owner, shops, database):
    keep(owner, "/transactions?type=refund", "Remboursements", shared=True)
    with database.reading() as connection:
        wanted = select(JournalEntry.event, JournalEntry.details).where(
            JournalEntry.merchant_id == shops[0].merchant_id, JournalEntry.event == "view_kept"
        )
        assert [row.details["name"] for row in connection.execute(wanted)] == ["Remboursements"]
    assert "Transactions : Remboursements" in plain(owner.page("/journal").one("main"))
    with database.writing(DatabaseRole.OWNER) as connection:
        erase(connection, shops[0].email)
        assert connection.scalar(select(func.count()).select_from(SavedView)) == 0


def test_a_day_that_was_named_stays_that_day(owner):
    day = today() - timedelta(days=2)
    page = keep(owner, f"/transactions?date_from={day}&date_to={day}", "Ce jour")
    (pill,) = page.one("nav", class_="wide-only").all("a")
    assert f"date_from={day}" in pill["href"]
