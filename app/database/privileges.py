"""Privileges on tables: declared beside each, put in force by every ``bordereau migrate``.

A table of payments belongs to the importer's role, since PostgreSQL refuses COPY to everybody else once rows
are kept apart; whoever migrates is a member of that role, never the reverse. Its partitions stay the
migrating owner's, and nobody is granted any: they are read through their parent, where row security stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Row, Table, text
from sqlalchemy.exc import ProgrammingError

from app.config import ConfigError
from app.locks import Lock, hold
from app.wording.i18n import gettext


@dataclass(frozen=True)
class TablePrivilege:
    """A privilege on a table: on the ``columns`` named, on all ``but`` those named, or on the whole of it."""

    privilege: str
    columns: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def sql(self, table: Table) -> str:
        """The privilege as GRANT wants it."""
        every = (column.name for column in table.columns)
        named = self.columns or tuple(name for name in every if self.but and name not in self.but)
        return f"{self.privilege} ({', '.join(named)})" if named else self.privilege


@dataclass(frozen=True, kw_only=True)
class Privileges:
    """The privileges of the web and of the importer on a table.

    ``isolated``: it belongs to the importer, and the web sees the rows of one merchant at a time, or those of
    one reseller at the desk (:mod:`app.database.isolation`).
    """

    web: tuple[TablePrivilege, ...] = ()
    importer: tuple[TablePrivilege, ...] = ()
    isolated: bool = False


READ, ADD = TablePrivilege("SELECT"), TablePrivilege("INSERT")
CHANGE = (READ, ADD, TablePrivilege("UPDATE"), TablePrivilege("DELETE"))
#: Rows that the importer brings and the web shows.
IMPORTED = Privileges(web=(READ,), importer=CHANGE)
#: Rows of merchants, that the importer brings and the web shows to those they belong to.
ISOLATED = Privileges(web=(READ,), importer=CHANGE, isolated=True)
#: What the web keeps and the importer knows nothing of.
ACCOUNTS = Privileges(web=CHANGE)


@dataclass(frozen=True)
class Roles:
    """The names of a portal's roles on its server."""

    web: str
    importer: str

    @property
    def desk(self) -> str:
        """The role under which rows are shown by reseller."""
        return f"{self.web}_desk"

    @property
    def all(self) -> tuple[str, str, str]:
        """All of them."""
        return self.web, self.desk, self.importer

    @property
    def everybody(self) -> str:
        """The same, as GRANT wants them."""
        return ", ".join(f'"{role}"' for role in self.all)


_SEQUENCES = ("party_id", "payment_id_block")
#: Functions that act with the owner's rights, and who may call them.
_OF_IMPORTER = (
    "begin_partition(text, date)",
    "attach_partition(text, date)",
    "ensure_partition(text, date)",
    "drop_partition(text, date)",
    "forget_deliveries()",
    "gather_statistics(bigint)",
)
_OF_WEB = ("forget_journal()",)
# Roles belong to the whole server: another portal on it may be creating them at the same instant.
_CREATE_ROLE = """
DO $$ BEGIN
  CREATE ROLE "{role}" NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
_ATTRIBUTES = """
SELECT rolsuper AS superuser, rolcreaterole AS createrole, rolcreatedb AS createdb,
  rolreplication AS replication, rolbypassrls AS bypassrls, rolinherit AS inherit, rolcanlogin AS login
FROM pg_roles WHERE rolname = :role
"""
_FOREIGN_MEMBERSHIPS = """
SELECT DISTINCT pg_get_userbyid(member)::text, pg_get_userbyid(roleid)::text FROM pg_auth_members
WHERE pg_get_userbyid(member) IN (:web, :desk, :importer)
  AND NOT (pg_get_userbyid(member) = :web AND pg_get_userbyid(roleid) = :desk)
"""
# The queue lives in the same schema; whoever may defer a job may also run one.
_QUEUE = """
SELECT c.oid::regclass::text AS name, c.relkind = 'S' AS is_sequence FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S')
  AND starts_with(c.relname, 'procrastinate')
"""
_STATE = """
SELECT pg_get_userbyid(c.relowner) AS owner, c.relrowsecurity AND NOT c.relforcerowsecurity AS secured,
  ARRAY(SELECT concat_ws(' ', polname, polcmd, polpermissive,
    (SELECT string_agg(pg_get_userbyid(role)::text, ', ') FROM unnest(polroles) AS role), '|',
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy WHERE polrelid = c.oid ORDER BY polname) AS policies,
  ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid) AS names
FROM pg_class c WHERE c.oid = CAST(:table AS regclass)
"""
# What runs when rows are written, as whoever writes them. The portal has no such code on these tables, its
# checks call what is immutable alone, and the importer has no functions.
_FOREIGN_CODE = """
SELECT c.relname::text FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relnamespace = 'public'::regnamespace AND o.rolname = :importer AND (
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)
  OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = o.oid)
  OR EXISTS (
    SELECT FROM pg_constraint k, regexp_matches(k.conbin::text, ':(op)?funcid ([0-9]+)', 'g') AS called (ids)
    JOIN pg_proc p ON p.oid = called.ids[2]::oid
    WHERE k.conrelid = c.oid AND p.provolatile <> 'i'))
ORDER BY 1 LIMIT 1
"""
_TABLES_OF = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND pg_get_userbyid(c.relowner) = :importer ORDER BY 1
"""
_POLICIES = {"by_merchant": "merchant_id", "by_reseller": "reseller_id"}


def create_roles(connection: Connection, roles: Roles, passwords: Mapping[str, str]) -> None:
    """Make and mend the roles, and whoever migrates a member of the importer's.

    Web and importer log in, with the ``passwords`` by their names; the desk's role is worn by the web, which
    has none of its rights before: it does not inherit. None of them is a member of anything else.
    """
    for role, inherits, logs_in in (
        (roles.web, False, True),
        (roles.importer, True, True),
        (roles.desk, True, False),
    ):
        connection.execute(text(_CREATE_ROLE.format(role=role)))
        _mend(connection, role, inherits=inherits, logs_in=logs_in)
    _end_memberships(connection, roles)
    connection.execute(text(f'GRANT "{roles.desk}" TO "{roles.web}"'))
    connection.execute(text(f'GRANT "{roles.importer}" TO CURRENT_USER'))
    for role, password in passwords.items():
        _set_password(connection, role, password)


def _end_memberships(connection: Connection, roles: Roles) -> None:
    """Let the roles be members of nothing else. Raises ConfigError for what only a superuser can take."""
    members = {"web": roles.web, "desk": roles.desk, "importer": roles.importer}
    for member, of in connection.execute(text(_FOREIGN_MEMBERSHIPS), members).all():
        with suppress(ProgrammingError), connection.begin_nested():
            connection.execute(text(f'REVOKE "{of}" FROM "{member}"'))
    for member, of in connection.execute(text(_FOREIGN_MEMBERSHIPS), members).all():
        raise ConfigError(
            gettext(
                "The role “%(member)s” has the rights of “%(of)s”, which a superuser gave it and has to take"
                " away: REVOKE %(of)s FROM %(member)s",
                member=member,
                of=of,
            )
        )


def _mend(connection: Connection, role: str, *, inherits: bool, logs_in: bool) -> None:
    """Let a role be what it should, and no more: changed only where it is not so already."""
    found = connection.execute(text(_ATTRIBUTES), {"role": role}).mappings().one()
    wanted = dict.fromkeys(found, False) | {"inherit": inherits, "login": logs_in}
    changed = [f"{'' if wanted[name] else 'NO'}{name}" for name in found if found[name] != wanted[name]]
    if changed:
        connection.execute(text(f'ALTER ROLE "{role}" {" ".join(changed)}'))


def _set_password(connection: Connection, role: str, password: str) -> None:
    """Give a role its password; the server, and so its log, sees no more of it than it keeps."""
    driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    kept = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.exec_driver_sql(f"ALTER ROLE \"{role}\" PASSWORD '{kept}'")


def refuse_foreign_code(connection: Connection, roles: Roles) -> None:
    """Keep the importer from adding code to their tables until the migration ends.

    What a migration writes there would run it as the owner. Raises ConfigError where there is any.
    """
    importer = {"importer": roles.importer}
    for table in connection.scalars(text(_TABLES_OF), importer).all():
        connection.execute(text(f"LOCK TABLE ONLY {table} IN SHARE ROW EXCLUSIVE MODE"))
    table = connection.scalar(text(_FOREIGN_CODE), importer)
    if table is not None:
        raise ConfigError(
            gettext(
                "The table “%(table)s” bears code that is not the portal's (a trigger, a rule, a check or a"
                " function of “%(role)s”), which would run with the owner's rights: take it away, and change"
                " the password of that role.",
                table=table,
                role=roles.importer,
            )
        )


def altered(connection: Connection, declared: Mapping[Table, Privileges], roles: Roles) -> list[str]:
    """The tables of payments on which somebody with the importer's password put code, or other policies."""
    planted = connection.scalar(text(_FOREIGN_CODE), {"importer": roles.importer})
    return [
        table.name
        for table, privileges in declared.items()
        if privileges.isolated
        and (table.name == planted or not _is_isolated(_state(connection, table), roles))
    ]


def enforce(connection: Connection, declared: Mapping[Table, Privileges], roles: Roles) -> None:
    """Let each table, sequence and function be open to whom it is declared to be, and to nobody else."""
    hold(connection, Lock.PARTITIONS)  # attaching one and granting on its parent change the same row
    name = str(connection.scalar(text("SELECT current_database()")))
    for statement in (*_of_database(name, roles), *_of_schema(roles)):
        connection.execute(text(statement))
    for table, privileges in declared.items():
        if privileges.isolated:
            _isolate(connection, table, roles)
        for statement in _of_table(table, privileges, roles):
            connection.execute(text(statement))
    for row in connection.execute(text(_QUEUE)).all():
        granted = "USAGE ON SEQUENCE" if row.is_sequence else "SELECT, INSERT, UPDATE, DELETE ON"
        connection.execute(text(f"GRANT {granted} {row.name} TO {roles.everybody}"))


def _of_database(name: str, roles: Roles) -> Iterator[str]:
    """Whom the database lets in: nobody of the server's other portals."""
    yield f'REVOKE CONNECT, TEMPORARY ON DATABASE "{name}" FROM PUBLIC'
    yield f'GRANT CONNECT ON DATABASE "{name}" TO "{roles.web}", "{roles.importer}"'
    yield f'GRANT TEMPORARY ON DATABASE "{name}" TO "{roles.importer}"'


def _of_schema(roles: Roles) -> Iterator[str]:
    everybody = roles.everybody
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"REVOKE ALL ON SCHEMA public FROM {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT SELECT ON alembic_version TO {everybody}"
    yield f'GRANT USAGE ON SEQUENCE {", ".join(_SEQUENCES)} TO "{roles.importer}"'
    for role, functions in ((roles.importer, _OF_IMPORTER), (roles.web, _OF_WEB)):
        for function in functions:
            yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {everybody}"
            yield f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"'


def _of_table(table: Table, privileges: Privileges, roles: Roles) -> Iterator[str]:
    """What may be done with a table. At the desk the web may do what it may elsewhere."""
    web, importer = f'"{roles.web}", "{roles.desk}"', f'"{roles.importer}"'
    strangers = web if privileges.isolated else f"{web}, {importer}"
    yield f"REVOKE ALL ON {table.name} FROM PUBLIC, {strangers}"
    yield from _granted(table, privileges.web, web)
    if not privileges.isolated:  # what the importer owns needs no grant
        yield from _granted(table, privileges.importer, importer)


def _granted(table: Table, grants: Iterable[TablePrivilege], role: str) -> Iterator[str]:
    listed = ", ".join(grant.sql(table) for grant in grants)
    if listed:
        yield f"GRANT {listed} ON {table.name} TO {role}"


def _policies(roles: Roles) -> list[str]:
    """The policies of a table of payments as the catalogue tells them."""
    setting = "(NULLIF(current_setting('bordereau.{column}'::text, true), ''::text))::bigint"
    return [
        f"{policy} r t {role} | ({column} = {setting.format(column=column)})"
        for (policy, column), role in zip(_POLICIES.items(), (roles.web, roles.desk), strict=True)
    ]


def _state(connection: Connection, table: Table) -> Row[Any]:
    return connection.execute(text(_STATE), {"table": f"public.{table.name}"}).one()


def _is_isolated(state: Row[Any], roles: Roles) -> bool:
    """Whether a table is the importer's, and shows others the rows of one merchant or reseller alone."""
    return (state.owner, state.secured, state.policies) == (roles.importer, True, _policies(roles))


def _isolate(connection: Connection, table: Table, roles: Roles) -> None:
    """Give a table to the importer and keep its rows apart; one that is so already is not locked for it."""
    state = _state(connection, table)
    if _is_isolated(state, roles):
        return
    # Only somebody who may create there can be given a table.
    connection.execute(text(f'GRANT CREATE ON SCHEMA public TO "{roles.importer}"'))
    connection.execute(text(f'ALTER TABLE {table.name} OWNER TO "{roles.importer}"'))
    connection.execute(text(f'REVOKE CREATE ON SCHEMA public FROM "{roles.importer}"'))
    for policy in state.names:  # one of the importer's would run as the web, or show it more
        connection.execute(text(f'DROP POLICY "{policy.replace(chr(34), chr(34) * 2)}" ON {table.name}'))
    for policy, role in zip(_POLICIES, (roles.web, roles.desk), strict=True):
        column = _POLICIES[policy]
        connection.execute(
            text(
                f'CREATE POLICY {policy} ON {table.name} FOR SELECT TO "{role}"'
                f" USING ({column} = CAST(nullif(current_setting('bordereau.{column}', true), '') AS bigint))"
            )
        )
    connection.execute(
        text(f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    )
