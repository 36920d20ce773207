"""Faults of a database in the words of whoever runs the portal: what it is, and the cure, in a line.

A driver's own words may hold part of a password that was cut in the wrong place; of those only what names
a host, a role or a database is passed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

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
_READ_ONLY = N_("The database only reads: give the portal the address of the server that writes.")
_NO_GRANT = N_("The portal's roles lack a right (%(reason)s): “bordereau migrate” gives it to them again.")
_NOT_ALLOWED = N_("The database's owner may not do this (%(reason)s). Its cure: ALTER ROLE … CREATEROLE.")
_OF_RELATION = re.compile(r"permission denied for (?:table|sequence|function|view)")
_OTHER = N_("The database does not answer: %(reason)s")


class FaultScope(Enum):
    """The scope of an error that came while something was written."""

    #: Whatever is written next fails as well: the server is gone, its disk is full, a role lacks a right.
    EVERYTHING = auto()
    #: The same again may go well: a lock, a statement that was cancelled, too little memory.
    MOMENT = auto()
    #: It comes from what was written.
    CONTENT = auto()


#: SQLSTATEs, or the classes that they begin with. Source: PostgreSQL's documentation, appendix A.
_OF_EVERYTHING = (
    "08",  # connection exceptions
    "25006",  # a server that only reads
    "28",  # who logs in
    "3D000",  # no such database
    "42501",  # a right that lacks
    "53100",  # disk full
    "53300",  # too many connections
    "57P",  # a server that shuts down, starts or has crashed
    "58",  # the system's errors
)
_OF_THE_MOMENT = (
    "40",  # deadlocks, serialization
    "53",  # memory, other limits of the server
    "55P03",  # a lock was not there in time
    "57014",  # cancelled, by a person or by time
)


def sqlstate_of(error: Exception) -> str | None:
    """The SQLSTATE of an error of the database, or None."""
    return getattr(_origin(error), "sqlstate", None)


def scope_of(error: Exception) -> FaultScope:
    """Whom an error concerns: also of what is no error of a database, which comes from the content."""
    if isinstance(error, PoolTimeoutError):
        return FaultScope.MOMENT
    code = sqlstate_of(error)
    if code is None:
        lost = isinstance(_origin(error), psycopg.OperationalError | psycopg.InterfaceError)
        return FaultScope.EVERYTHING if lost else FaultScope.CONTENT
    if code.startswith(_OF_EVERYTHING):
        return FaultScope.EVERYTHING
    return FaultScope.MOMENT if code.startswith(_OF_THE_MOMENT) else FaultScope.CONTENT


def _origin(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def explained(error: Exception) -> str | None:
    """What is wrong and its cure, in the language of the moment; None for what is a fault of ours."""
    origin = _origin(error)
    said = str(origin)
    if isinstance(origin, psycopg.errors.DiskFull):
        return gettext(_FULL)
    if isinstance(origin, psycopg.errors.ReadOnlySqlTransaction):
        return gettext(_READ_ONLY)
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
