"""Days of a contract that a bank credits by scheme: a line for CB, one for foreign cards of Visa, and so on.

Source: shared format page "Money", section 7.2. One such line proves nothing: its amount may be that of
another remittance. All lines of a day do, each alone. Amounts are in minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from importers.matching import working_days
from importers.matching.codes import NO_TEXT
from importers.matching.missing_calls import misses
from importers.matching.pairs import CANDIDATES, NOTHING, pairs_of
from importers.matching.rules import WINDOW, contract_sums

#: Columns of the sums of schemes: the row of an item, one of its schemes, and what its payments add.
SCHEME_SUM: Final = ("item", "scheme", "amount")
#: What the part of an item that a scheme brought begins with.
PREFIX: Final = "scheme:"
_DAY: Final = ["account", "currency", "contract_number", "collected_on"]
_PARTS: Final = ("group", "scheme", "item", "part", "amount", "total", "rank", "is_whole", *_DAY)
_PAIRS: Final = ("line", "group", "scheme", "is_whole")
#: Of fewer schemes there is nothing to split.
_LEAST = 2


@dataclass(frozen=True)
class Split:
    """The split of the days of contracts by scheme, and the lines that may credit them so.

    ``parts`` has a row for each item and scheme of each day: ``group`` (the day), ``scheme``, ``item``,
    ``part`` (the net, where the scheme brought all of the item), ``amount``; ``pairs`` the lines that may be
    one of these sums: ``line``, ``group``, ``scheme``, ``is_whole`` (it is all of one item).
    """

    parts: pd.DataFrame
    pairs: pd.DataFrame

    @classmethod
    def of(cls, items: pd.DataFrame, lines: pd.DataFrame, sums: pd.DataFrame | None) -> Split:
        """What ``lines`` may credit of ``items`` with such ``sums``, in the columns of :data:`SCHEME_SUM`.

        The sums of an item count where they make its net, no scheme is missing and no call of its day. Where
        a line names a rank, a day is that of the rank.
        """
        if sums is None or sums.empty or items.empty:
            return cls(pd.DataFrame(columns=list(_PARTS)), pd.DataFrame(columns=list(_PAIRS)))
        told = sums[(sums["amount"] != 0) & sums["item"].isin(items.index)]
        given = items[items["net"] != 0].assign(item=lambda one: one.index)
        nameless = told.loc[told["scheme"] == "", "item"]
        made = told.groupby("item")["amount"].sum().reindex(given.index)
        given["is_told"] = (made == given["net"]) & ~given.index.isin(nameless)
        is_whole = given["is_told"] & ~given[misses("collected_on")]
        days = _days(given.assign(rank=NO_TEXT, is_told=is_whole), told, [*_DAY])
        ranks = _days(given.assign(rank=given["contract_rank"]), told, [*_DAY, "rank"])
        ranks["group"] += days["group"].max() + 1 if len(days) else 0
        parts = pd.concat([days, ranks], ignore_index=True)
        return cls(parts, _pairs(parts, lines))

    def candidates(self, found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """The days whose every scheme has one line, which is nothing else: a candidate for each line.

        Those of a day stand or fall ``together``.
        """
        pairs = self._open(found, lines)
        if pairs.empty:
            return NOTHING
        parts = self.parts[["group", "scheme", "item", "part", "amount"]]
        claims = pairs.merge(parts, on=["group", "scheme"])
        contested = claims.groupby(["item", "part"])["line"].transform("nunique") > 1
        refused = claims.loc[contested, "line"]
        otherwise = _otherwise(found, lines.loc[lines.index.isin(pairs["line"])], claims)
        alone = ~pairs.duplicated("line", keep=False) & ~pairs["line"].isin([*refused, *otherwise])
        single = pairs[alone]
        needed = parts.drop_duplicates(["group", "scheme"]).groupby("group").size()
        seen = single.groupby("group").size()
        whole = seen.index[seen == needed.reindex(seen.index)]
        standing = claims[claims["line"].isin(single["line"]) & claims["group"].isin(whole)]
        return standing.assign(candidate=standing["line"], together=standing["group"])[
            [*CANDIDATES, "together"]
        ]

    def rivals(self, found: pd.DataFrame, lines: pd.DataFrame) -> list[Any]:
        """The lines that may be a scheme's part of a day, which no rule about amounts may then decide."""
        pairs = self._open(found, lines)
        return list(pairs.loc[~pairs["is_whole"].astype(bool), "line"].unique())

    def ledgers(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Account and currency of those of ``lines`` that credit a day by scheme, as far as amounts tell."""
        schemes = self.parts.groupby("group")["scheme"].nunique()
        credited = self.pairs.groupby("group")["scheme"].nunique()
        whole = credited.index[credited == schemes.reindex(credited.index)]
        found = self.pairs.loc[self.pairs["group"].isin(whole), "line"]
        return lines.loc[lines.index.isin(found), ["account", "currency"]].drop_duplicates()

    def _open(self, found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """The pairs of lines that are open with days of which nothing is explained yet."""
        if self.pairs.empty:
            return self.pairs
        open_items = found.loc[found["part"] == "net", "item"]
        begun = self.parts.loc[~self.parts["item"].isin(open_items), "group"]
        return self.pairs[self.pairs["line"].isin(lines.index) & ~self.pairs["group"].isin(begun)]


def _otherwise(found: pd.DataFrame, lines: pd.DataFrame, claims: pd.DataFrame) -> list[Any]:
    """The lines that may be another remittance of the contract, or all of another of its days."""
    alone = pairs_of(found[found["part"] == "net"], lines, ["contract_number"], equal="amount")
    same = pd.concat([alone[["line", "item"]], contract_sums(found, lines, "collected_on")[["line", "item"]]])
    own = pd.MultiIndex.from_frame(claims[["line", "item"]])
    return same.loc[~pd.MultiIndex.from_frame(same).isin(own), "line"].tolist()


def _days(given: pd.DataFrame, told: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The parts of days of which every item is told, by several schemes none of which adds nothing."""
    group = given.groupby(by).ngroup()
    whole = given["is_told"].groupby(group).transform("all")
    parts = given.assign(group=group)[whole][["item", "group", "net", "rank", *_DAY]].merge(told, on="item")
    by_scheme = parts.groupby(["group", "scheme"])["amount"]
    parts = parts.assign(total=by_scheme.transform("sum"), size=by_scheme.transform("size"))
    of_day = parts.groupby("group")
    nothing = parts.loc[parts["total"] == 0, "group"]
    good = (of_day["scheme"].transform("nunique") >= _LEAST) & ~parts["group"].isin(nothing)
    is_net = parts["amount"] == parts["net"]
    parts = parts.assign(
        part=(PREFIX + parts["scheme"].astype(str)).mask(is_net, "net"),
        is_whole=is_net & (parts["size"] == 1),
    )
    return parts.loc[good, list(_PARTS)]


def _pairs(parts: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines that name the contract and are, in time, the sum of one scheme on a day."""
    named = lines[(lines["contract_number"] != NO_TEXT) & lines["is_credit"]]
    named = named.assign(line=named.index)[
        ["line", "account", "currency", "contract_number", "contract_rank", "booked_on", "amount"]
    ]
    sums = parts.drop_duplicates(["group", "scheme"]).drop(columns=["item", "amount"])
    pairs = sums.merge(
        named,
        left_on=["currency", "contract_number", "rank", "total"],
        right_on=["currency", "contract_number", "contract_rank", "amount"],
        suffixes=("", "_line"),
    )
    pairs = pairs[(pairs["account"] == NO_TEXT) | (pairs["account"] == pairs["account_line"])]
    first, booked = (pairs[name].to_numpy().astype("datetime64[D]") for name in ("collected_on", "booked_on"))
    within = (first <= booked) & (booked <= working_days.after(first, WINDOW))
    return pairs.loc[within, list(_PAIRS)].reset_index(drop=True)
