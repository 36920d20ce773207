"""Journals of payment platforms: TITRE, ENTETE, details, FIN.

Source: shared format page "Money", section 3.2. Transactions (JT), operations (JO), settlements (JRB,
JRFI) and chargebacks (JRI) are told by the code of their details, else by name or headings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Final

from app.models import SourceSettings
from app.refusals import NO_APPLICATION
from app.wording.i18n import N_
from importers.formats import FileContext, Format, searched_by_field
from importers.formats.journals import chargebacks, operations, payments, settlements
from importers.formats.journals.layout import ALIASES
from importers.formats.journals.settlements import Wire
from importers.reading import delimited, fields
from importers.reading.delimited import Rows
from importers.reading.fields import Fields
from importers.reading.free_text import refuse_card_numbers
from importers.reading.headings import SourceColumn, bare, understood
from importers.records import Header, Records
from importers.records.chargebacks import Chargebacks
from importers.records.operations import Operations
from importers.records.remote_payments import RemotePayments
from importers.records.settlements import Settlements
from importers.refusals import refuse

NAME: Final = "journal"
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\"?TIT(?:RE|LE)\"?[;\t,|]")

JournalRecords = RemotePayments | Operations | Settlements | Chargebacks
_VERSION = re.compile(r"TABLE_V\w+|TAB20_V\w+|V[0-9]+")
_TITLES, _HEADERS, _ENDS = {"TITRE", "TITLE"}, {"ENTETE", "HEADER"}, {"FIN", "END"}
#: What is kept as it is written.
_FREE_TEXTS = (
    *("order_reference", "scheme", "origin", "reason", "sale_number", "three_ds", "response_code"),
    *("authorisation_number", "platform_reference"),
)
#: Of the hash of a title: enough to tell titles apart, of which nothing is kept.
_TITLE_LENGTH = 16
_MINUTE = re.compile(r"[0-9]{2}:[0-9]{2}(?![:0-9])", re.ASCII)
_TIMES = ("payment_time", "capture_time")
_TEST = re.compile(r"(?i)^TEST_")


class JournalKind(StrEnum):
    """The subject of a journal."""

    JT = "JT"
    JO = "JO"
    JRB = "JRB"
    JRFI = "JRFI"
    JRI = "JRI"


_BY_DETAIL = {
    "TRANSACTION": JournalKind.JT,
    "OPERATION": JournalKind.JO,
    "MATCHING": JournalKind.JRB,
    "DETAIL": JournalKind.JRI,
}
# What only one kind of journal has, for files without a detail; of several, the first counts.
_BY_FIELD = {
    "platform_reference": JournalKind.JRFI,
    "reason": JournalKind.JRI,
    "net": JournalKind.JRB,
    "operation": JournalKind.JO,
    "status": JournalKind.JT,
}
# A heading that stands for one thing in all journals, and for another in this kind, where that has none.
_STANDS_FOR = {
    JournalKind.JO: {"amount": "operation_amount"},
    JournalKind.JRB: {"capture_date": "remittance_date", "amount": "gross"},
    JournalKind.JRFI: {"capture_date": "remittance_date", "amount": "gross"},
    JournalKind.JRI: {"amount": "source_amount"},
}
_BY_NAME = re.compile(r"(?:^|_)(JRFI|JRB|JRI|JT|JO)(?:_|$|\.)|^(rapprochement)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Journal:
    """A journal's records, and what its title and headings say. Without details it was received, empty.

    ``title`` is its first line, whole.
    """

    title: tuple[str, ...]
    kind: JournalKind
    version: str
    made_at: datetime
    rows: Rows
    headings: tuple[SourceColumn, ...]
    details: int
    records: JournalRecords


def read(data: bytes, name: str = "", settings: SourceSettings | None = None) -> Journal:
    """A whole journal. ``name`` is that of its file, which some things are said in alone.

    ``settings`` are those of its source: headings, scales, encoding and delimiter of its own. Raises
    FileRefusedError.
    """
    said = settings or SourceSettings()
    if _TEST.match(name):
        raise refuse(N_("a file of the platform's test mode"))
    rows, cells = _rows(data, said)
    details, ended = _details(rows, cells)
    kind, headings = _headings(name, said, cells[1], details)
    if not ended and kind is not JournalKind.JT:
        raise refuse(N_("expected the line FIN at the end"), line=rows.numbers[-1])
    made_at = _made_at(cells[0])
    made_on = made_at.date()
    table = Fields.of(headings, details)
    free = [name for name in _FREE_TEXTS if name in table]
    refuse_card_numbers(table.texts, free, table.lines, labels=table.labels)
    return Journal(
        title=tuple(cells[0]),
        kind=kind,
        version=next((cell for cell in cells[0] if _VERSION.fullmatch(cell)), ""),
        made_at=made_at,
        rows=rows,
        headings=headings,
        details=len(details),
        records=_READERS[kind](table, made_on, Wire.of_name(name, said.scales)),
    )


def columns(data: bytes, name: str = "", settings: SourceSettings | None = None) -> tuple[SourceColumn, ...]:
    """What becomes of the columns of a journal, also of one that is refused for those that it lacks.

    Raises FileRefusedError where it has none.
    """
    said = settings or SourceSettings()
    rows, cells = _rows(data, said)
    return _headings(name, said, cells[1], _details(rows, cells)[0])[1]


_READERS: dict[JournalKind, Callable[[Fields, date, Wire], JournalRecords]] = {
    JournalKind.JT: payments.read,
    JournalKind.JO: operations.read,
    JournalKind.JRB: settlements.read,
    JournalKind.JRFI: settlements.read_by_wire,
    JournalKind.JRI: chargebacks.read,
}


def _rows(data: bytes, said: SourceSettings) -> tuple[Rows, list[list[str]]]:
    """The rows of a journal, and their cells: title and headings first. Raises FileRefusedError."""
    rows = delimited.rows(data, said.delimiter or None, said.encoding)
    cells = [_bare_end(row) for row in rows.cells]
    if len(cells) < 2 or cells[0][0] not in _TITLES or cells[1][0] not in _HEADERS:  # noqa: PLR2004
        raise refuse(N_("expected a title and a heading: TITRE, then ENTETE"), line=1)
    return rows, cells


def _headings(
    name: str, said: SourceSettings, texts: list[str], details: list[tuple[int, list[str]]]
) -> tuple[JournalKind, tuple[SourceColumn, ...]]:
    """The kind of a journal, and what becomes of its columns. Raises FileRefusedError."""
    own = {bare(heading): field for heading, field in said.aliases.items()}
    found = understood(texts, {**ALIASES, **own})
    kind = _kind(name, details, found)
    there = {one.field for one in found}
    meant = {
        field: own_field for field, own_field in _STANDS_FOR.get(kind, {}).items() if own_field not in there
    }
    return kind, tuple(replace(one, field=meant.get(one.field or "", one.field)) for one in found)


def _bare_end(row: list[str]) -> list[str]:
    """A row without the empty cell that a separator at its end makes."""
    return row[:-1] if len(row) > 1 and not row[-1] else row


def _details(rows: Rows, cells: list[list[str]]) -> tuple[list[tuple[int, list[str]]], bool]:
    """The details with their lines, and whether an end line closes them. Raises FileRefusedError."""
    ended = cells[-1][0] in _ENDS
    details = list(zip(rows.numbers, cells, strict=True))[2 : -1 if ended else None]
    for line, row in details:
        if row[0] in _ENDS:
            raise refuse(N_("nothing may follow the line FIN"), line=line)
        if len(row) > len(cells[1]):
            raise refuse(N_("more columns than headings"), line=line)
    return details, ended


def _kind(name: str, details: list[tuple[int, list[str]]], headings: tuple[SourceColumn, ...]) -> JournalKind:
    said = {row[0].upper() for _, row in details}
    if len(said) > 1:
        raise refuse(N_("details of several kinds"), line=details[0][0])
    by_name = _BY_NAME.search(name)
    named = JournalKind((by_name[1] or "JRB").upper()) if by_name else None
    if named is JournalKind.JRFI:
        return named
    found = next((_BY_DETAIL[code] for code in said if code in _BY_DETAIL), None) or named
    there = {heading.field for heading in headings}
    found = found or next((kind for field, kind in _BY_FIELD.items() if field in there), None)
    if found is None:
        raise refuse(N_("not a journal of a known kind: JT, JO, JRB, JRFI or JRI"), line=2)
    return found


def _made_at(title: list[str]) -> datetime:
    """The moment in the title, midnight where it has the day alone.

    Such as ``26/03/03_02:05:00``, ``20260303 02:01:01``, ``260303_02:05:00`` or
    ISO 8601, which may leave seconds and zone out (``2026-03-04T10:05Z``). Raises FileRefusedError.
    """
    for cell in title[1:]:
        written, _, rest = re.sub(r"[ _T]", " ", cell).partition(" ")
        if written[:1].isdigit():
            try:
                return datetime.combine(fields.day(written), _clock(rest))
            except ValueError:
                continue
    raise refuse(N_("expected the day of the file in its title"), line=1)


def _clock(text: str) -> time:
    """The time behind a day; one without seconds, as ISO 8601 allows, is that of the minute."""
    minute = _MINUTE.match(text)
    if minute is not None:
        return fields.clock_time(f"{minute[0]}:00")
    return fields.clock_time(text[:8]) if text else time()


def _records(data: bytes, context: FileContext) -> Records:
    """The records of a journal that are loaded; its title says which day of which shop it is.

    Raises FileRefusedError.
    """
    journal = read(data, context.name, context.settings)
    title = sha256(repr(journal.title).encode()).hexdigest()[:_TITLE_LENGTH]
    header = Header(file_key=f"{journal.kind} {journal.made_at.date()} {title}")
    if not isinstance(journal.records, RemotePayments):
        return replace(journal.records, header=header)
    if context.payments is None:
        raise refuse(NO_APPLICATION)
    made_at = journal.made_at.replace(tzinfo=context.payments.zone)
    placed = journal.records.of_source(context.payments, replace(header, created_at=made_at))
    has_times = any(heading.field in _TIMES for heading in journal.headings)
    return placed if has_times else replace(placed, zone=None)  # a day alone is the outlet's, on no clock


FORMAT = Format(name=NAME, first_line=FIRST_LINE, find_cards=searched_by_field, read=_records, archived=False)
