"""Migrations, and monthly partitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import Connection, text

from app.config import ROOT, Config, ConfigError
from app.database.engine import Database, DatabaseRole
from app.database.faults import check_server
from app.wording.i18n import gettext

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

#: History kept: months before this one.
MONTHS_BEHIND = 15
MIGRATIONS = ROOT / "migrations"


def alembic_config(database: Database) -> AlembicConfig:
    """Alembic's settings for ``database``; there is no ini file."""
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415 - to migrate alone

    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine(DatabaseRole.OWNER)
    return config


def migrate(database: Database) -> None:
    """Bring schema, roles and privileges up to date.

    Raises ConfigError where the database cannot be used.
    """
    from alembic import command  # noqa: PLC0415 - to migrate alone

    check_server(database, DatabaseRole.OWNER)
    _refuse_newer(version_of(database))
    config = alembic_config(database)
    config.attributes["roles"] = database.roles
    config.attributes["passwords"] = {} if lets_in(database) else database.addresses.passwords
    command.upgrade(config, "head")


def ready(config: Config, *logins: DatabaseRole) -> Database:
    """The configured database with this version's tables; no connection stays open.

    The embedded one is brought up to date on the way, and lets its roles in. Raises ConfigError for one that
    somebody keeps, whose operator decides when, and for one that a newer portal has migrated; psycopg.Error
    where one of ``logins`` is not let in.
    """
    database = Database.from_config(config)
    check_server(database, database.any_role)
    version = version_of(database)
    _refuse_newer(version)
    if version is Version.BEHIND and not config.development:
        raise ConfigError(gettext("The database is not up to date: run “bordereau migrate” first."))
    if config.development and (version is Version.BEHIND or not lets_in(database)):
        migrate(database)
    for role in logins:
        check_server(database, role)
    database.dispose()
    return database


def lets_in(database: Database) -> bool:
    """Whether the web and the importer can log in."""
    try:
        for role in (DatabaseRole.WEB, DatabaseRole.IMPORT):
            psycopg.connect(database.conninfo(role)).close()
    except psycopg.OperationalError:
        return False
    return True


def _refuse_newer(version: Version) -> None:
    if version is Version.NEWER:
        raise ConfigError(
            gettext("A newer Bordereau has migrated this database: install that one, or restore a backup.")
        )


class Version(StrEnum):
    """A database's version, as this portal sees it."""

    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"


def version_of(database: Database) -> Version:
    """How the schema stands to the newest migration of this portal."""
    with database.reading(database.any_role) as connection:
        has_any = connection.scalar(text("SELECT to_regclass('alembic_version')"))
        found = connection.scalar(text("SELECT version_num FROM alembic_version")) if has_any else None
    known = revisions()
    if found == known[0]:
        return Version.CURRENT
    return Version.BEHIND if found is None or found in known else Version.NEWER


def known_revision(revision: str) -> bool:
    """Whether this portal knows a migration."""
    return revision in revisions()


@cache
def revisions() -> tuple[str, ...]:
    """The migrations of this portal, the newest first: the numbers that their files begin with.

    Every command asks for them. Alembic knows them as well, and takes a second to be there.
    """
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*_*.py"), reverse=True)
    return tuple(file.name.partition("_")[0] for file in files)


def ensure_partitions(connection: Connection, months: Mapping[str, Collection[date]]) -> None:
    """Create the monthly partitions that are missing, for a day of each month of each table.

    A month has one from the first file that touches it: it is attached beside readers, and goes again with
    the transaction that asked for it.
    """
    asked = [(table, day.replace(day=1)) for table, days in months.items() for day in days]
    if asked:
        connection.execute(
            text(
                "SELECT ensure_partition(asked.parent, asked.month)"
                " FROM unnest(CAST(:parents AS text[]), CAST(:months AS date[])) AS asked (parent, month)"
            ),
            {"parents": [table for table, _ in asked], "months": [month for _, month in asked]},
        )


def begin_partitions(connection: Connection, table: str, months: Collection[date]) -> dict[date, str]:
    """Make the partitions that ``table`` lacks of ``months`` (their first days), without indexes and apart.

    Returns the names of those made, by month: they take rows by COPY, and are to be attached in the same
    transaction (:func:`attach_partition`).
    """
    begun = connection.execute(
        text(
            "SELECT asked.month, begin_partition(:parent, asked.month)"
            " FROM unnest(CAST(:months AS date[])) AS asked (month)"
        ),
        {"parent": table, "months": list(months)},
    )
    return {month: name for month, name in begun if name is not None}


def attach_partition(connection: Connection, table: str, month: date) -> None:
    """Build the indexes of a partition that was begun, and attach it beside readers."""
    connection.execute(text("SELECT attach_partition(:parent, :month)"), {"parent": table, "month": month})


def first_day_kept(today: date) -> date:
    """The first day of the months whose payments are kept; what is older goes (see :mod:`app.retention`)."""
    return _shifted(today, -MONTHS_BEHIND)


def _shifted(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
