"""``bordereau mapping try``: what is understood of a file, before anything is loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from app.models import MovementKind, SettlementLineKind, SettlementState
from importers import shown_values
from importers.cli import mapping
from importers.explain import _PARTS
from tests.importers.conftest import Operator
from tests.importers.money.test_amex import quoted, records
from tests.importers.money.test_bank_statements_stored import HEADING, declaration
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written
from tests.importers.money.test_journals import jrb
from tests.importers.money.test_mapped_csv import MINE, OF_MINE


def tried(tmp_path, data, *options, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(data)
    return CliRunner().invoke(mapping, ["try", *options, str(path)])


def test_a_declaration_is_named_and_not_said_to_be_set_aside(tmp_path):
    """It would be loaded: it is no money, and another command says what it brings."""
    done = tried(tmp_path, HEADING.encode() + b"acme;FICTION;FR7699999000010000000000115;;;;;*\n")
    assert done.exit_code == 0, done.output
    assert "COMPTES" in done.output
    assert "bordereau import --dry-run" in done.output


def test_a_statement_is_explained_without_its_account_or_its_other_lines(tmp_path):
    lines = (MovementLine(5740), MovementLine(-1500, code="B1", label="SALAIRE DE MARTIN"))
    done = tried(tmp_path, written(Statement(lines, account="00020828502")))
    assert done.exit_code == 0, done.output
    assert "CFONB 120" in done.output
    assert "•••• 8502" in done.output
    assert "00020828502" not in done.output
    assert "MARTIN" not in done.output
    assert "Remise" in done.output
    assert "57,40 EUR" in done.output
    assert "prouvés par leurs soldes" in done.output


def test_a_journal_shows_columns_and_the_proof_of_its_scales(tmp_path):
    done = tried(tmp_path, jrb(("000101", "DT", 3900, 386_880, 31)))
    assert done.exit_code == 0, done.output
    for words in ("NET_AMOUNT → net", "1/10000", "1/100", "39,00", "0,3100"):
        assert words in done.output


def test_a_journal_that_lacks_a_heading_shows_what_became_of_all_of_them(tmp_path):
    done = tried(tmp_path, jrb(("000101", "DT", 3900, 386_880, 31)).replace(b"NET_AMOUNT", b"Encaisse"))
    assert done.exit_code == 1
    for words in ("Encaisse → ignorée", "BRUT_AMOUNT → gross", "--alias HEADING=net"):
        assert words in done.output


def test_no_code_and_no_heading_is_left_without_words():
    parts = [part for parts in _PARTS.values() for part in parts]
    assert {name for part in parts for name in part.shown} == set(shown_values._HEADINGS)
    kinds = {kind.value for kind in (*MovementKind, *SettlementLineKind)}
    assert kinds == set(shown_values._WORDS["kind"])
    assert {state.value for state in SettlementState} == set(shown_values._WORDS["state"])


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--cards", "mask"), 0)])
def test_card_numbers_are_refused_or_masked_and_never_shown(tmp_path, options, code):
    done = tried(tmp_path, quoted(records(card="371449635398431"), ","), *options)
    assert done.exit_code == code
    assert "371449635398431" not in done.output


@pytest.fixture
def bank(operator: Operator, monkeypatch) -> Operator:
    operator.declare({})
    operator.deliver(declaration(operator))
    operator.bind("bank", role="money", inbox="bank")
    monkeypatch.setattr("importers.cli.ready", lambda _config: operator.database)
    return operator


def test_a_try_for_a_source_says_what_is_new_known_and_in_conflict_and_leaves_nothing(bank, tmp_path):
    monday, tuesday = Statement((MovementLine(5740),)), Statement((MovementLine(1840),), day=date(2026, 3, 4))
    bank.deliver_to("bank", written(monday), "monday.txt")
    done = tried(tmp_path, written(monday, tuesday), "--source", "bank")
    assert done.exit_code == 0, done.output
    assert "1 relevé bancaire, 1 ligne monétique" in done.output
    assert "1 relevé déjà connu" in done.output
    other = replace(monday, lines=(MovementLine(5741),))
    contradicted = tried(tmp_path, written(other, tuesday), "--source", "bank")
    assert contradicted.exit_code == 1
    assert "mis en quarantaine" in contradicted.output
    assert "relevé 1" in contradicted.output
    assert "même est déjà chargé" in tried(tmp_path, written(monday), "--source", "bank").output
    assert bank.value("SELECT count(*) FROM bank_statement") == 1
    assert bank.value("SELECT count(*) FROM import_file WHERE status = 'quarantined'") == 0


def test_a_try_for_a_source_shows_which_contract_a_label_names(bank, tmp_path):
    """Whoever sees none there would say labels of a bank that is understood."""
    (number,) = bank.rows("SELECT DISTINCT number FROM contract WHERE merchant_id <> 0")[0]
    line = MovementLine(5740, label=f"REMISE CARTES DU 0303 {number}")
    done = tried(tmp_path, written(Statement((line,))), "--source", "bank")
    assert re.search(rf"57,40 +30 +{number}", done.output), done.output
    assert number not in tried(tmp_path, written(Statement((line,)))).output


def test_a_try_for_a_source_by_another_mapping_says_what_that_would_bring(bank, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE, encoding="utf-8")
    done = tried(tmp_path, OF_MINE.encode(), "--source", "bank", "--mapping", str(mine))
    assert done.exit_code == 0, done.output
    assert "Frais → fee" in done.output
    assert "apporterait\xa0: 1 règlement, 1 ligne de règlement" in done.output
    assert bank.value("SELECT count(*) FROM settlement") == 0
    assert bank.value("SELECT settings ->> 'mapping' FROM source WHERE name = 'bank'") is None


def test_a_file_of_no_known_format_says_so(tmp_path):
    done = tried(tmp_path, b"hello\n")
    assert done.exit_code == 1
    assert "line 1" in done.output or "ligne 1" in done.output
