"""Faults of a database in the words of whoever runs the portal: what it is, and the cure, in a line.

A driver's own words may hold part of a password that was cut in the wrong place; of those only what names
a host, a role or a database is passed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg
from sqlalchemy.exc import DBAPIError

from app.config import ConfigError
from app.database.engine import Database, DatabaseRole
from app.wording.i18n import N_, gettext

OLDEST = 15
UTF8 = 6


@dataclass(frozen=True)
class _Fault:
    """The meaning of a message of libpq or of the server; message identifiers."""

    pattern: re.Pattern[str]
    words: str


_CONNECTING = (
    _Fault(
        re.compile(r"resolve host|translate host name|Name or service not known"),
        N_(
            "The database's host is unknown: check its address (BORDEREAU_DATABASE_URL, BORDEREAU_WEB_URL or"
            " BORDEREAU_IMPORT_URL), and this machine's DNS."
        ),
    ),
    _Fault(
        re.compile(r"password authentication failed|no password supplied"),
        N_(
            "The database refuses the password: check its address (BORDEREAU_DATABASE_URL, BORDEREAU_WEB_URL"
            " or BORDEREAU_IMPORT_URL), where special characters are percent-encoded; “bordereau migrate”"
            " puts the passwords of the last two in force."
        ),
    ),
    _Fault(
        re.compile(r"no pg_hba\.conf entry"),
        N_("The database does not let this machine in: add a line for it to pg_hba.conf, and reload."),
    ),
    _Fault(
        re.compile(r'role "(?P<name>[^"]+)" is not permitted to log in|permission denied for database'),
        N_("The database does not let the portal in: run “bordereau migrate” with the address of its owner."),
    ),
    _Fault(
        re.compile(r'role "(?P<name>[^"]+)" does not exist'),
        N_("The database has no role “%(name)s”: CREATE ROLE %(name)s LOGIN CREATEROLE PASSWORD …"),
    ),
    _Fault(
        re.compile(r'database "(?P<name>[^"]+)" does not exist'),
        N_("There is no database “%(name)s”: CREATE DATABASE %(name)s OWNER … ENCODING 'UTF8'"),
    ),
    _Fault(
        re.compile(r"Connection refused|No such file or directory|timeout expired|Network is unreachable"),
        N_("No database answers there: is PostgreSQL running, and are host and port right?"),
    ),
)
_FULL = N_("The disk of the database is full: make room on its server. Nothing is written by halves.")
_NO_GRANT = N_("The portal's roles lack a right (%(reason)s): “bordereau migrate” gives it to them again.")
_NOT_ALLOWED = N_("The database's owner may not do this (%(reason)s). Its cure: ALTER ROLE … CREATEROLE.")
_OF_RELATION = re.compile(r"permission denied for (?:table|sequence|function|view)")
_OTHER = N_("The database does not answer: %(reason)s")


def explained(error: Exception) -> str | None:
    """What is wrong and its cure, in the language of the moment; None for what is a fault of ours."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    said = str(origin)
    if isinstance(origin, psycopg.errors.DiskFull):
        return gettext(_FULL)
    if isinstance(origin, psycopg.errors.InsufficientPrivilege):
        words = _NO_GRANT if _OF_RELATION.match(said) else _NOT_ALLOWED
        return gettext(words, reason=said.splitlines()[0])
    known = isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError)
    return _connecting(said) if known else None


def _connecting(said: str) -> str:
    for fault in _CONNECTING:
        if found := fault.pattern.search(said):
            return gettext(fault.words, **found.groupdict())
    return gettext(_OTHER, reason=said.strip().splitlines()[0])


def check_server(database: Database, role: DatabaseRole) -> None:
    """Raise ConfigError when the database cannot hold what the portal says.

    Raises psycopg.Error when it is away, or does not let ``role`` in.

    Asked of the driver itself: SQLAlchemy does not get through to a database in another encoding.
    """
    with psycopg.connect(database.conninfo(role)) as connection:
        fault = _fault_of(connection)
    if fault:
        raise ConfigError(fault)


def _fault_of(connection: psycopg.Connection) -> str | None:
    if connection.info.server_version < OLDEST * 10000:
        return gettext("PostgreSQL %(oldest)s or later is needed.", oldest=OLDEST)
    row = connection.execute("SELECT encoding FROM pg_database WHERE datname = current_database()").fetchone()
    if row != (UTF8,):
        return gettext(
            "The database is not in UTF-8: make it anew, CREATE DATABASE …"
            " ENCODING 'UTF8' TEMPLATE template0."
        )
    if connection.execute("SELECT lower('É') = 'é'").fetchone() != (True,):
        return gettext(
            "The database's locale knows no accents (locale C): make it anew, CREATE DATABASE …"
            " LOCALE 'C.UTF-8' TEMPLATE template0."
        )
    return None
