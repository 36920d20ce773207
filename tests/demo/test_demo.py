"""The demo: the same seed gives the same bytes, all of them lawful, and every promised surprise is there."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.rules import card_lines
from importers.demo import ACCOUNTS, generate
from importers.demo.days import clock_changes, days_from, easter
from importers.demo.profiles import siret
from importers.demo.trades import TRADES
from importers.formats import FileContext, recognise
from tests.demo.conftest import LAST_DAY, Demo, at

PARIS = ZoneInfo("Europe/Paris")


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


# Calls.


def test_calls_that_bring_nothing_and_calls_that_fail(demo):
    assert 0.1 < sum(not one.payments for one in demo.collections) / len(demo.collections) < 0.6
    assert {one["status"] for one in demo.collections} == {"CORRECTE", "REJETEE", "INCOMPLETE"}
    failed = {one["status"] for one in demo.collections if one["transmission"] == "ECHOUEE"}
    assert failed == {"INCOMPLETE", "CORRECTE"}, "cut short; and whole, but not passed on"
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
    directory, *files = (
        recognise(path.name, data := path.read_bytes()).read(data, FileContext(name=path.name))
        for path in (demo.manifest.directory, *demo.manifest.files)
    )
    assert len(directory.contracts) == len(demo.directory)
    for file, ours in zip(files, demo.files.values(), strict=True):
        assert len(file.remittances) == len(ours.collections)
        assert len(file.transactions) == sum(len(one.payments) for one in ours.collections)


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
