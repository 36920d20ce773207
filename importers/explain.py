"""The reading of a file of money before anything is loaded: its format, headings, records, sums.

Source: shared format page "Money", section 5.2. It reads a file as a load does, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import pandas as pd

from app.refusals import NO_HEADING
from app.rules import cfonb_records
from app.rules.amex_records import DISPUTES_BEGIN, EPTRN_BEGINS
from app.wording.formats import day
from app.wording.i18n import N_, gettext
from app.wording.money import plain
from importers import card_lines, shown_values
from importers.files import archive
from importers.formats import Beginning, FileContext, caaa, camt, cfonb120, formats, journals, mapped_csv
from importers.formats.amex import disputes, eptrn, grrcn
from importers.reading.headings import SourceColumn, Use
from importers.records.banking import BankStatements
from importers.records.chargebacks import Chargebacks
from importers.records.operations import Operations
from importers.records.remote_payments import RemotePayments
from importers.records.settlements import Settlements
from importers.refusals import FileRefusedError, refuse

MoneyRecords = BankStatements | Settlements | Chargebacks | Operations | RemotePayments

#: Rows of each kind of record that are shown.
_SHOWN_ROWS = 3
_NOT_MONEY: Final = N_("not money; what it would bring is said by: bordereau import --dry-run")
_NOT_MONEY_AT_DESK: Final = N_("not money: what it brings is said under Imports, once it is delivered")
_USES = {Use.KEPT: "%(field)s", Use.DROPPED: N_("dropped"), Use.NEVER_STORED: N_("never stored")}


@dataclass(frozen=True, kw_only=True)
class FileExplanation:
    """The understanding of a file: the format in its own words, facts by label, columns, records.

    Of a file that is not money (``is_money``) the format alone is told.
    """

    format: str
    records: tuple[MoneyRecords, ...]
    facts: tuple[tuple[str, str], ...] = ()
    headings: tuple[SourceColumn, ...] = ()
    is_money: bool = True


@dataclass(frozen=True, kw_only=True)
class _FormatReader:
    first_line: Beginning
    explain: Callable[[bytes, FileContext], FileExplanation]


def _cfonb120(data: bytes, context: FileContext) -> FileExplanation:
    found = cfonb120.read(data).of_source(context.settings)
    return FileExplanation(format=cfonb120.NAME, records=(found,))


def _camt(data: bytes, context: FileContext) -> FileExplanation:
    found = camt.read(data).of_source(context.settings)
    return FileExplanation(format=camt.version(data), records=(found,))


def _journal(data: bytes, context: FileContext) -> FileExplanation:
    journal = journals.read(data, context.name, context.settings)
    facts = ((N_("encoding"), journal.rows.encoding), (N_("delimiter"), repr(journal.rows.delimiter)))
    return FileExplanation(
        format=f"{journals.NAME} {journal.kind} {journal.version}",
        records=(journal.records,),
        facts=facts,
        headings=journal.headings,
    )


def _caaa(data: bytes, _context: FileContext) -> FileExplanation:
    return FileExplanation(format=caaa.NAME, records=(caaa.read(data),))


def _grrcn(data: bytes, context: FileContext) -> FileExplanation:
    found = grrcn.read(data, context.cards, with_payments=context.own_payments is not None)
    facts = tuple((code, str(count)) for code, count in found.counts.items())
    name = f"{grrcn.NAME} {found.version}"
    return FileExplanation(format=name, records=_told(found), facts=facts)


def _eptrn(data: bytes, context: FileContext) -> FileExplanation:
    found = eptrn.read(data, context.cards, with_payments=context.own_payments is not None)
    return FileExplanation(format=eptrn.NAME, records=_told(found))


def _told(found: grrcn.Reconciliation | eptrn.PaymentFile) -> tuple[Any, ...]:
    """The parts of a file of American Express."""
    return (found.settlements, found.chargebacks, *((found.payments,) if found.payments else ()))


def _disputes(data: bytes, context: FileContext) -> FileExplanation:
    return FileExplanation(format=disputes.kind(data), records=(disputes.read(data, context.cards),))


_READERS = (
    _FormatReader(first_line=cfonb_records.FIRST_LINE, explain=_cfonb120),
    _FormatReader(first_line=camt.FIRST_LINE, explain=_camt),
    _FormatReader(first_line=journals.FIRST_LINE, explain=_journal),
    _FormatReader(first_line=caaa.FIRST_LINE, explain=_caaa),
    _FormatReader(first_line=grrcn.FIRST_LINE, explain=_grrcn),
    _FormatReader(first_line=EPTRN_BEGINS, explain=_eptrn),
    _FormatReader(first_line=DISPUTES_BEGIN, explain=_disputes),
)


def _mapped(data: bytes, context: FileContext) -> FileExplanation:
    profile = context.own_payments
    found = mapped_csv.read(data, context.settings, context.source, context.time_zone, profile)
    facts = ((N_("encoding"), found.rows.encoding), (N_("delimiter"), repr(found.rows.delimiter)))
    disputed = (found.chargebacks,) if found.chargebacks and len(found.chargebacks.cases) else ()
    also = (*disputed, *((found.payments,) if found.payments else ()))
    return FileExplanation(
        format=found.mapping.name, records=(found.records, *also), facts=facts, headings=found.columns
    )


def explain(data: bytes, context: FileContext) -> FileExplanation:
    """What is understood of a file, read as its source says. Raises FileRefusedError."""
    reader = next((one for one in _READERS if one.first_line.match(data)), None)
    if context.format == mapped_csv.NAME:
        return _mapped(data, context)
    if reader is not None:
        return reader.explain(data, context)
    other = next((one for one in formats() if one.claims(context.name, data)), None)
    if other is None or other.name == mapped_csv.NAME:
        return _mapped(data, context)
    return FileExplanation(format=other.name, records=(), is_money=False)


def columns(data: bytes, context: FileContext, refused: FileRefusedError) -> Iterator[str]:
    """What became of the columns of a journal that is ``refused`` for one that it lacks, a line each."""
    if not any(one.reason == NO_HEADING for one in refused.refusals) or not journals.FIRST_LINE.match(data):
        return
    yield from _heading_lines(journals.columns(data, context.name, context.settings))


def bank_statements(path: Path) -> BankStatements:
    """The statements of the file at ``path``. Raises FileRefusedError, also for a file that holds none."""
    for records in explain(archive.receive(path).data, FileContext(name=path.name)).records:
        if isinstance(records, BankStatements):
            return records
    raise refuse(N_("expected statements of a bank"))


def lines(
    explanation: FileExplanation, contracts: Collection[str] = (), *, at_desk: bool = False
) -> Iterator[str]:
    """The explanation in words, a line each; ``at_desk`` names no command.

    ``contracts`` are the numbers that labels of a bank may name, of those who ask.
    """
    yield gettext("Format: %(format)s", format=explanation.format)
    if not explanation.is_money:
        yield "  " + gettext(_NOT_MONEY_AT_DESK if at_desk else _NOT_MONEY)
    for label, value in explanation.facts:
        yield f"  {_labelled(gettext(label), value)}"
    yield from _heading_lines(explanation.headings)
    for records in explanation.records:
        for part in _PARTS[type(records)]:
            yield from _part_lines(part, _naming(part.rows(records), contracts))
        for notice in records.notices:
            yield gettext("Note: %(notice)s", notice=notice.text())


def _heading_lines(headings: Iterable[SourceColumn]) -> Iterator[str]:
    """Each column with the field that it becomes, if there are any."""
    for place, heading in enumerate(headings):
        if not place:
            yield gettext("Columns:")
        yield f"  {heading.text} → {gettext(_USES[heading.use], field=heading.field)}"


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A frame of records: its title, what it is counted and summed by, its days, what is shown of it."""

    title: str
    rows: Callable[[Any], pd.DataFrame]
    by: tuple[str, ...]
    amount: str
    day: str
    shown: tuple[str, ...]


def _with_kinds(records: BankStatements) -> pd.DataFrame:
    """The lines of statements with their kinds and hints, card money first."""
    kinds = card_lines.kinds(records.movements, records.patterns)
    named = records.movements.assign(kind=kinds.fillna(gettext("not card money: counted, never stored")))
    found = named.join(card_lines.hints(named, records.patterns))
    return found.sort_values("kind", key=lambda _: kinds.isna(), kind="stable")


def _naming(found: pd.DataFrame, contracts: Collection[str]) -> pd.DataFrame:
    """Lines of statements with the contracts that their labels name, as a load finds them."""
    if "details" not in found or not contracts:
        return found
    own = card_lines.own_contracts(found, contracts)
    return found.assign(contract_number=own.where(own != "", found["contract_number"]))


_PARTS: Mapping[type, tuple[_Part, ...]] = {
    BankStatements: (
        _Part(
            title=N_("Statements"),
            rows=attrgetter("statements"),
            by=("proven", "currency"),
            amount="line_sum",
            day="closed_on",
            shown=("account_key", "opened_on", "closed_on", "opening", "line_sum", "closing", "proven"),
        ),
        _Part(
            title=N_("Movements"),
            rows=_with_kinds,
            by=("kind", "currency"),
            amount="amount",
            day="booked_on",
            shown=(
                "kind",
                "booked_on",
                "amount",
                "code",
                "contract_number",
                "contract_rank",
                "remittance_number",
            ),
        ),
    ),
    Settlements: (
        _Part(
            title=N_("Payments"),
            rows=attrgetter("settlements"),
            by=("state", "currency"),
            amount="net",
            day="paid_on",
            shown=(
                "payee",
                "number",
                "paid_on",
                "gross",
                "discount",
                "fee",
                "adjustment",
                "net",
                "net_proven",
            ),
        ),
        _Part(
            title=N_("Lines of payments"),
            rows=attrgetter("lines"),
            by=("kind", "currency"),
            amount="gross",
            day="occurred_on",
            shown=(
                "kind",
                "contract_number",
                "reference",
                "occurred_on",
                "gross",
                "fee_hundredths",
                "net_hundredths",
            ),
        ),
    ),
    Chargebacks: (
        _Part(
            title=N_("Chargebacks"),
            rows=attrgetter("cases"),
            by=("stage", "currency"),
            amount="amount",
            day="noticed_on",
            shown=("stage", "contract_number", "noticed_on", "sold_on", "amount", "reason_code", "due_on"),
        ),
    ),
    Operations: (
        _Part(
            title=N_("Operations"),
            rows=attrgetter("operations"),
            by=("said", "name", "currency"),
            amount="amount",
            day="operated_on",
            shown=("said", "name", "operated_on", "sale_number", "sold_on", "amount"),
        ),
    ),
    RemotePayments: (
        _Part(
            title=N_("Transactions"),
            rows=attrgetter("payments"),
            by=("outcome", "type", "currency"),
            amount="amount",
            day="occurred",
            shown=("contract_number", "occurred", "captured_on", "type", "outcome", "amount", "card_last4"),
        ),
    ),
}


def _part_lines(part: _Part, found: pd.DataFrame) -> Iterator[str]:
    yield _labelled(gettext(part.title), len(found))
    if found.empty:
        return
    for key, rows in found.groupby(list(part.by), sort=True, dropna=False):
        currency = str(rows["currency"].iloc[0])
        said = ", ".join(_group(name, value) for name, value in zip(part.by, key[:-1], strict=False))
        total = plain(int(rows[part.amount].sum()), currency)
        yield f"  {_labelled(said, f'{len(rows)}, {total} {currency}')}".rstrip()
    days = pd.to_datetime(found[part.day]).dropna()
    if len(days):
        yield "  " + gettext("from %(first)s to %(last)s", first=day(days.min()), last=day(days.max()))
    shown = shown_values.table(found.head(_SHOWN_ROWS), part.shown)
    yield from (f"  {line}" for line in shown.to_string(index=False).splitlines())


def _group(name: str, value: Any) -> str:
    """What rows are counted by: a proof says what it is of."""
    if name == "proven":
        return gettext(N_("proven by their balances")) if value else gettext(N_("without a proof"))
    return shown_values.word(name, value)


def _labelled(label: str, value: Any) -> str:
    return gettext("%(label)s: %(value)s", label=label, value=value)
