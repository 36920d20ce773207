"""Matching: which line of a bank statement credits which remittances, by a cascade of rules.

Source: shared format page "Money", section 7.2. An amount alone decides nothing: within a rule all lines
propose at once, and a proposal stands when its line has one candidate and no other line claims any of
its items. The order in which files came never changes the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from importers.matching.rules import RULES, Rule
from importers.matching.rules import parts as parts_of

#: Columns of remittances; amounts in minor units, ``debits`` and ``refunds`` after their cancellations.
ITEM: Final = (
    "account",
    "currency",
    "contract_number",
    "contract_rank",
    "number",
    "collected_on",
    "net",
    "debits",
    "refunds",
    "outlet",
)
#: Columns of lines of statements, as :mod:`importers.card_lines` keeps them; ``grouping`` is the account's.
LINE: Final = (
    "account",
    "currency",
    "booked_on",
    "amount",
    "kind",
    "contract_number",
    "contract_rank",
    "remittance_number",
    "entry_number",
    "reference",
    "fee",
    "grouping",
)
#: Columns of links: the rows of line and item, what of the item the line explains, by which rule, and when.
LINK: Final = ("line", "item", "part", "amount", "rule", "certainty", "booked_on")


def match(items: pd.DataFrame, lines: pd.DataFrame, rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """Links between lines and items: the columns of :data:`LINK`.

    ``items`` has the columns of :data:`ITEM`, ``lines`` those of :data:`LINE`; each row is known by its
    index. An item without an account may be credited on any account.
    """
    open_parts = parts_of(items)
    open_lines = lines
    found = []
    for rule in rules:
        while len(open_lines) and len(open_parts):
            links = _standing(rule.propose(open_parts, open_lines))
            if links.empty:
                break
            found.append(links.assign(rule=rule.name, certainty=rule.certainty))
            open_lines = open_lines[~open_lines.index.isin(links["line"])]
            open_parts = _left(open_parts, links)
    if not found:
        return pd.DataFrame(columns=list(LINK))
    links = pd.concat(found, ignore_index=True)
    return links.assign(booked_on=links["line"].map(lines["booked_on"]))


def _standing(candidates: pd.DataFrame) -> pd.DataFrame:
    """The candidates that stand: alone for their line, and nobody else's claim on any of their items.

    ``candidates`` has a row for each item of each candidate: line, candidate, item, part, amount.
    """
    if candidates.empty:
        return candidates
    alone = candidates.groupby("line")["candidate"].transform("nunique") == 1
    claims = pd.concat(
        [candidates[candidates["part"] != other].assign(half=half) for half, other in _HALVES.items()]
    )
    contested = claims.groupby(["item", "half"])["line"].transform("nunique") > 1
    standing = candidates[alone & ~candidates["candidate"].isin(claims.loc[contested, "candidate"])]
    return standing[["line", "item", "part", "amount"]]


# What claims a half: itself and the net, all but the other half.
_HALVES = {"debits": "refunds", "refunds": "debits"}


def _left(parts: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The parts that are still to explain: the net excludes debits and refunds, and they the net."""
    whole = links.loc[links["part"] == "net", "item"]
    halves = links.loc[links["part"] != "net", ["item", "part"]]
    taken = pd.MultiIndex.from_frame(halves)
    gone = parts["item"].isin(whole)
    gone |= pd.MultiIndex.from_frame(parts[["item", "part"]]).isin(taken)
    gone |= parts["item"].isin(halves["item"]) & (parts["part"] == "net")
    return parts[~gone]
