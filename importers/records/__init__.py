"""The records that files become on the way in: one module for each kind.

A kind loads its records and takes them back; the loader knows none. Each module here has its ``KIND``; others
come as wheels of their own, through the entry points of group ``bordereau.records``.
"""

from __future__ import annotations

import pkgutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NamedTuple, Protocol

import pandas as pd
from sqlalchemy import Connection, Row

from importers import derived, ownership
from importers.derived import daily_sums
from importers.ownership import OwnedTable, OwnerKey
from importers.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header of a file: the source it comes from, its id there, what it holds, when it was made.

    A file without a source is nobody's delivery: it has no id, replaces none, and vouches for no day.
    """

    source: str | None = None
    file_key: str | None = None
    content: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin that a file names: the source of payments, or the slugs of the resellers it declares for."""

    source: str | None = None
    resellers: frozenset[str] = frozenset()


class KnownSource(NamedTuple):
    """A source and its reseller, the placeholder of its own as long as nobody knows better."""

    id: int
    reseller_id: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The place of a file in the journal: its row, its source if it has one, the file it replaces.

    ``replace``: an operator lets it take the place of what it contradicts. ``by_desk``: it came from a
    maintainer's desk, whose word holds for their own files alone.
    """

    file_id: int
    source: KnownSource | None = None
    replaced_id: int | None = None
    replace: bool = False
    by_desk: bool = False


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The yield of a file, and where to find it again.

    ``counts`` has the number of records by name; ``kept_aside`` how many wait for their owner; ``sums``
    maps a currency to control sums (minor units); ``received`` maps a subject to the earlier days that the
    file catches up, besides that of its night.
    """

    counts: Mapping[str, int]
    kept_aside: int = 0
    sums: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    merchant_ids: Collection[int] = ()
    first_on: date | None = None
    last_on: date | None = None
    received: Mapping[str, Collection[date]] = field(default_factory=dict)


def of_all(found: Sequence[Loaded]) -> Loaded:
    """The yield of what one file holds, added up."""
    counts, sums = Counter[str](), defaultdict[str, Counter[str]](Counter)
    received = defaultdict[str, set[date]](set)
    for one in found:
        counts.update(one.counts)
        for currency, known in one.sums.items():
            sums[currency].update(known)
        for subject, caught_up in one.received.items():
            received[subject].update(caught_up)
    days = [day for one in found for day in (one.first_on, one.last_on) if day is not None]
    return Loaded(
        counts=counts,
        kept_aside=sum(one.kept_aside for one in found),
        sums=sums,
        merchant_ids=sorted({merchant for one in found for merchant in one.merchant_ids}),
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        received=received,
    )


def if_any(**counts: int) -> dict[str, int]:
    """Counts that are said only of what there is, such as what was known already."""
    return {name: count for name, count in counts.items() if count}


class Records(Protocol):
    """The records of one file, checked, with what their kind does with them."""

    @property
    def header(self) -> Header:
        """What the file says of itself."""

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame] | None:
        """The key that names the owners of these records, and the rows that bear it; None without any."""

    def clock_faults(self, now: datetime) -> Iterable[Refusal]:
        """Dates of rows that cannot be, for one another or their file (:mod:`.clocks`)."""

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load all of it. Raises FileRefusedError when a line contradicts what is stored."""

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what file ``former`` (see :func:`importers.files.file_log.former`) brought."""


@dataclass(frozen=True)
class Together:
    """The records of several kinds that one file holds; ``parts`` have one header and one owner key."""

    parts: tuple[Records, ...]

    @property
    def header(self) -> Header:
        """What the file says of itself."""
        return self.parts[0].header

    @property
    def owners(self) -> tuple[OwnerKey, pd.DataFrame] | None:
        """The owners of all parts."""
        found = [part.owners for part in self.parts if part.owners is not None]
        if not found:
            return None
        key = found[0][0]
        return key, pd.concat([rows[list(key.names)] for _, rows in found], ignore_index=True)

    def clock_faults(self, now: datetime) -> Iterable[Refusal]:
        """The faults of all parts."""
        return [fault for part in self.parts for fault in part.clock_faults(now)]

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Load all parts. Raises FileRefusedError."""
        found = [part.load(connection, entry) for part in self.parts]
        # The parts tell of the same money: the first one's sums are those of the file.
        return replace(of_all(found), sums=found[0].sums)

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Remove what file ``former`` brought of each part."""
        for part in self.parts:
            part.take_back(connection, former)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The part of :class:`Records` that is the same for whatever declares parties and their owners."""

    header: Header = field(default_factory=Header)
    owners: None = None

    def clock_faults(self, now: datetime) -> Sequence[Refusal]:  # noqa: ARG002 - the same for all kinds
        """None: a declaration may hold from any day to any other."""
        return ()

    def take_back(self, connection: Connection, former: Row[*tuple[Any, ...]]) -> None:
        """Nothing: what a later declaration does not repeat stays."""


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """A kind of record: its name, and its tables whose rows wait for an owner."""

    name: str
    tables: tuple[OwnedTable, ...] = ()


@cache
def kinds() -> tuple[RecordKind, ...]:
    """Ours, then those that are installed beside us."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    ours = tuple(module.KIND for module in modules if hasattr(module, "KIND"))
    return ours + tuple(found.load() for found in entry_points(group="bordereau.records"))


def owned_tables() -> tuple[OwnedTable, ...]:
    """The tables of all kinds whose rows wait for an owner."""
    return tuple(table for kind in kinds() for table in kind.tables)


def adopt(connection: Connection) -> None:
    """Move what was kept aside to the owners that are declared by now, whatever key names them."""
    tables = owned_tables()
    daily_sums.touch(connection)
    for key in dict.fromkeys(table.key for table in tables):
        ownership.adopt(connection, key, [table for table in tables if table.key == key])
    derived.renew(connection)
