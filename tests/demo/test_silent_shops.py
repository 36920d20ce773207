"""Nights of the demonstration: both silent shops of 21/11/2026 are named, and sums are those of payments."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.wording.formats import money
from app.wording.i18n import speaking
from importers.demo import generate
from importers.demo.demonstration import SEED
from importers.load import load_files
from tests.demo.format_page import parse
from tests.views.town import let_in, plain, portal

LAST_DAY, NIGHT = date(2026, 11, 26), date(2026, 11, 21)
#: A rhythm is known after three weeks. The nights before these are written, for the dice, and not loaded.
NIGHTS = 40
CHAIN = "FOURNIL"
#: What the payments of each night say that it remitted; of a gap, which the page names, what was declared.
REMITTED = """
WITH paid AS (
  SELECT remittance_id,
    sum(CASE WHEN type IN ('debit', 'refund_cancellation') THEN amount ELSE -amount END) AS net
  FROM transaction
  WHERE remitted AND outcome = 'accepted' AND type <> 'preauthorisation'
  GROUP BY remittance_id
)
SELECT collected_on,
  sum(CASE WHEN seal IN ('complete', 'no_totals') THEN coalesce(paid.net, 0) ELSE net_amount END) AS net
FROM remittance
JOIN merchant ON merchant.id = merchant_id AND merchant.code = :code
LEFT JOIN paid ON paid.remittance_id = remittance.id
WHERE status = 'correct' AND transmission IS DISTINCT FROM 'failed' AND seal <> 'awaiting_totals'
  AND collected_on BETWEEN DATE '2026-11-07' AND DATE '2026-11-25'
GROUP BY collected_on ORDER BY collected_on
"""


@pytest.fixture(scope="module")
def demonstration(module_database, tmp_path_factory):
    """The calls of the demonstration that `make run` would make that day, with few payments: its manifest."""
    folder = tmp_path_factory.mktemp("demo")
    made = generate(folder, seed=SEED, last_day=LAST_DAY, transactions=1500)
    files = made.files[-NIGHTS:]
    results = load_files(module_database, [made.directory, *files], tmp_path_factory.mktemp("data"))
    assert not [one for one in results if one.refused]
    return made


def without_a_call(manifest):
    """Trade names of the chain's shops that no call of that night is of, by its files and its directory."""
    heading, *lines = manifest.directory.read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(heading.split(";"), line.split(";"), strict=True)) for line in lines]
    shops = {row["siret"]: row["trade_name"] for row in rows if row["merchant_code"] == CHAIN}
    called = {
        one["siret"]
        for path in manifest.files[-NIGHTS:]
        for one in parse(path.read_bytes()).collections
        if datetime.fromisoformat(one["collected_local"]).date() == NIGHT
    }
    return {name for siret, name in shops.items() if siret not in called}


@pytest.fixture(scope="module")
def browser(module_database, demonstration, tmp_path_factory):
    """The chain's owner, signed in."""
    let_in(module_database, "direction@demo.example", CHAIN)
    signed_in = portal(module_database, tmp_path_factory.mktemp("portal")).test_client()
    signed_in.sign_in("direction@demo.example")
    return signed_in


def test_what_reached_the_bank_is_what_its_payments_add_up_to(module_database, browser):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        nights = connection.execute(text(REMITTED), {"code": CHAIN}).all()
    assert len(nights) >= 14
    for night, net in nights:
        page = browser.page(f"/remises?date_from={night}&date_to={night}")
        with speaking("fr"):
            expected = money(int(net), "EUR").replace("\u202f", " ").replace("\u00a0", " ")
        assert plain(page.one("p", class_="big")) == expected, night


def test_both_silent_shops_are_named(demonstration, browser):
    silent = without_a_call(demonstration)
    assert len(silent) == 2
    page = browser.page(f"/remises?date_from={NIGHT}&date_to={NIGHT}")
    answer = page.one("section", class_="answer")
    assert "47 / 49 terminaux ont appelé" in plain(answer)
    words = "Aucun appel du point de vente depuis vendredi 20"
    named = [plain(strip) for strip in answer.all("a", class_="strip-line") if words in plain(strip)]
    assert sorted(strip.split(words)[0].strip() for strip in named) == sorted(silent)
