"""``bordereau mapping match``: what statements would credit of the remittances that are there."""

from __future__ import annotations

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


def test_an_unknown_merchant_is_named(known):
    done = matched(known, MovementLine(5740), merchant="NOBODY")
    assert (done.exit_code, "NOBODY" in done.output) == (1, True)
