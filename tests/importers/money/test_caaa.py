"""nexo caaa.011: payments of a batch, and the card number that must never come in with one."""

from __future__ import annotations

import pytest

from importers.formats import caaa
from importers.refusals import FileRefusedError

COMMON = (
    "<CmonData><Envt><Mrchnt><Id><Id>7654321</Id></Id></Mrchnt><POI><Id><Id>001</Id></Id></POI></Envt>"
    "<RcncltnId>000417</RcncltnId><Ccy>EUR</Ccy></CmonData>"
)


def tx(number="000101", amount="39.00", kind="CRDP", response="APPR", *, record="Cmpltn", card="", more=""):
    card = card or "<MskdPAN>497010******0028</MskdPAN>"
    return (
        f"<Tx><{record}><TxSeqCntr>1</TxSeqCntr><Envt><Card>{card}<CardBrnd>CB</CardBrnd></Card></Envt>"
        f"<Tx><TxTp>{kind}</TxTp><TxId><TxDtTm>2026-03-02T12:31:09+01:00</TxDtTm><TxRef>{number}</TxRef></TxId>"
        f"{more}<TxDtls><Ccy>EUR</Ccy><TtlAmt>{amount}</TtlAmt></TxDtls>"
        f"<AuthstnRslt><RspnToAuthstn><Rspn>{response}</Rspn></RspnToAuthstn><AuthstnCd>123456</AuthstnCd>"
        f"</AuthstnRslt></Tx></{record}></Tx>"
    )


def totals(kind, number, amount):
    return (
        f"<TxTtls><Ccy>EUR</Ccy><Tp>{kind}</Tp><TtlNb>{number}</TtlNb><CmltvAmt>{amount}</CmltvAmt></TxTtls>"
    )


def batch(*transactions, declared="", version="13"):
    namespace = f' xmlns="urn:iso:std:iso:20022:tech:xsd:caaa.011.001.{version}"' if version else ""
    return (
        f"<Document{namespace}><AccptrBtchTrf><Hdr><XchgId>417</XchgId><CreDtTm>2026-03-02T23:15:07</CreDtTm></Hdr>"
        "<BtchTrf><DataSet><DataSetId><Tp>TXCP</Tp><CreDtTm>2026-03-02T23:15:00+01:00</CreDtTm></DataSetId>"
        f"{declared}{COMMON}{''.join(transactions)}</DataSet></BtchTrf></AccptrBtchTrf></Document>"
    ).encode()


@pytest.mark.parametrize("version", ["", "08", "13", "15"])
def test_a_transaction_has_what_it_says_and_what_its_data_set_says_for_all(version):
    data = batch(tx(), version=version)
    payment = caaa.read(data).payments.iloc[0]
    assert caaa.FIRST_LINE.match(data)
    assert (payment["contract_number"], payment["shop"], payment["sale_number"]) == (
        "7654321",
        "001",
        "000101",
    )
    assert (payment["amount"], payment["type"], payment["outcome"]) == (3900, "debit", "accepted")
    assert (payment["card_last4"], payment["authorisation_number"]) == ("0028", "123456")
    assert f"{payment['occurred']:%Y-%m-%d %H:%M:%S} {payment['captured_on']:%d}" == "2026-03-02 12:31:09 02"


@pytest.mark.parametrize(
    ("transaction", "kind", "outcome"),
    [
        (tx(kind="RFND"), "refund", "accepted"),
        (tx(kind="RESA"), "preauthorisation", "accepted"),
        (tx(response="DECL"), "debit", "declined"),
        (tx(more="<TxSucss>false</TxSucss>"), "debit", "abandoned"),
        (tx(more="<Rvsl>true</Rvsl>"), "cancellation", "accepted"),
        (tx(record="Cxl"), "cancellation", "accepted"),
        (tx(record="Cxl", kind="RFND"), "refund_cancellation", "accepted"),
    ],
)
def test_each_kind_of_transaction_is_told(transaction, kind, outcome):
    payment = caaa.read(batch(transaction)).payments.iloc[0]
    assert (payment["type"], payment["outcome"]) == (kind, outcome)


@pytest.mark.parametrize(
    "card",
    [
        "<PAN>4111111111111111</PAN>",
        "<PAN>4111111111111112</PAN>",
        "<PAN>1234567890123456789</PAN>",
        "<PlainCardData><PAN>4111 1111 1111 1111</PAN></PlainCardData>",
        "<PrtctdCardData><PlainCardData>4111111111111111</PlainCardData></PrtctdCardData>",
    ],
)
def test_a_card_number_is_refused_whatever_its_check_digit(card):
    with pytest.raises(FileRefusedError) as refused:
        caaa.read(batch(tx(), tx("000102", card=card)))
    assert refused.value.holds_card_number
    assert (refused.value.refusals[0].unit, refused.value.refusals[0].line) == ("entry", 2)


def test_totals_are_compared_by_type():
    right = totals("DEBT", 1, "39.00") + totals("DECL", 1, "18.00")
    payments = (tx(), tx("000102", "18.00", response="DECL"))
    assert caaa.read(batch(*payments, declared=right)).notices == ()
    wrong = totals("DEBT", 1, "39.01") + totals("DECL", 1, "18.00")
    notices = caaa.read(batch(*payments, declared=wrong)).notices
    assert [notice.params for notice in notices] == [{"type": "DEBT", "number": 1}]


@pytest.mark.parametrize("transaction", [tx(amount="39.001"), tx(amount="1e2"), tx(kind="PERHAPS")])
def test_what_is_not_understood_is_refused_by_its_transaction(transaction):
    with pytest.raises(FileRefusedError) as refused:
        caaa.read(batch(tx(), transaction))
    assert refused.value.refusals[0].line == 2


@pytest.mark.parametrize(
    "data",
    [
        batch(tx()).replace(b"23:15:07<", b"23:75:07<"),
        batch(tx(), declared=totals("DEBT", "one", "39.00")),
        batch(tx()).replace(b"<CreDtTm>2026-03-02T23:15:00", b"<CreDtTm>0001-03-02T23:15:00"),
    ],
)
def test_a_time_or_a_total_that_is_none_is_refused_by_its_place(data):
    with pytest.raises(FileRefusedError) as refused:
        caaa.read(data)
    assert refused.value.refusals[0].column


def test_a_payment_without_its_amount_is_refused_rather_than_read_as_nothing():
    with pytest.raises(FileRefusedError) as refused:
        caaa.read(batch(tx().replace("<TtlAmt>39.00</TtlAmt>", "")))
    assert refused.value.refusals[0].line == 1


def test_a_file_without_a_batch_is_refused():
    with pytest.raises(FileRefusedError):
        caaa.read(b"<Document/>")
