"""The demonstration: synthetic files, loaded as any night's, and people who may look at them."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import date, timedelta
from pathlib import Path

from app.accounts.users import NewAccess, give_access
from app.db import Database
from app.i18n import gettext
from app.models import Role
from importers import report
from importers.demo import ACCOUNTS, RESELLER, generate
from importers.load import load_files

SEED = 1
_SYLLABLES = tuple(a + b for a in "bcdfglmnprstv" for b in "aeiou")


def prepare(database: Database, data: Path) -> str:
    """Make what is missing; returns the log-ins, a line each. Killed anywhere, the next call goes on."""
    folder = data / "demo"
    log_ins = folder / "log-ins.txt"
    if not log_ins.exists():
        _load(database, data, _files(folder / "files"))
        _keep(log_ins, _give_access(database))
    return log_ins.read_text(encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    """The files, all of them: a generation that was cut short is started again."""
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with report.progress(gettext("Demonstration data")) as step:
            generate(partial, seed=SEED, last_day=yesterday(), progress=step)
        partial.replace(folder)
    return sorted(folder.iterdir())


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
    people = "\n".join(
        f"{account.email:28} {account.merchant_code:14} {account.role}" for account in ACCOUNTS
    )
    return gettext("Log-ins of the demonstration (password: %(password)s)", password=password) + "\n" + people


def _keep(path: Path, words: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(words)


def yesterday() -> date:
    """The last business day whose files can have arrived."""
    return date.today() - timedelta(days=1)  # noqa: DTZ011 - the machine's own calendar
