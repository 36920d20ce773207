"""The ground all tables stand on: naming of constraints, identifiers, common column types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Computed, DateTime, Identity, MetaData, Table, Text, func
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from app.database.privileges import Privileges

NAMING = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}


class Base(DeclarativeBase):
    """Every table of the portal; each says in ``__privileges__`` who may do what with it."""

    metadata = MetaData(naming_convention=NAMING)
    __privileges__: ClassVar[Privileges]

    @classmethod
    def privileges(cls) -> dict[Table, Privileges]:
        """What all tables of this catalogue say."""
        models = {mapper.class_.__table__: mapper.class_ for mapper in cls.registry.mappers}
        return {table: models[table].__privileges__ for table in cls.metadata.sorted_tables}


# A key made by the database: only for tables that stay on one node (research/citus.md R3).
LocalId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
# A key handed out by the loader, named again in the table's composite primary key.
LoaderId = Annotated[int, mapped_column(BigInteger, autoincrement=False)]
BigIntColumn = Annotated[int, mapped_column(BigInteger)]
BigIntColumnOrNone = Annotated[int | None, mapped_column(BigInteger)]
TextColumn = Annotated[str, mapped_column(Text)]
TextColumnOrNone = Annotated[str | None, mapped_column(Text)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
InstantOrNone = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
LocalTime = Annotated[datetime, mapped_column(DateTime(timezone=False))]
LocalTimeOrNone = Annotated[datetime | None, mapped_column(DateTime(timezone=False))]


def one_of(column: str, values: type) -> CheckConstraint:
    """A check that ``column`` holds one of the values of the string enumeration ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def bare_of(column: str) -> MappedColumn[str | None]:
    """The text ``column`` without its leading zeros, kept by the database for the indexes.

    An index on the expression itself is not used once rows are kept apart: ``ltrim`` is not leakproof.
    """
    return mapped_column(Text, Computed(f"ltrim({column}, '0')", persisted=True))


def compared_of(column: str) -> MappedColumn[str | None]:
    """The text ``column`` as codes are compared, kept by the database for the indexes: in capitals, bare."""
    return mapped_column(Text, Computed(f"upper(ltrim({column}, '0'))", persisted=True))


def alphabetical(column: str) -> MappedColumn[str | None]:
    """The text ``column`` in small letters without accents, kept by the database: lists are in its order.

    By code point, so that the order is the same on every server: É stands with E.
    """
    return mapped_column(Text(collation="C"), Computed(f"fold({column})", persisted=True))


def written_columns(model: type[Base]) -> list[str]:
    """The columns of a table that are written; the database computes the others."""
    return [column.name for column in model.__table__.columns if column.computed is None]
