"""Bank statements: what CFONB 120, camt and the CSV of a bank have in common.

Source: shared format page "Money", sections 3.1, 3.3, 5.3 and 6.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row

from app.models import BankMovement, BankStatement, SourceSettings
from app.refusals import Unit
from app.wording.i18n import N_, NN_
from importers.card_lines import LabelPatterns
from importers.ownership import OwnedTable, OwnerKey
from importers.reading.amounts import refuse_uncountable
from importers.reading.free_text import refuse_card_numbers
from importers.records import Entry, Header, Loaded, RecordKind, clocks
from importers.records.banking import digests, loading
from importers.records.banking.loading import BANK_ACCOUNT
from importers.refusals import MOST_REASONS, FileRefusedError, Notice, Refusal

KIND = RecordKind(
    name="banking",
    tables=(
        OwnedTable(model=BankStatement, key=BANK_ACCOUNT, day="opened_on"),
        OwnedTable(model=BankMovement, key=BANK_ACCOUNT, day="booked_on"),
    ),
)

#: Of each statement: whose account, which days, what proves it.
STATEMENT = (
    "account_key",
    "currency",
    "opened_on",
    "closed_on",
    "opening",
    "closing",
    "notification",
    "line_count",
    "line_sum",
    "digest",
    "proven",
)
#: Of each line of a statement, card money or not.
MOVEMENT = (
    "statement",
    "rank",
    "booked_on",
    "value_on",
    "amount",
    "currency",
    "code",
    "inner_code",
    "label",
    "details",
    "payer",
    "entry_number",
    "reference",
    "batch_count",
    "gross",
    "fee",
    "reversal",
)
#: Written by people; references are numbers by design and are not searched.
_TWINS = NN_(
    "%(num)s line equals another one of its statement: all are kept",
    "%(num)s lines equal another one of their statement: all are kept",
)
_UNPROVEN = NN_(
    "%(num)s statement without both balances: nothing proves that it is whole",
    "%(num)s statements without both balances: nothing proves that they are whole",
)
_FREE_TEXTS = {"label": N_("label"), "details": N_("details of the label"), "payer": N_("payer")}


@dataclass(frozen=True, kw_only=True)
class BankStatements:
    """The statements of a file and all their lines.

    ``statements`` has one row a statement, indexed 0 to n-1, with the columns of :data:`STATEMENT`:
    balances and sums in minor units, ``opening`` and ``closing`` absent where the bank gives none,
    ``notification`` the hash of the number of a notification, "" of any other.
    ``movements`` has the columns of :data:`MOVEMENT`: ``statement`` is the row of its statement, ``rank``
    its place there from 0 (the only identity that equal lines have), ``amount`` is signed, + into the
    account. ``details`` and ``payer`` are the complements of the label; only :mod:`importers.card_lines`
    reads the payer, and nothing keeps it. ``patterns`` are those of labels of its source.
    """

    statements: pd.DataFrame
    movements: pd.DataFrame
    notices: tuple[Notice, ...] = ()
    header: Header = field(default_factory=Header)
    patterns: LabelPatterns = field(default_factory=LabelPatterns)

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame]:
        """The accounts that the file names."""
        return BANK_ACCOUNT, self.statements

    def of_source(self, settings: SourceSettings) -> BankStatements:
        """The statements, their labels read as the profile of their source says."""
        return dataclasses.replace(self, patterns=LabelPatterns.of(settings))

    def clock_faults(self, now: datetime) -> Iterator[Refusal]:
        """Days that are too late for the file, or too long before the last one of their statement."""
        made, days, lines = self.header.created_at or now, self.statements["closed_on"], self.movements
        closed = days.take(lines["statement"].to_numpy(dtype=np.int64)).reset_index(drop=True)
        entries = np.arange(1, len(lines) + 1)
        yield from clocks.later(days, made, np.arange(1, len(days) + 1), N_("closing day"), Unit.STATEMENT)
        yield from clocks.later(lines["booked_on"], made, entries, N_("booking day"), Unit.ENTRY)
        yield from clocks.older(lines["booked_on"], closed, entries, N_("booking day"), Unit.ENTRY)

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load the statements that are not known yet. FileRefusedError: one contradicts another."""
        assert entry.source is not None  # noqa: S101 - records that somebody owns have a source
        return loading.load(connection, self, entry, entry.source)

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Nothing: a statement gives way to its own replacement (see :func:`loading.load`)."""


def statements(
    frame: pd.DataFrame, movements: pd.DataFrame, notices: tuple[Notice, ...] = ()
) -> BankStatements:
    """Statements with the count, sum and digest of their lines, and whether their balances prove them.

    ``frame`` has the columns of :data:`STATEMENT` up to ``notification``. A statement that stands again in
    the file is dropped with its lines. Raises FileRefusedError for balances that its lines do not join, or
    where two statements of one account and day differ.
    """
    places = np.arange(1, len(movements) + 1)
    refuse_card_numbers(movements, _FREE_TEXTS, places, Unit.ENTRY, labels=_FREE_TEXTS)
    refuse_uncountable(movements["amount"])
    frame = frame.assign(**_control(frame, movements))
    frame["proven"] = (
        (frame["opening"] + frame["line_sum"] == frame["closing"]).fillna(value=False).astype(bool)
    )
    _refuse_unbalanced(frame)
    again = frame.duplicated(subset=[*STATEMENT[: STATEMENT.index("line_count")], "digest"])
    kept = frame.index[~again]
    renumbered = pd.Series(np.arange(len(kept)), index=kept)
    movements = movements[movements["statement"].isin(kept)]
    return BankStatements(
        statements=frame.loc[kept, list(STATEMENT)].reset_index(drop=True),
        movements=movements.assign(statement=movements["statement"].map(renumbered)).reset_index(drop=True),
        notices=(*notices, *_notices(frame, again, movements)),
    )


def _notices(frame: pd.DataFrame, again: pd.Series, movements: pd.DataFrame) -> Iterator[Notice]:
    for row in np.flatnonzero(again)[:MOST_REASONS]:
        yield Notice(
            reason=N_("stands in the file more than once: kept once"), unit=Unit.STATEMENT, line=int(row) + 1
        )
    twins = int(movements.drop(columns="rank").duplicated().sum())
    yield from Notice.counted(_TWINS, twins)
    yield from Notice.counted(_UNPROVEN, int((~frame["proven"] & ~again).sum()))


def _control(frame: pd.DataFrame, movements: pd.DataFrame) -> dict[str, pd.Series]:
    """Count, sum and digest of the lines of each statement, in its own currency."""
    own = (
        movements["currency"].to_numpy()
        == frame["currency"].to_numpy()[movements["statement"].to_numpy(dtype=np.int64)]
    )
    lines = movements[own]
    grouped = lines.groupby("statement")["amount"]
    return {
        "line_count": grouped.size().reindex(frame.index, fill_value=0).astype("int64"),
        "line_sum": grouped.sum().reindex(frame.index, fill_value=0).astype("int64"),
        "digest": pd.Series(digests.of_statements(lines, len(frame)), index=frame.index, dtype=object),
    }


def _refuse_unbalanced(frame: pd.DataFrame) -> None:
    wrong = ~frame["proven"] & frame["opening"].notna() & frame["closing"].notna()
    if wrong.any():
        raise FileRefusedError(
            Refusal(
                reason=N_("the opening balance and the lines do not make the closing balance"),
                unit=Unit.STATEMENT,
                line=int(row) + 1,
            )
            for row in np.flatnonzero(wrong)[:MOST_REASONS]
        )
