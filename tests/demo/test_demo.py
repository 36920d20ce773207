"""The demo: the same seed gives the same bytes, all of them lawful, and every promised surprise is there."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

import pytest

from app.rules import card_lines
from importers.demo import ACCOUNTS, generate
from importers.demo.days import clock_changes, days_from, easter
from importers.demo.profiles import siret
from importers.demo.trades import APPLICATIONS, TRADES
from importers.formats import recognise
from tests.demo.format_page import Collection, Parsed, Payment, parse

LAST_DAY = date(2026, 11, 12)
PARIS = ZoneInfo("Europe/Paris")


class Demo:
    """A generated demo, read by the checker alone."""

    def __init__(self, folder, **asked):
        self.manifest = generate(folder, **asked)
        self.files: dict[str, Parsed] = {path.name: parse(path.read_bytes()) for path in self.manifest.files}

    @cached_property
    def collections(self) -> list[Collection]:
        """Remittances with their payments: telecollections that came apart are not counted twice."""
        return [
            one for file in self.files.values() if file.content != "TELECOLLECTES" for one in file.collections
        ]

    @cached_property
    def payments(self) -> list[tuple[Collection, Payment]]:
        return [(one, payment) for one in self.collections for payment in one.payments]

    @cached_property
    def directory(self) -> list[dict[str, str]]:
        heading, *lines = self.manifest.directory.read_text(encoding="utf-8").splitlines()
        return [dict(zip(heading.split(";"), line.split(";"), strict=True)) for line in lines]

    def outlets(self, merchant: str) -> set[str]:
        return {row["siret"] for row in self.directory if row["merchant_code"] == merchant}

    def of(self, merchant: str) -> list[tuple[Collection, Payment]]:
        outlets = self.outlets(merchant)
        return [(one, payment) for one, payment in self.payments if one["siret"] in outlets]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return Demo(
        tmp_path_factory.mktemp("demo"), seed=7, last_day=LAST_DAY, days=46, merchants=7, transactions=30_000
    )


def at(payment: Payment) -> datetime:
    return datetime.fromisoformat(payment["occurred_local"])


# The same, and not the same.


def contents(folder, **asked):
    manifest = generate(folder, **{"seed": 1, "last_day": LAST_DAY, "days": 9, "transactions": 900} | asked)
    return {path.name: path.read_bytes() for path in folder.iterdir()}, manifest


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, manifest = contents(tmp_path / "a")
    again, same = contents(tmp_path / "b")
    other, _ = contents(tmp_path / "c", seed=2)
    assert first == again
    assert manifest.files != same.files
    assert [path.name for path in manifest.files] == [path.name for path in same.files]
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first if name.startswith("REMISE"))


@pytest.mark.parametrize(("merchants", "shops"), [(1, 1), (2, 3), (16, 5)])
def test_any_number_of_merchants(tmp_path, merchants, shops):
    demo = Demo(
        tmp_path, seed=3, last_day=LAST_DAY, days=8, merchants=merchants, chain_shops=shops, transactions=400
    )
    codes = {row["merchant_code"] for row in demo.directory}
    assert len(codes) == len(demo.manifest.merchants) == merchants
    assert len(demo.outlets("FOURNIL")) == shops
    assert demo.manifest.outlets == merchants - 1 + shops
    assert len({(row["contract"], row["rank"], row["application"]) for row in demo.directory}) == len(
        demo.directory
    )
    assert {account.merchant_code for account in demo.manifest.accounts} <= codes


@pytest.mark.parametrize("name", ["merchants", "days", "transactions", "chain_shops"])
def test_numbers_below_one(tmp_path, name):
    with pytest.raises(ValueError, match="at least 1"):
        generate(tmp_path, **{"seed": 1, "last_day": LAST_DAY, name: 0})


def test_progress_counts_nights(tmp_path):
    seen = []
    generate(
        tmp_path,
        seed=1,
        last_day=LAST_DAY,
        days=3,
        transactions=30,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


# What the manifest says.


def test_the_manifest_counts_what_was_written(demo):
    manifest = demo.manifest
    distinct = {
        (one["contract"], one["rank"], one["application"], one["number"], one["collected_local"])
        for one in demo.collections
    }
    assert manifest.remittances == len(distinct) == len(demo.collections)
    assert manifest.transactions == len(demo.payments)
    assert 0.9 < manifest.transactions / 30_000 < 1.1
    assert manifest.size == sum(path.stat().st_size for path in manifest.files)
    assert (manifest.first_day, manifest.last_day) == (LAST_DAY - timedelta(days=45), LAST_DAY)
    assert {path.name for path in manifest.folder.iterdir()} == {
        manifest.directory.name,
        *(path.name for path in manifest.files),
    }


def test_a_file_for_every_night_but_one(demo):
    (missing,) = demo.manifest.missing_nights
    days = days_from(demo.manifest.first_day, 46)
    wanted = {
        f"REMISE-TPE_demo-host_{day + timedelta(days=1):%Y%m%d}.txt": day for day in days if day != missing
    }
    assert {name for name in demo.files if name.count("_") == 2} == set(wanted)
    for name, day in wanted.items():
        early = datetime.combine(day, datetime.min.time()) + timedelta(hours=2)
        for one in demo.files[name].collections:
            zone = ZoneInfo("Pacific/Noumea" if one["currency"] == "XPF" else "Europe/Paris")
            called = datetime.fromisoformat(one["collected_local"]).replace(tzinfo=zone).astimezone(PARIS)
            assert early <= called.replace(tzinfo=None) < early + timedelta(days=1)
    keys = [file.file_key for file in demo.files.values()]
    assert len(keys) == len(set(keys))


def test_nights_that_come_apart(demo):
    totals = {name: file for name, file in demo.files.items() if file.content == "TELECOLLECTES"}
    payments = [
        file
        for file in demo.files.values()
        if file.content == "TRANSACTIONS" and file.collections[0]["siret"] not in demo.manifest.awaited
    ]
    assert len(totals) == len(payments) == len(demo.manifest.late_nights) >= 2
    known = {one["contract"] + one["number"]: one for file in totals.values() for one in file.collections}
    lost = 0
    for file in payments:
        for one in file.collections:
            assert known[one["contract"] + one["number"]].values == one.values
            lost += known[one["contract"] + one["number"]].end[1] - len(one.payments)
    assert lost == 1
    assert demo.manifest.differing_night in demo.manifest.late_nights


def test_the_last_night_of_some_shops_awaits_its_telecollection(demo):
    name = f"REMISE-TPE_demo-host_{LAST_DAY + timedelta(days=1):%Y%m%d}_transactions.txt"
    assert demo.files[name].content == "TRANSACTIONS"
    assert {one["siret"] for one in demo.files[name].collections} == set(demo.manifest.awaited)
    assert len(demo.manifest.awaited) == 3


def test_contracts_that_nobody_declared(demo):
    declared = {(row["contract"], row["rank"], row["application"]) for row in demo.directory}
    called = {(one["contract"], one["rank"], one["application"]) for one in demo.collections}
    assert called - declared == set(demo.manifest.undeclared)
    assert len(demo.manifest.undeclared) == 4
    assert declared <= called


def test_terminals_are_replaced(demo):
    assert demo.manifest.replaced
    for outlet, terminal, night in demo.manifest.replaced:
        held = [
            one for one in demo.collections if (one["siret"], one["terminal_number"]) == (outlet, terminal)
        ]
        first = datetime.combine(night, datetime.min.time()).isoformat()
        before = [one for one in held if one["collected_local"] < first]
        after = [one for one in held if one["collected_local"] > first]
        for name in ("serial_number", "manufacturer"):
            values = [{one[name] for one in part} for part in (before, after)]
            assert [len(value) for value in values] == [1, 1]
            assert values[0] != values[1]
        assert min(int(one["number"]) for one in after) == 1
        assert min(int(payment["sequence_number"]) for one in after for payment in one.payments) == 1
        assert min(int(payment["sequence_number"]) for one in before for payment in one.payments) > 100


# Believable payments.


def test_all_applications_are_used(demo):
    used = Counter(one["application"] for one, _ in demo.payments)
    assert set(used) == set(APPLICATIONS)
    assert all(count >= 3 for count in used.values())


def test_each_shop_has_the_applications_that_fit(demo):
    offered = {
        merchant: {row["application"] for row in demo.directory if row["merchant_code"] == merchant}
        for merchant in demo.manifest.merchants
    }
    meals = {"CONECS", "CONECSLESS"}
    assert offered["BOULANGERIE"] == {"CBEMV", "CBCLESS"} | meals
    assert offered["VPC"] == {"CBVAD", "JCBVAD"}
    assert offered["PHARMACIE"] == {"CBEMV", "CBCLESS"}
    assert {"PLBS", "PLBS+", "PLBSGCB", "DCCPLBS", "JCBEMV"} <= offered["HOTEL"]
    assert meals < offered["RESTAURANT"]
    assert not meals & offered["HOTEL"]
    ranks = {row["rank"] for row in demo.directory if row["application"] == "CBCLESS"}
    assert {"701", "702"} <= ranks


def test_contactless_stops_at_its_limit(demo):
    for one, payment in demo.payments:
        if one["application"].endswith("LESS"):
            assert payment["entry_mode"] == "SANS_CONTACT"
            assert payment.amount <= 5_000
        else:
            assert payment["entry_mode"] != "SANS_CONTACT"
    tapped = sum(one["application"] == "CBCLESS" for one, _ in demo.payments)
    assert 0.5 < tapped / len(demo.payments) < 0.8


def test_hours_and_closing_days(demo):
    def hours(merchant):
        return {at(payment).hour for _, payment in demo.of(merchant)}

    def days(merchant):
        return {at(payment).weekday() for _, payment in demo.of(merchant)}

    assert days("BOULANGERIE") == {1, 2, 3, 4, 5, 6}
    assert days("RESTAURANT") == {1, 2, 3, 4, 5}
    assert days("PHARMACIE") == {0, 1, 2, 3, 4, 5}
    assert days("VPC") == set(range(7))
    assert hours("RESTAURANT") <= {12, 13, 14, 15, 19, 20, 21, 22, 23}
    assert hours("PHARMACIE") <= {8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19}
    assert {0, 1, 2} <= hours("HOTEL")
    holiday = date(2026, 11, 11)
    assert not any(at(payment).date() == holiday for _, payment in demo.of("PHARMACIE"))


def test_baskets_end_as_prices_do(demo):
    endings = Counter(payment.amount % 10 for _, payment in demo.of("FOURNIL") if payment["type"] == "DEBIT")
    assert (endings[0] + endings[5]) / endings.total() > 0.98
    amounts = sorted(payment.amount for _, payment in demo.of("BOULANGERIE"))
    assert 300 < amounts[len(amounts) // 2] < 800


def test_the_overseas_shop_keeps_its_clock_and_currency(demo):
    rows = [row for row in demo.directory if row["merchant_code"] == "LAGON"]
    assert {(row["time_zone"], row["currency"]) for row in rows} == {("Pacific/Noumea", "XPF")}
    sold = demo.of("LAGON")
    assert {one["currency"] for one, _ in sold} == {"XPF"}
    assert {at(payment).hour for _, payment in sold} <= set(range(7, 19))


def test_titres_restaurant_have_issuers_and_ceilings(demo):
    meals = [payment for one, payment in demo.payments if one["application"].startswith("CONECS")]
    assert {payment["issuer"] for payment in meals if payment["issuer"]} == {
        "EDENRED",
        "PLUXEE",
        "UP DEJEUNER",
        "BIMPLI",
    }
    issuers = defaultdict(set)
    for payment in meals:
        if payment["card"][:6].isdigit():
            issuers[payment["card"][:6]].add(payment["issuer"])
    assert all(len(names) == 1 for names in issuers.values())
    partial = [payment for payment in meals if payment["requested_amount"]]
    assert partial
    for payment in partial:
        assert payment["response_code"] == "10"
        assert payment.amount < int(payment["requested_amount"])
    assert all(payment.amount <= 2_500 for payment in meals if payment["outcome"] == "ACCEPTEE")
    assert all(at(payment).weekday() < 6 for payment in meals)


def test_conversions_add_up(demo):
    converted = [(one, payment) for one, payment in demo.payments if payment["cardholder_currency"]]
    assert {one["application"] for one, _ in converted} == {"DCCPLBS"}
    assert {payment["cardholder_currency"] for _, payment in converted} >= {"USD", "GBP"}
    for _, payment in converted:
        decimals = 0 if payment["cardholder_currency"] == "JPY" else 2
        exact = Decimal(payment.amount) / 100 * Decimal(payment["exchange_rate"])
        exact *= 1 + Decimal(payment["markup_percent"]) / 100
        expected = (exact * 10**decimals).quantize(Decimal(1), ROUND_HALF_UP)
        assert int(payment["cardholder_amount"]) == expected


def test_dossiers_are_opened_and_closed(demo):
    dossiers = defaultdict(list)
    for one, payment in demo.payments:
        if payment["dossier_number"]:
            dossiers[payment["dossier_number"]].append((one, payment))
    kinds = Counter()
    for steps in dossiers.values():
        assert len({one["application"] for one, _ in steps}) == 1
        assert len({payment["card"] for _, payment in steps}) == 1
        types = [payment["type"] for _, payment in sorted(steps, key=lambda step: at(step[1]))]
        kinds[steps[0][0]["application"], *types] += 1
        if steps[0][1]["outcome"] == "REFUSEE":
            assert types == ["PREAUTO"]
    whole = {kind[0] for kind in kinds if kind[1:] == ("PREAUTO", "DEBIT")}
    assert whole == {"PLBS", "PLBS+", "PLBSGCB", "DCCPLBS"}
    assert kinds["PLBS+", "PREAUTO", "PREAUTO", "DEBIT"]


def test_cancellations_undo_an_earlier_payment_of_their_remittance(demo):
    undone, lost = Counter(), 0
    for one, payment in demo.payments:
        wanted = {"ANNULATION": "DEBIT", "ANNUL_CREDIT": "CREDIT"}.get(payment["type"])
        if wanted is None:
            continue
        numbers = {other["sequence_number"]: other for other in one.payments}
        original = numbers.get(payment["original_sequence_number"])
        if original is None:
            lost += 1
            continue
        undone[wanted] += 1
        for name in ("card", "amount", "expiry", "entry_mode"):
            assert original[name] == payment[name]
        assert (original["type"], original["outcome"]) == (wanted, "ACCEPTEE")
        assert int(original["sequence_number"]) < int(payment["sequence_number"])
    assert undone["DEBIT"] > 20
    assert undone["CREDIT"] > 0
    # The one transaction that got lost on its way may have been cancelled.
    assert lost <= 1


def test_refunds_with_and_without_their_original(demo):
    refunds = [(one, payment) for one, payment in demo.payments if payment["type"] == "CREDIT"]
    known = [payment for _, payment in refunds if payment["original_sequence_number"]]
    assert 0 < len(known) < len(refunds)
    assert any(one["application"] == "CBVAD" for one, _ in refunds)
    assert not any(one["application"].startswith("CONECS") for one, _ in refunds)


def test_refusals_and_abandons(demo):
    outcomes = Counter(payment["outcome"] for _, payment in demo.payments)
    assert 0.01 < outcomes["REFUSEE"] / len(demo.payments) < 0.05
    assert 0 < outcomes["ABANDON"] < outcomes["REFUSEE"]
    codes = Counter()
    for one, payment in demo.payments:
        if payment["outcome"] == "REFUSEE":
            codes[payment["response_code"]] += 1
            assert payment["authorisation_number"] == ""
            assert payment["response_code"] not in ("", "00", "10")
            assert (payment["response_code"] != "80") or one["application"].endswith("LESS")
        if payment["authorisation_number"]:
            assert payment["response_code"] in ("00", "10")
    assert {"51", "05", "54", "57", "61", "75", "80", "91"} <= set(codes)


def test_distant_sales_have_orders(demo):
    distant = [payment for one, payment in demo.payments if one["application"] in ("CBVAD", "JCBVAD")]
    assert {payment["entry_mode"] for payment in distant} == {"MANUEL", "EN_LIGNE"}
    assert all(re.fullmatch(r"CMD-\d{8}", payment["order_reference"]) for payment in distant)
    sold = [payment["order_reference"] for payment in distant if payment["type"] == "DEBIT"]
    assert len(sold) == len(set(sold))


# Calls.


def test_calls_that_bring_nothing_and_calls_that_fail(demo):
    assert 0.1 < sum(not one.payments for one in demo.collections) / len(demo.collections) < 0.6
    assert {one["status"] for one in demo.collections} == {"CORRECTE", "REJETEE", "INCOMPLETE"}
    assert {one["transmission"] for one in demo.collections} == {"REUSSIE", "ECHOUEE"}
    correct = sum(one["status"] == "CORRECTE" for one in demo.collections)
    assert correct / len(demo.collections) > 0.99
    nets = [one.end[2] for one in demo.collections if one.end]
    assert min(nets) < 0


def test_a_closed_shop_still_calls(demo):
    (bakery,) = demo.outlets("BOULANGERIE")
    called = {
        datetime.fromisoformat(one["collected_local"]).date()
        for one in demo.collections
        if (one["siret"], one["application"]) == (bakery, "CBEMV")
    }
    mondays = [day for day in days_from(demo.manifest.first_day, 46) if day.weekday() == 0]
    assert len(called.intersection(mondays)) >= len(mondays) - 1


def test_numbers_come_round(demo):
    tills = defaultdict(list)
    for one in demo.collections:
        tills[one["siret"], one["terminal_number"]].append((one["collected_local"], one["number"]))
    turned = [
        later
        for calls in tills.values()
        for earlier, later in itertools.pairwise(number for _, number in sorted(calls))
        if earlier == "999999"
    ]
    assert turned
    assert set(turned) == {"000001"}


def test_sequences_follow_one_another_with_a_gap_somewhere(demo):
    gaps = 0
    for one in demo.collections:
        numbers = [int(payment["sequence_number"]) for payment in one.payments]
        steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
        assert all(step >= 1 for step in steps)
        gaps += sum(step > 1 for step in steps)
    assert 1 <= gaps <= 20


def test_payments_fall_between_two_calls(demo):
    for one, payment in demo.payments:
        assert one["opened_local"] <= payment["occurred_local"] <= one["collected_local"]


def test_few_tickets_are_printed(demo):
    payments = [payment for _, payment in demo.payments if payment.ticket]
    collections = [one for one in demo.collections if one.ticket]
    assert 0 < len(payments) < len(demo.payments) / 10
    assert 0 < len(collections) < len(demo.collections) / 10
    for payment in payments:
        assert [line.strip() for line in payment.ticket[-2:]] == ["TICKET CLIENT", "A CONSERVER"]
        assert not [line for line in payment.ticket if "COMMERCANT" in line]
        assert max(map(len, payment.ticket)) <= 24
        if payment["card"]:
            assert f"************{payment['card'][-4:]}" in payment.ticket
        euros = f"{payment.amount // 100},{payment.amount % 100:02d} EUR"
        assert euros.rjust(24) in payment.ticket


# Clocks.


def test_the_repeated_hour_of_autumn(demo):
    night = date(2026, 10, 25)
    assert demo.manifest.clock_changes == (night,)
    again = 0
    for one in demo.collections:
        times = [at(payment) for payment in one.payments if at(payment).date() == night]
        again += sum(later < earlier for earlier, later in itertools.pairwise(times))
        assert all(later > earlier or later.hour == 2 for earlier, later in itertools.pairwise(times))
    assert again >= 1
    doubled = [
        payment for _, payment in demo.of("HOTEL") if at(payment).date() == night and at(payment).hour == 2
    ]
    assert len(doubled) >= 20


def test_the_missing_hour_of_spring(tmp_path):
    demo = Demo(tmp_path, seed=1, last_day=date(2026, 3, 30), days=4, transactions=400)
    night = date(2026, 3, 29)
    assert demo.manifest.clock_changes == (night,)
    hours = Counter(at(payment).hour for _, payment in demo.of("HOTEL") if at(payment).date() == night)
    assert hours[2] == 0
    assert hours[3] >= 20


def test_the_calendar():
    assert [easter(year) for year in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]
    days = days_from(date(2025, 8, 1), 457)
    assert clock_changes(days) == {date(2025, 10, 26): -1, date(2026, 3, 29): 1, date(2026, 10, 25): -1}


# Nobody's data.


def test_no_full_card_number_and_no_real_siret(demo):
    for path in (demo.manifest.directory, *demo.manifest.files):
        data = path.read_bytes()
        assert not list(card_lines.find(data, lambda *_: False))
    sirets = {one["siret"] for one in demo.collections}
    assert len(sirets) == demo.manifest.outlets
    for number in sirets:
        doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
        assert (sum(doubled) + sum(map(int, number[-1::-2]))) % 10


def test_the_importers_take_every_file(demo):
    for path in (demo.manifest.directory, *demo.manifest.files[:3], *demo.manifest.files[-4:]):
        data = path.read_bytes()
        recognise(path.name, data).read(data)


def test_accounts_see_what_exists(demo):
    assert demo.manifest.accounts == ACCOUNTS
    assert len({account.email for account in ACCOUNTS}) == len(ACCOUNTS)
    for account in ACCOUNTS:
        assert account.email.endswith("@demo.example")
        assert account.role in ("owner", "fleet", "finance", "viewer")
        assert demo.outlets(account.merchant_code).issuperset(account.sirets)
    assert siret(0, 11) in demo.outlets("FOURNIL")


def test_the_data_of_the_trades_are_sound():
    for trade in TRADES.values():
        assert sum(trade.means.values()) == pytest.approx(1)
        assert sum(rush.share for rush in trade.rushes) == pytest.approx(1)
        assert 2 <= trade.called[0] < trade.called[1] <= 25.5
        closing = max(rush.closes for rush in trade.rushes) % 24
        assert trade.called[0] % 24 - closing > 0.2 or trade.called[0] > 24
