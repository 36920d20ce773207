"""The payments of the demonstration: believable ones, shop by shop."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from importers.demo.trades import APPLICATIONS
from tests.demo.conftest import at


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
    assert {"51", "05", "54", "57", "61", "75", "80", "91", "96"} <= set(codes)


def test_distant_sales_have_orders(demo):
    distant = [payment for one, payment in demo.payments if one["application"] in ("CBVAD", "JCBVAD")]
    assert {payment["entry_mode"] for payment in distant} == {"MANUEL", "EN_LIGNE"}
    assert all(re.fullmatch(r"CMD-\d{8}", payment["order_reference"]) for payment in distant)
    sold = [payment["order_reference"] for payment in distant if payment["type"] == "DEBIT"]
    assert len(sold) == len(set(sold))
