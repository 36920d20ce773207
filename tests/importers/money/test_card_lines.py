"""Which lines of a statement are card money: each test of the table once, and what must never be."""

from __future__ import annotations

import random
import time

import pandas as pd
import pytest

from importers import card_lines
from importers.card_lines import LabelPatterns
from importers.refusals import FileRefusedError


def line(code, label, amount, details="", payer=""):
    row = {
        "code": code,
        "label": label,
        "amount": amount,
        "details": details,
        "payer": payer,
        "reference": "",
    }
    return pd.DataFrame([row])


@pytest.mark.parametrize(
    ("code", "label", "amount", "kind"),
    [
        ("30", "FACTURES CARTES REMISES", 5740, "remittance"),
        ("30", "FACTURES CARTES REMISES", -5740, "refund"),
        ("PMNT/MCRD/POSP", "", 5740, "remittance"),
        ("36", "REMISE CREDIT CB 7654321001", -500, "refund"),
        ("36", "REMISE LCC A L'ESCOMPTE", 500, None),
        ("38", "IMPAYE CB DU 10/02/26", -1800, "chargeback"),
        ("38", "LCC A L'ESCOMPTE", 1800, None),
        ("91", "IMPAYE CB DU 10/02/26", 1800, "chargeback_reversal"),
        ("PMNT/MCRD/UPCT", "", -1800, "chargeback"),
        ("62", "COM REMISE CB 0000417", -46, "fee"),
        ("62", "COMMISSION CARTE", -46, "fee"),
        ("62", "COTISATION CARTE BANCAIRE", -50, None),
        ("67", "TVA SUR COM CB", -9, None),
        ("PMNT/MCRD/COMM", "", -46, "fee"),
        ("05", "VIR SEPA AMERICAN EXPRESS", 2760, "payout"),
        ("18", "VIR UPSTREAM SAS", 2760, None),
        ("05", "VIR AMERICAN EXPRESS", -2760, None),
        ("91", "REMCB00096 NB0001 CBD657856601", 100, "remittance"),
        ("11", "TPE735945201", 100, "remittance"),
        ("28", "CARTE X4030 PHARMACIE", -10, None),
        ("29", "RETRAIT DAB", -20, None),
        ("B1", "PRLV SEPA EDF", -60, None),
    ],
)
def test_a_line_has_the_kind_that_its_code_and_label_give_it(code, label, amount, kind):
    assert card_lines.kinds(line(code, label, amount)).tolist() == [kind]


def test_a_fee_is_kept_for_a_number_of_ours_alone():
    fee = line("62", "FRAIS 7654321", -46)
    assert card_lines.kinds(fee).tolist() == [None]
    assert card_lines.kinds(fee, numbers=["7654321"]).tolist() == ["fee"]
    assert card_lines.kinds(fee, numbers=["765432"]).tolist() == [None]


def test_a_payer_in_a_complement_makes_a_payout():
    assert card_lines.kinds(line("18", "VIR SEPA", 100, payer="Édenred France")).tolist() == ["payout"]


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("REMISE CB 7654321001", {"contract_number": "7654321", "contract_rank": "001"}),
        ("REMISE CB 5091540010", {"contract_number": "5091540", "contract_rank": "010"}),
        ("REMCB00096 NB0001 CBD657856601", {"remittance_number": "00096", "contract_number": "6578566"}),
        ("TPE735945201", {"contract_number": "7359452"}),
        ("CB CAFE DE LA FICTION 180126", {"sold_on": "180126"}),
        ("VIR AMERICAN EXPRESS PAYMENT 065A6808", {"settlement_number": "065A6808"}),
        ("ADYEN BATCH 417", {"settlement_number": "417"}),
        ("STRIPE po_1AbC", {"settlement_number": "PO_1ABC"}),
        ("VIREMENT", {}),
    ],
)
def test_labels_hint_at_contracts_numbers_and_days(label, hint):
    found = card_lines.hints(line("30", label, 100)).iloc[0]
    assert {name: value for name, value in found.items() if value} == hint


OWN = LabelPatterns(
    own={
        r"^CB .* [0-9]{6}$": "remittance",
        r"^ANNUL CB (?P<contract_number>[0-9]{7})": "refund",
        r"FRAIS TPE ÉLEC": "fee",
        r"REMISE CB TEST": "ignored",
    },
    own_payers={r"AMEX FR\b": "American Express"},
)


@pytest.mark.parametrize(
    ("label", "amount", "kind"),
    [
        ("CB CAFE DE LA FICTION 180126", 5740, "remittance"),
        ("cb café de la fiction 180126", 5740, "remittance"),
        ("CB CAFE DE LA FICTION 180126", -5740, None),  # the merchant's own card
        ("ANNUL CB 7654321", -500, "refund"),
        ("ANNUL CB 7654321", 500, None),
        ("Frais TPE Elec", -900, "fee"),
        ("REMISE CB TEST", 100, None),
        ("REMISE CB 7654321001", 100, "remittance"),
        ("VIR AMEX FR 065A6808", 2760, "payout"),
        ("VIR AMEX FRANCE", 2760, None),
    ],
)
def test_a_source_says_what_its_own_labels_are(label, amount, kind):
    assert card_lines.kinds(line("", label, amount), OWN).tolist() == [kind]


def test_the_groups_of_a_pattern_of_ones_own_are_hints():
    found = card_lines.hints(line("", "ANNUL CB 7654321", -500), OWN).iloc[0]
    assert found["contract_number"] == "7654321"
    assert card_lines.hints(line("30", "REMISE CB 7654321001", 100), OWN).iloc[0]["contract_rank"] == "001"
    apart = line("", "ANNUL", -500, details="CB 7654321")
    assert card_lines.kinds(apart, OWN).tolist() == ["refund"]
    assert card_lines.hints(apart, OWN).iloc[0]["contract_number"] == "7654321"


def test_the_payer_of_a_pattern_of_ones_own_has_the_name_that_acquirers_have():
    assert card_lines.payers(line("05", "VIR AMEX FR 1", 100), OWN).tolist() == ["AMERICAN EXPRESS"]
    assert card_lines.payers(line("05", "VIR", 100, payer="Amex FR"), OWN).tolist() == ["AMERICAN EXPRESS"]
    assert card_lines.payers(line("05", "VIR", 100), OWN).tolist() == [""]


@pytest.mark.parametrize(
    "pattern", ["(", "(?P<amount>x)", "(?P<sold_on>x)(y)", "(?=x)", r"\1", f"({'k' * 190}){{1000}}"]
)
def test_a_pattern_that_cannot_be_is_known(pattern):
    assert not card_lines.is_label_pattern(pattern)


def test_no_pattern_takes_for_ever():
    assert card_lines.is_label_pattern("(a+)+$")
    slow = LabelPatterns(own={"(a+)+$": "remittance"})
    assert card_lines.kinds(line("", "A" * 2000 + "B", 100), slow).tolist() == [None]


def _many_lines(count, length=400):
    """Lines over which the machine of a pattern never finds a state that it has been in."""
    letters = random.Random(1)
    labels = ["".join(letters.choices("AB", k=length)) for _ in range(count)]
    return pd.concat([line("", label, 100) for label in labels], ignore_index=True)


SLOW = r"(?:.{0,30}A){30}C"


@pytest.mark.probes("files in")
@pytest.mark.parametrize(
    "asked",
    [
        lambda lines, own: card_lines.kinds(lines, LabelPatterns(own=dict.fromkeys(own, "fee"))),
        lambda lines, own: card_lines.kinds(lines, LabelPatterns(own_payers=dict.fromkeys(own, "X"))),
        lambda lines, own: card_lines.payers(lines, LabelPatterns(own_payers=dict.fromkeys(own, "X"))),
        lambda lines, own: card_lines.hints(
            lines, LabelPatterns(own={f"(?P<contract_rank>B){one}": "fee" for one in own})
        ),
    ],
)
def test_patterns_of_a_source_take_no_more_than_their_time_together(asked, monkeypatch):
    """All other files wait for this one: fifty of these would take hours."""
    monkeypatch.setattr(card_lines, "PATTERN_SECONDS", 1.0)
    patterns = [f"{SLOW}{number}" for number in range(50)]
    began = time.thread_time()
    with pytest.raises(FileRefusedError, match="say them more simply"):
        asked(_many_lines(200), patterns)
    assert time.thread_time() - began < 8


def test_a_large_statement_has_time_for_patterns_as_they_are():
    lines = pd.concat([_many_lines(500, 60)] * 20, ignore_index=True)
    own = {f"VIR.* SOC {number} .*": "payout" for number in range(50)}
    assert card_lines.kinds(lines, LabelPatterns(own=own)).notna().sum() == 0
