"""What is written is what the format page says, and reads back as it was."""

from __future__ import annotations

import io
from datetime import datetime

import pandas as pd
import pytest

from importers.formats import layout, merchant_directory
from importers.formats.remise_tpe.writing import FileHeader, prepared, with_totals, write, write_lines
from tests.demo.format_page import parse
from tests.demo.writing import COMPLETE, CREATED

# The files of the format page's own example.
REMITTANCE = {
    "contract": "7654321",
    "rank": "001",
    "application": "CBEMV",
    "number": "000417",
    "file_number": "D00183",
    "bank_code": "30004",
    "siret": "99999999800019",
    "terminal_number": "001",
    "serial_number": "219300290018",
    "manufacturer": "INGENICO",
    "currency": "EUR",
    "opened_local": datetime(2026, 3, 2, 8, 0, 11),
    "collected_local": datetime(2026, 3, 2, 23, 15, 7),
    "status": "correct",
    "status_text": "TERMINAL CORRECTS",
    "transmission": "succeeded",
}
TRANSACTION = {
    "remittance": 0,
    "sequence_number": "000101",
    "occurred_local": datetime(2026, 3, 2, 12, 31, 9),
    "type": "debit",
    "outcome": "accepted",
    "amount": 3900,
    "card": "497010******0028",
    "expiry": "1228",
    "entry_mode": "chip",
    "scheme": "CB",
    "product": "VISA CLASSIC",
    "issuer": "BNP PARIBAS",
    "aid": "A0000000421010",
    "authorisation_asked": True,
    "authorisation_number": "123456",
    "response_code": "00",
    "certificate": "A1B2C3D4E5F60718",
}


def written(remittances, transactions=None, header=COMPLETE) -> bytes:
    file = io.BytesIO()
    write(
        file,
        header,
        pd.DataFrame(remittances),
        None if transactions is None else pd.DataFrame(transactions),
    )
    return file.getvalue()


def test_the_example_of_the_format_page():
    transactions = [
        TRANSACTION,
        TRANSACTION
        | {
            "sequence_number": "000104",
            "occurred_local": datetime(2026, 3, 2, 20, 10, 5),
            "type": "refund",
            "amount": 500,
            "authorisation_asked": False,
            "authorisation_number": None,
            "response_code": None,
            "original_sequence_number": "000101",
        },
    ]
    assert written([REMITTANCE], transactions).decode() == (
        "FIC;REMISE-TPE;1;demo-host;20260303-0001;COMPLET;2026-03-03T02:00:00+01:00\n"
        "REM;7654321;001;CBEMV;000417;D00183;30004;99999999800019;001;219300290018;INGENICO;EUR;"
        "2026-03-02T08:00:11;2026-03-02T23:15:07;CORRECTE;TERMINAL CORRECTS;REUSSIE\n"
        "TRX;000101;2026-03-02T12:31:09;DEBIT;ACCEPTEE;3900;497010******0028;1228;PUCE;CB;VISA CLASSIC;"
        "BNP PARIBAS;A0000000421010;1;123456;00;A1B2C3D4E5F60718;;;;;;;;\n"
        "TRX;000104;2026-03-02T20:10:05;CREDIT;ACCEPTEE;500;497010******0028;1228;PUCE;CB;VISA CLASSIC;"
        "BNP PARIBAS;A0000000421010;0;;;A1B2C3D4E5F60718;;;000101;;;;;\n"
        "TOT;DEBT;1;3900\nTOT;DBTR;0;0\nTOT;CRDT;1;500\nTOT;CRDR;0;0\nTOT;DECL;0;0\nTOT;FAIL;0;0\n"
        "FRM;000417;2;3400\n"
        "FIN;1;2\n"
    )


def test_a_remittance_without_transactions():
    parsed = parse(written([REMITTANCE]))
    assert parsed.collections[0].end == ("000417", 0, 0)


def test_totals_and_transactions_apart():
    remittances, transactions = pd.DataFrame([REMITTANCE]), pd.DataFrame([TRANSACTION])
    contents = {}
    for content in ("COMPLET", "TELECOLLECTES", "TRANSACTIONS"):
        file = io.BytesIO()
        header = FileHeader(source="h", file_key="k", created_at=CREATED, content=content)
        write_lines(file, header, prepared(with_totals(remittances, transactions), transactions))
        contents[content] = parse(file.getvalue()).collections[0]
    assert contents["TELECOLLECTES"].payments == []
    assert contents["TELECOLLECTES"].totals == contents["COMPLET"].totals
    assert contents["TELECOLLECTES"].end == contents["COMPLET"].end == ("000417", 1, 3900)
    assert contents["TRANSACTIONS"].payments == contents["COMPLET"].payments


def test_totals_that_only_the_host_knows():
    totals = dict.fromkeys(
        (f"{name}_{what}" for name in layout.TOTALS.values() for what in ("count", "amount")), 0
    )
    declared = totals | {"debit_count": 2, "debit_amount": 700, "refund_count": 1, "refund_amount": 900}
    header = FileHeader(source="h", file_key="k", created_at=CREATED, content="TELECOLLECTES")
    rows = [REMITTANCE | declared | {"transaction_count": 3, "net_amount": -200}]
    assert parse(written(rows, header=header)).collections[0].end == ("000417", 3, -200)
    with pytest.raises(ValueError, match="debit_count"):
        written([REMITTANCE], header=header)


def test_part_of_the_lines():
    remittances = pd.DataFrame([REMITTANCE | {"number": str(number)} for number in range(1, 5)])
    transactions = pd.DataFrame(
        [TRANSACTION | {"remittance": row, "sequence_number": str(10 * row + 1)} for row in (0, 1, 1, 3)]
    )
    lines = prepared(with_totals(remittances, transactions), transactions)
    file = io.BytesIO()
    write_lines(file, COMPLETE, lines.part((remittances["number"] != "1").to_numpy()))
    found = [(one["number"], len(one.payments)) for one in parse(file.getvalue()).collections]
    assert found == [("2", 2), ("3", 0), ("4", 1)]


@pytest.mark.parametrize(
    "character", [";", "\n", "\r", "\t", "\x00", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u2029"]
)
@pytest.mark.parametrize("name", ["scheme", "order_reference"])
def test_characters_that_no_value_holds(name, character):
    with pytest.raises(ValueError, match=name):
        written([REMITTANCE], [TRANSACTION | {name: f"a{character}b"}])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", -1),
        ("amount", 12.5),
        ("amount", None),
        ("requested_amount", 9.5),
        ("requested_amount", -5),
        ("cardholder_amount", "1e3"),
        ("type", "DEBIT"),
        ("outcome", "refused"),
        ("outcome", None),
        ("entry_mode", "swiped"),
        ("sequence_number", "1234567"),
        ("sequence_number", ""),
        ("sequence_number", "x"),
        ("card", "4970101234560028"),
        ("expiry", "1328"),
        ("exchange_rate", "1,5"),
        ("exchange_rate", "-1.5"),
        ("occurred_local", None),
        ("occurred_local", "02/03/2026"),
        ("authorisation_asked", 2),
        ("original_sequence_number", "12 "),
        ("remittance", 7),
        ("colour", "red"),
    ],
)
def test_transactions_that_the_format_does_not_hold(name, value):
    with pytest.raises(ValueError, match=name):
        written([REMITTANCE], [TRANSACTION | {name: value}])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contract", "1234567890123456"),
        ("contract", "76-54"),
        ("contract", None),
        ("rank", "1"),
        ("application", ""),
        ("number", "0000417"),
        ("file_number", "D000183"),
        ("bank_code", "3000"),
        ("siret", "9999999980001"),
        ("terminal_number", "0001"),
        ("serial_number", "9" * 25),
        ("manufacturer", "M" * 21),
        ("currency", "978"),
        ("collected_local", None),
        ("status", "CORRECTE"),
        ("transmission", "sent"),
        ("place", "Lyon"),
    ],
)
def test_remittances_that_the_format_does_not_hold(name, value):
    with pytest.raises(ValueError, match=name):
        written([REMITTANCE | {name: value}])


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": CREATED.replace(tzinfo=None)},
        {"source": ""},
        {"source": "a;b"},
        {"file_key": "a\nb"},
        {"content": "PARTIEL"},
    ],
)
def test_headers_that_the_format_does_not_hold(changed):
    header = FileHeader(**{"source": "h", "file_key": "k", "created_at": CREATED} | changed)
    with pytest.raises(ValueError, match=next(iter(changed))):
        written([REMITTANCE], header=header)


def test_nothing_is_written_when_something_is_wrong():
    file = io.BytesIO()
    with pytest.raises(ValueError, match="scheme"):
        write(file, COMPLETE, pd.DataFrame([REMITTANCE]), pd.DataFrame([TRANSACTION | {"scheme": "a;b"}]))
    assert file.getvalue() == b""


def test_two_remittances_under_one_index():
    remittances = pd.DataFrame([REMITTANCE, REMITTANCE], index=[0, 0])
    with pytest.raises(ValueError, match="index"):
        write(io.BytesIO(), COMPLETE, remittances, pd.DataFrame([TRANSACTION])[:0])


def test_a_directory_reads_back():
    contract = {
        "reseller": "acme",
        "merchant_code": "FICTION",
        "merchant_name": "CAFES DE LA FICTION",
        "siret": "99999999800019",
        "trade_name": "CAFE DE LA FICTION",
        "time_zone": "Europe/Paris",
        "contract": "7654321",
        "rank": "001",
        "application": "CBEMV",
        "bank_name": "BNP Paribas",
        "valid_from": "2025-01-01",
    }
    file = io.BytesIO()
    merchant_directory.write(file, pd.DataFrame([contract]))
    heading, line, end = file.getvalue().decode().split("\n")
    assert (heading, end) == (";".join(layout.MERCHANT_DIRECTORY), "")
    assert dict(zip(heading.split(";"), line.split(";"), strict=True)) == (
        dict.fromkeys(layout.MERCHANT_DIRECTORY, "") | contract
    )
    assert len(merchant_directory.read(file.getvalue()).contracts) == 1
    with pytest.raises(ValueError, match="trade_name"):
        merchant_directory.write(io.BytesIO(), pd.DataFrame([contract | {"trade_name": "CAFE; BAR"}]))
