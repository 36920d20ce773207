"""Matching: which line of a bank statement credits which remittances, by a cascade of rules.

Source: shared format page "Money", section 7.2. An amount alone decides nothing: within a rule all lines
propose at once, and a proposal stands when its line has one candidate and no other line claims any of
its items. The order in which files came never changes the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import Certainty, CreditVerdict, MovementKind
from importers.matching.cascade import rules
from importers.matching.codes import Coded
from importers.matching.doubts import Doubts
from importers.matching.manners import with_manners
from importers.matching.missing_calls import missing_calls, with_missing, without_missing
from importers.matching.rules import CREDITING, Rule
from importers.matching.rules import parts as parts_of
from importers.matching.schemes import Split

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

#: No link.
_NONE: Final = pd.DataFrame(columns=list(LINK)).astype(
    {"amount": "int64", "certainty": "str", "booked_on": "datetime64[s]", "group_fee": "Int64"}
)

#: Columns of what people decided: the rows of line and item, the part, its rule and the verdict.
DECIDED: Final = ("line", "item", "part", "rule", "verdict")


def match(
    items: pd.DataFrame,
    lines: pd.DataFrame,
    decided: pd.DataFrame | None = None,
    by_scheme: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Links between lines and items: the columns of :data:`LINK`.

    ``items`` has the columns of :data:`ITEM`, ``lines`` those of :data:`LINE`; each row is known by its
    index. An item without an account may be credited on any account. ``decided`` has the columns of
    :data:`DECIDED`: what a person confirmed comes before any rule, what they rejected is not proposed again.
    ``by_scheme`` has what each scheme adds to an item, where its payments are all there (the columns of
    :data:`importers.matching.schemes.SCHEME_SUM`): without it no line is taken for a scheme's. ``known`` are
    items as well, those too that no bank credits: their numbers tell which calls have not come. Where one has
    not, the ``statements`` (as :mod:`importers.matching.states` has them) tell whether lines may be missing.
    """
    decided = pd.DataFrame(columns=list(DECIDED)) if decided is None else decided
    if decided.empty and (items.empty or lines.empty):
        return _NONE
    items, lines, statements, missing = _coded(items, lines, known, statements)
    open_parts = with_missing(parts_of(items), missing)
    split = Split.of(with_missing(items, missing), lines, by_scheme)
    found = [_confirmed(decided, open_parts)]
    rejected = decided[decided["verdict"] == CreditVerdict.REJECTED]
    is_open = ~lines.index.isin(found[0]["line"]) & (lines["is_fee"] | lines["is_credit"])
    open_lines = with_manners(lines[is_open], open_parts)
    open_parts = left(open_parts, found[0])
    doubts = Doubts.of(items, open_lines, missing, statements, split)
    for rule in rules(split, doubtful=doubts.exist()):
        if open_lines["is_fee"].all():  # what was taken off nothing explains nothing
            break
        while len(open_parts) and len(open_lines) and len(about := _about(rule, open_lines)):
            is_proposed = rule.certainty is Certainty.PROPOSED
            candidates = rule.propose(without_missing(open_parts) if is_proposed else open_parts, about)
            if is_proposed:
                candidates = _not_rejected(candidates, rejected)
            if candidates.empty:
                break
            held_back = split.rivals(open_parts, about) if rule.yields_to_schemes else []
            links = _standing(candidates, [*held_back, *_other_lines(rule, candidates, doubts)])
            if links.empty:
                break
            found.append(links.assign(rule=rule.name, certainty=rule.certainty))
            open_lines = open_lines[~open_lines.index.isin(links["line"].tolist() + _fee_lines(links))]
            open_parts = left(open_parts, links)
    links = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    links = links.assign(booked_on=lines["booked_on"].reindex(links["line"]).to_numpy())
    return links.reindex(columns=list(LINK)).astype({"group_fee": "Int64"})


def is_split(
    items: pd.DataFrame, lines: pd.DataFrame, by_scheme: pd.DataFrame, known: pd.DataFrame | None = None
) -> bool:
    """Whether any line may be what a scheme brought: where none may, the sums of schemes match nothing."""
    if items.empty or lines.empty:
        return False
    items, lines, _, missing = _coded(items, lines, known, None)
    return len(Split.of(with_missing(items, missing), lines, by_scheme).pairs) > 0


def _coded(
    items: pd.DataFrame, lines: pd.DataFrame, known: pd.DataFrame | None, statements: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
    """Items, lines and statements, with numbers for texts, and the calls that are missing."""
    coded = Coded.of(items[list(ITEM)], lines[list(LINE)], items if known is None else known, statements)
    kind, fee = coded.lines["kind"], pd.to_numeric(coded.lines["fee"])
    lines = coded.lines.drop(columns="kind").assign(
        fee=fee.fillna(0).astype("int64"),
        grouping=coded.lines["grouping"].astype("category"),
        is_fee=kind == MovementKind.FEE,
        is_credit=kind.isin(CREDITING),
    )
    return coded.items, lines, coded.statements, missing_calls(coded.known)


def _about(rule: Rule, lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that a rule is about."""
    is_about = rule.about(lines).to_numpy(dtype=bool)
    if not rule.takes_fees:
        is_about = is_about & ~lines["is_fee"].to_numpy(dtype=bool)
    return lines[is_about] if is_about.any() else lines.head(0)


def _other_lines(rule: Rule, candidates: pd.DataFrame, doubts: Doubts) -> list[Any]:
    """The lines that are not for such a rule to link: what is doubtful for one that decides, or all else."""
    if rule.by_number or not (rule.is_doubtful or rule.certainty is Certainty.CERTAIN):
        return []
    doubtful = doubts.lines_of(candidates)
    if not rule.is_doubtful:
        return doubtful
    return candidates.loc[~candidates["line"].isin(doubtful), "line"].unique().tolist()


def _confirmed(decided: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The links that a person has confirmed, as far as their items are still there."""
    confirmed = decided[decided["verdict"] == CreditVerdict.CONFIRMED]
    links = confirmed.merge(parts[["item", "part", "amount"]], on=["item", "part"])
    return links[["line", "item", "part", "amount", "rule"]].assign(certainty=Certainty.CONFIRMED.value)


def _links_of(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["line", "item", "part"]])


def _not_rejected(candidates: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """The candidates of which nothing was rejected."""
    if candidates.empty or rejected.empty:
        return candidates
    gone = candidates.loc[_links_of(candidates).isin(_links_of(rejected)), "candidate"]
    return candidates[~candidates["candidate"].isin(gone)]


def _standing(candidates: pd.DataFrame, held_back: Iterable[Any] = ()) -> pd.DataFrame:
    """The candidates that stand: alone for their line, and nobody else's claim on any of their items.

    Those of the lines ``held_back`` only keep others from standing. ``candidates`` has a row for each item of
    each candidate: line, candidate, item, part, amount. Where they bear a ``fee_line``, no other line may
    claim that one either.
    """
    if candidates.empty:
        return candidates
    gone = _have_several(candidates, ["line"], "candidate") | candidates["line"].isin(list(held_back))
    refused = _contested(candidates)
    if "fee_line" in candidates:
        shared = candidates.groupby("fee_line")["line"].transform("nunique") > 1
        refused += candidates.loc[shared, "candidate"].tolist()
    return candidates[~gone & ~candidates["candidate"].isin(refused)].drop(columns="candidate")


def _contested(candidates: pd.DataFrame) -> list[Any]:
    """The candidates with a half of an item that several lines claim, or with what a scheme brought."""
    if candidates["item"].is_unique:
        return []
    claims = pd.concat(
        [
            *(candidates[candidates["part"].isin(["net", half])].assign(half=half) for half in _HALVES),
            candidates[_is_of_scheme(candidates)].assign(half=candidates["part"]),
        ]
    )
    return list(claims.loc[_have_several(claims, ["item", "half"], "line"), "candidate"])


def _have_several(rows: pd.DataFrame, by: list[str], name: str) -> pd.Series[Any]:
    """Which rows are one of a group that has several of ``name``."""
    found: pd.Series[Any] = rows.duplicated(by)
    if found.any():
        found = rows.groupby(by)[name].transform("nunique") > 1
    return found


def _fee_lines(links: pd.DataFrame) -> list[Any]:
    """The lines of commissions that links have used up."""
    return links["fee_line"].dropna().tolist() if "fee_line" in links else []


#: The halves of an item that may be credited apart.
_HALVES: Final = ("debits", "refunds")


def left(parts: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The parts that are still to explain: net, halves and what schemes brought exclude one another."""
    if links.empty:
        return parts
    is_concerned = parts["item"].isin(links["item"]).to_numpy()
    concerned = parts.loc[is_concerned, ["item", "part"]]
    taken = set(zip(links["item"].tolist(), links["part"].tolist(), strict=True))
    pairs = zip(concerned["item"].tolist(), concerned["part"].tolist(), strict=True)
    gone = np.array([pair in taken for pair in pairs], dtype=np.bool_)
    manner, taken_manner = _manner(concerned), _manner(links)
    for name in ("net", "halves", "schemes"):
        others = links.loc[taken_manner != name, "item"]
        gone |= (manner == name) & concerned["item"].isin(others).to_numpy()
    is_left = ~is_concerned
    is_left[is_concerned] = ~gone
    return parts[is_left]


def _manner(parts: pd.DataFrame) -> NDArray[np.str_]:
    """The manner in which each part is one: the whole net, one of two halves, or what a scheme brought."""
    return np.select(
        [parts["part"].isin(_HALVES).to_numpy(), _is_of_scheme(parts).to_numpy()],
        ["halves", "schemes"],
        "net",
    )


def _is_of_scheme(parts: pd.DataFrame) -> pd.Series[Any]:
    found: pd.Series[Any] = ~parts["part"].isin(["net", *_HALVES])
    return found
