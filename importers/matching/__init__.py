"""Matching: which line of a bank statement credits which remittances, by a cascade of rules.

Source: shared format page "Money", section 7.2. An amount alone decides nothing: within a rule all lines
propose at once, and a proposal stands when its line has one candidate and no other line claims any of
its items. The order in which files came never changes the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from app.models import Certainty, CreditVerdict, MovementKind
from importers.matching.cascade import RULES
from importers.matching.rules import CREDITING, Rule
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
#: Columns of links: the rows of line and item, what of the item the line explains, by which rule, and when;
#: ``group_fee`` is what the bank says that it took off the line, for all of its items.
LINK: Final = ("line", "item", "part", "amount", "rule", "certainty", "booked_on", "group_fee")

#: Columns of what people decided: the rows of line and item, the part, its rule and the verdict.
DECIDED: Final = ("line", "item", "part", "rule", "verdict")


def match(
    items: pd.DataFrame,
    lines: pd.DataFrame,
    rules: Sequence[Rule] = RULES,
    decided: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Links between lines and items: the columns of :data:`LINK`.

    ``items`` has the columns of :data:`ITEM`, ``lines`` those of :data:`LINE`; each row is known by its
    index. An item without an account may be credited on any account. ``decided`` has the columns of
    :data:`DECIDED`: what a person confirmed comes before any rule, what they rejected is not proposed again.
    """
    open_parts = parts_of(items)
    decided = pd.DataFrame(columns=list(DECIDED)) if decided is None else decided
    found = [_confirmed(decided, open_parts)]
    rejected = _links_of(decided[decided["verdict"] == CreditVerdict.REJECTED])
    open_lines = lines[~lines.index.isin(found[0]["line"])].assign(is_fee=lines["kind"] == MovementKind.FEE)
    open_lines = open_lines[open_lines["is_fee"] | open_lines["kind"].isin(CREDITING)]
    open_parts = _left(open_parts, found[0])
    for rule in rules:
        while len(open_parts) and len(about := _about(rule, open_lines)):
            candidates = rule.propose(open_parts, about)
            if rule.certainty is Certainty.PROPOSED:
                candidates = _not_rejected(candidates, rejected)
            links = _standing(candidates)
            if links.empty:
                break
            found.append(links.assign(rule=rule.name, certainty=rule.certainty))
            open_lines = open_lines[~open_lines.index.isin(links["line"].tolist() + _fee_lines(links))]
            open_parts = _left(open_parts, links)
    links = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    links = links.assign(booked_on=lines["booked_on"].reindex(links["line"]).to_numpy())
    return links.reindex(columns=list(LINK)).astype({"group_fee": "Int64"})


def _about(rule: Rule, lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that a rule is about."""
    return lines[rule.about(lines) & (rule.takes_fees | ~lines["is_fee"])]


def _confirmed(decided: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The links that a person has confirmed, as far as their items are still there."""
    confirmed = decided[decided["verdict"] == CreditVerdict.CONFIRMED]
    links = confirmed.merge(parts[["item", "part", "amount"]], on=["item", "part"])
    return links[["line", "item", "part", "amount", "rule"]].assign(certainty=Certainty.CONFIRMED.value)


def _links_of(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["line", "item", "part"]])


def _not_rejected(candidates: pd.DataFrame, rejected: pd.MultiIndex) -> pd.DataFrame:
    """The candidates of which nothing was rejected."""
    if candidates.empty or rejected.empty:
        return candidates
    gone = candidates.loc[_links_of(candidates).isin(rejected), "candidate"]
    return candidates[~candidates["candidate"].isin(gone)]


def _standing(candidates: pd.DataFrame) -> pd.DataFrame:
    """The candidates that stand: alone for their line, and nobody else's claim on any of their items.

    ``candidates`` has a row for each item of each candidate: line, candidate, item, part, amount. Where they
    bear a ``fee_line``, no other line may claim that one either.
    """
    if candidates.empty:
        return candidates
    alone = candidates.groupby("line")["candidate"].transform("nunique") == 1
    claims = pd.concat(
        [candidates[candidates["part"] != other].assign(half=half) for half, other in _HALVES.items()]
    )
    contested = claims.groupby(["item", "half"])["line"].transform("nunique") > 1
    refused = claims.loc[contested, "candidate"]
    if "fee_line" in candidates:
        shared = candidates.groupby("fee_line")["line"].transform("nunique") > 1
        refused = pd.concat([refused, candidates.loc[shared, "candidate"]])
    return candidates[alone & ~candidates["candidate"].isin(refused)].drop(columns="candidate")


def _fee_lines(links: pd.DataFrame) -> list[Any]:
    """The lines of commissions that links have used up."""
    return links["fee_line"].dropna().tolist() if "fee_line" in links else []


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
