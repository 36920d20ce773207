"""What every table of payments needs besides its columns, for each migration that adds one."""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op


def statements(*tables: str) -> Iterator[str]:
    """What lets the importers write ``tables``, and the web read them and nothing else."""
    names = ", ".join(tables)
    yield f"GRANT SELECT ON {names} TO portal_web"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO portal_import"


def open_to_portal(*tables: str) -> None:
    """Carry out :func:`statements` in a migration."""
    for statement in statements(*tables):
        op.execute(statement)
