"""American Express: one payment in each encoding, and what may be done with card numbers."""

from __future__ import annotations

import pytest

from app.models import CardNumbers
from app.rules.amex_records import EPTRN, GRRCN, WIDTH
from importers.formats.amex import eptrn, grrcn
from importers.refusals import FileRefusedError
from tests.importers.money.scenario import Scenario
from tests.importers.money.scenario_files import ACQUIRER

PAYMENT = {
    "payee": "9999999999",
    "account_type": "002",
    "number": "065A6808",
    "paid_on": "20260305",
    "currency": "EUR",
}
BUSINESS = {
    "merchant": "9999999999",
    "submitted_on": "20260302",
    "processed_on": "20260303",
    "invoice": "000417",
}


def amount(value):
    return f"{'-' if value < 0 else ' '}{abs(value):015d}"


def records(card="37XXXXXXXXX1234", version="3.01"):
    return [
        ("HEADER", {"created_on": "20260305", "version": version}),
        ("SUMMARY", PAYMENT | {"net": amount(2550), "gross": amount(2756), "discount": amount(106),
                               "fee": amount(0), "adjustment": amount(-100), "tax": amount(0)}),
        ("SUBMISSION", PAYMENT | BUSINESS | {"gross": amount(2756), "discount": amount(106), "fee": amount(0),
                                             "tax": amount(0), "net": amount(2650), "count": "0000001"}),
        ("TRANSACTN", PAYMENT | BUSINESS | {"card": card, "gross": amount(2756)}),
        ("CHARGEBACK", PAYMENT | BUSINESS | {"case_number": "323350", "gross": amount(-100), "card": card,
                                             "net": amount(-100),
                                             "reason_text": "CHARGEBACK - FRAUD RELATED"}),
        ("TRAILER", {"record_count": "0000006"}),
    ]  # fmt: skip


def quoted(found, delimiter):
    return "\n".join(
        delimiter.join(f'"{(values | {"type": code}).get(part.name, "")}"' for part in GRRCN[code])
        for code, values in found
    ).encode()


def fixed(found):
    return "\n".join(
        "".join((values | {"type": code}).get(part.name, "").ljust(part.width) for part in GRRCN[code]).ljust(
            WIDTH
        )
        for code, values in found
    ).encode()


def bare(found, delimiter):
    return quoted(found, delimiter).replace(b'"', b"")


ENCODINGS = {
    "commas": lambda found: quoted(found, ","),
    "tabs": lambda found: quoted(found, "\t"),
    "commas without quotes": lambda found: bare(found, ","),
    "tabs without quotes": lambda found: bare(found, "\t"),
    "places": fixed,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_gives_the_same_payment(encoding):
    data = ENCODINGS[encoding](records())
    found = grrcn.read(data)
    payment = found.settlements.settlements.iloc[0]
    assert grrcn.FIRST_LINE.match(data)
    assert (payment["number"], payment["net"], payment["net_proven"]) == ("065A6808", 2550, True)
    assert found.settlements.lines["kind"].tolist() == ["remittance", "chargeback"]
    assert found.chargebacks.cases[["stage", "amount", "card_last4"]].to_numpy().tolist() == [
        ["debit", 100, "1234"]
    ]
    assert found.settlements.notices == ()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("strange", ["\u0085", "\u2028", "\x0b", "\x1c"])
def test_what_ends_a_line_elsewhere_stands_within_a_field(encoding, strange):
    found = records()
    found[4][1]["reason_text"] = f"CHARGEBACK{strange}FRAUD"
    read = grrcn.read(ENCODINGS[encoding](found))
    assert read.settlements.settlements["net_proven"].tolist() == [True]
    assert len(read.chargebacks.cases) == 1


@pytest.mark.parametrize("code", GRRCN)
def test_the_fields_of_each_record_fit_its_line(code):
    assert sum(part.width for part in GRRCN[code]) <= WIDTH


def test_a_full_card_number_is_refused_unless_the_profile_masks_it():
    data = quoted(records(card="371449635398431"), ",")
    with pytest.raises(FileRefusedError) as refused:
        grrcn.read(data)
    assert refused.value.holds_card_number
    masked = grrcn.read(data, CardNumbers.MASK)
    assert masked.chargebacks.cases["card_last4"].tolist() == ["8431"]
    assert "371449635398431" not in masked.chargebacks.cases.to_csv() + masked.settlements.lines.to_csv()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("version", "is_read"), [("1.01", True), ("2.01", True), ("4.01", False), ("", False)]
)
def test_a_version_that_nobody_knows_is_refused(encoding, version, is_read):
    data = ENCODINGS[encoding](records(version=version))
    if is_read:
        assert grrcn.read(data).version == version
        return
    with pytest.raises(FileRefusedError) as refused:
        grrcn.read(data)
    (refusal,) = refused.value.refusals
    assert (refusal.line, refusal.column) == (1, "version")
    assert "1.01, 2.01, 3.01" in refusal.text()


@pytest.mark.parametrize("cut", [1, -1])
def test_a_file_without_its_header_or_trailer_is_refused(cut):
    found = records()[cut:] if cut > 0 else records()[:cut]
    with pytest.raises(FileRefusedError):
        grrcn.read(quoted(found, ","))


def test_a_payment_that_stands_twice_is_refused_by_its_line():
    found = records()
    with pytest.raises(FileRefusedError) as refused:
        grrcn.read(quoted([*found[:2], *found[1:]], ","))
    assert refused.value.refusals[0].line == 3


@pytest.mark.parametrize("lost", [2, 4])
def test_a_payment_whose_lines_are_not_all_there_is_not_proven(lost):
    found = records()
    whole = grrcn.read(quoted(found[:lost] + found[lost + 1 :], ",")).settlements
    assert whole.settlements["net_proven"].tolist() == [False]
    assert any("sum of their lines" in notice.reason for notice in whole.notices)


def test_a_line_of_fixed_places_before_its_payment_is_refused_by_its_record():
    ((_, data),) = ACQUIRER["EPTRN"](Scenario(1).amex[:1])
    lines = data.split(b"\n")
    with pytest.raises(FileRefusedError) as refused:
        eptrn.read(b"\n".join([lines[0], lines[2], lines[1], lines[-1]]))
    assert refused.value.refusals[0].line == 2


def test_an_amount_that_is_none_is_refused_by_line_and_field():
    found = records()
    found[2][1]["gross"] = " 00000000000275A"
    with pytest.raises(FileRefusedError) as refused:
        grrcn.read(quoted(found, ","))
    assert (refused.value.refusals[0].line, refused.value.refusals[0].column) == (3, "SUBMISSION gross")


@pytest.mark.parametrize(("kind", "name"), [("210", "day"), ("311", "sold")])
def test_a_day_of_a_submission_or_sale_that_does_not_exist_refuses_the_file(kind, name):
    ((_, data),) = ACQUIRER["EPTRN"](Scenario(1).amex[:1])
    lines = data.splitlines()
    number = next(at for at, line in enumerate(lines) if line[42:45] == kind.encode())
    first, last = EPTRN[kind].get(name) or EPTRN[""][name]
    lines[number] = lines[number][: first - 1] + b"2026399" + lines[number][last:]
    with pytest.raises(FileRefusedError) as refused:
        eptrn.read(b"\n".join(lines), with_payments=True)
    assert [(one.line, one.column) for one in refused.value.refusals] == [(number + 1, "day")]


def test_the_discount_of_an_eptrn_stands_as_discount():
    (one,) = Scenario(1).amex[:1]
    ((_, data),) = ACQUIRER["EPTRN"]([one])
    payment = eptrn.read(data).settlements.settlements.iloc[0]
    assert one.fee > 0
    assert (payment["gross"], payment["discount"], payment["fee"]) == (one.net, one.fee, 0)
