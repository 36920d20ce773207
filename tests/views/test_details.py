"""The page of a row: what became of it, whom to tell, what belongs to it, its ticket beside."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.lists import REMITTANCES, TRANSACTIONS
from app.rules.time_zones import today
from app.wording.days import day_in_words
from app.wording.i18n import speaking
from tests import factories
from tests.page import HtmlPage
from tests.views.town import plain, rows


def set_remittance(database, shop, **values):
    """Change the full remittance of the shop."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(f"UPDATE remittance SET {columns} WHERE id = :id"), {**values, "id": shop.remittance_id}
        )


def set_payment(database, shop, **values):
    """Change the first payment of the shop; its address."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(f"UPDATE transaction SET {columns} WHERE id = :id"),
            {**values, "id": shop.transaction_ids[0]},
        )
    return f"/transactions/{shop.transaction_ids[0]}"


def verdict(page):
    """What became of the row, and how loudly the page says it."""
    element = page.one("div", class_="subject").one("p", class_="verdict")
    (tone,) = [name for name in element.classes if name.startswith("is-")]
    return plain(element), tone


def alerts(page):
    return [plain(alert) for alert in page.all("div", class_="alert")]


def steps(page):
    return [(plain(step), step.classes[0]) for step in page.one("ol", class_="course").all("li")]


def test_a_remittance_says_what_it_is_how_much_and_that_it_passed(owner, shops):
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert page.h1.endswith("· CB Proximité")
    assert plain(page.one("p", class_="subject-amount")) == "52,40 €"
    assert verdict(page) == ("La télécollecte est bien passée", "is-good")
    assert not alerts(page)


def another_shop(database, shop):
    """One more outlet of the merchant, with a till of its own."""
    with database.writing(DatabaseRole.OWNER) as connection:
        outlet = {"merchant_id": shop.merchant_id, "trade_name": "Elsewhere", "siret": "99999999800099"}
        outlet_id = factories.an_outlet(connection, **outlet)
        factories.a_contract(
            connection, merchant_id=shop.merchant_id, outlet_id=outlet_id, number="7654321", label="Bar"
        )


def titles(browser, shop):
    """What the pages of a payment and of a remittance are called, and what is sent of the first."""
    address = f"/transactions/{shop.transaction_ids[0]}"
    sending = browser.get(f"{address}/envoi", follow_redirects=True)
    sent = plain(HtmlPage(sending, browser.application).all("p", class_="soft")[0])
    return browser.page(address).h1, browser.page(f"/remises/{shop.remittance_id}").h1, sent


def test_the_only_place_of_whoever_looks_goes_without_saying(owner, shops, database):
    """As in lists: a baker with one till read its name above each payment and in each red strip."""
    set_remittance(database, shops[0], status="rejected")
    for told in (False, True):
        if told:
            another_shop(database, shops[0])
        strip = plain(owner.page("/remises").one("a", class_="strip-line").one("small"))
        assert [("ALPHA cafe · ALPHA counter" in words) for words in (*titles(owner, shops[0]), strip)] == (
            [told] * 4
        )
    for path in (f"/transactions/{shops[0].transaction_ids[0]}", f"/remises/{shops[0].remittance_id}"):
        assert "ALPHA cafe" in plain(owner.page(path).one("main")), "among all fields"


def test_a_shop_that_bears_its_merchants_name_is_not_named_twice(owner, shops, database):
    another_shop(database, shops[0])
    with database.writing(DatabaseRole.OWNER) as connection:
        named = "UPDATE outlet SET trade_name = 'ALPHA merchant' WHERE id = :id"
        connection.execute(text(named), {"id": shops[0].outlet_id})
    for title in titles(owner, shops[0]):
        assert " · ALPHA counter" in title
        assert "ALPHA merchant" not in title


def test_a_payment_says_its_day_as_people_do(owner, shops, database):
    """The year stood there, whatever it was."""
    page = owner.page(f"/transactions/{shops[0].transaction_ids[0]}")
    with database.writing(DatabaseRole.OWNER) as connection:
        of_day = "SELECT occurred_on FROM transaction WHERE id = :id"
        day = connection.scalar(text(of_day), {"id": shops[0].transaction_ids[0]})
    with speaking("fr"):
        assert page.h1.startswith(f"{day_in_words(day, today())} à ")


def test_an_empty_remittance_says_that_its_terminal_called(owner, shops):
    page = owner.page(f"/remises/{shops[0].empty_id}")
    assert verdict(page) == ("Le terminal a appelé, sans aucun paiement", "is-good")
    assert not page.all("section", aria_labelledby="section-sums"), "twelve dashes say no more"
    assert not page.all("section", aria_labelledby="section-payments")


@pytest.mark.parametrize(
    ("values", "words", "reason", "last"),
    [
        ({"status": "rejected"}, "Rejetée par la banque", "ALPHA answer", "is-bad"),
        ({"status": "incomplete"}, "Appel interrompu", "s'est interrompu avant la fin", "is-bad"),
        ({"transmission": "failed"}, "Échec de la transmission", "n'a pas pu joindre la banque", "is-plain"),
    ],
)
def test_what_did_not_pass_says_what_it_means_and_whom_to_tell(
    owner, shops, database, values, words, reason, last
):
    set_remittance(database, shops[0], **values)
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert verdict(page) == (words, "is-bad")
    (alert,) = alerts(page)
    assert alert.startswith("Ces 3 paiements n'ont pas été remis en banque")
    assert reason in alert
    assert "à votre mainteneur avec le n°" in alert
    assert steps(page)[-1][1] == last


def test_a_call_that_broke_off_has_one_name_wherever_it_is_said(owner, shops, database):
    """A row called it "Incomplète", its page and the answer above the rows "Appel interrompu"."""
    set_remittance(database, shops[0], status="incomplete")
    page = owner.page("/remises?count=with")
    assert "Appel interrompu" in plain(rows(page)[0])
    assert "Appel interrompu ou pas encore remis" in plain(page.one("form", id="filters"))
    asked = owner.page("/remises?status=incomplete&amount_from=1&period=last-7-days")
    assert "Interrompues ou pas encore remises, à part 52,40" in plain(asked.one("dl", class_="sums"))
    for shown in (page, asked, owner.page(f"/remises/{shops[0].remittance_id}")):
        assert "ncomplète" not in plain(shown.one("main"))


def test_a_remittance_whose_telecollection_has_not_arrived_waits(owner, shops, database):
    set_remittance(database, shops[0], has_totals=False, seal="awaiting_totals")
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert verdict(page) == ("Télécollecte pas encore reçue", "is-warn")
    assert [alert.startswith("Sa télécollecte n'est pas encore reçue") for alert in alerts(page)] == [True]
    assert [tone for _, tone in steps(page)] == ["is-good", "is-warn", "is-plain"]


def test_a_gap_is_told_with_its_size(owner, shops, database):
    set_remittance(database, shops[0], seal="differs", received_count=2, received_net=4000)
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    (alert,) = alerts(page)
    assert "écart de 2 opérations et 12,40 €" in alert
    assert verdict(page) == ("Acceptée par la banque, avec un écart", "is-warn")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"missing_sequences": 1}, ("Acceptée par la banque, mais il manque des paiements", "is-warn")),
        ({"seal": "awaiting_payments"}, ("Acceptée par la banque, paiements pas encore reçus", "is-warn")),
        ({"credit": "late", "expected_by": today()}, ("Passée, mais non créditée par la banque", "is-bad")),
        ({"credit": "differs", "credit_gap": 100}, ("Créditée par la banque, avec un écart", "is-warn")),
        (
            {"credit": "late", "expected_by": today(), "credit_proposed": True},
            ("Passée, crédit de la banque à confirmer", "is-warn"),
        ),
    ],
)
def test_nothing_is_said_to_be_well_above_what_is_to_be_looked_into(owner, shops, database, values, said):
    """A green "La télécollecte est bien passée" stood above an amber "1 paiement manquant"."""
    set_remittance(database, shops[0], **values)
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert verdict(page) == said
    assert len(alerts(page)) == 1
    (row,) = rows(owner.page("/remises?count=with"))
    notes = [note["class"] for note in row.all("span") if note.get("class", "").startswith("note-")]
    assert notes
    assert "note-plain" not in notes, "nor is its line said to be correct"


def test_whom_to_tell_is_said_once_however_much_there_is_to_tell(owner, shops, database):
    set_remittance(database, shops[0], seal="differs", missing_sequences=2)
    told = alerts(owner.page(f"/remises/{shops[0].remittance_id}"))
    assert ["Aide :" in alert for alert in told] == [False, True]


def test_the_course_of_a_remittance_has_three_steps(owner, shops, database):
    set_remittance(database, shops[0], terminal_number="002")
    shown = steps(owner.page(f"/remises/{shops[0].remittance_id}"))
    assert [re.split(r" \d", words)[0] for words, _ in shown] == [
        "Ouverte sur le TPE",
        "Télécollectée, transmission réussie",
        "Acceptée par la banque",
    ]
    assert {tone for _, tone in shown} == {"is-good"}


def test_the_payments_of_a_remittance_stand_on_its_page(owner, shops):
    part = owner.page(f"/remises/{shops[0].remittance_id}").one("section", aria_labelledby="section-payments")
    assert plain(part.one("h2")) == "Ses 4 paiements 52,40 €"
    assert [plain(line) for line in part.all("li")] == [
        "12:03 •••• 0044 Refusée 18,00 €",
        "12:02 •••• 0044 Remboursement −5,00 €",
        "12:01 •••• 0044 18,40 €",
        "12:00 •••• 0044 39,00 €",
    ]
    paths = [shops[0].at(f"/transactions/{id_}") for id_ in reversed(shops[0].transaction_ids)]
    assert [line.one("a")["href"] for line in part.all("li")] == paths
    assert "void" in part.all("li")[0].one(class_="amount").classes


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"remitted": True}, ("Accepté et remis en banque", "is-good")),
        ({"remitted": False}, ("Accepté, non remis en banque", "is-warn")),
        ({"type": "refund"}, ("Remboursement remis en banque", "is-good")),
        ({"type": "preauthorisation", "remitted": False}, ("Préautorisation : rien n'est débité", "is-info")),
        ({"outcome": "abandoned", "remitted": False}, ("Abandonné : rien n'est débité", "is-warn")),
    ],
)
def test_a_payment_says_what_became_of_it(owner, shops, database, values, words):
    assert verdict(owner.page(set_payment(database, shops[0], **values))) == words


def test_a_payment_that_is_not_at_the_bank_leads_to_its_remittance(owner, shops, database):
    page = owner.page(set_payment(database, shops[0], remitted=False))
    (alert,) = alerts(page)
    assert "Sa remise n'est pas arrivée en banque" in alert
    assert shops[0].at(f"/remises/{shops[0].remittance_id}") in page.links()


def test_a_refusal_says_why(owner, shops):
    page = owner.page(f"/transactions/{shops[0].transaction_ids[3]}")
    assert verdict(page) == ("Refusé : rien n'est débité", "is-bad")
    (alert,) = alerts(page)
    assert alert.startswith("Code retour 51 Le solde ou le plafond de la carte")
    assert "void" in page.one("p", class_="subject-amount").classes


def test_all_fields_are_folded_and_the_first_facts_are_not(owner, shops):
    page = owner.page(f"/transactions/{shops[0].transaction_ids[0]}")
    fold = page.one("details", class_="fold")
    assert plain(fold.one("summary")) == "Tous les champs"
    assert "open" not in fold.attributes
    first = page.all("dl", class_="facts")[0]
    assert "N° d'autorisation" in [plain(name) for name in first.all("dt")]
    assert not [above for above in first.ancestors() if above.tag == "details"]


def test_what_people_need_elsewhere_has_a_button_that_copies_it(owner, shops):
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    buttons = page.all("button", class_="copy")
    copied = {
        button["aria-label"].replace("\u00a0", " ").removeprefix("Copier : "): button["data-copy"]
        for button in buttons
    }
    assert copied["N° série"] == "ALPHA-SERIAL"
    assert {"N° contrat", "N° de remise"} <= set(copied)
    assert all("hidden" in button.attributes for button in buttons)


def test_the_ticket_stands_beside_with_what_one_does_with_it(owner, shops):
    path = f"/transactions/{shops[0].transaction_ids[0]}"
    page = owner.page(path)
    assert "DUPLICATA" in plain(page.one("pre", class_="ticket"))
    dock = page.one("p", class_="dock")
    assert [plain(link) for link in dock.all("a")] == ["Envoyer le ticket", "PDF"]
    assert dock.one("button")["data-share"] == shops[0].at(f"{path}/ticket.pdf")
    assert "hidden" in dock.one("button").attributes


def test_a_row_without_a_ticket_has_no_dock(owner, shops, database):
    set_remittance(database, shops[0], has_totals=False, seal="awaiting_totals")
    page = owner.page(f"/remises/{shops[0].remittance_id}")
    assert not page.all("p", class_="dock")
    assert "son ticket viendra avec elle" in plain(page.one("main"))


@pytest.mark.parametrize("spec", [REMITTANCES, TRANSACTIONS], ids=lambda spec: spec.name)
def test_every_field_of_a_list_stands_under_all_fields(owner, spec):
    """A phone has no columns to choose: what a table leaves out is found there."""
    (row, *_) = owner.get(f"{spec.path}.json").json["rows"]
    page = owner.page(f"{spec.path}/{row['id']}")
    (fold,) = [one for one in page.all("details") if plain(one.one("summary")) == "Tous les champs"]
    told = {term.text for term in fold.all("dt")}
    with speaking("fr"):
        fields = [field for title in spec.sections for field in spec.section(title)]
        known = {field.full_title for field in fields if row.get(field.name) is not None}
    assert {field.name for field in spec.filters} <= {field.name for field in fields}
    assert len(known) >= 15
    assert known <= told
