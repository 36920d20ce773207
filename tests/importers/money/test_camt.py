"""camt: what its many writers do, and what an attacker would."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.formats import camt, cfonb120
from importers.refusals import FileRefusedError
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

IBAN = "FR7699999000010000000000115"


def entry(amount="57.40", side="CRDT", *, status="<Sts>BOOK</Sts>", inside="", day="2026-03-03"):
    booked = f"<BookgDt><Dt>{day}</Dt></BookgDt>" if day else ""
    return f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}{booked}{inside}</Ntry>'


def balance(code, amount, side="CRDT"):
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-03-03</Dt></Dt></Bal>'
    )


def document(
    *entries, opening="1000.00", closing=None, version="02", account=f"<IBAN>{IBAN}</IBAN>", head=""
):
    balances = balance("OPBD", opening) + (balance("CLBD", closing) if closing else "")
    namespace = f' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"' if version else ""
    return (
        f"{head}<Document{namespace}><BkToCstmrStmt><Stmt><Id>1</Id><CreDtTm>2026-03-04T04:12:00</CreDtTm>"
        f"<Acct><Id>{account}</Id><Ccy>EUR</Ccy></Acct>{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


@pytest.mark.parametrize("version", ["", *(f"{number:02}" for number in range(1, 15))])
def test_every_version_and_none_at_all_is_read(version):
    found = camt.read(document(entry(), closing="1057.40", version=version))
    assert found.statements["proven"].tolist() == [True]
    assert found.movements["amount"].tolist() == [5740]
    assert camt.version(document(version=version)) == (f"camt.053.001.{version}" if version else "camt")


def test_an_account_that_is_overdrawn_has_a_balance_below_zero():
    data = document(entry(), closing="1057.40").replace(balance("OPBD", "1000.00").encode(), b"")
    overdrawn = balance("OPBD", "20.00", "DBIT").encode()
    found = camt.read(data.replace(b"<Bal>", overdrawn + b"<Bal>").replace(b"1057.40", b"37.40"))
    assert found.statements[["opening", "closing", "proven"]].values.tolist() == [[-2000, 3740, True]]


def test_a_french_iban_has_the_key_that_cfonb_gives_the_account():
    assert camt.read(document(entry())).statements["account_key"].tolist() == ["999990000100000000001"]


def test_an_iban_with_wrong_check_digits_is_told():
    """Files that a bank anonymised have such, and are read; nobody declares such an account."""
    right, wrong = (
        camt.read(document(account=f"<IBAN>{iban}</IBAN>")) for iban in (IBAN, IBAN[:3] + "7" + IBAN[4:])
    )
    assert right.statements["account_key"].tolist() == wrong.statements["account_key"].tolist()
    told = [
        [notice.text() for notice in found.notices if "IBAN" in notice.text()] for found in (right, wrong)
    ]
    assert told == [
        [],
        ["1 relevé d’un IBAN dont la clé est fausse\u00a0: demander à la banque lequel est juste"],
    ]


@pytest.mark.parametrize(
    "status", ["<Sts>INFO</Sts>", "<Sts><Cd>PDNG</Cd></Sts>", "<Sts><Cd>FUTR</Cd></Sts>"]
)
def test_what_is_not_booked_is_no_money(status):
    found = camt.read(document(entry(), entry("9.00", status=status), closing="1057.40"))
    assert found.movements["amount"].tolist() == [5740]
    (told,) = found.notices
    assert told.text().startswith("1 écriture au statut ")


def test_a_reversal_goes_the_way_its_indicator_says():
    found = camt.read(document(entry(inside="<RvslInd>true</RvslInd>"), closing="1057.40"))
    assert found.movements["reversal"].tolist() == [True]
    assert found.statements["proven"].all()


def test_charges_and_batch_give_fee_gross_and_count():
    inside = (
        '<Chrgs><Rcrd><Amt Ccy="EUR">0.46</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
        '<NtryDtls><Btch><NbOfTxs>2</NbOfTxs><TtlAmt Ccy="EUR">57.40</TtlAmt></Btch></NtryDtls>'
    )
    line = camt.read(document(entry("56.94", inside=inside), closing="1056.94")).movements.iloc[0]
    assert (line["amount"], line["gross"], line["fee"], line["batch_count"]) == (5694, 5740, 46, 2)


def test_a_count_that_nobody_has_is_none():
    batch = f"<NtryDtls><Btch><NbOfTxs>{'9' * 30}</NbOfTxs></Btch></NtryDtls>"
    assert camt.read(document(entry(inside=batch))).movements["batch_count"].isna().all()


def test_card_blocks_give_number_and_point_of_sale():
    inside = (
        "<CardTx><POI><Id><Id>7654321001</Id></Id></POI>"
        "<AggtdNtry><SaleRcncltnId>000417</SaleRcncltnId></AggtdNtry></CardTx>"
    )
    line = camt.read(document(entry(inside=inside), closing="1057.40", version="08")).movements.iloc[0]
    assert (line["entry_number"], line["details"]) == ("000417", "7654321001")


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("<Prtry><Cd>30</Cd><Issr>CFONB</Issr></Prtry>", "30"),
        ("<Domn><Cd>PMNT</Cd><Fmly><Cd>MCRD</Cd><SubFmlyCd>POSP</SubFmlyCd></Fmly></Domn>", "PMNT/MCRD/POSP"),
        ("<Prtry><Cd>TRANSFER-1</Cd></Prtry>", ""),
    ],
)
def test_an_interbank_code_decides_before_the_iso_code(code, known):
    line = camt.read(document(entry(inside=f"<BkTxCd>{code}</BkTxCd>"), closing="1057.40")).movements.iloc[0]
    assert line["code"] == known


def test_an_entry_without_a_day_was_booked_on_that_of_the_closing_balance():
    line = camt.read(document(entry(day=""), closing="1057.40")).movements.iloc[0]
    assert f"{line['booked_on']:%Y-%m-%d}" == "2026-03-03"


@given(st.integers(0, 10**12), st.integers(0, 3))
def test_amounts_are_read_with_as_many_decimals_as_they_have(minor, zeros):
    text = f"{minor // 100}.{minor % 100:02}{'0' * zeros}"
    assert camt.read(document(entry(text))).movements["amount"].tolist() == [minor]


@pytest.mark.parametrize("amount", ["12..34", "1,50", "0.005", "", "1e3", "NaN", "٣.٠٠", "9" * 40])
def test_what_is_no_amount_is_refused_by_its_entry(amount):
    with pytest.raises(FileRefusedError) as refused:
        camt.read(document(entry(), entry(amount)))
    assert (refused.value.refusals[0].unit, refused.value.refusals[0].line) == ("entry", 2)


@pytest.mark.parametrize(
    "data",
    [
        document(head='<!DOCTYPE Document [<!ENTITY a "b">]>'),
        document(head='<?xml version="1.0"?><!DOCTYPE Document SYSTEM "http://example.org/x.dtd">'),
        document(head='<?xml version="1.0" encoding="IBM037"?>'),
        document(entry(inside="<a>" * 60 + "</a>" * 60)),
        document(entry(inside=f"<a>{'x' * 70_000}</a>")),
        document()[:-20],
        b"<Document/>",
        b"",
        document(account=""),
        document(entry(day="2026-02-30")),
        document(entry(day="2126-03-03")),
        document(entry(), closing="1057.41"),
        document(entry()).replace(b"<CreDtTm>2026-03-04", b"<CreDtTm>2026-13-04"),
        document(entry(inside="<AddtlNtryInf>CARTE 4111111111111111</AddtlNtryInf>")),
    ],
)
def test_what_cannot_be_trusted_is_refused(data):
    with pytest.raises(FileRefusedError):
        camt.read(data)


@pytest.mark.probes("files in")
@pytest.mark.parametrize("place", ["<Document", "<BkToCstmrStmt>"], ids=["before the root", "inside"])
def test_a_tag_that_does_not_end_for_long_takes_no_longer_than_others(place):
    endless = place.join(("<!--" + "-x" * 4_000_000 + "-->", ""))
    data = document(entry()).decode().replace(place, endless, 1).encode()
    started = time.process_time()
    camt.read(data)
    assert time.process_time() - started < 1


def test_documents_in_other_encodings_are_read():
    plain = document(entry(inside="<AddtlNtryInf>Café</AddtlNtryInf>"), closing="1057.40").decode()
    for encoding in ("ISO-8859-1", "windows-1252", "UTF-16"):
        data = f'<?xml version="1.0" encoding="{encoding}"?>{plain}'.encode(encoding)
        assert camt.FIRST_LINE.match(data)
        assert camt.read(data).movements["label"].tolist() == ["Café"]


def test_cfonb_and_camt_of_one_day_have_one_digest():
    same = camt.read(document(entry("0.46", "DBIT"), entry(), closing="1056.94"))
    statement = Statement((MovementLine(5740), MovementLine(-46, code="62")), day=date(2026, 3, 3))
    assert cfonb120.read(written(statement)).statements["digest"].equals(same.statements["digest"])


@pytest.mark.parametrize(
    ("wrong", "column", "words"),
    [
        ({"day": "2026-02-31"}, "BookgDt", "a day that exists"),
        ({"inside": "<ValDt><Dt>2026-13-01</Dt></ValDt>"}, "ValDt", "a day that exists"),
        ({"amount": "57,40"}, "Amt", "such as 1234.56"),
    ],
)
def test_an_entry_is_refused_for_what_is_wrong_in_it(wrong, column, words):
    with pytest.raises(FileRefusedError) as refused:
        camt.read(document(entry(), entry(**wrong)))
    (only,) = refused.value.refusals
    assert (only.line, only.column) == (2, column)
    assert words in only.reason
