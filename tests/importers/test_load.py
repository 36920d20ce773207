"""A file into the database: whole or not at all, once, in any order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from app.database.engine import DatabaseRole
from importers.files import report, sources
from importers.files.archive import ARCHIVE, files_in
from importers.formats import Format, remise_tpe
from importers.load import Status, load_file, load_files
from importers.records import Records
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx, directory, written

THREE = (
    Trx(),
    Trx(sequence="000102", outcome="REFUSEE", amount=1800),
    Trx(sequence="000103", operation="CREDIT", amount=500),
)
NIGHT = File(remittances=(Rem(transactions=THREE), Rem(rank="701", application="CBCLESS", transactions=())))
BOTH = ({}, {"rank": "701", "application": "CBCLESS"})


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


def test_eight_processes_at_once_load_it_once(operator: Operator) -> None:
    path = NIGHT.write(operator.folder)
    script = (
        "import sys; from pathlib import Path; from app.database.login_addresses import Addresses;"
        "from app.database.engine import Database;"
        "from importers.load import load_file;"
        "database = Database(Addresses(importer=sys.argv[1]));"
        "print(load_file(database, Path(sys.argv[2]), Path(sys.argv[3])).status)"
    )
    words = [
        sys.executable,
        "-c",
        script,
        operator.database.addresses.importer,
        str(path),
        str(operator.data),
    ]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in running)
    assert said == ["known"] * 7 + ["loaded"]
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


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"hello\n", b"FIC;AUTRE;1\n", b"PK\x03\x04rest"])
def test_an_unknown_format_is_refused(operator: Operator, data: bytes) -> None:
    assert operator.deliver(data).refused


def test_links_and_pipes_are_refused_without_waiting(operator: Operator) -> None:
    target = NIGHT.write(operator.folder)
    link, pipe, other = (operator.folder / name for name in ("link.txt", "pipe.txt", "other.txt"))
    link.symlink_to(target)
    os.mkfifo(pipe)
    os.link(target, other)
    from importers.load import load_files  # noqa: PLC0415

    results = list(load_files(operator.database, [link, pipe, other, target], operator.data))
    assert all(result.refused for result in results)
    assert operator.count("import_file") == 0


def test_a_file_of_the_inbox_moves_to_the_archive(operator: Operator) -> None:
    from importers.jobs import load_inbox  # noqa: PLC0415

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


# --- what is not declared -------------------------------------------------------------------------


def test_an_undeclared_contract_is_kept_and_revealed_with_its_history(operator: Operator) -> None:
    operator.deliver(NIGHT)
    earlier = Rem(collected="2025-12-24T22:00:00", opened="", transactions=(Trx(at="2025-12-24T11:00:00"),))
    assert operator.deliver(File(remittances=(earlier,), key="earlier")).kept_aside == 1
    assert operator.rows("SELECT DISTINCT merchant_id FROM transaction") == [(0,)]
    assert operator.sums_kept() == []
    operator.declare({})
    assert operator.rows(
        "SELECT m.code, t.occurred_on, count(*) FROM transaction t JOIN merchant m ON m.id = t.merchant_id"
        " GROUP BY 1, 2 ORDER BY 2"
    ) == [("FICTION", date(2025, 12, 24), 1), ("FICTION", date(2026, 3, 2), 3)]
    assert operator.value("SELECT merchant_id FROM remittance WHERE transaction_count = 0") == 0
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()
    assert len(operator.sums_kept()) == 4
    operator.declare(*BOTH)
    assert operator.value("SELECT count(*) FROM remittance WHERE merchant_id = 0") == 0
    assert operator.value("SELECT count(*) FROM contract WHERE merchant_id = 0") == 0


def test_revealed_history_keeps_the_clock_of_its_shop(operator: Operator) -> None:
    operator.deliver(NIGHT)
    operator.declare({"time_zone": "Pacific/Noumea"})
    assert operator.value(
        "SELECT to_char(min(occurred_at), 'YYYY-MM-DD HH24:MI:SS') FROM transaction WHERE merchant_id <> 0"
    ) == ("2026-03-02 01:31:09")
    operator.declare({"time_zone": "Europe/Paris"})
    assert operator.value(
        "SELECT to_char(min(occurred_at), 'YYYY-MM-DD HH24:MI:SS') FROM transaction WHERE merchant_id <> 0"
    ) == ("2026-03-02 11:31:09")


def test_a_replacement_finds_rows_that_were_revealed_since(operator: Operator) -> None:
    operator.deliver(NIGHT)
    operator.declare(*BOTH)
    corrected = NIGHT.but(remittances=(Rem(transactions=(Trx(amount=4200),)),))
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert operator.rows("SELECT amount, merchant_id <> 0 FROM transaction") == [(4200, True)]
    assert operator.count("remittance") == 1


def test_a_contract_does_not_change_hands(operator: Operator) -> None:
    operator.declare({})
    from tests.importers.files import directory  # noqa: PLC0415

    other = {"merchant_code": "OTHER", "merchant_name": "OTHER", "siret": "99999999800027", "trade_name": "O"}
    result = operator.deliver(directory({"contract": "1111111"}, other))
    assert result.refused
    assert (result.refusals[0].line, result.refusals[0].column) == (3, "contract")
    assert operator.count("merchant") == 2  # ours and the one nobody belongs to


def test_a_directory_is_an_upsert(operator: Operator) -> None:
    operator.declare(*BOTH)
    operator.declare({"label": "Terrasse", "bank_name": "", "trade_name": "CAFE NOUVEAU"})
    assert operator.rows("SELECT rank, label, bank_name FROM contract ORDER BY rank") == [
        ("001", "Terrasse", "BNP Paribas"),
        ("701", "Comptoir", "BNP Paribas"),
    ]
    assert operator.value("SELECT trade_name FROM outlet") == "CAFE NOUVEAU"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"time_zone": "Europe/Lutece"}, "time zone"),
        ({"siret": "123"}, "SIRET"),
        ({"merchant_code": ""}, "merchant code"),
        ({"valid_from": "2025-02-30"}, "valid from"),
        ({"rank": "1"}, "rank"),
        ({"currency": "EURO"}, "currency"),
    ],
)
def test_a_wrong_directory_is_refused(operator: Operator, line: dict[str, str], column: str) -> None:
    from tests.importers.files import directory  # noqa: PLC0415

    result = operator.deliver(directory({"contract": "1111111"}, line))
    assert (result.refusals[0].line, result.refusals[0].column) == (3, column)
    assert operator.count("contract") == 0


def test_two_resellers_have_contract_numbers_of_their_own(operator: Operator) -> None:
    operator.declare({})
    operator.declare({"reseller": "other", "merchant_code": "ELSE", "contract": "9999999"})
    assert operator.deliver(NIGHT).kept_aside == 1  # known by the one reseller that declares a contract of it
    unknown = File(remittances=(Rem(contract="5555555"),), source="host-2", key="1")
    assert operator.deliver(unknown).kept_aside == 1
    operator.declare({"reseller": "other", "merchant_code": "ELSE", "contract": "5555555"})
    assert operator.rows(
        "SELECT r.slug, m.code, c.number FROM remittance t JOIN contract c ON c.merchant_id = t.merchant_id"
        " AND c.id = t.contract_id JOIN merchant m ON m.id = c.merchant_id"
        " JOIN reseller r ON r.id = t.reseller_id"
        " WHERE m.id <> 0 ORDER BY 1"
    ) == [("acme", "FICTION", "7654321"), ("other", "ELSE", "5555555")]


# --- one bad file is one bad file -------------------------------------------------------------------


def test_a_format_that_breaks_off_sets_aside_its_file_alone(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(data: bytes) -> Records:
        raise ZeroDivisionError(len(data))

    broken = Format(name="BROKEN", first_line=re.compile(b"BROKEN"), find_cards=lambda _: [], read=raises)
    monkeypatch.setattr("importers.formats.formats", lambda: (broken, remise_tpe.FORMAT))
    paths = [
        written(operator.folder, "1-broken.txt", b"BROKEN"),
        written(operator.folder, "2-pipe.txt", b""),
        NIGHT.write(operator.folder, "3-good.txt"),
    ]
    paths[1].unlink()
    os.mkfifo(paths[1])
    bad, pipe, good = load_files(operator.database, paths, operator.data)
    assert (bad.status, pipe.status, good.status) == (Status.QUARANTINED, Status.LEFT, Status.LOADED)
    number = bad.refusals[0].params["number"]
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert operator.rows("SELECT params ->> 'number' FROM import_refusal") == [(number,)]


def test_a_file_that_is_gone_or_shut_is_left_and_the_rest_goes_on(operator: Operator) -> None:
    gone = operator.folder / "gone.txt"
    good = NIGHT.write(operator.folder, "good.txt")
    results = list(load_files(operator.database, [gone, good], operator.data))
    assert [result.status for result in results] == [Status.LEFT, Status.LOADED]
    assert "No such file" in report.line(results[0])


def test_a_full_archive_says_so_of_a_file_that_is_loaded(operator: Operator) -> None:
    (operator.data / ARCHIVE).write_bytes(b"in the way of the folder")
    path = NIGHT.write(operator.folder)
    result = load_file(operator.database, path, operator.data)
    assert (result.status, result.refused) == (Status.LOADED, False)
    assert result.unfiled is not None
    assert "sa copie ne peut pas être conservée" in report.line(result)
    (operator.data / ARCHIVE).unlink()
    again = load_file(operator.database, path, operator.data)
    assert (again.status, again.unfiled) == (Status.KNOWN, None)
    assert [copy.read_bytes() for copy in (operator.data / ARCHIVE).iterdir()] == [NIGHT.data()]


# --- what nobody sees makes no second merchant, contract or terminal ---------------------------------


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u200b", "\ufeff", " \u2060"])
def test_invisible_marks_and_blanks_are_no_part_of_a_value(operator: Operator, blank: str) -> None:
    operator.declare({"merchant_code": f"FICTION{blank}", "contract": f"{blank}ab123{blank}"})
    operator.declare({"contract": "AB123", "application": f"cbemv{blank}"})
    operator.deliver(File(remittances=(Rem(contract=f"aB123{blank}", serial=f"{blank}A 1{blank}"),)))
    assert operator.rows("SELECT code FROM merchant WHERE id > 0") == [("FICTION",)]
    assert operator.rows("SELECT number, application FROM contract") == [("AB123", "CBEMV")]
    assert operator.rows("SELECT merchant_id > 0, serial_number FROM remittance") == [(True, "A 1")]


def test_a_printed_line_keeps_its_blanks(operator: Operator) -> None:
    operator.deliver(File(remittances=(Rem(ticket=("   CENTRED  ",)),)))
    assert operator.value("SELECT ticket FROM remittance") == "   CENTRED  "


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"merchant_code": "Fiction"}, "merchant code"),
        ({"merchant_name": '"CAFES DE LA FICTION"'}, "merchant name"),
        ({"currency": "ZZZ"}, "currency"),
        ({"currency": "XAU"}, "currency"),
        ({"currency": "FRF"}, "currency"),
    ],
)
def test_look_alikes_and_what_is_no_money_are_refused(
    operator: Operator, line: dict[str, str], column: str
) -> None:
    operator.declare({})
    result = operator.deliver(directory(line))
    assert [(refusal.line, refusal.column) for refusal in result.refusals] == [(2, column)]


def test_a_remittance_is_in_a_currency_in_use(operator: Operator) -> None:
    for currency in ("XPF", "CHF", "JPY", "TND", "GBP"):
        rem = Rem(currency=currency, number=str(ord(currency[0])))
        assert operator.deliver(File(remittances=(rem,), key=currency)).status is Status.LOADED
    refused = operator.deliver(File(remittances=(Rem(currency="ZZZ"),), key="no"))
    assert (refused.refusals[0].line, refused.refusals[0].column) == (2, "currency")


def test_a_file_that_goes_while_its_folder_is_read_does_not_stop_the_others(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = NIGHT.write(operator.folder, "good.txt")
    gone = operator.folder / "gone.txt"
    monkeypatch.setattr(Path, "rglob", lambda _folder, _pattern: iter([good, gone]))
    assert list(files_in([operator.folder])) == [gone, good]
