"""REMISE-TPE is read strictly: every rule of the format page refuses what breaks it, and says where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wording.i18n import speaking
from importers.formats import remise_tpe
from importers.refusals import FileRefusedError, Refusal
from tests.importers.files import File, Rem, Trx

NIGHT = File(
    remittances=(
        Rem(
            transactions=(
                Trx(),
                Trx(sequence="000102", outcome="REFUSEE", amount=1800),
                Trx(sequence="000103", operation="CREDIT", amount=500),
                Trx(sequence="000104", operation="PREAUTO", amount=9000),
            )
        ),
        Rem(rank="701", application="CBCLESS", number="000418", transactions=()),
    )
)


def refused(data: bytes) -> tuple[Refusal, ...]:
    with pytest.raises(FileRefusedError) as caught:
        remise_tpe.read(data)
    return caught.value.refusals


def test_a_file_becomes_payments_with_their_sums() -> None:
    payments = remise_tpe.read(NIGHT.data())
    assert payments.header.source == "demo-host"
    assert payments.header.created_at is not None
    assert payments.header.created_at.isoformat() == "2026-03-03T02:00:00+01:00"
    first, empty = payments.remittances.to_dict("records")
    assert (first["debit_count"], first["debit_amount"]) == (1, 3900)
    assert (first["declined_count"], first["refund_amount"], first["net_amount"]) == (1, 500, 3400)
    assert first["transaction_count"] == 4
    assert empty["transaction_count"] == 0
    assert payments.transactions["type"].tolist() == ["debit", "debit", "refund", "preauthorisation"]
    assert payments.transactions["card_bin"].tolist() == ["497010"] * 4
    assert payments.transactions["card_last4"].tolist() == ["0028"] * 4


@pytest.mark.parametrize(
    "change", [lambda d: d, lambda d: b"\xef\xbb\xbf" + d, lambda d: d.replace(b"\n", b"\r\n")]
)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_bom_line_ends_and_the_last_one_are_tolerated(change, end: bytes) -> None:
    data = change(NIGHT.data()).rstrip(b"\r\n") + end
    assert len(remise_tpe.read(data).transactions) == 4


def test_a_file_of_no_remittance_is_legal() -> None:
    assert len(remise_tpe.read(File(remittances=()).data()).remittances) == 0


def test_unknown_words_are_kept_as_received() -> None:
    payments = remise_tpe.read(File(remittances=(Rem(application="NOUVEAU"),)).data())
    assert payments.remittances["application"].tolist() == ["NOUVEAU"]


def test_ticket_lines_belong_to_the_line_above() -> None:
    rem = Rem(
        ticket=("TELECOLLECTE", ""),
        transactions=(Trx(ticket=("CARTE BANCAIRE", "  MERCI")), Trx(sequence="2")),
    )
    payments = remise_tpe.read(File(remittances=(rem,)).data())
    assert payments.remittances["ticket"].tolist() == ["TELECOLLECTE\n"]
    first = payments.transactions["ticket"][0]
    assert first == "CARTE BANCAIRE\n  MERCI"
    assert payments.transactions["ticket"].isna().tolist() == [False, True]


def test_a_card_may_hide_all_but_its_end() -> None:
    rem = Rem(transactions=(Trx(card="************0044"),))
    payments = remise_tpe.read(File(remittances=(rem,)).data())
    assert payments.transactions["card_bin"].isna().all()
    assert payments.transactions["card_last4"].tolist() == ["0044"]


@pytest.mark.parametrize(
    ("before", "after", "line", "column"),
    [
        (";COMPLET;", ";TOUT;", 1, "content"),
        (";1;demo", ";2;demo", 1, "version"),
        ("02:00:00+01:00", "02:00:00", 1, "created at"),
        (";7654321;", ";76-54;", 2, "contract"),
        (";001;CBEMV", ";1;CBEMV", 2, "rank"),
        (";CBEMV;", ";;", 2, "application"),
        (";000417;", ";12345678;", 2, "batch number"),
        (";30004;", ";3000;", 2, "bank code"),
        (";EUR;", ";euro;", 2, "currency"),
        ("2026-03-02T23:15:07", "02/03/2026", 2, "collected at"),
        ("2026-03-02T23:15:07", "2026-02-30T23:15:07", 2, "collected at"),
        (";CORRECTE;", ";PARFAITE;", 2, "status"),
        ("TRX;000101;", "TRX;;", 3, "sequence number"),
        ("TRX;000102;", "TRX;101;", 4, "sequence number"),
        (";3900;", ";39,00;", 3, "amount"),
        (";3900;", ";-3900;", 3, "amount"),
        (";3900;", ";３９００;", 3, "amount"),
        (";497010******0028;1228;PUCE", ";49701012****0028;1228;PUCE", 3, "card"),
        (";1228;", ";1328;", 3, "expiry"),
        ("TOT;DEBT;1;3900", "TOT;DEBT;1;3901", 7, "amount"),
        ("TOT;DECL;1;1800", "TOT;DECL;2;1800", 11, "count"),
        ("TOT;CRDT;1;500", "TOT;DEBT;1;500", 9, "total type"),
        ("FRM;000417;4;3400", "FRM;000416;4;3400", 13, "batch number"),
        ("FRM;000417;4;3400", "FRM;000417;5;3400", 13, "number of transactions"),
        ("FRM;000417;4;3400", "FRM;000417;4;3401", 13, "net"),
        ("FIN;2;4", "FIN;3;4", 22, "number of remittances"),
        ("FIN;2;4", "FIN;2;3", 22, "number of transactions"),
        (";001;219300290018;", ";1;219300290018;", 2, "terminal number"),
    ],
)
def test_a_wrong_column_is_named_with_its_line_and_never_shown(before, after, line, column) -> None:
    text = NIGHT.text()
    assert before in text
    refusals = refused(text.replace(before, after, 1).encode())
    assert (refusals[0].line, refusals[0].column) == (line, column)
    said = refusals[0].text()
    assert str(line) in said
    wrong = after.strip(";").split(";")[-1]
    assert len(wrong) < 4 or wrong not in said or wrong in NIGHT.text()


def test_totals_that_come_alone_have_no_amount_where_they_count_none() -> None:
    """Else an empty remittance, of which nothing is to pay, would bring money."""
    text = File(remittances=(Rem(transactions=()),), content="TELECOLLECTES").text()
    brings = text.replace("TOT;DEBT;0;0", "TOT;DEBT;0;3900").replace("FRM;000417;0;0", "FRM;000417;0;3900")
    (one,) = refused(brings.encode())
    assert (one.line, one.column) == (3, "amount")
    assert remise_tpe.read(text.encode()).remittances["net_amount"].tolist() == [0]


def test_what_a_column_may_hold_is_said_as_a_person_would() -> None:
    """In a sentence that goes on from its place, in both languages."""
    night = NIGHT.text()
    (one,) = refused(night.replace(";CORRECTE;", ";PARFAITE;", 1).encode())
    with speaking("en"):
        assert one.text() == "line 2, column “status”: must be CORRECTE, REJETEE or INCOMPLETE"
    with speaking("fr"):
        said = one.text().replace("\u00a0", " ")
        assert said == "ligne 2, colonne « statut » : doit être CORRECTE, REJETEE ou INCOMPLETE"
        assert refused(night.replace(";1;demo", ";2;demo", 1).encode())[0].words() == "doit être 1"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda t: t.replace("FIN;2;4\n", ""), 21),
        (lambda t: t.replace("PUCE;CB;", "PUCE;CB;;", 1), 3),
        (lambda t: t.replace("TOT;FAIL;0;0\n", "", 1), 12),
        (lambda t: t.replace("TRX;000102", "TRY;000102"), 4),
        (lambda t: t + "REM\n", 23),
        (lambda t: t.replace("\nFIN", "\n\nFIN"), 22),
        (lambda t: t.replace("VISA CLASSIC", "VISA\tCLASSIC", 1), 3),
        (lambda t: t.replace("VISA CLASSIC", "VISA\x85CLASSIC", 1), 3),
        (lambda t: t.replace("VISA CLASSIC", "VISA\u202eCLASSIC", 1), 3),
        (lambda t: t.replace("FRM;000417;4;3400\n", ""), 13),
        (lambda t: t.replace("\n", "\r", 1), 1),
    ],
)
def test_a_wrong_shape_is_named_with_its_line(change, line: int) -> None:
    assert refused(change(NIGHT.text()).encode())[0].line == line


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refused(NIGHT.data().replace(b"BNP", b"BN\xff", 1))[0].line == 3
    assert refused(b"")


def test_the_same_remittance_twice_in_a_file_is_refused() -> None:
    twins = File(remittances=(Rem(), Rem(collected="2026-03-02T23:59:59")))
    assert refused(twins.data())[0].column == "batch number"
    another_day = File(remittances=(Rem(), Rem(collected="2026-03-03T00:00:01")))
    assert len(remise_tpe.read(another_day.data()).remittances) == 2


def test_many_faults_are_all_named_up_to_a_limit() -> None:
    rem = Rem(transactions=tuple(Trx(sequence=f"{n:06}", expiry="9999") for n in range(60)))
    lines = [refusal.line for refusal in refused(File(remittances=(rem,)).data())]
    assert lines == list(range(3, 23))


def test_the_faults_of_the_first_record_with_any_are_named_however_they_are_read() -> None:
    """Kinds of records are read one after another: which comes first decides nothing."""
    wrong = (
        NIGHT.text().replace("\nTRX;", "\nTRX;x").replace("\nREM;", "\nREM;?").replace("\nTOT;", "\nTOT;?")
    )
    lines = [row for row, line in enumerate(wrong.splitlines(), start=1) if line.startswith("REM;")]
    assert {refusal.line for refusal in refused(wrong.encode())} == set(lines)


@pytest.mark.parametrize(
    ("before", "after"), [("497010", " 497010"), (";CB;", ";CB\u00a0;"), (";CB;", ";\u202fCB;")]
)
def test_blanks_around_a_value_are_no_part_of_it_and_those_of_a_ticket_are(before: str, after: str) -> None:
    printed = File(remittances=(Rem(transactions=(Trx(ticket=("  CARTE", "FIN ")),)),))
    payments = remise_tpe.read(printed.text().replace(before, after).encode())
    assert payments.transactions[["card_bin", "scheme"]].to_numpy().tolist() == [["497010", "CB"]]
    assert payments.transactions["ticket"].tolist() == ["  CARTE\nFIN "]


@given(st.data())
def test_whatever_is_done_to_a_file_only_a_refusal_comes_out(data) -> None:
    original = NIGHT.data()
    place = data.draw(st.integers(0, len(original) - 1))
    cut = data.draw(st.integers(0, 40))
    piece = data.draw(st.binary(max_size=40))
    try:
        outcome = remise_tpe.read(original[:place] + piece + original[place + cut :])
    except FileRefusedError as refusal:
        outcome = refusal.refusals
    assert outcome


@given(st.integers(0, len(NIGHT.text().splitlines()) - 1), st.booleans())
def test_a_line_lost_or_doubled_is_always_noticed(number: int, double: bool) -> None:
    lines = NIGHT.text().splitlines()
    lines[number : number + 1] = [lines[number]] * 2 if double else []
    assert refused(("\n".join(lines) + "\n").encode())
