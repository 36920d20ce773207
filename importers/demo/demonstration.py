"""The demonstration: synthetic files, loaded as any night's, and people who may look at them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import click
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.second_factor import new_codes
from app.accounts.users import NewAccess, ensure_account, give_access
from app.database.engine import Database
from app.models import Reseller, Role, SecondFactor, StaffMember
from app.rules.time_zones import today
from app.wording.i18n import gettext
from importers import report
from importers.demo import ACCOUNTS, RESELLER, STAFF, bank, disputes, generate, web_shop
from importers.load import load_files

SEED = 1
#: As many as a screen bears; each opens the desk once, and the desk itself gives more.
SHOWN_CODES = 5
_SYLLABLES = tuple(a + b for a in "bcdfglmnprstv" for b in "aeiou")


def prepare(database: Database, data: Path) -> str:
    """Make what is missing; returns the log-ins, a line each. Killed anywhere, the next call goes on."""
    folder = data / "demo"
    log_ins = folder / "log-ins.txt"
    with _alone_in(folder):
        if not log_ins.exists():
            click.echo(
                gettext("Making and loading the demonstration data (the first time takes some minutes)…"),
                err=True,
            )
            _load(database, data, files_of(folder, last_day=yesterday()))
            _load(database, data, bank.files(database, folder / "bank", yesterday()))
            _load(database, data, web_shop.files(database, folder / "web-shop", yesterday()))
            _load(database, data, disputes.files(database, folder / "disputes", yesterday()))
            _keep(log_ins, _give_access(database))
    return log_ins.read_text(encoding="utf-8")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else makes the demonstration meanwhile; the kernel lets go of a killed process's lock."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def files_of(folder: Path, *, last_day: date, **size: int) -> list[Path]:
    """The files of the demonstration, all of them or made anew: only those of its manifest are believed.

    ``size`` is handed to ``generate``.
    """
    files, manifest = folder / "files", folder / "manifest.json"
    if not _is_whole(files, manifest):
        manifest.unlink(missing_ok=True)
        shutil.rmtree(files, ignore_errors=True)
        with report.progress(gettext("Demonstration data")) as step:
            generate(files, seed=SEED, last_day=last_day, progress=step, **size)
        partial = manifest.with_suffix(".partial")
        partial.write_text(json.dumps(_hashes(files)), encoding="utf-8")
        partial.replace(manifest)
    return sorted(files.iterdir())


def _is_whole(files: Path, manifest: Path) -> bool:
    """Whether exactly the files of the manifest are there, byte by byte."""
    try:
        return bool(json.loads(manifest.read_text(encoding="utf-8")) == _hashes(files))
    except (OSError, ValueError):
        return False


def _hashes(files: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files.iterdir())}


def _load(database: Database, data: Path, files: list[Path]) -> None:
    with report.progress(gettext("Import")) as step:
        for done, result in enumerate(load_files(database, files, data), start=1):
            step(done, len(files))
            if result.refused:
                raise RuntimeError(report.line(result))


def _give_access(database: Database) -> str:
    """Let the demonstration's people in; returns what to print of them. They share a password made here."""
    password = "-".join(secrets.choice(_SYLLABLES) + secrets.choice(_SYLLABLES) for _ in range(4))
    with database.writing() as connection:
        for account in ACCOUNTS:
            access = NewAccess(
                email=account.email,
                merchant=account.merchant_code,
                reseller=RESELLER,
                role=Role(account.role),
                outlets=account.sirets,
                contracts=(),
            )
            give_access(connection, access, password)
        codes = _open_desk(connection, password)
    people = "\n".join(
        f"{account.email:28} {account.merchant_code:14} {account.role}" for account in ACCOUNTS
    )
    heading = gettext("Log-ins of the demonstration (password: %(password)s)", password=password)
    second_step = gettext(
        "two-step verification at the desk, each code once: %(codes)s", codes=" ".join(codes[:SHOWN_CODES])
    )
    place = gettext("the maintainer's desk")
    return f"{heading}\n{people}\n{STAFF:28} {place}\n{'':28} {second_step}"


def _open_desk(connection: Connection, password: str) -> list[str]:
    """Let somebody of the reseller's in; returns the codes of their second step.

    Staff need one. The demonstration has no phone to pair: nobody knows the app's secret, the recovery
    codes stand in for it.
    """
    user_id, _ = ensure_account(connection, STAFF, password)
    reseller_id = connection.execute(select(Reseller.id).where(Reseller.slug == RESELLER)).scalar_one()
    for model, row in (
        (StaffMember, {"user_id": user_id, "reseller_id": reseller_id}),
        (SecondFactor, {"user_id": user_id, "salt": secrets.token_bytes(20)}),
    ):
        connection.execute(upsert(model).values(row).on_conflict_do_nothing())
    return new_codes(connection, user_id)


def _keep(path: Path, words: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(words)


def yesterday() -> date:
    """The last business day whose files can have arrived."""
    return today() - timedelta(days=1)
