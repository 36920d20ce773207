"""Privileges on tables: declared beside each, put in force by every ``bordereau migrate``.

A table of payments belongs to the importer's role, since PostgreSQL refuses COPY to everybody else once rows
are kept apart; whoever migrates is a member of that role, never the reverse. Its partitions stay the
migrating owner's, and nobody is granted any: they are read through their parent, where row security stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, text

from app.locks import Lock, hold


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
    def everybody(self) -> str:
        """All of them, as GRANT wants them."""
        return f'"{self.web}", "{self.desk}", "{self.importer}"'


_SEQUENCES = ("party_id", "payment_id_block")
#: Functions that act with the owner's rights, and who may call them.
_OF_IMPORTER = ("ensure_partition(text, date)",)
_OF_WEB = ("forget_journal()",)
# Roles belong to the whole server: another portal on it may be creating them at the same instant.
_CREATE_ROLE = """
DO $$ BEGIN
  CREATE ROLE "{role}" NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
# The queue lives in the same schema; whoever may defer a job may also run one.
_QUEUE = """
SELECT c.oid::regclass::text AS name, c.relkind = 'S' AS is_sequence FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S')
  AND starts_with(c.relname, 'procrastinate')
"""
_STATE = """
SELECT pg_get_userbyid(c.relowner) AS owner, c.relrowsecurity AND NOT c.relforcerowsecurity AS secured,
  ARRAY(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = ARRAY[
    (SELECT oid FROM pg_roles WHERE rolname = CASE polname WHEN 'by_merchant' THEN :web ELSE :desk END)
  ] ORDER BY polname) AS policies
FROM pg_class c WHERE c.oid = CAST(:table AS regclass)
"""
_POLICIES = {"by_merchant": "merchant_id", "by_reseller": "reseller_id"}


def create_roles(connection: Connection, roles: Roles) -> None:
    """Make the roles that are missing, and whoever migrates a member of the importer's.

    The web may wear the desk's role and has none of its rights before: it does not inherit.
    """
    for role in (roles.web, roles.importer, roles.desk):
        connection.execute(text(_CREATE_ROLE.format(role=role)))
    for statement in (
        f'ALTER ROLE "{roles.web}" NOINHERIT',
        f'GRANT "{roles.desk}" TO "{roles.web}"',
        f'GRANT "{roles.web}", "{roles.importer}" TO CURRENT_USER',
    ):
        connection.execute(text(statement))


def enforce(connection: Connection, declared: Mapping[Table, Privileges], roles: Roles) -> None:
    """Let each table, sequence and function be open to whom it is declared to be, and to nobody else."""
    hold(connection, Lock.PARTITIONS)  # attaching one and granting on its parent change the same row
    for statement in _of_schema(roles):
        connection.execute(text(statement))
    for table, privileges in declared.items():
        if privileges.isolated:
            _isolate(connection, table, roles)
        for statement in _of_table(table, privileges, roles):
            connection.execute(text(statement))
    for row in connection.execute(text(_QUEUE)).all():
        granted = "USAGE ON SEQUENCE" if row.is_sequence else "SELECT, INSERT, UPDATE, DELETE ON"
        connection.execute(text(f"GRANT {granted} {row.name} TO {roles.everybody}"))


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


def _isolate(connection: Connection, table: Table, roles: Roles) -> None:
    """Give a table to the importer and keep its rows apart; one that is so already is not locked for it."""
    values = {"table": f"public.{table.name}", "web": roles.web, "desk": roles.desk}
    state = connection.execute(text(_STATE), values).one()
    if (state.owner, state.secured, state.policies) == (roles.importer, True, sorted(_POLICIES)):
        return
    # Only somebody who may create there can be given a table.
    connection.execute(text(f'GRANT CREATE ON SCHEMA public TO "{roles.importer}"'))
    connection.execute(text(f'ALTER TABLE {table.name} OWNER TO "{roles.importer}"'))
    connection.execute(text(f'REVOKE CREATE ON SCHEMA public FROM "{roles.importer}"'))
    for policy, role in zip(_POLICIES, (roles.web, roles.desk), strict=True):
        column = _POLICIES[policy]
        connection.execute(text(f"DROP POLICY IF EXISTS {policy} ON {table.name}"))
        connection.execute(
            text(
                f'CREATE POLICY {policy} ON {table.name} FOR SELECT TO "{role}"'
                f" USING ({column} = CAST(nullif(current_setting('bordereau.{column}', true), '') AS bigint))"
            )
        )
    connection.execute(
        text(f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    )
