"""A sale that was cancelled or refunded says so wherever it is shown, and leads to what took it back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.rules.time_zones import today
from tests.views.town import a_payment, plain, rows

_LINK = """
UPDATE transaction SET original_id = :sale, original_on = :day
WHERE id = ANY(:operations)
"""
_STATE = "UPDATE transaction SET reversal = :reversal, reversed_amount = :amount WHERE id = :sale"


def take_back(database, shop, reversal, *operations):
    """The first sale of the shop, 39,00, and its operations, as the loader links them; all their ids."""
    with database.writing(DatabaseRole.OWNER) as connection:
        at = connection.scalar(
            text("SELECT max(collected_local) FROM remittance WHERE id = :id"), {"id": shop.remittance_id}
        )
        sale = shop.transaction_ids[0]
        made = [a_payment(connection, shop, at, 30 + minute, one) for minute, one in enumerate(operations)]
        connection.execute(text(_LINK), {"sale": sale, "day": at.date(), "operations": made})
        amount = sum(one["amount"] for one in operations)
        connection.execute(text(_STATE), {"sale": sale, "reversal": reversal, "amount": amount})
    return sale, made


CANCELLED = ("cancelled", {"type": "cancellation", "amount": 3900})
REFUNDED = ("refunded", {"type": "refund", "amount": 3405}, {"type": "refund", "amount": 495})
IN_PART = ("partly_refunded", {"type": "refund", "amount": 495})


@pytest.mark.parametrize(
    ("case", "words"),
    [(CANCELLED, "Annulée"), (REFUNDED, "Remboursée"), (IN_PART, "Remboursé 4,95 € sur 39,00 €")],
    ids=lambda case: case[0],
)
def test_a_sale_taken_back_says_so_on_row_detail_and_ticket_page(owner, shops, database, case, words):
    sale, made = take_back(database, shops[0], *case)
    (row,) = rows(owner.page(f"/transactions?reversal={case[0]}"))
    assert words in [plain(note) for note in row.all("span") if note.get("class").startswith("note-")]
    detail = owner.page(f"/transactions/{sale}")
    assert plain(detail.one("p", class_="verdict")) == words
    part = detail.one("section", aria_labelledby="section-counterparts")
    assert [link["href"] for link in part.all("a")] == [shops[0].at(f"/transactions/{one}") for one in made]
    assert [plain(amount)[0] for amount in part.all("span", class_="amount")] == ["−"] * len(made)
    ticket = owner.page(f"/transactions/{sale}/ticket")
    assert plain(ticket.one("p", class_="card-badges")) == words
    assert words.upper() not in plain(ticket.one("pre")).upper()


def test_what_took_a_sale_back_leads_to_it(owner, shops, database):
    sale, (refund,) = take_back(database, shops[0], *IN_PART)
    detail = owner.page(f"/transactions/{refund}")
    part = detail.one("section", aria_labelledby="section-counterparts")
    assert plain(part.one("h2")) == "Vente d'origine"
    (link,) = part.all("a")
    assert re.fullmatch(r"Débit, \d{2}/\d{2}/\d{4} à \d{2}:\d{2}", plain(link))
    assert link["href"] == shops[0].at(f"/transactions/{sale}")
    assert "39,00 €" in plain(part)


def test_files_and_documents_say_it_too(owner, shops, database):
    sale, (refund,) = take_back(database, shops[0], *IN_PART)
    found = {row["id"]: row for row in owner.get("/transactions.json").json["rows"]}
    taken = {name: found[sale][name] for name in ("reversal", "reversed_amount", "original_id")}
    assert taken == {"reversal": "partly_refunded", "reversed_amount": 495, "original_id": None}
    day = (today() - timedelta(days=1)).isoformat()
    assert (found[refund]["original_id"], found[refund]["original_on"]) == (sale, day)
    with owner.get("/transactions.csv?reversal=partly_refunded") as response:
        heading, line = response.data.decode("utf-8-sig").splitlines()
    cells = dict(zip(heading.split(";"), line.split(";"), strict=True))
    assert not [name for name in cells if name.startswith("Identifiant")], "of use to programs alone"
    assert cells["Annulée ou remboursée"] == "Remboursée en partie"
    assert cells["Montant annulé ou remboursé"] == "4,95"


def test_an_ordinary_sale_has_no_such_part(owner, shops):
    detail = owner.page(f"/transactions/{shops[0].transaction_ids[1]}")
    assert not detail.all("section", aria_labelledby="section-counterparts")
    assert plain(detail.one("p", class_="verdict")) == "Accepté et remis en banque"
