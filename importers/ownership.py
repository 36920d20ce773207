"""Rows kept aside until their owner is declared, whatever key names the owner.

A key is a table with one row for each owner that a file may name: the contract, the bank account. One
that nobody has declared stands under ``UNCLAIMED_MERCHANT``, unseen; the day it is declared, the rows
that bear it move to their merchant with their whole history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, text

from app.models import DEFAULT_TIME_ZONE, UNCLAIMED_MERCHANT
from app.models.base import Base, written_columns
from importers.staging import rows_of, stage


@dataclass(frozen=True, kw_only=True)
class OwnerKey:
    """A table whose rows say who owns what a file names.

    ``columns`` identify a row within its reseller; ``names`` are the columns of records that bear them,
    in the same order. Rows of other tables refer to it by ``<table>_id``. ``carried`` are the sources that
    deliver its rows, one for each half of them: they follow to an owner who has none yet, and what another
    one brings stands aside. ``has_outlet`` tells whether an outlet gives the clock of its rows, ``has_desk``
    whether desks declare them, too: then its ``by_desk`` tells that a desk alone did.
    """

    table: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    carried: tuple[str, ...] = ()
    has_outlet: bool = False
    has_desk: bool = False

    @property
    def reference(self) -> str:
        """The column of other tables that refers to this one."""
        return f"{self.table}_id"

    @property
    def staged(self) -> str:
        """The temporary table of the keys that a file names."""
        return f"named_{self.table}"

    def same(self, one: str, other: str) -> str:
        """The condition that rows ``one`` and ``other`` of this table have the same key."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.columns)

    def is_operators(self, row: str) -> str:
        """The condition that more than a desk declared ``row``: it tells whose others' files are, too."""
        return f"NOT {row}.by_desk" if self.has_desk else "true"

    def listed(self, row: str = "") -> str:
        """The columns of the key, of ``row`` when it is given."""
        return ", ".join(f"{row}.{name}" if row else name for name in self.columns)


class Clock(NamedTuple):
    """The clock of a record: the column of its local time, and whether it is the later of two."""

    local: str
    second_fold: str = "false"

    def instant(self, row: str, zoned: str) -> str:
        """The instant of ``row`` in the time zone of ``zoned``, in SQL."""
        fold = self.second_fold if self.second_fold == "false" else f"{row}.{self.second_fold}"
        return f"instant_of({row}.{self.local}, {zoned}.time_zone, {fold})"


@dataclass(frozen=True, kw_only=True)
class OwnedTable:
    """A table whose rows belong to who owns ``key``: they move when it is declared.

    ``clocks`` names its instants, which follow the outlet's time zone; ``day`` is the column of its local
    day, whose daily sums are renewed where it has any.
    """

    model: type[Base]
    key: OwnerKey
    day: str
    clocks: Mapping[str, Clock] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.model.__tablename__)


# --- while a file is loaded ------------------------------------------------------------------------

_ADD_UNKNOWN = """
INSERT INTO {table} (merchant_id, id, reseller_id, {columns})
SELECT :unclaimed, nextval('party_id'), :reseller, {named}
FROM {staged} w LEFT JOIN {table} c ON c.reseller_id = :reseller AND {same}
WHERE c.id IS NULL
"""
_NAME_SOURCE = """
UPDATE {table} c SET source_id = :source FROM {staged} w
WHERE c.reseller_id = :reseller AND {same} AND c.source_id IS DISTINCT FROM :source
"""
_RESOLVE = """
SELECT {named}, c.merchant_id, c.id AS {reference}, {time_zone}
FROM {staged} w JOIN {table} c ON c.reseller_id = :reseller AND {same} {outlet}
"""


def stage_keys(connection: Connection, key: OwnerKey, records: pd.DataFrame) -> None:
    """Stage the distinct keys of a file, for :func:`resolve`."""
    connection.execute(text(f"DROP TABLE IF EXISTS {key.staged}"))
    named = records[list(key.names)].drop_duplicates().set_axis(list(key.columns), axis="columns")
    stage(connection, key.staged, named, f"(SELECT {key.listed()} FROM {key.table}) AS shape")


def resolve(connection: Connection, key: OwnerKey, reseller_id: int, source_id: int) -> pd.DataFrame:
    """The staged keys, each with ``merchant_id``, the reference to it, and ``time_zone``.

    Unknown ones are created unclaimed, on the default clock.
    """
    parameters = {
        "reseller": reseller_id,
        "source": source_id,
        "unclaimed": UNCLAIMED_MERCHANT,
        "zone": DEFAULT_TIME_ZONE,
    }
    words = _words(key, "w")
    connection.execute(text(_ADD_UNKNOWN.format(**words)), parameters)
    connection.execute(text(_NAME_SOURCE.format(**words)), parameters)
    found = rows_of(connection, _RESOLVE.format(**words), parameters)
    found = found.rename(columns=dict(zip(key.columns, key.names, strict=True)))
    return found.astype({"merchant_id": "int64", key.reference: "int64"})


def _words(key: OwnerKey, named: str) -> dict[str, str]:
    """What the statements above are filled with; ``named`` is the row that bears the key."""
    return {
        "table": key.table,
        "staged": key.staged,
        "reference": key.reference,
        "columns": key.listed(),
        "named": key.listed(named),
        "same": key.same("c", named),
        "time_zone": f"{'COALESCE(o.time_zone, :zone)' if key.has_outlet else ':zone'} AS time_zone",
        "outlet": _outlet_of("c") if key.has_outlet else "",
    }


def _outlet_of(row: str) -> str:
    return f"LEFT JOIN outlet o ON o.merchant_id = {row}.merchant_id AND o.id = {row}.outlet_id"


# --- what becomes visible --------------------------------------------------------------------------

# What waits is read first, by itself: it meets the keys of other merchants, which may lie on other nodes.
# A source of an unknown reseller follows the one that alone declares any of its keys, or the only one
# there is. What a desk alone declares does not count: it may be another maintainer's.
_WAITING = "waiting AS MATERIALIZED (SELECT * FROM {table} WHERE merchant_id = :unclaimed)"
_BIND = f"""
WITH {_WAITING}, owner AS (
  SELECT s.id AS source_id, min(r.id) AS reseller_id FROM source s
  JOIN reseller old ON old.id = s.reseller_id AND NOT old.declared
  JOIN waiting c ON c.source_id = s.id
  JOIN {{table}} d ON {{declared}} AND d.merchant_id <> :unclaimed AND {{is_operators}}
  JOIN reseller r ON r.id = d.reseller_id AND r.declared
  GROUP BY s.id HAVING count(DISTINCT r.id) = 1
), only_one AS (
  SELECT min(id) AS reseller_id FROM reseller WHERE declared HAVING count(*) = 1
)
UPDATE source s SET reseller_id = COALESCE(o.reseller_id, u.reseller_id)
FROM source s2 LEFT JOIN owner o ON o.source_id = s2.id LEFT JOIN only_one u ON true
JOIN reseller old ON true
WHERE s2.id = s.id AND old.id = s.reseller_id AND NOT old.declared
  AND COALESCE(o.reseller_id, u.reseller_id) IS NOT NULL
"""
# What a source brought before its reseller was known stands aside where another one delivers the key.
_SET_ASIDE = f"""
WITH {_WAITING}, second AS MATERIALIZED (
  SELECT c.merchant_id, c.id, c.source_id
  FROM waiting c JOIN source s ON s.id = c.source_id AND s.reseller_id <> c.reseller_id
  JOIN {{table}} t ON t.reseller_id = s.reseller_id AND {{same}}
  WHERE c.aside_source_id = 0 AND ({{is_others}})
)
UPDATE {{table}} w SET aside_source_id = n.source_id FROM second n
WHERE w.merchant_id = n.merchant_id AND w.id = n.id
"""
_PREPARE = f"""
WITH {_WAITING}
INSERT INTO {{table}} (merchant_id, id, reseller_id, {{columns}}, source_id)
SELECT :unclaimed, nextval('party_id'), s.reseller_id, {{ours}}, c.source_id
FROM waiting c JOIN source s ON s.id = c.source_id
LEFT JOIN {{table}} t ON t.reseller_id = s.reseller_id AND {{same}}
WHERE c.reseller_id <> s.reseller_id AND t.id IS NULL
"""
_MOVES = f"""
CREATE TEMP TABLE moving ON COMMIT DROP AS
WITH {_WAITING}
SELECT DISTINCT ON (c.id) c.id AS from_id, t.merchant_id, t.id AS {{reference}}, t.reseller_id, c.source_id,
  {{carried}} {{time_zone}}
FROM waiting c
LEFT JOIN source s ON s.id = c.source_id
JOIN {{table}} t ON t.reseller_id = COALESCE(s.reseller_id, c.reseller_id) AND {{same}} AND t.id <> c.id
{{outlet}}
WHERE (t.merchant_id <> :unclaimed OR c.reseller_id <> t.reseller_id)
ORDER BY c.id, t.merchant_id DESC
"""
_FORGET = (
    """
    UPDATE {table} t SET {follows} source_id = COALESCE(t.source_id, m.source_id) FROM moving m
    WHERE t.merchant_id = m.merchant_id AND t.id = m.{reference}
    """,
    "DELETE FROM {table} c USING moving m WHERE c.merchant_id = :unclaimed AND c.id = m.from_id",
    """
    UPDATE import_file f SET merchant_ids = ARRAY(SELECT DISTINCT unnest(f.merchant_ids || m.ids) ORDER BY 1)
    FROM (SELECT array_agg(DISTINCT merchant_id) AS ids FROM moving) AS m
    WHERE f.merchant_ids @> ARRAY[:unclaimed]::bigint[] AND m.ids IS NOT NULL
    """,
)


def adopt(connection: Connection, key: OwnerKey, tables: Sequence[OwnedTable]) -> None:
    """Move what was kept aside for want of ``key`` to those that are declared by now, with its history.

    ``tables`` are all those whose rows belong to the key; their days are touched.
    """
    words = _words(key, "t") | {
        "ours": key.listed("c"),
        "declared": key.same("d", "c"),
        "is_operators": key.is_operators("d"),
        "outlet": _outlet_of("t") if key.has_outlet else "",
        "is_others": " OR ".join(f"t.{name} <> c.{name}" for name in key.carried),
        "carried": "".join(f"c.{name}, " for name in key.carried),
        "follows": "".join(f"{name} = COALESCE(t.{name}, m.{name}), " for name in key.carried),
    }
    parameters = {"unclaimed": UNCLAIMED_MERCHANT, "zone": DEFAULT_TIME_ZONE}
    steps = (_BIND, _SET_ASIDE, _PREPARE, _MOVES) if key.carried else (_BIND, _PREPARE, _MOVES)
    for statement in steps:
        connection.execute(text(statement.format(**words)), parameters)
    if connection.scalar(text("SELECT EXISTS (SELECT FROM moving)")):
        for table in tables:
            _move(connection, table)
        for statement in _FORGET:
            connection.execute(text(statement.format(**words)), parameters)
    connection.execute(text("DROP TABLE moving"))


def _move(connection: Connection, table: OwnedTable) -> None:
    """Move the rows of ``moving`` from the unclaimed merchant to the declared one."""
    move(connection, table, ":unclaimed", f"old.{table.key.reference} = m.from_id")


def move(
    connection: Connection,
    table: OwnedTable,
    merchant: str,
    which: str,
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Delete the rows of ``merchant`` that ``which`` names, insert them anew: keys are never updated.

    Both are in SQL, about rows ``old`` of the table and ``m`` of temporary table ``moving``, which has the
    reference ``from_id`` that they have and what they have from then on.
    """
    reference = table.key.reference
    names = written_columns(table.model)
    moved = {name: f"zoned.{name}" for name in ("merchant_id", reference, "reseller_id")}
    instants = {name: clock.instant("kept", "zoned") for name, clock in table.clocks.items()}
    values = ", ".join((moved | instants).get(name, f"kept.{name}") for name in names)
    connection.execute(
        text(
            f"WITH kept AS (DELETE FROM {table.name} old USING moving m"
            f" WHERE old.merchant_id = {merchant} AND {which} RETURNING old.*),"
            f" placed AS (INSERT INTO {table.name} ({', '.join(names)})"
            f" SELECT {values} FROM kept JOIN moving zoned ON zoned.from_id = kept.{reference}"
            f" RETURNING merchant_id, {reference} AS key_id, {table.day} AS day)"
            f" INSERT INTO touched_day SELECT DISTINCT '{table.name}', merchant_id, key_id, day FROM placed"
        ),
        {"unclaimed": UNCLAIMED_MERCHANT, **parameters},
    )


def follow_clocks(connection: Connection, tables: Sequence[OwnedTable]) -> None:
    """Follow outlets whose time zone was corrected: instants change, local times stay.

    Temporary table ``rezoned`` has the references whose zone changed (``merchant_id``, the reference,
    ``time_zone``).
    """
    for table in tables:
        if table.clocks:
            reference = table.key.reference
            sets = ", ".join(
                f"{name} = {clock.instant('kept', 'zoned')}" for name, clock in table.clocks.items()
            )
            connection.execute(
                text(
                    f"UPDATE {table.name} kept SET {sets} FROM rezoned zoned"
                    f" WHERE kept.merchant_id = zoned.merchant_id AND kept.{reference} = zoned.{reference}"
                )
            )
