"""REMISE-TPE: telecollections and transactions, as an operator's host extracts them each night.

Source: the format page "The portal's own file formats, version 1". One record a line, its code in
the first column; children follow their parent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.rules import card_lines
from app.rules.card_lines import Candidate, Treatment
from app.rules.directory_columns import is_siret
from app.wording.i18n import N_
from importers.formats import Format, bytes_alone, layout
from importers.formats.remise_tpe import checks
from importers.formats.remise_tpe.columns import (
    COLUMNS,
    COMPLETE,
    FOLLOWS,
    NAME,
    PAYMENTS_ONLY,
    REMITTANCE,
    TOTALS_ONLY,
    TRANSACTION,
    Record,
)
from importers.formats.remise_tpe.sections import Section, section
from importers.frames import TEXTS
from importers.reading import separated
from importers.reading.amounts import refuse_uncountable
from importers.reading.columns import Column, times
from importers.reading.separated import Lines, Text
from importers.records import Header, Origin
from importers.records.payments import Payments
from importers.refusals import FileRefusedError, Refusal, refuse

FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?FIC;REMISE-TPE;")

__all__ = ["FIRST_LINE", "FORMAT", "NAME", "find_cards", "origin", "read"]
_SOURCE = [column.name for column in COLUMNS[Record.FIC]].index("source") + 1
_GROUP = re.compile(rb"[0-9]+")
#: Free texts: what looks like a card number there may be a reference, and only an operator can know.
VOUCHABLE = frozenset(
    (
        "order_reference",
        "dossier_number",
        "serial_number",
        "manufacturer",
        "status_text",
        "product",
        "issuer",
        "scheme",
        "ticket",
    )
)
_TREATMENTS = {
    **dict.fromkeys(VOUCHABLE, Treatment.MASK_IF_VOUCHED),
    "certificate": Treatment.LEAVE_OUT,
}


def find_cards(data: bytes) -> Iterator[Candidate]:
    """Card numbers anywhere but where a number that looks like one has its place by design.

    A cryptogram that looks like one is left out: it is of use to nobody here. Texts may be vouched for.
    """
    for candidate in card_lines.find(data, lambda found, _line: _belongs(data, found)):
        name = _repeated_column(data, candidate) or _column_name(candidate)
        yield card_lines.treated(candidate, name, _TREATMENTS.get(name, Treatment.REFUSE))


def _belongs(data: bytes, candidate: Candidate) -> bool:
    """Whether a number that looks like a card's has its place there by design.

    A SIRET in its column; in ticket text, what repeats columns of the payment or remittance that it is of.
    """
    name = _column_name(candidate)
    if name == "siret":
        return is_siret(candidate.cell)
    if name != "ticket":
        return False
    own = {value for name, value in _cells_above(data, candidate.start) if name not in _TREATMENTS}
    at, end = candidate.start + candidate.place, candidate.start + candidate.end
    groups = [found[0] for found in takewhile(lambda found: found.start() < end, _GROUP.finditer(data, at))]
    return sum(map(len, groups)) >= len(candidate.digits) and own.issuperset(groups)


def _repeated_column(data: bytes, candidate: Candidate) -> str | None:
    """The text column above that a number in a ticket repeats: whoever vouches for it vouches for both."""
    if _column_name(candidate) != "ticket":
        return None
    digits = candidate.digits.encode()
    above = _cells_above(data, candidate.start)
    return next((name for name, value in above if name in VOUCHABLE and value == digits), None)


def _cells_above(data: bytes, start: int) -> Iterator[tuple[str, bytes]]:
    """The cells, by column, of the payment and the remittance that a ticket line at ``start`` is of."""
    for record in (Record.TRX, Record.REM):
        found = data.rfind(f"\n{record.name};".encode(), 0, start)
        values = data[found + 1 : data.find(b"\n", found + 1)].rstrip(b"\r").split(b";")[1:]
        yield from zip((column.name for column in COLUMNS[record]), values, strict=False)


def _column_name(candidate: Candidate) -> str:
    """The name of the column a candidate stands in, empty where the record or the column is unknown."""
    letters = candidate.record.decode("ascii", "replace")
    columns = COLUMNS[Record[letters]] if letters in Record.__members__ else ()
    return columns[candidate.column - 1].name if 0 < candidate.column <= len(columns) else ""


def origin(data: bytes) -> Origin:
    """The source that the first line names."""
    values = data.split(b"\n", 1)[0].split(b";")
    return Origin(source=values[_SOURCE].decode("utf-8", "replace") if len(values) > _SOURCE else None)


def read(data: bytes) -> Payments:
    """The payments of a whole file. Raises FileRefusedError, naming lines, columns and what was expected."""
    body = separated.text(data)
    header = section(body, np.array([0]), Record.FIC)
    content = header.table["content"][0].as_py()
    kinds = _kinds(body)
    _refuse_disorder(kinds, content)
    sections = {record: section(body, np.flatnonzero(kinds == record), record) for record in Record}
    remittances = _remittances(sections[Record.REM])
    transactions = _transactions(sections[Record.TRX], sections[Record.REM].rows)
    refuse_uncountable(transactions["amount"])
    _attach_tickets(sections, remittances, transactions)
    if content != PAYMENTS_ONLY:
        remittances = remittances.assign(**checks.declared(sections))
        if content == COMPLETE:
            checks.refuse_wrong_totals(sections, remittances, transactions)
        checks.refuse_wrong_ends(sections, remittances)
    checks.refuse_wrong_end(sections[Record.FIN], remittances, transactions, content)
    return Payments(
        header=Header(
            source=header.table["source"][0].as_py(),
            file_key=header.table["file_key"][0].as_py(),
            content=content,
            created_at=_created_at(header),
        ),
        has_totals=content != PAYMENTS_ONLY,
        has_payments=content != TOTALS_ONLY,
        remittances=remittances,
        transactions=transactions,
    )


def _created_at(header: Section) -> datetime:
    try:
        return datetime.fromisoformat(header.table["created_at"][0].as_py())
    except ValueError:
        raise refuse(N_("expected a time that exists"), line=1, column="created at") from None


def _kinds(body: Text) -> NDArray[np.int64]:
    """The record of each line, as a number. Raises FileRefusedError on a line that is none."""
    codes = body.codes()
    kinds = np.full(len(codes), -1, dtype=np.int64)
    for record in Record:
        kinds[codes == separated.code(record.name)] = record
    unknown = np.flatnonzero(kinds < 0)
    if len(unknown):
        raise FileRefusedError(
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
    for before, after in FOLLOWS[content].items():
        allowed[before, list(after)] = True
    wrong = np.flatnonzero(~allowed[kinds[:-1], kinds[1:]])
    if len(wrong):
        raise FileRefusedError(
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


def _frame(section: Section, columns: Sequence[Column], **changed: pd.Series[Any]) -> pd.DataFrame:
    frame: pd.DataFrame = section.table.select([column.name for column in columns]).to_pandas(
        types_mapper={pa.string(): pd.ArrowDtype(pa.string())}.get
    )
    return frame.assign(line=section.line_numbers, **changed)


def _translated(section: Section, name: str, words: Mapping[str, str]) -> pd.Series[Any]:
    """A column of words of the file in those of the model, missing where it says none."""
    places = pc.index_in(section.table[name], value_set=pa.array(list(words)))
    return pd.Series(pc.take(pa.array(list(words.values())), places), dtype=TEXTS)


def _remittances(section: Section) -> pd.DataFrame:
    moments = {
        column.name: times(section.table[column.name], column, section.line_numbers)
        for column in REMITTANCE
        if column.name in ("opened_local", "collected_local")
    }
    frame = _frame(section, REMITTANCE, **moments)
    for name in layout.CAPITALS:
        frame[name] = frame[name].str.upper()
    frame["status"] = _translated(section, "status", layout.STATUSES)
    frame["transmission"] = _translated(section, "transmission", layout.TRANSMISSIONS)
    frame["collected_on"] = frame["collected_local"].dt.normalize()
    numbers = frame.assign(number=frame["number"].astype("int64"))
    _refuse_twins(numbers, ["contract", "rank", "application", "number", "collected_on"], N_("batch number"))
    return frame


def _transactions(section: Section, parents: Lines) -> pd.DataFrame:
    occurred = times(section.table["occurred_local"], TRANSACTION[1], section.line_numbers)
    frame = _frame(section, TRANSACTION, occurred_local=occurred)
    frame["remittance"] = np.searchsorted(parents, section.rows) - 1
    frame["type"] = _translated(section, "type", layout.TYPES)
    frame["outcome"] = _translated(section, "outcome", layout.OUTCOMES)
    frame["entry_mode"] = _translated(section, "entry_mode", layout.ENTRY_MODES)
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
        raise FileRefusedError(Refusal(reason=reason, line=int(line), column=column) for line in twins)


def _attach_tickets(
    sections: dict[Record, Section], remittances: pd.DataFrame, transactions: pd.DataFrame
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


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=find_cards,
    read=bytes_alone(read),
    origin=origin,
    vouchable=VOUCHABLE,
)
