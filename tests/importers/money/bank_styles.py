"""A bank that credits the demonstration's chain in the styles that banks have, one to three days later."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from app.models import Certainty
from importers.demo.generation import generate
from importers.formats import remise_tpe
from importers.matching import ITEM, LINE, match, working_days
from importers.matching.schemes import PREFIX, SCHEME_SUM

DAYS, LAST_DAY = 30, date(2026, 3, 31)


@cache
def items() -> pd.DataFrame:
    """The CB remittances of a month of the chain; an account for each bank code."""
    with TemporaryDirectory() as folder:
        generate(
            Path(folder),
            seed=1,
            merchants=1,
            days=DAYS,
            transactions=60_000,
            chain_shops=40,
            last_day=LAST_DAY,
        )
        nights = [
            remise_tpe.read(path.read_bytes()).remittances
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and remise_tpe.FIRST_LINE.match(path.read_bytes())
        ]
    found = pd.concat(nights, ignore_index=True)
    found = found.dropna(subset="net_amount")  # the other halves carry the payments alone
    found = found[found["application"].isin(["CBEMV", "CBCLESS"])]
    amounts = [name for name in found.columns if name.endswith("_amount")]
    found = found.astype(dict.fromkeys(amounts, "int64"))
    rows = {
        "account": found["bank_code"],
        "currency": found["currency"],
        "contract_number": found["contract"],
        "contract_rank": found["rank"],
        "number": found["number"],
        "collected_on": found["collected_on"],
        "net": found["net_amount"],
        "debits": found["debit_amount"] - found["cancellation_amount"],
        "refunds": found["refund_amount"] - found["refund_cancellation_amount"],
        "outlet": found["siret"],
    }
    halves = ["contract_number", "contract_rank", "number", "collected_on"]
    return pd.DataFrame(rows).drop_duplicates(halves).reset_index(drop=True)[list(ITEM)]


@cache
def scheme_sums() -> pd.DataFrame:
    """What each scheme brought to each remittance: nought to three small payments of two foreign ones."""
    draw, rows = np.random.default_rng(4), []
    for item, net, debits in items()[["net", "debits"]].itertuples():
        foreign = {
            scheme: sum(draw.integers(100, 3000, draw.integers(0, 4)).tolist())
            for scheme in ("VISA", "MASTERCARD")
        }
        foreign = foreign if sum(foreign.values()) < debits else {}
        schemes = {"CB": net - sum(foreign.values())} | foreign
        rows += [(item, scheme, amount) for scheme, amount in schemes.items() if amount]
    return pd.DataFrame(rows, columns=list(SCHEME_SUM))


def lines(
    found: pd.DataFrame,
    by: list[str],
    *,
    hints: list[str],
    grouping: str = "unknown",
    kept: float = 0,
    has_fee_line: bool = False,
    again: float = 0,
):
    """Lines that credit the sum of each group ``by``, with ``hints`` in their labels, less ``kept``.

    ``has_fee_line``: what is kept stands on a line of its own beside each. With "head" among its hints, a
    label names the first contract of its account, whatever it is of. So many lines are booked ``again`` on
    the next working day, and taken back on the one after that. Returns the lines and, for each, the items
    that it truly credits: none for a line of fees, or one that takes back.
    """
    draw = random.Random(3)
    head = found.groupby("account")["contract_number"].min()
    found = found[found["amount"] != 0]
    settled = found.assign(
        item=found.index, settled_on=working_days.after(found["collected_on"].to_numpy(), 1)
    )
    rows, truth = [], []
    amounts, collected = (settled[name].to_numpy() for name in ("amount", "collected_on"))
    credited = list(zip(settled["item"], settled["part"], strict=True))
    groups = settled.groupby(["account", "currency", *by]).indices
    for key in sorted(groups):
        own = groups[key]
        named = dict(zip(["account", "currency", *by], key, strict=True))
        if "head" in hints:
            named["contract_number"] = head[named["account"]]
        amount = int(amounts[own].sum())
        fee = round(abs(amount) * kept)
        row = _label(named, hints) | {
            "booked_on": _working_days_after(collected[own].max(), draw.choice([1, 1, 1, 2, 3])),
            "amount": amount - fee,
            "kind": "remittance" if amount > 0 else "refund",
            "grouping": grouping,
        }
        paid = {credited[place] for place in own}
        entries = [(row, paid)]
        if again and draw.random() < again:
            entries += _booked_again(row, paid)
        if has_fee_line and fee:
            entries.append((entries[-1][0] | {"amount": -fee, "kind": "fee"}, set()))
        rows += [entry for entry, _ in entries]
        truth += [items_paid for _, items_paid in entries]
    return pd.DataFrame(rows, columns=list(LINE)), truth


def _label(named: dict[str, object], hints: list[str]) -> dict[str, object]:
    """A line without its day and amount: what its label says of the group that it is for."""
    row = dict.fromkeys(LINE, "") | {name: named[name] for name in hints if name in named}
    if "number" in hints:
        row["entry_number"] = f"{int(named['number']):07d}"
    if "head" in hints:
        row["contract_number"] = named["contract_number"]
    return row | {"account": named["account"], "currency": named["currency"], "fee": None}


def _working_days_after(day: np.datetime64, count: int) -> np.datetime64:
    return working_days.after(np.array([day], dtype="datetime64[D]"), count)[0]


def _booked_again(row: dict[str, object], paid: set) -> list[tuple[dict[str, object], set]]:
    """The line once more on the next working day, and taken back on the one after that."""
    next_day, third_day = (_working_days_after(row["booked_on"], count) for count in (1, 2))
    again = row | {"booked_on": next_day}
    kind = "refund" if row["amount"] > 0 else "remittance"
    return [(again, paid), (again | {"booked_on": third_day, "amount": -row["amount"], "kind": kind}, set())]


def whole(found: pd.DataFrame) -> pd.DataFrame:
    """Each remittance credited as its net."""
    return found.assign(part="net", amount=found["net"])


def apart(found: pd.DataFrame) -> pd.DataFrame:
    """Remittances with refunds credited as their debits, and their refunds apart."""
    both = (found["debits"] != 0) & (found["refunds"] != 0)
    return pd.concat(
        [
            whole(found[~both]),
            found[both].assign(part="debits", amount=found["debits"]),
            found[both].assign(part="refunds", amount=-found["refunds"]),
        ]
    )


def by_scheme(found: pd.DataFrame) -> pd.DataFrame:
    """What each scheme brought to each remittance, as its part: the net, where it brought all."""
    parts = found.join(scheme_sums().set_index("item"))
    return parts.assign(part=(PREFIX + parts["scheme"]).mask(parts["amount"] == parts["net"], "net"))


def by_terminal(found: pd.DataFrame) -> pd.DataFrame:
    """Remittances with their terminal, which ranks of chip and of contactless have in common."""
    return whole(found).assign(terminal=found["contract_rank"].str[-2:])


def weeks_later(found: pd.DataFrame) -> pd.DataFrame:
    """The remittances eight weeks later, in May: of four weeks three have a holiday of banks."""
    return found.assign(collected_on=found["collected_on"] + pd.Timedelta(weeks=8))


RANK = ["contract_number", "contract_rank"]
EACH = [*RANK, "collected_on", "number"]
CONTRACT = ["contract_number"]
#: How each style credits: the items as parts, what a line is for, what its label says, what is declared.
STYLES = {
    "A": (whole, {"by": [*RANK, "collected_on", "number"], "hints": ["number"]}),
    "B": (whole, {"by": [*RANK, "collected_on", "number"], "hints": RANK}),
    "B'": (apart, {"by": [*RANK, "collected_on", "number", "part"], "hints": RANK}),
    "C": (whole, {"by": ["contract_number", "collected_on"], "hints": ["contract_number"]}),
    "C declared": (
        whole,
        {
            "by": ["contract_number", "collected_on"],
            "hints": ["contract_number"],
            "grouping": "contract_day",
        },
    ),
    "G": (whole, {"by": ["contract_number", "settled_on"], "hints": ["contract_number"]}),
    "D": (whole, {"by": ["contract_number", "collected_on"], "hints": ["contract_number"], "kept": 0.008}),
    "F": (
        whole,
        {
            "by": ["contract_number", "collected_on"],
            "hints": ["contract_number"],
            "kept": 0.008,
            "has_fee_line": True,
        },
    ),
    "S": (
        by_scheme,
        {"by": ["contract_number", "collected_on", "scheme"], "hints": ["contract_number"]},
    ),
    "S by rank": (by_scheme, {"by": [*RANK, "collected_on", "scheme"], "hints": RANK}),
    "R": (whole, {"by": EACH, "hints": CONTRACT}),
    "R'": (apart, {"by": [*EACH, "part"], "hints": CONTRACT}),
    "R declared": (whole, {"by": EACH, "hints": CONTRACT, "grouping": "remittance"}),
    "R with a number too short": (whole, {"by": EACH, "hints": []}),
    "R by terminal": (
        by_terminal,
        {"by": ["contract_number", "terminal", "collected_on"], "hints": CONTRACT},
    ),
    "R at the head": (whole, {"by": EACH, "hints": ["head"]}),
    "C at the head": (whole, {"by": [*CONTRACT, "collected_on"], "hints": ["head"]}),
    "R again": (whole, {"by": EACH, "hints": CONTRACT, "again": 0.03}),
    "C again": (whole, {"by": [*CONTRACT, "collected_on"], "hints": CONTRACT, "again": 0.03}),
    "R in May": (whole, {"by": EACH, "hints": CONTRACT}),
    "C in May": (whole, {"by": [*CONTRACT, "collected_on"], "hints": CONTRACT}),
    "G in May": (whole, {"by": [*CONTRACT, "settled_on"], "hints": CONTRACT}),
    "E": (whole, {"by": ["outlet", "collected_on"], "hints": [], "grouping": "shop_day"}),
    "H": (whole, {"by": ["collected_on"], "hints": []}),
    "H declared": (whole, {"by": ["collected_on"], "hints": [], "grouping": "account_day"}),
}


def remittances(style: str) -> pd.DataFrame:
    """What the chain collected in the month of a style."""
    return weeks_later(items()) if style.endswith("May") else items()


@cache
def booked(style: str):
    """The lines of a style, and the items that each truly credits."""
    parts, how = STYLES[style]
    return lines(parts(remittances(style)), **how)


# --- months of which something is missing ----------------------------------------------------------

#: Shares of remittances and lines that each example loses.
REMITTANCES_MISSING, LINES_MISSING = 0.05, 0.02
#: Examples of each style: hundreds in all.
EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """The ends of all lines of a style's examples: how many there are, how many links, how many are wrong."""

    lines: int
    certain: int
    wrong: int
    proposed: int
    proposed_wrong: int


def simulate(style: str, examples: int, seed: int = 0, *, lines_missing: float = LINES_MISSING) -> Simulated:
    """The chain's month in a style, ``examples`` times, each time without other remittances and lines.

    All are matched at once, each in a currency of its own: nothing joins what differs in it.
    """
    given, truth = booked(style)
    draw = np.random.default_rng(seed)
    known = _without(remittances(style), REMITTANCES_MISSING, examples, draw)
    there = _without(given, lines_missing, examples, draw)
    told = _truth_of(there.index, truth, len(items()))
    links = match(
        known,
        there,
        by_scheme=_repeated(scheme_sums(), examples),
        statements=proven_statements(_without(given, 0, examples, draw), there),
    )
    right = links.merge(told, on=["line", "item", "part"]).groupby("line").size()
    found = links.groupby("line").agg(found=("item", "size"), certainty=("certainty", "first"))
    agreed = right.reindex(found.index, fill_value=0)
    expected = told.groupby("line").size().reindex(found.index, fill_value=0)  # none of a line of fees
    is_right = (found["found"] == agreed) & (expected == agreed)
    return _counted(len(there), found.assign(is_right=is_right))


def proven_statements(every: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """A statement of each account and day of ``every`` line: proven where all its lines are ``there``.

    Days begin with the first collection; what the bank books after its last line is not known.
    """
    accounts = every[["account", "currency"]].drop_duplicates()
    last = every["booked_on"].max()
    days = pd.DataFrame({"closed_on": pd.date_range(last - pd.Timedelta(days=2 * DAYS), last, unit="s")})
    lost = every.loc[~every.index.isin(there.index), ["account", "currency", "booked_on"]]
    by_day = accounts.merge(days, how="cross")
    is_lost = pd.MultiIndex.from_frame(by_day).isin(pd.MultiIndex.from_frame(lost))
    place = np.arange(len(by_day))
    return by_day.assign(opened_on=by_day["closed_on"], opening=place, closing=place + 1, proven=~is_lost)


def _truth_of(placed: pd.Index[int], truth: list[set[tuple[int, str]]], size: int) -> pd.DataFrame:
    """The items that the lines of all examples truly credit, by the rows of both."""
    rows = [(line, item, part) for line, own in enumerate(truth) for item, part in own]  # fees have none
    own = pd.DataFrame(rows, columns=["place", "item", "part"])
    lines_ = pd.DataFrame({"line": placed, "place": placed % len(truth), "example": placed // len(truth)})
    told = lines_.merge(own, on="place")
    return told.assign(item=told["item"] + told["example"] * size)


def _repeated(sums: pd.DataFrame, examples: int) -> pd.DataFrame:
    """The sums of schemes once an example, of its own rows."""
    size = len(items())
    copies = [sums.assign(item=sums["item"] + example * size) for example in range(examples)]
    return pd.concat(copies, ignore_index=True)


def _without(frame: pd.DataFrame, missing: float, examples: int, draw: np.random.Generator) -> pd.DataFrame:
    """The frame once an example, with another currency and index each time, less what is missing."""
    copies = [frame.assign(currency=f"{example:03}") for example in range(examples)]
    every = pd.concat(copies, ignore_index=True)
    return every[draw.random(len(every)) >= missing]


def _counted(given: int, found: pd.DataFrame) -> Simulated:
    """The counts: ``found`` has a row a line, how sure its link is, and whether it is right."""
    certain = found[found["certainty"] == Certainty.CERTAIN]
    proposed = found[found["certainty"] == Certainty.PROPOSED]
    return Simulated(
        lines=given,
        certain=len(certain),
        wrong=int((~certain["is_right"]).sum()),
        proposed=len(proposed),
        proposed_wrong=int((~proposed["is_right"]).sum()),
    )
