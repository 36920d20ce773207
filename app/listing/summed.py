"""Sums as they are handed on: of a currency, of a group, of a group now and in the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.listing.measures import COUNT


@dataclass(frozen=True)
class CurrencyTotals:
    """The sums of one currency by measure, in minor units or in things, none negative.

    ``net`` adds up the measures that have a sign.
    """

    currency: str
    sums: Mapping[str, int]
    net: int

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.sums[COUNT]

    def __getitem__(self, measure: str) -> int:
        return self.sums[measure]


@dataclass(frozen=True)
class Totals:
    """The number of rows, and the sums of each currency in the order of its code."""

    count: int
    lines: tuple[CurrencyTotals, ...]


@dataclass(frozen=True)
class Group:
    """The rows that share a value of a dimension; ``key`` None is of those that have none."""

    key: Any
    totals: Totals


@dataclass(frozen=True)
class GroupLine:
    """A group in one currency, now and in the period before; ``key`` None is of rows without a value."""

    key: Any
    now: CurrencyTotals
    before: CurrencyTotals
