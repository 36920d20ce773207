"""Matching of settlements: which remittances a payment of an acquirer is of, and which bank line brought it.

Source: shared format page "Money", sections 7.2 and 7.3. As in :mod:`importers.matching` a link stands when
it is alone on both sides, and the order in which files came never changes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import MovementKind
from importers.matching import working_days
from importers.matching.codes import number_key

#: A payment is booked at most so many working days after the day that its payer says, or a day before.
WINDOW: Final = 5
_DAY: Final = np.timedelta64(1, "D")
#: The number of a remittance made of one of several submissions that bear the same.
_ONE_OF_SEVERAL: Final = r"^([0-9]+)-[0-9]+$"

Pairs = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
LineRule = tuple[str, Pairs]


def remittances_of(items: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """Links between parcels and items, known by their index: ``parcel``, ``item``, ``rule``.

    A parcel is what an acquirer says it received of a contract on a day, by one number: ``currency``,
    ``contract_number``, ``number``, ``received_on`` and ``gross``. It may be several remittances of one
    contract and day. ``items`` have ``collected_on`` and ``net`` instead of the last two. Amounts are in
    minor units; ``currency`` may bear the merchant too.
    """
    numbers = items["number"].astype(str).str.replace(_ONE_OF_SEVERAL, r"\1", regex=True)
    items = items.assign(item=items.index, key=number_key(numbers))
    parcels = parcels.assign(parcel=parcels.index, key=number_key(parcels["number"]))
    found = [pd.DataFrame(columns=["parcel", "item", "rule"])]
    for rule, pairs in _RULES:
        links = _standing(pairs(items, parcels)).assign(rule=rule)
        found.append(links)
        items = items[~items["item"].isin(links["item"])]
        parcels = parcels[~parcels["parcel"].isin(links["parcel"])]
    return pd.concat(found, ignore_index=True)


def _standing(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose parcel has one candidate, which is no other parcel's; ``candidate`` tells them apart."""
    alone = pairs.groupby("parcel")["candidate"].transform("nunique") == 1
    contested = pairs.groupby("item")["parcel"].transform("nunique") > 1
    refused = pairs.loc[contested, "parcel"]
    standing: pd.DataFrame = pairs.loc[alone & ~pairs["parcel"].isin(refused), ["parcel", "item"]]
    return standing


def _numbered(items: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """Contract and number agree, and the days within one."""
    pairs = items[items["key"] != ""].merge(parcels, on=["currency", "contract_number", "key"])
    off = np.abs(_as_days(pairs["collected_on"]) - _as_days(pairs["received_on"]))
    near: pd.DataFrame = pairs[off <= _DAY].assign(candidate=lambda one: one["item"])
    return near


def _same_amount(items: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    pairs = _numbered(items, parcels)
    return pairs[pairs["net"] == pairs["gross"]]


def _same_day(items: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """A parcel without a number: contract and day agree, and the amount of one or of all of the day."""
    parcels = parcels[parcels["key"] == ""]
    key = ["currency", "contract_number", "collected_on"]
    items = items.assign(
        total=items.groupby(key)["net"].transform("sum"), size=items.groupby(key)["net"].transform("size")
    )
    pairs = items.merge(parcels, left_on=key, right_on=["currency", "contract_number", "received_on"])
    one = pairs[pairs["net"] == pairs["gross"]].assign(candidate=lambda found: found["item"].astype(str))
    whole = pairs[(pairs["size"] > 1) & (pairs["total"] == pairs["gross"])].assign(candidate="whole day")
    return pd.concat([one, whole], ignore_index=True)


_RULES: tuple[LineRule, ...] = (
    ("submission_number", _same_amount),
    ("submission_day", _same_day),
    ("submission_only", _numbered),
)


def lines_of(payments: pd.DataFrame, lines: pd.DataFrame, rules: Sequence[LineRule]) -> pd.DataFrame:
    """Links between payments and the lines that brought them: ``payment``, ``line``, ``rule``.

    ``payments`` have the columns of settlements from ``currency``, ``payer`` and ``payee`` to ``net``;
    ``lines`` those of :data:`importers.matching.LINE`, and ``payer`` and ``settlement_number``.
    """
    payments = payments[payments["net"] != 0].assign(payment=lambda one: one.index)
    lines = lines.assign(line=lines.index)
    found = [pd.DataFrame(columns=["payment", "line", "rule"])]
    for rule, pairs in rules:
        if payments.empty or lines.empty:
            break
        candidates = _timely(pairs(payments, lines)).drop_duplicates(["payment", "line"])
        single = ~candidates.duplicated("payment", keep=False) & ~candidates.duplicated("line", keep=False)
        links = candidates.loc[single, ["payment", "line"]].assign(rule=rule)
        found.append(links)
        payments = payments[~payments["payment"].isin(links["payment"])]
        lines = lines[~lines["line"].isin(links["line"])]
    return pd.concat(found, ignore_index=True)


def taken_over_by(payments: pd.DataFrame) -> pd.Series[Any]:
    """The payment that takes the debit balance of another over, by their index: its opening balance.

    It is the next one of the same payer and payee that opens with what the other ended with. ``payments``
    have ``net`` and ``carried_over`` besides the columns that :func:`lines_of` knows.
    """
    key = ["currency", "payer", "payee"]
    rows = payments[[*key, "paid_on", "net", "carried_over"]].assign(payment=payments.index)
    debts = rows[rows["net"] < 0].drop(columns="carried_over")
    pairs = debts.merge(
        rows.drop(columns="net"),
        left_on=[*key, "net"],
        right_on=[*key, "carried_over"],
        suffixes=("", "_next"),
    )
    pairs = pairs[pairs["paid_on_next"] > pairs["paid_on"]].sort_values(["paid_on", "paid_on_next"])
    nearest = pairs["paid_on_next"] == pairs.groupby("payment")["paid_on_next"].transform("min")
    found = pairs[nearest]
    alone = ~found.duplicated("payment", keep=False) & ~found.duplicated("payment_next", keep=False)
    return found[alone].set_index("payment")["payment_next"]


def _timely(pairs: pd.DataFrame) -> pd.DataFrame:
    booked, paid = _as_days(pairs["booked_on"]), _as_days(pairs["paid_on"])
    timely: pd.DataFrame = pairs[(booked >= paid - _DAY) & (booked <= working_days.after(paid, WINDOW))]
    return timely


def _by_number(payments: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The line bears the number of the payment, or the reference of its transfer."""
    named = lines[lines["settlement_number"] != ""]
    own = [
        payments.assign(named=payments[name].str.upper())[lambda one: one["named"] != ""]
        for name in ("number", "reference")
    ]
    pairs: pd.DataFrame = pd.concat(own).merge(
        named,
        left_on=["currency", "named", "net"],
        right_on=["currency", "settlement_number", "amount"],
        suffixes=("", "_line"),
    )
    return pairs


def _by_payer(payments: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The line is a transfer of the same payer and amount, and bears no other number."""
    paid = lines[(lines["payer"] != "") & (lines["settlement_number"] == "")]
    return payments.merge(
        paid,
        left_on=["currency", "payer", "net"],
        right_on=["currency", "payer", "amount"],
        suffixes=("", "_line"),
    )


def _by_contract(payments: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The line names the contract, and is what its acquirer says is left after the commission."""
    net = payments[(payments["payer"] == "") & (payments["net"] != payments["gross"])]
    named = lines[(lines["kind"] != MovementKind.PAYOUT) & (lines["contract_number"] != "")]
    return net.merge(
        named,
        left_on=["currency", "payee", "net"],
        right_on=["currency", "contract_number", "amount"],
        suffixes=("", "_line"),
    )


#: Rules that know a payment by its number or its payer.
BY_PAYMENT: tuple[LineRule, ...] = (("settlement_number", _by_number), ("payer_window", _by_payer))
#: Rules for lines that credit no remittance as it is.
BY_CONTRACT: tuple[LineRule, ...] = (("settlement_net", _by_contract),)


def _as_days(days: pd.Series[Any]) -> Any:
    return days.to_numpy().astype("datetime64[D]")
