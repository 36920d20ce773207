"""A trial: one portal, tortured and then left in peace, held against one that nobody disturbed."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from app.config import ARCHIVE, INBOX, QUARANTINE, SUPERSEDED
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from importers.files import profiles, sources
from tests.importers.conftest import Operator
from tests.operation.conftest import start
from tests.torture import estate
from tests.torture.victims import (
    Victim,
    ended,
    forked,
    importer,
    killed,
    last_words,
    night,
    replacing,
    run,
    worker,
)

_LINKS = (
    "SELECT o.occurred_on, o.sequence_number, c.sequence_number, c.amount"
    " FROM transaction c JOIN transaction o ON o.merchant_id = c.merchant_id AND o.id = c.original_id"
    " ORDER BY 1, 2, 3, 4"
)
_CREDITS = "SELECT booked_on, collected_on, amount, rule, certainty FROM credit_link ORDER BY 1, 2, 3, 4, 5"
_PARTIES = (
    "SELECT m.code, m.name, o.siret, o.trade_name, c.number, c.rank, c.label FROM contract c"
    " JOIN merchant m ON m.id = c.merchant_id"
    " LEFT JOIN outlet o ON o.merchant_id = c.merchant_id AND o.id = c.outlet_id ORDER BY 1, 2, 3, 4, 5, 6, 7"
)
_MOST_STARTS = 60
#: How long the whole portal takes until its worker is at the inbox, in seconds.
_RUN_STARTS = 12
#: Of the time that a whole load takes, what a victim may have: several come to each file.
_SHARE = 0.15
#: Who is killed, each as often as it stands here.
VICTIMS: tuple[Victim, ...] = (importer, importer, importer, night, night, worker, worker, run)
_FILES = "SELECT sha256, status, counts::text FROM import_file ORDER BY 1, 2"


@dataclass
class Bench:
    """A server that may be killed, and the databases that trials make on it.

    ``crashes`` is the share of kills that strike the server too.
    """

    server: Any
    addresses: Addresses
    folder: Path
    rng: Random
    crashes: float = 0.1
    made: int = 0
    kills: dict[str, int] = field(default_factory=dict)

    def killed(self, what: str) -> None:
        self.kills[what] = self.kills.get(what, 0) + 1

    @contextmanager
    def trial(self, *, shuffled: bool = False) -> Iterator[TorturedPortal]:
        """A portal that knows its merchants, with every file in its inbox; ``shuffled``, in any order."""
        self.made += 1
        name, data = f"torture_{self.made}", self.folder / f"trial-{self.made}"
        data.mkdir()
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE postgres STRATEGY file_copy')
        made = TorturedPortal(self, self.addresses.at(name), data)
        made.prepare()
        estate.fill(data / INBOX, self.rng if shuffled else None)
        yield made
        self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)

    def crash(self) -> None:
        """Kill the postmaster, and start the server again, until it answers.

        One that was killed a moment ago may still look alive to its starter.
        """
        record = (self.server.pgdata / "postmaster.pid").read_text(encoding="utf-8")
        with suppress(ProcessLookupError):
            os.kill(int(record.split()[0]), signal.SIGKILL)
        for _ in range(_MOST_STARTS):
            start(self.server)
            with suppress(psycopg.OperationalError):
                self._administer("SELECT 1")
                return
            time.sleep(0.5)
        raise TimeoutError("the server does not start again")


@dataclass
class TorturedPortal:
    """One portal of a bench."""

    bench: Bench
    addresses: Addresses
    data: Path

    def prepare(self) -> None:
        """Declare merchants, an account and the bank's folder, in a process of its own."""
        assert ended(forked(_declared, self.addresses, self.data)) == 0

    def loads(self, victim: Victim = importer) -> int:
        """Let a victim end in peace; returns its status."""
        return ended(forked(victim, self.addresses, self.data))

    def must_load(self, victim: Victim = importer) -> None:
        """Let a victim end in peace. Raises RuntimeError with its last words when it does not."""
        child = forked(victim, self.addresses, self.data)
        status = ended(child)
        if status:
            said = last_words(self.data, child).read_text(encoding="utf-8")
            raise RuntimeError(f"{victim.__name__} ended with {status} though nobody killed it: {said}")

    def kill(self, victim: Victim, seconds: float) -> None:
        """Kill a victim, or the server below it, at some moment within ``seconds``."""
        rng = self.bench.rng
        child = forked(victim, self.addresses, self.data)
        time.sleep(rng.random() * seconds)
        if rng.random() < self.bench.crashes:
            self.bench.crash()
            self.bench.killed("postmaster")
        if killed(child) == -signal.SIGKILL:
            self.bench.killed(victim.__name__)

    def torture(self, victims: Sequence[Victim], seconds: float) -> None:
        """Kill one after the other; then let the rest be loaded, corrected likewise with a third as many."""
        for victim in victims:
            self.kill(victim, _SHARE * seconds + (_RUN_STARTS if victim is run else 0))
        self.must_load()
        estate.correct(self.data / INBOX)
        for _ in range(len(victims) // 3):
            self.kill(replacing, _SHARE * seconds)
        self.must_load(replacing)

    def finish(self) -> None:
        """Load what is left, and what is corrected, in peace."""
        self.must_load()
        estate.correct(self.data / INBOX)
        self.must_load(replacing)

    def outcome(self) -> dict[str, Any]:
        """All that a portal holds in the end, whatever happened to it."""
        with _looking(self.addresses, self.data) as operator:
            known = {
                "rows, sums and terminals": operator.digest(),
                "merchants and outlets": operator.rows(_PARTIES),
                "links": operator.rows(_LINKS),
                "credits": operator.rows(_CREDITS),
                "journal of files": operator.rows(_FILES),
            }
        folders = {name: _content(self.data / name) for name in (INBOX, ARCHIVE, QUARANTINE, SUPERSEDED)}
        return known | folders | {"rebuild": self._rebuilt()}

    def _rebuilt(self) -> Any:
        """What the archive alone brings back."""
        with self.bench.trial() as rebuilt:
            for path in (rebuilt.data / INBOX).rglob("*"):
                path.is_file() and path.unlink()
            archive = self.data / ARCHIVE
            assert ended(forked(_archive_of(archive), rebuilt.addresses, rebuilt.data)) == 0
            with _looking(rebuilt.addresses, rebuilt.data) as operator:
                return operator.digest(), operator.rows(_LINKS)


def _archive_of(archive: Path) -> Callable[[Database, Path], None]:
    from importers.files.archive import files_in  # noqa: PLC0415
    from importers.load import load_files  # noqa: PLC0415

    def load(database: Database, data: Path) -> None:
        list(load_files(database, files_in([archive]), data))

    return load


def _declared(database: Database, data: Path) -> None:
    from importers.load import load_file  # noqa: PLC0415

    merchants, accounts = estate.declarations()
    for name, content in (("merchants", merchants), ("accounts", accounts)):
        path = data / name
        path.write_bytes(content)
        assert not load_file(database, path, data).refused
        path.unlink()
    with database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "bank", "acme")
        profiles.change(connection, "bank", role="money", inbox="bank")


@contextmanager
def _looking(addresses: Addresses, data: Path) -> Iterator[Operator]:
    database = Database(addresses)
    try:
        yield Operator(database, data, data)
    finally:
        database.dispose()


def _content(folder: Path) -> list[tuple[str, str]]:
    """The files of a folder: hashes, and names where they are hashes."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in found)


def differences(outcome: dict[str, Any], undisturbed: dict[str, Any]) -> list[str]:
    """What a tortured portal has otherwise than the undisturbed one."""
    return [name for name, value in undisturbed.items() if outcome[name] != value]
