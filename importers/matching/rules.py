"""The rules of the cascade: what must agree, and how sure a link then is.

Source: shared format page "Money", section 7.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import Certainty, Grouping, MovementKind
from importers.matching import working_days
from importers.matching.codes import NO_TEXT, NUMBERS
from importers.matching.missing_calls import misses
from importers.matching.pairs import CANDIDATES, NOTHING, pairs_of, single

#: A line is booked at most so many working days after the call.
WINDOW = 5
# What a bank may keep of a net credit: at most 2 %, or one unit where that is less.
_MOST_KEPT_PERCENT, _LEAST_KEPT = 2, 100
_HUNDRED = 100
_CONTRACT: Final = ["account", "currency", "contract_number"]
#: What days that are settled together have in common: those of a weekend.
_TOGETHER: Final = [*_CONTRACT, "settled_on"]
#: Of two of them, all but one are one of them.
_PAIR = 2
CREDITING = (MovementKind.REMITTANCE, MovementKind.REFUND, MovementKind.PAYOUT)
#: How a bank credits several remittances of a day: see :mod:`importers.matching.manners`.
APART: Final = 1
TOGETHER: Final = 2


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: its name, how sure its links are, the lines that it is about, and the candidates it proposes.

    :mod:`app.wording.codes` says in words what agrees. ``propose`` is given parts and lines that it is about,
    and gives a row for each item of each candidate: line, candidate, item, part, amount. One that is certain
    ``by_number`` needs no other evidence. One that ``takes_fees`` is given the lines of commissions too. One
    that ``yields_to_schemes`` decides of no line that may be what a scheme brought on a day. One that
    ``is_doubtful`` proposes what another would decide if nothing were missing.
    """

    name: str
    certainty: Certainty
    about: Callable[[pd.DataFrame], pd.Series[Any]]
    propose: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    by_number: bool = False
    takes_fees: bool = False
    yields_to_schemes: bool = False
    is_doubtful: bool = False


def parts(items: pd.DataFrame) -> pd.DataFrame:
    """What a bank may credit of each item: its net and, where it has both, its debits and its refunds.

    A row a part, with ``item``, ``part`` and ``amount`` (signed) beside the columns of the item, the last
    day on which it may be booked, the day on which its weekend ends, and how many remittances its contract
    has on its day and its weekend. Parts of 0 are never credited.
    """
    mixed = items[(items["debits"] != 0) & (items["refunds"] != 0)]
    found = items.assign(part="net", amount=items["net"])
    if len(mixed):
        debits = mixed.assign(part="debits", amount=mixed["debits"])
        refunds = mixed.assign(part="refunds", amount=-mixed["refunds"])
        found = pd.concat([found, debits, refunds])
    found = found[found["amount"] != 0]
    days = found["collected_on"].to_numpy().astype("datetime64[D]")
    found = found.assign(
        item=found.index,
        last_on=working_days.after(days, WINDOW),
        settled_on=working_days.after(days, 1),
    ).reset_index(drop=True)
    found = found.drop(columns=["net", "debits", "refunds", "number"])  # what is left is dear to carry along
    return found.assign(
        **{_count(day): _items_of(found, [*_CONTRACT, day]) for day in ("collected_on", "settled_on")}
    )


def _count(day: str) -> str:
    return f"count_by_{day}"


def _items_of(found: pd.DataFrame, by: list[str]) -> pd.Series[Any]:
    once = (~found["item"].duplicated()).astype("int64")
    items: pd.Series[Any] = once.groupby([found[name] for name in by], dropna=False).transform("sum")
    return items


# --- the lines that a rule is about ----------------------------------------------------------------


def names_number(lines: pd.DataFrame) -> pd.Series[Any]:
    """The lines that bear the number of a remittance."""
    found: pd.Series[Any] = (lines[list(NUMBERS)] != NO_TEXT).any(axis="columns")
    return found


def names_contract(lines: pd.DataFrame) -> pd.Series[Any]:
    """The lines that name a contract."""
    return lines["contract_number"] != NO_TEXT


def names_rank(lines: pd.DataFrame) -> pd.Series[Any]:
    """The lines that name a contract and its rank."""
    return names_contract(lines) & (lines["contract_rank"] != NO_TEXT)


def names_own_contract(lines: pd.DataFrame) -> pd.Series[Any]:
    """The lines that name a contract, which is theirs as far as others tell."""
    return names_contract(lines) & ~lines["is_misnamed"]


def names_no_contract(lines: pd.DataFrame) -> pd.Series[Any]:
    """The lines that name no contract."""
    return lines["contract_number"] == NO_TEXT


def credited_by(grouping: Grouping) -> Callable[[pd.DataFrame], pd.Series[Any]]:
    """The lines of accounts that are declared to be credited so."""
    return lambda lines: lines["grouping"] == grouping


# --- one item credited by a line -------------------------------------------------------------------


def remittance_number(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The number stands in the entry, the reference or the label; no hint names another contract."""
    numbered = []
    for name in NUMBERS:
        named = lines[(lines[name] != NO_TEXT).to_numpy()]
        if len(named):
            numbered.append(_numbered(found, named.assign(key=named[name])))
    if not numbered:
        return NOTHING
    return single(pd.concat(numbered).drop_duplicates(["line", "item", "part"]))


def _numbered(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    hints = lines["contract_number"]
    pairs = pairs_of(found, lines, ["key"], equal="amount")
    hint = pairs["line"].map(hints)
    return pairs[(hint == NO_TEXT) | (hint == pairs["contract_number"])]


def contract_rank(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Contract and rank stand in the label, and the amount is the same."""
    return single(pairs_of(found, lines, ["contract_number", "contract_rank"], equal="amount"))


# --- groups: several items credited as one ---------------------------------------------------------


def _groups(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The nets, each with the sum of its group, the group's number, and how many it has."""
    nets = found[found["part"] == "net"]
    grouped = nets.groupby(by, dropna=False, sort=True)
    return nets.assign(
        group=grouped.ngroup(),
        total=grouped["amount"].transform("sum"),
        size=grouped["amount"].transform("size"),
        collected_on=grouped["collected_on"].transform("max"),
        last_on=grouped["last_on"].transform("max"),
    )


def _summed(pairs: pd.DataFrame) -> pd.DataFrame:
    """Each pair of a line and a whole group as one candidate; a group that is not whole is none."""
    if pairs.empty:
        return NOTHING
    whole = pairs.groupby(["line", "group"])["item"].transform("size") == pairs["size"]
    pairs = pairs[whole]
    return pairs.assign(candidate=pairs.groupby(["line", "group"]).ngroup())[list(CANDIDATES)]


def contract_sums(found: pd.DataFrame, lines: pd.DataFrame, day: str) -> pd.DataFrame:
    """Several remittances of a contract, all of the same ``day``: the rest of some is no sum.

    There are so many rests that some are equal to another remittance by chance.
    """
    if lines.empty or not (found[_count(day)] > 1).any():
        return NOTHING
    return _summed(pairs_of(_whole(found, day), lines, ["contract_number"], equal="total"))


def _whole(found: pd.DataFrame, day: str) -> pd.DataFrame:
    several = found[(found[_count(day)] > 1).to_numpy()]
    if several.empty:
        return several.assign(group=0, total=0, size=0)
    groups = _groups(several, [*_CONTRACT, day])
    return groups[(groups["size"] > 1) & (groups["size"] == groups[_count(day)]) & ~groups[misses(day)]]


def is_of_several(found: pd.DataFrame) -> pd.Series[Any]:
    """Which parts are of a contract that has several remittances on their day."""
    several: pd.Series[Any] = found[_count("collected_on")] > 1
    return several


def days_of_contracts(found: pd.DataFrame) -> pd.DataFrame:
    """The remittances of contracts that have several on a day or a weekend, each with their ``total``."""
    return pd.concat([_whole(found, day) for day in ("collected_on", "settled_on")], ignore_index=True)


def contract_day(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """A contract's remittances of one day, or one of them of the rank that the line names, if any."""
    candidates = contract_day_of_any_rank(found, lines)
    if candidates.empty:
        return candidates
    named = candidates["line"].map(lines["contract_rank"])
    rank = candidates["item"].map(found.drop_duplicates("item").set_index("item")["contract_rank"])
    alone = candidates.groupby("candidate")["item"].transform("size") == 1
    return candidates[~alone | (named == NO_TEXT) | (named == rank)]


def contract_day_of_any_rank(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """A contract's remittances of one day, all ranks together or one of them.

    Days that are settled together (a weekend) are each credited, or none is: a part of a weekend whose
    sum is also that of another day would else be taken for it. A line that may also be of such a part
    is ambiguous, whatever becomes of the part. A line is of the manner of its bank, where that is known.
    """
    candidates = _whole_or_one(found, lines)
    if candidates.empty:
        return candidates
    weekend = found[["item", *_TOGETHER, "collected_on"]].drop_duplicates("item")
    claimed = weekend["item"].isin(candidates["item"])
    days = claimed.groupby([weekend[name] for name in [*_TOGETHER, "collected_on"]]).transform("any")
    good = weekend.loc[days.groupby([weekend[name] for name in _TOGETHER]).transform("all"), "item"]
    candidates = _beside(candidates, _of_terminals(found, lines, candidates))
    ambiguous = candidates.groupby("line")["candidate"].transform("nunique") > 1
    return candidates[candidates["item"].isin(good) | ambiguous]


def days_or_one(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The same of lines whose gross is told by a fee beside them, whatever becomes of a weekend."""
    candidates = _whole_or_one(found, lines)
    return _beside(candidates, _of_terminals(found, lines, candidates)) if len(candidates) else candidates


def _whole_or_one(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """All remittances of a contract's day or one of them, as far as the manner of the bank allows either."""
    together = contract_sums(found, lines[lines["manner"] != APART], "collected_on")
    pairs = pairs_of(found, lines, ["contract_number"], equal="amount")
    several = is_of_several(pairs) | pairs[misses("collected_on")]
    alone = single(pairs[~several | (pairs["line"].map(lines["manner"]) != TOGETHER)])
    return _beside(together, alone)


def _of_terminals(found: pd.DataFrame, lines: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """What lines with candidates may be besides: all of a day of one of a contract's several terminals.

    Ranks of chip and of contactless cards of a terminal end alike. Such a sum is never credited for certain.
    """
    several = found[found[_count("collected_on")] > _PAIR]
    if several.empty:
        return NOTHING
    lines = lines.loc[candidates["line"].unique()]
    groups = _groups(several, [*_CONTRACT, "terminal", "collected_on"])
    groups = groups[(groups["size"] > 1) & (groups["size"] < groups[_count("collected_on")])]
    if groups.empty or lines.empty:
        return NOTHING
    return _summed(pairs_of(groups, lines[lines["manner"] != APART], ["contract_number"], equal="total"))


def _beside(some: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Candidates and further ones, each with a number of its own."""
    others = others.assign(candidate=others["candidate"] + len(some))
    return pd.concat([one for one in (some, others) if len(one)] or [others], ignore_index=True)


def contract_booking(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """A contract's remittances of all days whose next working day is the same.

    Those of one day alone are for :func:`contract_day` to tell from what else their line may be, unless the
    bank credits together.
    """
    sums = contract_sums(found, lines[lines["manner"] != APART], "settled_on")
    if sums.empty:
        return sums
    of_one_day = found.loc[found[_count("collected_on")] == found[_count("settled_on")], "item"]
    joint = sums["line"].map(lines["manner"]) == TOGETHER
    sums = sums[joint | ~sums["item"].isin(of_one_day)]
    return _beside(sums, _of_terminals(found, lines, sums))


def contract_part(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """A part of what is settled together: one of its days, all of them but one, or one rank of all of them.

    Other sums are not tried: there are so many that some are equal by chance.
    """
    nets = found[found["part"] == "net"]
    nets = nets[nets.groupby(_TOGETHER)["collected_on"].transform("nunique") > 1]
    if nets.empty:
        return NOTHING
    parts_ = [
        nets.assign(place=nets["collected_on"].astype("int64")),
        nets.assign(place=nets["contract_rank"]),
        _without_a_day(nets),
    ]
    together = pd.concat(
        [part.assign(manner=manner) for manner, part in enumerate(parts_)], ignore_index=True
    )
    groups = _groups(together, [*_TOGETHER, "manner", "place"])
    pairs = _summed(pairs_of(groups, lines, ["contract_number"], equal="total"))
    return _one_of_each(pairs)


def _without_a_day(nets: pd.DataFrame) -> pd.DataFrame:
    """The nets of days that are settled together, as often as there are days, each time without one."""
    days = nets[[*_TOGETHER, "collected_on"]].drop_duplicates()
    days = days[days.groupby(_TOGETHER)["collected_on"].transform("size") > _PAIR]
    without = nets.merge(days.rename(columns={"collected_on": "left_out"}), on=_TOGETHER)
    without = without[without["collected_on"] != without["left_out"]]
    return without.assign(place=without["left_out"].astype("int64")).drop(columns="left_out")


def _one_of_each(candidates: pd.DataFrame) -> pd.DataFrame:
    """The candidates without those that are of the same line and the same items as another."""
    items = candidates.groupby("candidate").agg(line=("line", "first"), items=("item", frozenset))
    return candidates[candidates["candidate"].isin(items.drop_duplicates().index)]


def contract_twins(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Days of a contract with the same sum, where as many lines hold it: a line for each, in their order."""
    groups = _groups(found, [*_CONTRACT, "collected_on"])
    pairs = pairs_of(groups, lines, ["contract_number"], equal="total")
    if pairs.empty:
        return NOTHING
    return _summed(pairs.merge(_in_order(pairs.drop_duplicates(["line", "group"])), on=["line", "group"]))


def _in_order(pairs: pd.DataFrame) -> pd.DataFrame:
    """The first line with the first group and so on, where as many lines as groups belong together."""
    pairs = pairs.sort_values(["booked_on", "line"], ignore_index=True)
    twins = _twins(pairs)
    own = pairs.groupby(twins)
    is_paired = own["line"].transform(lambda lines: pd.factorize(lines)[0]) == own["group"].rank("dense") - 1
    paired = is_paired.groupby(twins).transform("sum")
    whole = (paired == own["line"].transform("nunique")) & (paired == own["group"].transform("nunique"))
    return pairs.loc[is_paired & whole, ["line", "group"]]


def _twins(pairs: pd.DataFrame) -> pd.Series[Any]:
    """What pairs are of one another's: a number for all that share a line or a group, and so on."""
    label = pairs["group"]
    while True:
        by_line = label.groupby(pairs["line"]).transform("min")
        spread = by_line.groupby(pairs["group"]).transform("min")
        if spread.equals(label):
            return label
        label = spread


def of_day(by: list[str], on: str) -> Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]:
    """The sum of a day of what is the same ``by``; ``on`` is what a line tells of it."""

    def propose(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        groups = _groups(found, ["account", "currency", *by, "collected_on"])
        groups = groups[~groups.groupby("group")[misses("collected_on")].transform("any")]
        return _summed(pairs_of(groups, lines, [on], equal="total"))

    return propose


def contract_net(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """A contract's day less a commission that may be one: it can be guessed, never known."""
    groups = _groups(found, [*_CONTRACT, "collected_on"])
    pairs = pairs_of(groups, lines, ["contract_number"])
    kept = pairs["total"] - pairs["booked"]
    most = np.maximum(pairs["total"].abs() * _MOST_KEPT_PERCENT // _HUNDRED, _LEAST_KEPT)
    return _summed(pairs[(kept > 0) & (kept <= most)])


def equal_amount(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The amount alone, where no contract is named."""
    return single(pairs_of(found, lines, [], equal="amount"))
