"""The checks of what a file says of itself: totals, ends of remittances, the end of the file."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.rules.payments import AMOUNTS, COUNTS, TOTALS
from app.wording.i18n import N_
from importers import totals
from importers.formats import layout
from importers.formats.remise_tpe.columns import TOTALS_ONLY, Record
from importers.formats.remise_tpe.sections import Section
from importers.reading.amounts import refuse_uncountable
from importers.refusals import refuse

Sections = dict[Record, Section]


def declared(sections: Sections) -> dict[str, NDArray[np.int64]]:
    """The declared totals of each remittance, as columns. Raises FileRefusedError unless each has its six."""
    section, ends = sections[Record.TOT], sections[Record.FRM]
    parents = sections[Record.REM].rows
    counts = np.bincount(np.searchsorted(parents, section.rows) - 1, minlength=len(parents))
    order = ", ".join(layout.TOTALS)
    wrong = np.flatnonzero(counts != len(TOTALS))
    if len(wrong):
        raise refuse(N_("expected six TOT lines: %(order)s"), line=int(ends.rows[wrong[0]]) + 1, order=order)
    found = section.table["total_type"].to_numpy(zero_copy_only=False)
    misplaced = np.flatnonzero(found != np.tile(np.array(list(layout.TOTALS), dtype=object), len(parents)))
    if len(misplaced):
        line = int(section.line_numbers[misplaced[0]])
        raise refuse(N_("expected six TOT lines: %(order)s"), line=line, column="total type", order=order)
    declared = zip(COUNTS, section.integers("total_count").reshape(-1, len(TOTALS)).T, strict=True)
    refuse_uncountable(section.integers("total_amount"))
    amounts = zip(AMOUNTS, section.integers("total_amount").reshape(-1, len(TOTALS)).T, strict=True)
    columns = dict(declared) | dict(amounts)
    columns["transaction_count"] = ends.integers("transaction_count")
    columns["net_amount"] = ends.integers("net_amount")
    return columns


def refuse_wrong_ends(sections: Sections, remittances: pd.DataFrame) -> None:
    """FRM repeats its remittance's number, its net and count follow from the TOT lines; none adds up to 0."""
    ends = sections[Record.FRM]
    places = sections[Record.TOT].line_numbers.reshape(-1, len(TOTALS))
    of_none = np.argwhere(
        (remittances[list(COUNTS)].to_numpy() == 0) & (remittances[list(AMOUNTS)].to_numpy() != 0)
    )
    if len(of_none):
        line = int(places[tuple(of_none[0])])
        raise refuse(N_("expected 0 where none is counted"), line=line, column="amount")
    net = totals.net(remittances)
    counted = remittances[list(COUNTS)].sum(axis=1).to_numpy()
    checks = (
        (
            N_("batch number"),
            ends.integers("number") != remittances["number"].astype("int64").to_numpy(),
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


def refuse_wrong_totals(sections: Sections, remittances: pd.DataFrame, transactions: pd.DataFrame) -> None:
    """In a complete file the transactions of each remittance add up to its TOT and FRM lines."""
    received = totals.received(transactions, len(remittances))
    reason = N_("expected what its transactions add up to")
    places = sections[Record.TOT].line_numbers.reshape(-1, len(TOTALS))
    for label, names in (("count", COUNTS), ("amount", AMOUNTS)):
        wrong = np.argwhere(received[list(names)].to_numpy() != remittances[list(names)].to_numpy())
        if len(wrong):
            raise refuse(reason, line=int(places[tuple(wrong[0])]), column=label)
    wrong_count = np.flatnonzero(received["transaction_count"] != remittances["transaction_count"])
    if len(wrong_count):
        line = int(sections[Record.FRM].line_numbers[wrong_count[0]])
        raise refuse(reason, line=line, column="number of transactions")


def refuse_wrong_end(
    end: Section, remittances: pd.DataFrame, transactions: pd.DataFrame, content: str
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
