"""The rounds of a torture, each held against a load that nobody disturbed, and the table of them all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from app.database.login_addresses import KEPT, Addresses, completed
from importers.files.archive import ARCHIVE
from tests.operation.conftest import a_server
from tests.torture.trial import Bench, TorturedPortal, differences
from tests.torture.victims import (
    ended,
    forked,
    importer,
    on_a_failing_disk,
    on_a_full_disk,
)

#: Importers that begin at once; kills of a round, before its files are corrected.
AT_ONCE, KILLS = 8, 9


@dataclass(frozen=True)
class Row:
    """One line of the table: what was done, how often, and what was otherwise in the end."""

    what: str
    times: int
    wrong: list[str]


def torture(folder: Path, kills: int, seed: int, *, short: bool = False) -> Iterator[Row]:
    """Torture until so many were killed; the same ``seed`` chooses the same moments and the same order.

    ``short`` leaves out all but the kills, the full disk and the importers at once.
    """
    with a_server(folder) as server:
        addresses = completed(Addresses(owner=server.get_uri(driver="psycopg")), folder / KEPT)
        bench = Bench(server, addresses, folder, Random(seed))
        undisturbed, seconds = _undisturbed(bench)
        yield from _killed(bench, kills, seconds, undisturbed)
        for disturb in _SHORT if short else _LONG:
            found = differences(_outcome(bench, disturb), undisturbed)
            yield Row((disturb.__doc__ or "").rstrip("."), 1, found)


def _killed(bench: Bench, kills: int, seconds: float, undisturbed: dict[str, Any]) -> Iterator[Row]:
    """A row for whatever was killed; what one round has otherwise may be the doing of any of them."""
    wrong: list[str] = []
    while sum(bench.kills.values()) < kills:
        wrong += differences(_outcome(bench, lambda trial: trial.torture(KILLS, seconds)), undisturbed)
    for victim, times in sorted(bench.kills.items()):
        yield Row(f"killed: {victim}", times, wrong)


def _undisturbed(bench: Bench) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    with bench.trial() as trial:
        trial.must_load()
        seconds = time.monotonic() - began
        trial.finish()
        return trial.outcome(), seconds


def _outcome(bench: Bench, disturb: Callable[[TorturedPortal], None]) -> dict[str, Any]:
    with bench.trial() as trial:
        disturb(trial)
        return trial.outcome()


def _full_disk(trial: TorturedPortal) -> None:
    """full disk."""
    trial.loads(on_a_full_disk)
    trial.finish()


def _failing_disk(trial: TorturedPortal) -> None:
    """failed fsync."""
    trial.loads(on_a_failing_disk)
    trial.finish()


def _no_archive(trial: TorturedPortal) -> None:
    """archive that cannot be written."""
    shutil.rmtree(trial.data / ARCHIVE)
    (trial.data / ARCHIVE).touch()
    trial.loads()
    (trial.data / ARCHIVE).unlink()
    trial.prepare()
    trial.finish()


def _vanishing_archive(trial: TorturedPortal) -> None:
    """archive that vanishes and comes back."""
    archive, away = trial.data / ARCHIVE, trial.data / "away"
    child = forked(importer, trial.addresses, trial.data)
    for _ in range(20):
        with suppress(OSError):
            archive.rename(away)
        time.sleep(0.05)
        archive.mkdir(exist_ok=True)
        for copy in away.iterdir() if away.exists() else ():
            copy.replace(archive / copy.name)
        with suppress(OSError):
            away.rmdir()
    ended(child)
    trial.finish()


def _eight_at_once(trial: TorturedPortal) -> None:
    """eight importers at once."""
    children = [forked(importer, trial.addresses, trial.data) for _ in range(AT_ONCE)]
    assert [ended(child) for child in children] == [0] * AT_ONCE
    trial.finish()


_SHORT = (_full_disk, _eight_at_once)
_LONG = (*_SHORT, _failing_disk, _no_archive, _vanishing_archive)


def table(rows: list[Row]) -> str:
    """The rows as a table, for people."""
    lines = [f"{row.what:44} {row.times:>6}   {', '.join(sorted(set(row.wrong))) or 'equal'}" for row in rows]
    return "\n".join([f"{'what':44} {'times':>6}   held against an undisturbed load", *lines])
