"""Run the migrations in one transaction, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from app.database.privileges import Roles, create_roles, enforce, refuse_foreign_code
from app.locks import Lock, hold
from app.models import Base


def partition(name: str | None, kind: str) -> bool:
    """Whether the model should know of this object: partitions and the job queue's are not its own."""
    own_suffix = name is not None and "_p20" not in name
    return kind != "table" or (own_suffix and not str(name).startswith("procrastinate_"))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=lambda name, kind, _: partition(name, kind),
    )
    with context.begin_transaction():
        # Plain PostgreSQL takes the first as a placeholder; Citus needs it (research/citus.md R21).
        connection.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))
        # Another process that migrates is waited for; tables that readers hold, only for so long.
        hold(connection, Lock.MIGRATION)
        connection.execute(text("SET LOCAL lock_timeout TO '10s'"))
        roles: Roles | None = context.config.attributes.get("roles")
        if roles and context.get_context().get_current_revision() != context.get_head_revision():
            refuse_foreign_code(connection, roles)
        context.run_migrations()
        if roles:
            create_roles(connection, roles, context.config.attributes["passwords"])
            enforce(connection, Base.privileges(), roles)


with context.config.attributes["engine"].connect() as connection:
    run(connection)
    connection.commit()
