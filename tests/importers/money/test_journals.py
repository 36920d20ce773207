"""Journals of platforms: kinds, scales, and what their writers leave out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importers.formats import journals
from importers.formats.journals import scales
from importers.formats.journals.scales import Scales
from importers.reading.headings import Use
from importers.refusals import FileRefusedError

JRB = (
    "ENTETE;CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;"
    "REMITTANCE_DATE;BRUT_AMOUNT;REMITTANCE_NB;NET_AMOUNT;COMMISSION_AMOUNT"
)
JT = (
    "ENTETE;TRANSACTION_ID;CONTRACT;TRANSACTION_TYPE;AMOUNT;"
    "CURRENCY_CODE;PAYMENT_DATE;PAYMENT_TIME;CAPTURE_DATE;CARD_NUMBER;TRANSACTION_STATUS"
)

JT_ROW = "TRANSACTION;000101;7654321;DEBIT;3900;978;20260302;123109;20260303;;CAPTURED"


def journal(heading, *details, version="TABLE_V1", end="FIN"):
    return "\n".join(
        [f"TITRE;CAFE;26/03/04_10:05:00;{version}", heading, *details, *([end] if end else [])]
    ).encode()


def jrb(*rows):
    """Rows of number, type, gross, net, commission."""
    return journal(
        JRB,
        *(f"MATCHING;7654321;20260302;{n};{t};20260303;{g};000417;{net};{c}" for n, t, g, net, c in rows),
    )


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 300)), min_size=1, max_size=20),
    st.sampled_from([100, 10_000]),
    st.sampled_from([100, 10_000]),
)
def test_scales_are_solved_whatever_they_are(sales, net_unit, commission_unit):
    gross = np.array([amount for amount, _ in sales])
    commission_hundredths = gross * np.array([rate for _, rate in sales]) // 100
    if net_unit == 100 or commission_unit == 100:
        commission_hundredths = commission_hundredths // 100 * 100
    net = (gross * 100 - commission_hundredths) // (10_000 // net_unit)
    commission = commission_hundredths // (10_000 // commission_unit)
    assume(len(list(scales.possible(gross, net, commission))) == 1)
    assert scales.solved(gross, net, commission) == Scales(net_unit, commission_unit)


def test_scales_that_rows_cannot_tell_are_those_of_the_profile():
    gross, none = np.array([5000]), np.array([0])
    assert scales.solved(gross, gross * 100, none, Scales(10_000, 10_000)) == Scales(10_000, 10_000)
    with pytest.raises(FileRefusedError):
        scales.solved(gross, gross * 100, none)
    assert scales.solved(gross, gross, none) == scales.BOTH_IN_CENTS


def test_a_row_that_no_scale_fits_is_refused_by_its_line():
    rows = [(number, "DT", 3900, 386_880, 3120) for number in range(3)]
    with pytest.raises(FileRefusedError) as refused:
        journals.read(jrb(*rows, ("000101", "DT", 3900, 386_880, 9999)))
    assert [(one.line, one.column) for one in refused.value.refusals] == [(6, "BRUT_AMOUNT")]


def test_amounts_that_64_bits_would_not_add_up_are_refused():
    with pytest.raises(FileRefusedError) as refused:
        journals.read(jrb(*((str(number), "CT", 9 * 10**16, 9 * 10**16, 0) for number in range(200))))
    assert "add up" in refused.value.refusals[0].reason


def test_a_settlement_is_rounded_once_and_a_refund_is_negative():
    found = journals.read(
        jrb(("1", "DT", 3900, 386_880, 3120), ("2", "DT", 1840, 182_528, 1472), ("3", "CT", 500, 50_000, 0))
    ).records
    settlement = found.settlements.iloc[0]
    assert (settlement["gross"], settlement["fee"], settlement["net"]) == (5240, 46, 5194)
    assert found.lines["fee_hundredths"].tolist() == [3120, 1472, 0]
    assert found.lines["net_hundredths"].tolist() == [386_880, 182_528, -50_000]


def test_an_empty_journal_was_received():
    found = journals.read(journal(JRB), "JRB_CAFE_12345678_260303.csv")
    assert (found.kind, found.details) == (journals.JournalKind.JRB, 0)
    assert journals.read(journal(JRB)).kind == journals.JournalKind.JRB


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (journal(JRB), "TEST_JRB_CAFE_12345678_260303.csv"),
        (journal(JRB, end=""), "JRB.csv"),
        (journal(JRB, "MATCHING;1", "FIN;"), "JRB.csv"),
        (b"TITRE;CAFE;V1\nENTETE;CONTRACT\nFIN", "JRB.csv"),
        (b"TITRE;CAFE;26/03/04;V1", "JRB.csv"),
    ],
)
def test_what_is_not_whole_is_refused(data, name):
    with pytest.raises(FileRefusedError):
        journals.read(data, name)


def jt(*rows):
    return journal(JT, *(f"TRANSACTION;{row}" for row in rows), end="")


def test_a_transaction_without_the_end_of_its_line_or_of_its_file_is_read():
    found = journals.read(jt("000101;7654321;DEBIT;3900;978;20260302;123109;20260303;4970.28;CAPTURED"))
    payment = found.records.payments.iloc[0]
    assert (payment["amount"], payment["currency"], payment["outcome"]) == (3900, "EUR", "accepted")
    assert f"{payment['occurred']:%Y-%m-%d %H:%M:%S}" == "2026-03-02 12:31:09"


@pytest.mark.parametrize("word", ["CAPTURED ", "PERHAPS", ""])
def test_an_unknown_status_refuses_the_file(word):
    data = jt(f"000101;7654321;DEBIT;3900;978;20260302;123109;;4970.28;{word}")
    if word.strip() == "CAPTURED":
        assert len(journals.read(data).records.payments) == 1
        return
    with pytest.raises(FileRefusedError) as refused:
        journals.read(data)
    assert refused.value.refusals[0].column == "TRANSACTION_STATUS"


@pytest.mark.parametrize("card", ["4111111111111111", "4111111111111112", "371449635398431"])
def test_a_full_card_number_is_refused_whatever_its_check_digit(card):
    with pytest.raises(FileRefusedError) as refused:
        journals.read(jt(f"000101;7654321;DEBIT;3900;978;20260302;123109;;{card};CAPTURED"))
    assert refused.value.holds_card_number


def test_personal_columns_are_never_stored_and_unknown_ones_are_dropped():
    heading = f"{JT};CUSTOMER_EMAIL;Nom du client;E-Mail;Telefon;Couleur"
    row = "TRANSACTION;1;7654321;DEBIT;3900;978;20260302;123109;;;CAPTURED;a@b.fr;X;a@b.fr;01;bleu"
    found = journals.read(journal(heading, row, end=""))
    assert [one.use for one in found.headings[-5:]] == [Use.NEVER_STORED] * 4 + [Use.DROPPED]
    assert "bleu" not in found.records.payments.to_csv()
    assert "a@b.fr" not in found.records.payments.to_csv()


def test_the_name_of_a_jrfi_gives_the_reference_of_its_transfer():
    heading = (
        "ENTETE;TRANSACTION_UUID;TRANSACTION_ID;MERCHANT_ID;"
        "PAYMENT_DATE;OPERATION_DIRECTION;GROSS_AMOUNT;NET_AMOUNT;COMMISSION_AMOUNT"
    )
    row = "DETAIL;u1;000101;70258842;20260302;DEBIT;3900;3868;32"
    name = "70258842_JRFI_V1_CL889532_CLIENT_DEMO_EUR_19100253200018.csv"
    found = journals.read(journal(heading, row, version="V1"), name)
    settlement = found.records.settlements.iloc[0]
    assert (found.kind, settlement["number"], settlement["net"]) == ("JRFI", "19100253200018", 3868)


def test_a_jrfi_is_told_by_its_direction_where_its_type_says_another_thing():
    heading = (
        "ENTETE;TRANSACTION_UUID;TRANSACTION_ID;OPERATION_TYPE;OPERATION_DIRECTION;CONTRACT;PAYMENT_DATE;"
        "GROSS_AMOUNT;NET_AMOUNT;COMMISSION_AMOUNT"
    )
    rows = (
        "DETAIL;u1;000101;SINGLE;DEBIT;7654321;20260302;3900;3868;32",
        "DETAIL;u2;000102;SINGLE;CREDIT;7654321;20260302;500;500;0",
    )
    found = journals.read(journal(heading, *rows, version="V1"), "1_JRFI_V1_CL1_CAFE_EUR_19100253200018.csv")
    assert found.records.lines["kind"].tolist() == ["sale", "refund"]
    assert found.records.settlements["net"].tolist() == [3368]


@pytest.mark.parametrize("written", ["2026-03-04T10:05Z", "2026-03-04T10:05:00Z", "2026-03-04T10:05+00:00"])
def test_the_title_of_a_third_version_has_its_moment_in_iso_8601(written):
    data = jrb(("000101", "DT", 3900, 386_880, 3120)).replace(b"26/03/04_10:05:00", written.encode())
    assert str(journals.read(data).made_at) == "2026-03-04 10:05:00"


def test_a_heading_that_nobody_knows_is_missed_by_its_field_and_not_called_an_unknown_word():
    data = journal(JT.replace("TRANSACTION_STATUS", "State"), JT_ROW, end="")
    with pytest.raises(FileRefusedError) as refused:
        journals.read(data)
    (only,) = refused.value.refusals
    assert (only.line, only.column, only.params) == (3, "status", {"alias": "HEADING=status"})
    assert "--alias HEADING=status" in only.text()


def test_a_card_number_is_refused_under_the_heading_of_the_file():
    heading = JT.replace("CURRENCY_CODE", "ORDER_ID")
    data = journal(heading, JT_ROW.replace(";978;", ";4970101122334455;"), end="")
    with pytest.raises(FileRefusedError) as refused:
        journals.read(data)
    assert [(one.line, one.column) for one in refused.value.refusals] == [(3, "ORDER_ID")]


@pytest.mark.parametrize(
    ("heading", "detail", "field", "column"),
    [
        (
            "ENTETE;N° contrat;Date paiement;N° transaction;Opération;Montant;Date opération",
            "OPERATION;7654321;20260302;000101;CREDIT;500;20260303",
            "operation_amount",
            "Montant",
        ),
        (
            "ENTETE;Contrat;Date paiement;Transaction;Type;Date de remise;Montant;Montant net;Commission",
            "MATCHING;7654321;20260302;000101;DT;20260303;500;495;5",
            "remittance_date",
            "Date de remise",
        ),
        (
            "ENTETE;N° contrat;Date paiement;N° transaction;Type;Montant;Motif",
            "DETAIL;7654321;20260302;000101;D;500;45",
            "source_amount",
            "Montant",
        ),
        (
            "ENTETE;N° contrat;Date paiement;N° transaction;Type;Date de remise;Montant;État",
            "TRANSACTION;7654321;20260302;000101;DEBIT;20260303;500;CAPTURED",
            "capture_date",
            "Date de remise",
        ),
    ],
)
def test_a_heading_means_what_its_kind_of_journal_speaks_of(heading, detail, field, column):
    """One source delivers all of them: an alias of the one would be another's loss."""
    found = journals.read(journal(heading, detail).decode().encode("latin-1"))
    assert {one.field: one.text for one in found.headings}[field] == column


def test_a_heading_of_its_own_leaves_the_other_what_it_is():
    heading = f"{JRB};Date de remise"
    found = journals.read(journal(heading, "MATCHING;7654321;20260302;1;DT;20260303;500;17;495;5;20260309"))
    assert {one.field: one.text for one in found.headings}["remittance_date"] == "REMITTANCE_DATE"
