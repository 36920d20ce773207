"""Settlements, chargebacks and journals of others: each sample gives what its list says."""

from __future__ import annotations

import pytest

from app.models import CardNumbers
from importers.formats import journals
from importers.formats.amex import disputes, eptrn, grrcn
from importers.refusals import FileRefusedError
from tests.importers.money.samples import content, expected, named

PAYMENT_SUMS = {"net": "net", "gross": "gross", "disc": "discount", "fee": "fee", "adj": "adjustment"}
GRRCN, FIXED, DISPUTES = "SAMPLE.GRRCN", ("EPRAW", "eptrn"), ("emcbk", "eminq", "cbnot")


def chosen(*parts: str):
    """The American Express samples whose name has one of ``parts``."""
    return [one for one in named("amex/") if not isinstance(one, str) or any(part in one for part in parts)]


@pytest.mark.parametrize("name", chosen(GRRCN))
def test_each_grrcn_adds_up_to_its_payment(name):
    said = expected()[name]
    found = grrcn.read(content(name), CardNumbers.MASK)
    assert grrcn.FIRST_LINE.match(content(name))
    payment = found.settlements.settlements.iloc[0]
    for word, column in PAYMENT_SUMS.items():
        assert payment[column] == said["sums"][f"payment {word} {payment['currency']}"]
    assert payment["net_proven"]
    counts = {code: count for code, count in said["counts"].items() if code != "fields" and count}
    assert dict(found.counts) == counts
    lines = found.settlements.lines.groupby("kind")["gross"].sum()
    assert lines["remittance"] == said["sums"][f"SUBMISSION {payment['currency']}"]
    assert found.settlements.notices


@pytest.mark.parametrize("name", chosen(*FIXED))
def test_each_payment_file_of_fixed_places_gives_its_sums(name):
    said = expected()[name]
    found = eptrn.read(content(name), CardNumbers.MASK)
    settlements, chargebacks = found.settlements, found.chargebacks
    lines = settlements.lines.groupby("kind")[["gross", "net_hundredths"]].sum()
    assert lines.loc["remittance", "gross"] == said["sums"]["SOC amount"]
    assert lines.loc["remittance", "net_hundredths"] == said["sums"]["SOC net"] * 100
    assert settlements.settlements["net"].sum() == said["sums"]["payment"]
    assert settlements.settlements["net_proven"].sum() == said["checks"]["payments_that_add_up"]
    assert len(settlements.settlements) == said["checks"]["of"]
    assert len(chargebacks.cases) == said["counts"].get("2-20", 0)


@pytest.mark.parametrize("name", chosen(*DISPUTES))
def test_each_file_of_disputes_gives_its_cases(name):
    said = expected()[name]
    cases = disputes.read(content(name), CardNumbers.MASK).cases
    sums = {abs(value) for value in said["sums"].values()}
    assert set(cases.groupby("currency")["amount"].sum()) == sums
    assert (cases["noticed_on"].min().date().isoformat()) == said["first"]
    if "reasons" in said:
        assert cases["reason_code"].value_counts().to_dict() == said["reasons"]
        assert (cases["amount"] < cases["sale_amount"]).sum() == said["counts"]["less than the sale"]


@pytest.mark.parametrize("name", chosen("dummy_eptrn", "dummy_eminq"))
def test_a_full_card_number_in_its_own_field_is_refused_unless_the_profile_masks_it(name):
    read = eptrn.read if "eptrn" in name else disputes.read
    with pytest.raises(FileRefusedError) as refused:
        read(content(name))
    assert refused.value.holds_card_number


@pytest.mark.parametrize("name", named("journals/"))
def test_each_journal_gives_its_details_and_sums(name):
    said = expected()[name]
    found = journals.read(content(name), name.rpartition("/")[2])
    assert f"journal {found.kind} {found.version}" == said["format"]
    assert (found.details, len(found.headings)) == (said["counts"]["details"], said["counts"]["columns"])
    assert (found.rows.encoding, found.rows.delimiter) == (
        said["counts"]["encoding"],
        said["counts"]["delimiter"],
    )
    assert sums_of(found) == said["sums"]


def sums_of(found):
    records = found.records
    match found.kind:
        case journals.JournalKind.JT:
            payments = records.payments
            said = {"accepted": "CAPTURED", "declined": "REFUSED"}, {"debit": "DEBIT", "refund": "CREDIT"}
            keys = payments["outcome"].map(said[0]) + " " + payments["type"].map(said[1])
            sums = payments["amount"].groupby(keys).sum()
        case journals.JournalKind.JO:
            sums = records.operations.groupby("said")["amount"].sum()
        case journals.JournalKind.JRI:
            sides = records.cases["stage"].map({"debit": "unpaid D", "reversal": "unpaid C"})
            sums = records.cases["amount"].groupby(sides).sum()
        case _:
            lines = records.lines
            return {
                "gross": int(lines["gross"].sum()),
                "net x10000": int(lines["net_hundredths"].sum()),
                "commission x10000": int(lines["fee_hundredths"].sum()),
            }
    return {key: int(value) for key, value in sums.items()}
