"""The format page's rules, checked line by line in plain Python, without any code of the importers."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
TYPES = ("DEBIT", "CREDIT", "ANNULATION", "ANNUL_CREDIT", "PREAUTO")
HEADER = re.compile(
    rf"FIC;REMISE-TPE;1;[^;]+;[^;]+;(COMPLET|TELECOLLECTES|TRANSACTIONS);{MOMENT}(Z|[+-]\d\d:\d\d)"
)
REM = {
    "contract": r"[0-9A-Za-z]{1,15}",
    "rank": r"\d{3}",
    "application": r"[^;]+",
    "number": r"\d{1,6}",
    "file_number": r"[^;]{0,6}",
    "bank_code": r"(\d{5})?",
    "siret": r"(\d{14})?",
    "terminal_number": r"(\d{3})?",
    "serial_number": r"[^;]{0,24}",
    "manufacturer": r"[^;]{0,20}",
    "currency": r"[A-Z]{3}",
    "opened_local": rf"({MOMENT})?",
    "collected_local": MOMENT,
    "status": "CORRECTE|REJETEE|INCOMPLETE",
    "status_text": r"[^;]*",
    "transmission": "(REUSSIE|ECHOUEE)?",
}
TRX = {
    "sequence_number": r"\d{1,6}",
    "occurred_local": MOMENT,
    "type": "|".join(TYPES),
    "outcome": "ACCEPTEE|REFUSEE|ABANDON",
    "amount": r"\d+",
    "card": r"((\d{6}|\*{6})\*{5,6}\d{4})?",
    "expiry": r"((0[1-9]|1[0-2])\d\d)?",
    "entry_mode": "(PUCE|SANS_CONTACT|PISTE|MANUEL|EN_LIGNE)?",
    "scheme": r"[^;]*",
    "product": r"[^;]*",
    "issuer": r"[^;]*",
    "aid": r"[0-9A-F]*",
    "authorisation_asked": "[01]?",
    "authorisation_number": r"[0-9A-Za-z]*",
    "response_code": r"[0-9A-Z]{0,2}",
    "certificate": r"([0-9A-F]{16})?",
    "dossier_number": r"[^;]*",
    "order_reference": r"[^;]*",
    "original_sequence_number": r"(\d{1,6})?",
    "requested_amount": r"\d*",
    "cardholder_amount": r"\d*",
    "cardholder_currency": "([A-Z]{3})?",
    "exchange_rate": r"(\d+(\.\d+)?)?",
    "markup_percent": r"(\d+(\.\d+)?)?",
}
TOTALS = ("DEBT", "DBTR", "CRDT", "CRDR", "DECL", "FAIL")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass
class Payment:
    values: dict[str, str]
    ticket: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def amount(self) -> int:
        return int(self.values["amount"])


@dataclass
class Collection:
    values: dict[str, str]
    payments: list[Payment] = field(default_factory=list)
    ticket: list[str] = field(default_factory=list)
    totals: list[tuple[str, int, int]] = field(default_factory=list)
    end: tuple[str, int, int] | None = None

    def __getitem__(self, name: str) -> str:
        return self.values[name]


@dataclass
class Parsed:
    content: str
    file_key: str
    collections: list[Collection]


def parse(data: bytes) -> Parsed:
    """The file, or AssertionError for whatever the format page forbids."""
    text = data.decode("utf-8")
    assert text.endswith("\n")
    assert not CONTROL.search(text)
    lines = [line.split(";") for line in text.split("\n")[:-1]]
    assert HEADER.fullmatch(";".join(lines[0])), lines[0]
    parsed = Parsed(lines[0][5], lines[0][4], [])
    for line in lines[1:-1]:
        _take(parsed, line)
    for collection in parsed.collections:
        _check_sums(parsed.content, collection)
    payments = sum(len(collection.payments) for collection in parsed.collections)
    assert lines[-1] == ["FIN", str(len(parsed.collections)), str(payments)]
    return parsed


def _take(parsed: Parsed, line: list[str]) -> None:
    code, *values = line
    if code == "REM":
        parsed.collections.append(Collection(_named(REM, values)))
        return
    current = parsed.collections[-1]
    if code == "TRX":
        assert parsed.content != "TELECOLLECTES"
        assert not current.totals
        current.payments.append(Payment(_named(TRX, values)))
    elif code == "TKT":
        assert not current.totals
        assert len(values) == 1
        assert len(values[0]) <= 48
        (current.payments[-1] if current.payments else current).ticket.append(values[0])
    elif code == "TOT":
        assert current.end is None
        kind, count, amount = values
        current.totals.append((kind, _natural(count), _natural(amount)))
    else:
        assert code == "FRM"
        number, count, net = values
        current.end = (number, _natural(count), int(net))


def _named(shapes: dict[str, str], values: list[str]) -> dict[str, str]:
    assert len(values) == len(shapes), values
    for (name, shape), value in zip(shapes.items(), values, strict=True):
        assert re.fullmatch(shape, value), (name, value)
    return dict(zip(shapes, values, strict=True))


def _natural(text: str) -> int:
    assert re.fullmatch(r"\d+", text)
    return int(text)


def _check_sums(content: str, collection: Collection) -> None:
    if content == "TRANSACTIONS":
        assert collection.totals == []
        assert collection.end is None
        return
    assert [kind for kind, _, _ in collection.totals] == list(TOTALS)
    amounts = {kind: amount for kind, _, amount in collection.totals}
    net = amounts["DEBT"] - amounts["DBTR"] - amounts["CRDT"] + amounts["CRDR"]
    assert collection.end is not None
    assert (collection.end[0], collection.end[2]) == (collection["number"], net)
    if content == "COMPLET":
        assert collection.totals == expected_totals(collection.payments)
        assert collection.end[1] == len(collection.payments)


def expected_totals(payments: list[Payment]) -> list[tuple[str, int, int]]:
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[str, int] = defaultdict(int)
    accepted = dict(zip(TYPES, ("DEBT", "CRDT", "DBTR", "CRDR"), strict=False))
    for payment in payments:
        if payment["type"] == "PREAUTO":
            continue
        kind = {"REFUSEE": "DECL", "ABANDON": "FAIL"}.get(payment["outcome"]) or accepted[payment["type"]]
        counts[kind] += 1
        amounts[kind] += payment.amount
    return [(kind, counts[kind], amounts[kind]) for kind in TOTALS]
