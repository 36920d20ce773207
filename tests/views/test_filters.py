"""The filters of the two lists: the form, its chips, periods, and what is wrong beside its field."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from itertools import product
from string import ascii_uppercase
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from babel.dates import format_date
from sqlalchemy import select

from app.database.engine import DatabaseRole
from app.listing.asked_period import DATES
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.visible import seen_by
from app.lists import REMITTANCES, TRANSACTIONS
from app.models import JournalEntry
from app.rules.time_zones import today
from app.views import rendering
from app.views.filter_form import MOST_BOXES, FilterForm
from app.views.periods import step
from tests.page import Fragment, HtmlPage
from tests.views.town import PAYMENTS, follow, plain, rows

CARD = "4970101234567893"


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


def test_the_form_has_every_filter_of_both_lists(owner, shops, database):
    sight = Scope(shops[0].merchant_id)
    for path, whole in (("/remises", REMITTANCES), ("/transactions", TRANSACTIONS)):
        with database.reading_as(sight) as connection:  # nothing of what no source of the merchant tells
            spec = seen_by(whole, whole.absent(sight).read(connection), lambda _: True)
        assert whole.parameters.keys() - spec.parameters.keys() <= {"chargeback", "captured_on"}
        form = owner.page(path).one("form", id="filters")
        names = {e["name"] for e in form.all() if e.tag in ("input", "select")}
        typed = spec.parameters.keys() - {field.name for field in spec.group_filters}
        assert names == {*typed, "date_from", "date_to", "kept", "sort"}


def under(group):
    """The names of the inputs of a group, in order."""
    return list(dict.fromkeys(e["name"] for e in group.all() if e.tag in ("input", "select")))


def test_filters_stand_under_headings_in_the_order_of_the_customer(owner):
    form = owner.page("/transactions").one("form", id="filters")
    groups = {
        plain(group.all("legend")[0]): under(group) for group in form.all("fieldset", class_="filter-group")
    }
    assert list(groups) == ["Quand", "Combien", "Quoi", "Carte", "Point de vente", "Contrat et terminal"]
    assert groups["Quand"] == ["date_from", "date_to"]
    assert groups["Combien"] == ["amount", "amount_from", "amount_to"]
    assert groups["Quoi"][:5] == ["state", "application", "type", "outcome", "reversal"]
    assert groups["Carte"] == ["card", "expiry", "authorisation", "issuer", "product", "entry_mode", "scheme"]
    assert groups["Point de vente"] == ["trade_name", "siret"]
    assert groups["Contrat et terminal"][:4] == ["contract", "label", "rank", "bank"]
    assert plain(form.one("button", id="filter")) == "Voir les paiements"
    assert plain(owner.page("/remises").one("button", id="filter")) == "Voir les remises"


def test_few_values_are_boxes_and_many_are_a_list(owner):
    form = owner.page("/transactions").one("form", id="filters")
    boxes = form.all("input", name="outcome")
    assert [(box["type"], box["value"]) for box in boxes] == [
        ("checkbox", "accepted"),
        ("checkbox", "declined"),
        ("checkbox", "abandoned"),
    ]
    # A choice that another list answers cannot be ticked beside others.
    assert owner.page("/remises").one("form", id="filters").all("select", name="count")


@pytest.mark.parametrize(("number", "has_boxes"), [(MOST_BOXES, True), (MOST_BOXES + 1, False)])
def test_so_many_issuers_are_boxes_and_more_are_a_list(number, has_boxes):
    issuers = tuple((f'"{letter}"', letter) for letter in ascii_uppercase[:number])
    form = FilterForm(Criteria.from_args(TRANSACTIONS, (), Days.of(date(2026, 3, 4))), {"issuer": issuers})
    (shown,) = [one for one in form.inputs if one.name == "issuer"]
    assert (shown.ticked is not None, shown.choices) == (has_boxes, issuers)


def ticked(form, name):
    """The values of the ticked boxes of a parameter."""
    return [box["value"] for box in form.all("input", name=name) if "checked" in box.attributes]


def test_a_form_that_is_kept_as_drawn_shows_each_what_it_would_show_them_alone(app, shops):
    """Two merchants, in both languages, with a filter and without, in turn; twice: all is kept then."""

    browsers = [app.test_client() for _ in shops[:2]]
    for browser, shop in zip(browsers, shops, strict=False):
        browser.sign_in(shop.email)

    def forms():
        for lang, asked, browser in product(("fr", "en"), ("", "?issuer=Nobody+else"), browsers):
            browser.post_form("/langue", lang=lang)
            inputs = browser.page(f"/transactions{asked}").one("form", id="filters").all()
            yield str([(shown.tag, shown.attributes, shown.text) for shown in inputs])

    rendering.as_drawn.cache_clear()
    drawn, kept = list(forms()), list(forms())
    assert kept == drawn
    assert rendering.as_drawn.cache_info().hits >= rendering.as_drawn.cache_info().misses
    assert len(set(kept)) == len(kept) == 8
    assert ["ALPHA" in form for form in kept] == ["BRAVO" not in form for form in kept] == [True, False] * 4
    assert ["Nobody else" in form for form in kept] == [False, False, True, True] * 2


def test_what_was_asked_stays_in_the_form_and_stands_in_chips(owner, shops):
    page = owner.page("/transactions?type=refund&issuer=alpha&amount_from=4&sort=-amount")
    form = page.one("form", id="filters")
    assert ticked(form, "type") == ["refund"]
    assert ticked(form, "issuer") == ["alpha"]
    assert form.one("input", name="amount_from")["value"] == "4,00"
    assert page.one("select", name="sort").one("option", selected="")["value"] == "-amount"
    chips = [plain(link) for link in page.one("ul", class_="chips").all("a")]
    assert [chip.removeprefix("Retirer le filtre ") for chip in chips] == [
        "Montant : ≥ 4,00",
        "Type : Remboursement",
        "Émetteur : alpha",
        "Tout effacer",
    ]
    assert len(rows(page)) == 1


def test_a_chip_removes_its_filter_and_only_that(owner, shops):
    page = owner.page("/transactions?type=refund&issuer=alpha")
    chip = next(link for link in page.one("ul", class_="chips").all("a") if "Type" in link.text)
    assert chip["href"] == shops[0].at("/transactions?issuer=alpha")
    assert len(rows(owner.page(chip["href"]))) == 4


def test_several_values_of_a_filter_survive_the_form(owner):
    page = owner.page("/transactions?type=refund&type=debit&issuer=alpha&issuer=bravo")
    form = page.one("form", id="filters")
    assert sorted(ticked(form, "type")) == ["debit", "refund"]
    assert ticked(form, "issuer") == ["alpha", "bravo"]


def test_an_unknown_application_stays_in_the_form(owner):
    form = owner.page("/transactions?application=NEWPAY").one("form", id="filters")
    assert ticked(form, "application") == ["NEWPAY"]


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("date_from=31/02/2026", "date_from", "n'existe pas"),
        ("date_from=2026-03-05&date_to=2026-03-01", "date_to", "finit avant de commencer"),
        ("amount=abc", "amount", "Saisissez un montant"),
        ("amount_from=9&amount_to=1", "amount_from", "dépasse le maximum"),
        ("card=12", "card", "4 derniers chiffres"),
        ("type=gift", "type", "une des valeurs de la liste"),
        ("expiry=1399", "expiry", "le mois et l'année"),
    ],
)
def test_a_wrong_value_is_shown_beside_its_field_and_the_rest_applies(owner, query, name, words):
    page = owner.page(f"/transactions?{query}&issuer=alpha")
    field = page.one("form", id="filters").all(name=name)[0]
    assert field["aria-invalid"] == "true"
    assert words in plain(page.one(id=field["aria-describedby"]))
    assert field["type"] in ("checkbox", "text")
    (way,) = [way for way in page.one(id="faults").all("a") if way["href"] == f"#{field['id']}"]
    assert words in plain(way)
    assert any("Émetteur : alpha" in plain(link) for link in page.one("ul", class_="chips").all("a"))
    shown = plain(page.one("main"))
    assert "4 transactions" not in shown
    assert not page.all("table")
    assert ".csv" not in page.source


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("amount=douze", "amount"),
        ("date_from=01/11/26", "date_from"),
        ("amount_from=9&amount_to=1", "amount_to"),
        ("period=yesterday&date_from=2026-03-01", "period"),
        ("montant=12", "montant"),
        ("status=correct", "status"),
        ("after=x", "after"),
        ("sort=-humeur", "sort"),
        ("&".join(f"contract={number}" for number in range(101)), "contract"),
    ],
)
def test_a_file_or_a_document_is_what_was_asked_or_refused(owner, query, name):
    found = owner.get(f"/transactions.json?{query}")
    assert found.status_code == 422
    assert {"error", "faults"} == found.json.keys()
    message = next(fault["message"] for fault in found.json["faults"] if fault["parameter"] == name)
    file = owner.get(f"/transactions.csv?{query}")
    assert (file.status_code, file.mimetype) == (422, "text/plain")
    assert f"{name}: {message}" in file.text
    part = owner.part(f"/transactions?{query}")
    said = re.sub("[’\xa0\u202f]", lambda sign: "'" if sign[0] == "’" else " ", message)
    assert said in plain(part.one("div", class_="stack"))
    assert not part.all("table")
    assert not part.all("h2")


def test_a_page_that_follows_a_broken_one_says_so(owner):
    page = owner.page("/transactions?after=x")
    assert "incomplète" in plain(page.one("main")) or "début" in plain(page.one("main"))
    headers = {"HX-Request": "true", "HX-Target": "more"}
    part = Fragment(owner.get("/transactions?after=-amount~i1~1~1", headers=headers), owner.application)
    assert part.one("div", id="more").one(class_="fault")


def test_json_follows_the_rules_of_files(owner, shops, database):
    long = f"date_from={today() - timedelta(days=60)}&date_to={today()}"
    found = owner.get(f"/transactions.json?{long}")
    assert found.status_code == 422
    parts = [owner.get(address) for address in found.json["instead"]]
    assert [part.status_code for part in parts] == [200, 200, 200]
    assert sum(part.json["count"] for part in parts) == len(shops[0].transaction_ids)
    with database.reading(DatabaseRole.OWNER) as connection:
        exported = select(JournalEntry.details).where(JournalEntry.event == "exported")
        walks = [details for details in connection.scalars(exported) if details["format"] == "json"]
    assert [walk["rows"] for walk in walks[-3:]] == [part.json["count"] for part in parts]


def test_choices_are_those_of_the_merchant(owner):
    boxes = owner.page("/transactions").one("form", id="filters").all("input", name="application")
    assert [box["value"] for box in boxes] == ["CBEMV"]


def test_a_value_chosen_is_that_value_and_no_other_that_holds_its_words(owner):
    (box,) = owner.page("/transactions").one("form", id="filters").all("input", name="issuer")
    asked = {"issuer": box["value"]}
    assert len(owner.get("/transactions.json", query_string=asked).json["rows"]) == len(PAYMENTS)
    page = owner.page(f"/transactions?{urlencode(asked)}")
    form = page.one("form", id="filters")
    assert ticked(form, "issuer") == [box["value"]]
    assert plain(form.one("label", **{"for": box["id"]})) == "ALPHA issuer"
    assert "Émetteur : ALPHA issuer" in plain(page.one("ul", class_="chips"))
    part_of_it = {"issuer": '"ALPHA"'}
    assert owner.get("/transactions.json", query_string=part_of_it).json["rows"] == []


def test_nothing_found_has_no_net(owner):
    page = owner.page("/transactions?authorisation=999999")
    assert plain(page.one("h2", id="total-line")).startswith("0 transaction ")
    assert "net · " in plain(owner.page("/transactions").one("h2", id="total-line"))


def test_nothing_found_offers_the_one_way_out(owner):
    page = owner.page("/transactions?issuer=nobody")
    assert "/transactions?date_from=" in follow(page, "15 derniers mois")
    wide = owner.page(follow(page, "15 derniers mois"))
    assert not [link for link in wide.all("a") if "15 derniers mois" in plain(link)]
    wide = owner.page(f"{follow(page, '15 derniers mois')}&type=refund")
    assert "issuer=nobody" not in follow(wide, "sans le dernier filtre")


@pytest.mark.parametrize(
    "path", ["/transactions", "/remises", "/transactions.json", "/transactions.csv", "/connexion"]
)
def test_a_card_number_is_never_echoed(owner, browser, path):
    names = [
        *TRANSACTIONS.parameters.keys(),
        "date_from",
        "date_to",
        "sort",
        "after",
        "next",
        "x",
    ]
    grouped = "4970 1012 3456 7893"
    for typed in (CARD, grouped, f"/transactions?card={CARD}", f"a {CARD} b"):
        with owner.get(path, query_string=[(name, typed) for name in names]) as response:
            assert response.status_code == (422 if "." in path else 303 if path == "/connexion" else 200)
            said = response.data.decode() + str(response.headers)
        assert not [card for card in (CARD, grouped, grouped.replace(" ", "+")) if card in said], path


def test_the_card_field_does_not_even_send_a_full_number(owner):
    field = owner.page("/transactions").one("input", name="card")
    assert re.fullmatch(field["pattern"], "0044")
    assert re.fullmatch(field["pattern"], "497010******0044")
    assert not re.fullmatch(field["pattern"], CARD)
    assert "4 derniers chiffres" in field["title"]


def test_quick_periods_end_on_the_last_day_received(owner):
    page = owner.page("/remises?status=correct")
    periods = {
        plain(link): dict(parse_qsl(urlsplit(link["href"]).query))
        for link in page.one("nav", class_="periods").all("a")
    }
    names = ("yesterday", "last-7-days", "last-30-days", "this-month", "last-month")
    this_month = (today() - timedelta(days=1)).replace(day=1)
    months = {"Mois en cours": this_month, "Mois dernier": this_month - timedelta(days=1)}
    named = (f"{month} · {format_date(day, 'LLLL', locale='fr')}" for month, day in months.items())
    words = ("Hier", "7 jours", "30 jours", *named)
    expected = {word: {"period": name, "status": "correct"} for word, name in zip(words, names, strict=True)}
    assert periods == {"Dernière nuit": {"status": "correct"}, **expected}
    assert plain(page.one("nav", class_="periods").one("a", aria_current="true")) == "Dernière nuit"
    week = owner.page("/remises?status=correct&period=last-7-days")
    assert plain(week.one("nav", class_="periods").one("a", aria_current="true")) == "7 jours"
    assert week.one("form", id="filters").one("input", name="kept")["value"] == "last-7-days"
    first = today() - timedelta(days=7)
    assert week.one("form", id="filters").one("input", name="date_from")["value"] == str(first)


def test_the_stepper_goes_by_day_and_stops_at_the_last_one(owner):
    page = owner.page("/remises")
    day = str(today() - timedelta(days=2))
    before = page.one("a", id="before")["href"]
    assert dict(parse_qsl(urlsplit(before).query)) == {"date_from": day, "date_to": day}
    assert not page.all("a", id="after")
    after = owner.page(before).one("a", id="after")["href"]
    assert len(rows(owner.page(after))) == 1


@pytest.mark.parametrize(
    ("shown", "before", "after"),
    [
        (("2026-10-01", "2026-10-31"), ("2026-09-01", "2026-09-30"), ("2026-11-01", "2026-11-26")),
        (("2026-09-01", "2026-09-30"), ("2026-08-01", "2026-08-31"), ("2026-10-01", "2026-10-31")),
        (("2026-11-01", "2026-11-26"), ("2026-10-01", "2026-10-31"), None),
        (("2026-11-01", "2026-11-01"), ("2026-10-31", "2026-10-31"), ("2026-11-02", "2026-11-02")),
        (("2026-11-03", "2026-11-09"), ("2026-10-27", "2026-11-02"), ("2026-11-10", "2026-11-16")),
    ],
)
def test_the_stepper_goes_by_month_from_a_month(shown, before, after):
    days = Days(date(2026, 11, 27), date(2026, 11, 26), date(2026, 11, 26))
    criteria = Criteria.from_args(TRANSACTIONS, zip(DATES, shown, strict=True), days)
    found = step(criteria, criteria.period)
    assert found.before == tuple(zip(DATES, before, strict=True))
    assert found.after == (tuple(zip(DATES, after, strict=True)) if after else None)


def test_htmx_receives_only_the_results_and_the_canonical_address(owner, shops):
    part = owner.part("/transactions?type=refund&issuer=&contract=&date_from=&date_to=")
    assert not part.all("html")
    assert part.one("form", id="filters")
    assert part.response.headers["HX-Push-Url"] == shops[0].at("/transactions?type=refund")
    assert part.response.headers["Vary"].startswith("HX-Request")


def test_history_is_restored_with_whole_pages(owner):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true", "HX-Target": "results"}
    page = HtmlPage(owner.get("/transactions", headers=headers), owner.application)
    assert "Transactions" in page.title
    assert page.all("p", class_="on-paper")


def test_htmx_is_configured_for_the_policy(owner):
    config = json.loads(owner.page("/transactions").one("meta", name="htmx-config")["content"])
    assert config["allowEval"] is False
    assert config["historyCacheSize"] == 0
    assert config["selfRequestsOnly"] is True
    assert config["includeIndicatorStyles"] is False
    assert config["allowScriptTags"] is False


@pytest.mark.parametrize(
    "asked", ["amount=3000000", "amount=52,40&amount=3000000", "amount_from=52,40&amount_to=3000000"]
)
@pytest.mark.parametrize("path", ["/remises", "/transactions"])
def test_an_amount_of_millions_is_looked_for(owner, shops, path, asked):
    """In the smallest coin of some currencies it is more than an integer of four bytes holds."""
    found = owner.get(f"{path}.json?{asked}")
    assert found.status_code == 200
    assert found.json["count"] == int("52,40" in asked and path == "/remises")


@pytest.mark.parametrize(
    "query", ["amount_from=beaucoup", "aplication=CONECS", "amount_from=beaucoup&by=outlet", "card=12x"]
)
@pytest.mark.parametrize("path", ["/remises", "/transactions"])
def test_a_refused_question_has_no_rows_and_no_totals(owner, path, query):
    """Neither is the answer to what was asked."""
    answered = owner.get(path).get_data(as_text=True)
    refused = owner.get(f"{path}?{query}")
    assert refused.status_code in (200, 422)
    for shown in ('class="line', "52,40"):
        assert shown in answered.replace("\u00a0", " ")
        assert shown not in refused.get_data(as_text=True)
    assert "€" not in plain(HtmlPage(refused, owner.application).one(id="results"))
