"""A file into the database: whole or not at all, and once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime

import pytest

from app.database.engine import DatabaseRole
from importers.files import sources
from importers.jobs import load_inbox
from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import BOTH, NIGHT, THREE, File, Rem, Trx, written
from tests.waiting import HANGS


def test_a_night_is_loaded_to_the_cent(operator: Operator) -> None:
    operator.declare(*BOTH)
    result = operator.deliver(NIGHT)
    assert result.status is Status.LOADED
    assert (result.counts, result.kept_aside) == ({"remittances": 2, "transactions": 3}, 0)
    assert result.sums == {"EUR": {"count": 3, "net": 3400}}
    assert operator.rows(
        "SELECT number, transaction_count, net_amount, declined_amount, seal, status, has_totals,"
        " collected_on FROM remittance ORDER BY id"
    ) == [
        ("000417", 3, 3400, 1800, "complete", "correct", True, date(2026, 3, 2)),
        ("000417", 0, 0, 0, "complete", "correct", True, date(2026, 3, 2)),
    ]
    assert operator.rows(
        "SELECT sequence_number, type, outcome, amount, remitted, occurred_local, authorisation_number"
        " FROM transaction ORDER BY sequence_number"
    ) == [
        ("000101", "debit", "accepted", 3900, True, datetime(2026, 3, 2, 12, 31, 9), "123456"),
        ("000102", "debit", "declined", 1800, False, datetime(2026, 3, 2, 12, 31, 9), "123456"),
        ("000103", "refund", "accepted", 500, True, datetime(2026, 3, 2, 12, 31, 9), "123456"),
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()
    assert [row[3:] for row in operator.sums_kept("contract_id = 0")] == [
        row[3:] for row in operator.sums_from_rows()
    ]


def test_the_same_bytes_again_are_a_no_op_whatever_their_name(operator: Operator) -> None:
    operator.deliver(NIGHT)
    before = operator.digest()
    again = operator.deliver(NIGHT, "another name.csv")
    assert again.status is Status.KNOWN
    assert not again.refused
    assert operator.digest() == before
    assert operator.count("import_file") == 1


#: Processes that load the same file: forked once all is imported, which takes a second, they begin together.
_EIGHT_AT_ONCE = """
import os, sys
from pathlib import Path
from app.database.engine import Database
from app.database.login_addresses import Addresses
from importers.load import load_file
any(os.fork() == 0 for _ in range(7))
database = Database(Addresses(importer=sys.argv[1]))
loaded = load_file(database, Path(sys.argv[2]), Path(sys.argv[3]))
sys.stdout.write(f"{loaded.status}\\n")  # in one piece: eight write to one pipe
"""


def test_eight_processes_at_once_load_it_once(operator: Operator) -> None:
    path = NIGHT.write(operator.folder)
    given = [operator.database.addresses.importer, str(path), str(operator.data)]
    words = [sys.executable, "-W", "ignore", "-c", _EIGHT_AT_ONCE, *given]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=HANGS).stdout
    assert sorted(said.split()) == ["known"] * 7 + ["loaded"]
    assert operator.count("transaction") == 3


def test_the_same_file_id_with_other_bytes_is_a_conflict(operator: Operator) -> None:
    operator.deliver(NIGHT)
    before = operator.digest()
    corrected = NIGHT.but(remittances=(Rem(transactions=(Trx(amount=4200),)),))
    result = operator.deliver(corrected)
    assert result.refused
    assert (result.refusals[0].line, result.refusals[0].column) == (1, "file id")
    assert operator.digest() == before


def test_a_replacement_takes_the_place_of_the_earlier_rows(operator: Operator) -> None:
    operator.declare(*BOTH)
    operator.deliver(NIGHT)
    corrected = NIGHT.but(remittances=(Rem(status="REJETEE", transactions=(Trx(amount=4200),)),))
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert operator.rows("SELECT amount, remitted FROM transaction") == [(4200, False)]
    assert operator.rows("SELECT net_amount, status, seal FROM remittance") == [
        (4200, "rejected", "complete")
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()
    assert operator.rows("SELECT status FROM import_file WHERE format = 'REMISE-TPE' ORDER BY id") == [
        ("superseded",),
        ("loaded",),
    ]
    assert operator.deliver(NIGHT).status is Status.KNOWN


def test_a_replacement_leaves_what_another_file_brought(operator: Operator) -> None:
    operator.declare(*BOTH)
    rem = Rem(transactions=THREE)
    totals = File(remittances=(rem,), key="totals", content="TELECOLLECTES")
    operator.deliver(totals)
    operator.deliver(File(remittances=(rem,), key="payments", content="TRANSACTIONS"))
    assert operator.value("SELECT seal FROM remittance") == "complete"
    corrected = totals.but(remittances=(Rem(status_text="REPRISE", transactions=THREE[:2]),))
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert operator.rows(
        "SELECT seal, status_text, transaction_count, received_count, net_amount, received_net"
        " FROM remittance"
    ) == [("differs", "REPRISE", 2, 3, 3900, 3400)]
    assert operator.count("transaction") == 3


def test_a_refused_file_leaves_nothing_but_its_reason(operator: Operator) -> None:
    bad = NIGHT.data().replace(b"TOT;DEBT;1;3900", b"TOT;DEBT;1;3901")
    result = operator.deliver(bad)
    assert result.refused
    assert [operator.count(table) for table in ("remittance", "transaction", "contract", "source")] == [0] * 4
    assert operator.rows('SELECT line, "column" FROM import_refusal') == [(6, "amount")]
    assert len(list((operator.data / "quarantine").iterdir())) == 1
    again = operator.deliver(bad)
    assert again.refused
    assert operator.count("import_file") == 1


def test_a_refused_file_that_is_mended_is_loaded(operator: Operator) -> None:
    operator.deliver(NIGHT.data().replace(b"FIN;2;3", b"FIN;2;4"))
    assert operator.deliver(NIGHT).status is Status.LOADED


def test_a_copy_leaves_the_quarantine_once_its_file_is_loaded(operator: Operator) -> None:
    operator.deliver(NIGHT)
    corrected = NIGHT.but(remittances=(Rem(transactions=(Trx(amount=4200),)),))
    assert operator.deliver(corrected).refused
    assert [copy.read_bytes() for copy in (operator.data / "quarantine").iterdir()] == [corrected.data()]
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert list((operator.data / "quarantine").iterdir()) == []


def test_a_trial_changes_nothing(operator: Operator) -> None:
    result = operator.deliver(NIGHT, dry_run=True)
    assert (result.status, result.counts["transactions"]) == (Status.LOADED, 3)
    assert operator.deliver(b"nonsense", dry_run=True).refused
    assert operator.count("import_file") == 0
    assert operator.count("contract") == 0
    assert list(operator.data.iterdir()) == []


def test_a_card_number_is_found_nowhere_afterwards(
    operator: Operator, capfd: pytest.CaptureFixture[str]
) -> None:
    number = "4111111111111111"
    bad = File(remittances=(Rem(transactions=(Trx(order=number), Trx(sequence="2", ticket=(number,)))),))
    result = operator.deliver(bad)
    assert result.refused
    assert all(refusal.is_card_number for refusal in result.refusals)
    kept = "".join(
        str(row)
        for table in ("import_file", "import_refusal")
        for row in operator.rows(f"SELECT * FROM {table}")
    )
    assert number not in kept + str(result) + "".join(capfd.readouterr())
    assert [path for path in operator.data.rglob("*") if path.is_file()] == []
    assert operator.count("remittance") == 0


def test_what_looks_like_a_card_is_loaded_without_it_where_it_may_be(operator: Operator) -> None:
    number, hidden = "4111111111111111", "************1111"
    reference = File(remittances=(Rem(transactions=(Trx(order=number, certificate=number),)),))
    assert operator.deliver(reference).refused
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(connection, "demo-host", ["order_reference"], good=True)
    result = operator.deliver(reference)
    assert result.status is Status.LOADED
    assert (result.counts["certificates_left_out"], result.counts["references_masked"]) == (1, 1)
    assert operator.rows("SELECT certificate, order_reference FROM transaction") == [(None, hidden)]
    (copy,) = (operator.data / "archive").iterdir()
    assert number.encode() not in copy.read_bytes()
    assert operator.deliver(reference).status is Status.KNOWN
    assert operator.deliver(copy.read_bytes()).status is Status.KNOWN
    assert operator.value("SELECT count(*) FROM journal_entry WHERE event = 'columns_vouched'") == 1
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(connection, "demo-host", ["order_reference"], good=False)
    assert operator.deliver(reference).refused


def test_a_file_of_the_inbox_moves_to_the_archive(operator: Operator) -> None:
    inbox = operator.data / "inbox"
    inbox.mkdir()
    settled = NIGHT.write(inbox, "night.txt")
    os.utime(settled, (1, 1))
    fresh = written(inbox, "fresh.txt", NIGHT.data())
    assert len(load_inbox(operator.database, operator.data)) == 1
    assert not settled.exists()
    assert fresh.exists()
    (kept,) = (operator.data / "archive").iterdir()
    assert kept.read_bytes() == NIGHT.data()


def test_a_printed_line_keeps_its_blanks(operator: Operator) -> None:
    operator.deliver(File(remittances=(Rem(ticket=("   CENTRED  ",)),)))
    assert operator.value("SELECT ticket FROM remittance") == "   CENTRED  "


def test_a_remittance_is_in_a_currency_in_use(operator: Operator) -> None:
    for currency in ("XPF", "CHF", "JPY", "TND", "GBP"):
        rem = Rem(currency=currency, number=str(ord(currency[0])))
        assert operator.deliver(File(remittances=(rem,), key=currency)).status is Status.LOADED
    refused = operator.deliver(File(remittances=(Rem(currency="ZZZ"),), key="no"))
    assert (refused.refusals[0].line, refused.refusals[0].column) == (2, "currency")
