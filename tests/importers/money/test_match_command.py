"""``bordereau mapping match``: what statements would credit of the remittances that are there."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from importers.cli import mapping
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written


@pytest.fixture
def known(operator: Operator, monkeypatch) -> Operator:
    """A portal with one night: a remittance of 39,00 and one of 18,40, of one contract."""
    operator.declare({}, {"rank": "701", "application": "CBCLESS"})
    operator.deliver(
        File(
            remittances=(
                Rem(transactions=(Trx(amount=3900),)),
                Rem(rank="701", application="CBCLESS", number="000418", transactions=(Trx(amount=1840),)),
            )
        )
    )
    monkeypatch.setattr("importers.cli.ready", lambda _config: operator.database)
    return operator


def matched(known: Operator, *lines: MovementLine, merchant: str):
    path = known.folder / "statement.txt"
    path.write_bytes(written(Statement(lines)))
    return CliRunner().invoke(mapping, ["match", "--merchant", merchant, str(path)])


def test_lines_are_shown_with_their_remittances_and_the_rule(known):
    code = known.value("SELECT code FROM merchant WHERE id <> 0")
    done = matched(
        known, MovementLine(5740, label="TPE765432101"), MovementLine(-100, code="B1"), merchant=code
    )
    assert done.exit_code == 0, done.output
    assert "000417, 000418" in done.output
    assert "the sum of a day of the contract" in done.output or "la somme d’un jour" in done.output


def test_what_the_bank_does_not_pay_is_not_missed_and_commissions_are_summed(known):
    known.declare({"contract": "8268250702", "application": "AMEX"})
    code = known.value("SELECT code FROM merchant WHERE id <> 0")
    amex = Rem(contract="8268250702", application="AMEX", number="000500", transactions=(Trx(amount=2500),))
    known.deliver(File(key="second", remittances=(amex,)))
    fees = (
        MovementLine(-100, code="62", label="COMMISSION CB"),
        MovementLine(-23, code="62", label="COM CB"),
    )
    done = matched(known, MovementLine(999, code="30", label="REMISE CB"), *fees, merchant=code)
    assert done.exit_code == 0, done.output
    assert "000500" not in done.output
    paid_elsewhere = re.search(r"autre que la banque, non cherchées\s: 1\n\s+25,00", done.output)
    assert paid_elsewhere, done.output
    assert re.search(r"à part\s: 2\n\s+−1,23", done.output), done.output
    assert re.search(r"n’expliquent aucune remise\s: 1\n.*9,99\s€ \(Remise\)", done.output), done.output


def test_an_unknown_merchant_is_named(known):
    done = matched(known, MovementLine(5740), merchant="NOBODY")
    assert (done.exit_code, "NOBODY" in done.output) == (1, True)
