"""The two shops of the demonstration that did not call on 21/11/2026: the page of that night names both."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from importers.demo import generate
from importers.demo.demonstration import SEED
from importers.load import load_files
from tests.demo.format_page import parse
from tests.views.town import let_in, plain, portal

LAST_DAY, NIGHT = date(2026, 11, 26), date(2026, 11, 21)
#: A rhythm is known after three weeks. The nights before these are written, for the dice, and not loaded.
NIGHTS = 40
CHAIN = "FOURNIL"


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


def test_both_silent_shops_are_named(module_database, demonstration, tmp_path):
    silent = without_a_call(demonstration)
    assert len(silent) == 2
    let_in(module_database, "direction@demo.example", CHAIN)
    browser = portal(module_database, tmp_path).test_client()
    browser.sign_in("direction@demo.example")
    page = browser.page(f"/remises?date_from={NIGHT}&date_to={NIGHT}")
    answer = page.one("section", class_="answer")
    assert "47 / 49 terminaux ont appelé" in plain(answer)
    words = "Aucun appel du point de vente depuis vendredi 20"
    named = [plain(strip) for strip in answer.all("a", class_="strip-line") if words in plain(strip)]
    assert sorted(strip.split(words)[0].strip() for strip in named) == sorted(silent)
