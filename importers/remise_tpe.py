"""REMISE-TPE: telecollections and transactions, as an operator's host extracts them each night.

Source: the format page "The portal's own file formats, version 1". One record a line, its code in
the first column; children follow their parent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.i18n import N_
from importers import layout, lines, totals
from importers.card_numbers import Candidate
from importers.columns import Column, check, choice, currency, digits, letters, moment, shaped, text, times
from importers.lines import Lines, Text
from importers.records import Payments
from importers.refusals import Refusal, Refused, refuse

NAME = "REMISE-TPE"
VERSION = "1"
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?FIC;REMISE-TPE;")

COMPLETE, TOTALS_ONLY, PAYMENTS_ONLY = "COMPLET", "TELECOLLECTES", "TRANSACTIONS"

_AMOUNT = "[0-9]{1,15}"
_EXPECTED_AMOUNT = N_("expected a whole number of minor units, without sign")
_DECIMAL = "[0-9]{1,9}(?:[.][0-9]{1,9})?"
_EXPECTED_DECIMAL = N_("expected a number with a decimal point")
_CARD = "(?:[0-9]{6}|[*]{6})[*]{3,9}[0-9]{4}"


def _amount(name: str, label: str, *, required: bool = False) -> Column:
    return shaped(name, label, _AMOUNT, _EXPECTED_AMOUNT, required=required)


HEADER = (
    choice("format", N_("format"), [NAME], required=True),
    choice("version", N_("version"), [VERSION], required=True),
    text("source", N_("source"), 64, required=True),
    text("file_key", N_("file id"), 64, required=True),
    choice("content", N_("content"), [COMPLETE, TOTALS_ONLY, PAYMENTS_ONLY], required=True),
    shaped(
        "created_at",
        N_("created at"),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})",
        N_("expected a time with its offset such as 2026-03-03T02:00:00+01:00"),
        required=True,
    ),
)
REMITTANCE = (
    letters("contract", N_("contract"), 15, required=True),
    digits("rank", N_("rank"), 3, 3, required=True),
    text("application", N_("application"), 20, required=True),
    digits("number", N_("remittance number"), 1, 6, required=True),
    letters("file_number", N_("file number"), 6),
    digits("bank_code", N_("bank code"), 5, 5),
    digits("siret", N_("SIRET"), 14, 14),
    digits("terminal_number", N_("terminal number"), 3, 3),
    text("serial_number", N_("serial number"), 24),
    text("manufacturer", N_("manufacturer"), 20),
    currency("currency", N_("currency"), required=True),
    moment("opened_local", N_("opened at")),
    moment("collected_local", N_("collected at"), required=True),
    choice("status", N_("status"), list(layout.STATUSES), required=True),
    text("status_text", N_("status text"), 80),
    choice("transmission", N_("transmission"), list(layout.TRANSMISSIONS)),
)
TRANSACTION = (
    digits("sequence_number", N_("sequence number"), 1, 6, required=True),
    moment("occurred_local", N_("at"), required=True),
    choice("type", N_("operation"), list(layout.TYPES), required=True),
    choice("outcome", N_("outcome"), list(layout.OUTCOMES), required=True),
    _amount("amount", N_("amount"), required=True),
    shaped("card", N_("card"), _CARD, N_("expected a truncated card such as 497010******0044")),
    shaped("expiry", N_("expiry"), "(?:0[1-9]|1[0-2])[0-9]{2}", N_("expected a month and year such as 0329")),
    choice("entry_mode", N_("entry mode"), list(layout.ENTRY_MODES)),
    text("scheme", N_("scheme"), 40),
    text("product", N_("product"), 60),
    text("issuer", N_("issuer"), 60),
    letters("aid", N_("AID"), 32),
    choice("authorisation_asked", N_("authorisation asked"), ["0", "1"]),
    letters("authorisation_number", N_("authorisation number"), 8),
    letters("response_code", N_("response code"), 4),
    letters("certificate", N_("certificate"), 32),
    text("dossier_number", N_("dossier number"), 32),
    text("order_reference", N_("order reference"), 64),
    digits("original_sequence_number", N_("original sequence number"), 1, 6),
    _amount("requested_amount", N_("requested amount")),
    _amount("cardholder_amount", N_("cardholder amount")),
    currency("cardholder_currency", N_("cardholder currency")),
    shaped("exchange_rate", N_("exchange rate"), _DECIMAL, _EXPECTED_DECIMAL),
    shaped("markup_percent", N_("mark-up"), _DECIMAL, _EXPECTED_DECIMAL),
)
TICKET = (shaped("ticket", N_("ticket line"), "[^;]{0,48}", N_("expected at most 48 characters")),)
TOTAL = (
    choice("total_type", N_("total type"), list(layout.TOTALS), required=True),
    digits("total_count", N_("count"), 1, 9, required=True),
    _amount("total_amount", N_("amount"), required=True),
)
REMITTANCE_END = (
    digits("number", N_("remittance number"), 1, 6, required=True),
    digits("transaction_count", N_("number of transactions"), 1, 9, required=True),
    shaped(
        "net_amount", N_("net"), "-?[0-9]{1,15}", N_("expected a whole number of minor units"), required=True
    ),
)
FILE_END = (
    digits("remittance_count", N_("number of remittances"), 1, 9, required=True),
    digits("transaction_count", N_("number of transactions"), 1, 9, required=True),
)


class Record(IntEnum):
    """The records of the file."""

    FIC = 0
    REM = 1
    TRX = 2
    TKT = 3
    TOT = 4
    FRM = 5
    FIN = 6


_COLUMNS = {
    Record.FIC: HEADER,
    Record.REM: REMITTANCE,
    Record.TRX: TRANSACTION,
    Record.TKT: TICKET,
    Record.TOT: TOTAL,
    Record.FRM: REMITTANCE_END,
    Record.FIN: FILE_END,
}
_TOTALLED = {
    Record.FIC: {Record.REM, Record.FIN},
    Record.REM: {Record.TRX, Record.TKT, Record.TOT},
    Record.TRX: {Record.TRX, Record.TKT, Record.TOT},
    Record.TKT: {Record.TRX, Record.TKT, Record.TOT},
    Record.TOT: {Record.TOT, Record.FRM},
    Record.FRM: {Record.REM, Record.FIN},
}
_BARE = {Record.REM, Record.TRX, Record.TKT, Record.FIN}
#: What may follow what, for each content.
_FOLLOWS = {
    COMPLETE: _TOTALLED,
    TOTALS_ONLY: {before: after - {Record.TRX} for before, after in _TOTALLED.items()},
    PAYMENTS_ONLY: {
        Record.FIC: {Record.REM, Record.FIN},
        Record.REM: _BARE,
        Record.TRX: _BARE,
        Record.TKT: _BARE,
    },
}


@dataclass(frozen=True)
class _Section:
    """All the records of one kind: where they stand, and their columns as text."""

    rows: Lines
    table: pa.Table

    @property
    def line_numbers(self) -> Lines:
        return self.rows + 1

    def integers(self, name: str) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = pc.cast(self.table[name], pa.int64()).to_numpy()
        return numbers


def belongs(data: bytes, candidate: Candidate, line: bytes) -> bool:
    """Whether a number that looks like a card's has its place there by design.

    A SIRET in its column; a cryptogram that happens to be all digits, unless it agrees with the
    truncated card of its own line; in ticket text, a number that is also a column's and judged there.
    """
    values = line.split(b";")
    names = [column.name for column in _COLUMNS.get(_record(candidate.record), ())]
    name = names[candidate.column - 1] if 0 < candidate.column <= len(names) else ""
    if name == "siret":
        return len(candidate.digits) == 14  # noqa: PLR2004 - the length of a SIRET
    if name == "certificate":
        card = values[names.index("card") + 1].decode()
        return not _agrees(candidate.digits, card)
    return name == "ticket" and f";{candidate.digits};".encode() in data


def _record(letters_: bytes) -> Record | None:
    name = letters_.decode("ascii", "replace")
    return Record[name] if name in Record.__members__ else None


def _agrees(number: str, card: str) -> bool:
    return card[-4:] == number[-4:] and card[:6].strip("*") in ("", number[:6])


def read(data: bytes) -> Payments:
    """The payments of a whole file. Raises Refused, naming lines, columns and what was expected."""
    body = lines.text(data)
    header = _section(body, np.array([0]), Record.FIC)
    content = header.table["content"][0].as_py()
    kinds = _kinds(body)
    _refuse_disorder(kinds, content)
    sections = {record: _section(body, np.flatnonzero(kinds == record), record) for record in Record}
    remittances = _remittances(sections[Record.REM])
    transactions = _transactions(sections[Record.TRX], sections[Record.REM].rows)
    _attach_tickets(sections, remittances, transactions)
    if content != PAYMENTS_ONLY:
        remittances = remittances.assign(**_declared(sections))
        if content == COMPLETE:
            _refuse_wrong_totals(sections, remittances, transactions)
        _refuse_wrong_ends(sections, remittances)
    _refuse_wrong_end(sections[Record.FIN], remittances, transactions, content)
    return Payments(
        source=header.table["source"][0].as_py(),
        file_key=header.table["file_key"][0].as_py(),
        content=content,
        created_at=_created_at(header),
        has_totals=content != PAYMENTS_ONLY,
        has_payments=content != TOTALS_ONLY,
        remittances=remittances,
        transactions=transactions,
    )


def _created_at(header: _Section) -> datetime:
    try:
        return datetime.fromisoformat(header.table["created_at"][0].as_py())
    except ValueError:
        raise refuse(N_("expected a time that exists"), line=1, column="created at") from None


def _section(body: Text, rows: Lines, record: Record) -> _Section:
    columns = _COLUMNS[record]
    table = body.table(rows, ("record", *(column.name for column in columns)))
    refusals = check(table, columns, rows + 1)
    if refusals:
        raise Refused(refusals)
    return _Section(rows, table)


def _kinds(body: Text) -> NDArray[np.int64]:
    """The record of each line, as a number. Raises Refused on a line that is none."""
    codes = body.codes()
    kinds = np.full(len(codes), -1, dtype=np.int64)
    for record in Record:
        kinds[codes == lines.code(record.name)] = record
    unknown = np.flatnonzero(kinds < 0)
    if len(unknown):
        raise Refused(
            Refusal(
                reason=N_("expected a record: %(records)s"),
                line=int(row) + 1,
                params={"records": ", ".join(Record.__members__)},
            )
            for row in unknown
        )
    return kinds


def _refuse_disorder(kinds: NDArray[np.int64], content: str) -> None:
    if kinds[-1] != Record.FIN:
        raise refuse(N_("the file does not end with FIN: its transfer was cut short"), line=len(kinds))
    allowed = np.zeros((len(Record), len(Record)), dtype=np.bool_)
    for before, after in _FOLLOWS[content].items():
        allowed[before, list(after)] = True
    wrong = np.flatnonzero(~allowed[kinds[:-1], kinds[1:]])
    if len(wrong):
        raise Refused(
            Refusal(
                reason=N_("%(found)s cannot follow %(before)s in a file of content %(content)s"),
                line=int(row) + 2,
                params={
                    "found": Record(kinds[row + 1]).name,
                    "before": Record(kinds[row]).name,
                    "content": content,
                },
            )
            for row in wrong
        )


def _frame(section: _Section, columns: Sequence[Column], **changed: pd.Series[object]) -> pd.DataFrame:
    frame: pd.DataFrame = section.table.select([column.name for column in columns]).to_pandas(
        types_mapper={pa.string(): pd.ArrowDtype(pa.string())}.get
    )
    return frame.assign(line=section.line_numbers, **changed)


def _remittances(section: _Section) -> pd.DataFrame:
    moments = {
        column.name: times(section.table[column.name], column, section.line_numbers)
        for column in REMITTANCE
        if column.name in ("opened_local", "collected_local")
    }
    frame = _frame(section, REMITTANCE, **moments)
    frame["status"] = frame["status"].map(layout.STATUSES)
    frame["transmission"] = frame["transmission"].map(layout.TRANSMISSIONS)
    frame["collected_on"] = frame["collected_local"].dt.normalize()
    _refuse_twins(
        frame, ["contract", "rank", "application", "number", "collected_on"], N_("remittance number")
    )
    return frame


def _transactions(section: _Section, parents: Lines) -> pd.DataFrame:
    occurred = times(section.table["occurred_local"], TRANSACTION[1], section.line_numbers)
    frame = _frame(section, TRANSACTION, occurred_local=occurred)
    frame["remittance"] = np.searchsorted(parents, section.rows) - 1
    frame["type"] = frame["type"].map(layout.TYPES)
    frame["outcome"] = frame["outcome"].map(layout.OUTCOMES)
    frame["entry_mode"] = frame["entry_mode"].map(layout.ENTRY_MODES)
    for name in ("amount", "requested_amount", "cardholder_amount"):
        frame[name] = pd.Series(pc.cast(section.table[name], pa.int64()), dtype=pd.ArrowDtype(pa.int64()))
    card = section.table["card"]
    bins = pc.utf8_slice_codeunits(card, 0, 6)
    hidden = pc.equal(bins, "******")
    frame["card_bin"] = pd.Series(pc.if_else(hidden, None, bins), dtype=pd.ArrowDtype(pa.string()))
    frame["card_last4"] = pd.Series(pc.utf8_slice_codeunits(card, -4), dtype=pd.ArrowDtype(pa.string()))
    numbers = frame.assign(sequence=pc.cast(section.table["sequence_number"], pa.int64()).to_numpy())
    _refuse_twins(numbers, ["remittance", "sequence"], N_("sequence number"))
    return frame.drop(columns="card")


def _refuse_twins(frame: pd.DataFrame, key: list[str], column: str) -> None:
    twins = frame.loc[frame.duplicated(key), "line"]
    if len(twins):
        reason = N_("stands twice in this file")
        raise Refused(Refusal(reason=reason, line=int(line), column=column) for line in twins)


def _attach_tickets(
    sections: dict[Record, _Section], remittances: pd.DataFrame, transactions: pd.DataFrame
) -> None:
    """Give each parent the text of its ticket lines, joined by line ends."""
    section = sections[Record.TKT]
    remittances["ticket"] = transactions["ticket"] = pd.Series(dtype=pd.ArrowDtype(pa.string()))
    if not len(section.rows):
        return
    parents = np.sort(np.concatenate([sections[Record.REM].rows, sections[Record.TRX].rows]))
    owner = parents[np.searchsorted(parents, section.rows) - 1] + 1
    printed = pd.Series(section.table["ticket"].fill_null("").to_pandas())
    tickets = printed.groupby(owner).agg("\n".join)
    for frame in (remittances, transactions):
        frame["ticket"] = frame["line"].map(tickets).astype(pd.ArrowDtype(pa.string()))


def _declared(sections: dict[Record, _Section]) -> dict[str, NDArray[np.int64]]:
    """The declared totals of each remittance, as columns. Raises Refused unless each has its six."""
    section, ends = sections[Record.TOT], sections[Record.FRM]
    parents = sections[Record.REM].rows
    counts = np.bincount(np.searchsorted(parents, section.rows) - 1, minlength=len(parents))
    order = ", ".join(layout.TOTALS)
    wrong = np.flatnonzero(counts != len(totals.TYPES))
    if len(wrong):
        raise refuse(N_("expected six TOT lines: %(order)s"), line=int(ends.rows[wrong[0]]) + 1, order=order)
    found = section.table["total_type"].to_numpy(zero_copy_only=False)
    misplaced = np.flatnonzero(found != np.tile(np.array(list(layout.TOTALS), dtype=object), len(parents)))
    if len(misplaced):
        line = int(section.line_numbers[misplaced[0]])
        raise refuse(N_("expected six TOT lines: %(order)s"), line=line, column="total type", order=order)
    declared = zip(totals.COUNTS, section.integers("total_count").reshape(-1, 6).T, strict=True)
    amounts = zip(totals.AMOUNTS, section.integers("total_amount").reshape(-1, 6).T, strict=True)
    columns = dict(declared) | dict(amounts)
    columns["transaction_count"] = ends.integers("transaction_count")
    columns["net_amount"] = ends.integers("net_amount")
    return columns


def _refuse_wrong_ends(sections: dict[Record, _Section], remittances: pd.DataFrame) -> None:
    """FRM repeats its remittance's number, and its net and count follow from the TOT lines."""
    ends = sections[Record.FRM]
    numbers = ends.table["number"].to_numpy(zero_copy_only=False)
    net = totals.net(remittances[list(totals.AMOUNTS)].to_numpy())
    counted = remittances[list(totals.COUNTS)].sum(axis=1).to_numpy()
    checks = (
        (
            "remittance number",
            numbers != remittances["number"].to_numpy(),
            N_("expected the number of its REM line"),
        ),
        ("net", net != remittances["net_amount"], N_("expected what its TOT lines add up to")),
        (
            "number of transactions",
            counted > remittances["transaction_count"],
            N_("expected no less than what its TOT lines count"),
        ),
    )
    for column, wrong, reason in checks:
        for row in np.flatnonzero(wrong)[:1]:
            raise refuse(reason, line=int(ends.line_numbers[row]), column=column)


def _refuse_wrong_totals(
    sections: dict[Record, _Section], remittances: pd.DataFrame, transactions: pd.DataFrame
) -> None:
    """In a complete file the transactions of each remittance add up to its TOT and FRM lines."""
    received = totals.received(transactions, len(remittances))
    reason = N_("expected what its transactions add up to")
    places = sections[Record.TOT].line_numbers.reshape(-1, len(totals.TYPES))
    for label, names in (("count", totals.COUNTS), ("amount", totals.AMOUNTS)):
        wrong = np.argwhere(received[list(names)].to_numpy() != remittances[list(names)].to_numpy())
        if len(wrong):
            raise refuse(reason, line=int(places[tuple(wrong[0])]), column=label)
    wrong_count = np.flatnonzero(received["transaction_count"] != remittances["transaction_count"])
    if len(wrong_count):
        line = int(sections[Record.FRM].line_numbers[wrong_count[0]])
        raise refuse(reason, line=line, column="number of transactions")


def _refuse_wrong_end(
    end: _Section, remittances: pd.DataFrame, transactions: pd.DataFrame, content: str
) -> None:
    """FIN counts what the file holds; without transactions it may count those that FRM lines announce."""
    line = int(end.line_numbers[0])
    reason = N_("expected what the file holds: its transfer was cut short or altered")
    if end.integers("remittance_count")[0] != len(remittances):
        raise refuse(reason, line=line, column="number of remittances")
    held = {len(transactions)}
    if content == TOTALS_ONLY:
        held.add(int(remittances["transaction_count"].sum()))
    if end.integers("transaction_count")[0] not in held:
        raise refuse(reason, line=line, column="number of transactions")
