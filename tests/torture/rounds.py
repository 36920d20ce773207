"""The rounds of a torture, each held against a load that nobody disturbed: a row of the table for each."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from app.config import ARCHIVE, INBOX, QUARANTINE
from app.database.login_addresses import KEPT, Addresses, completed
from tests.operation.conftest import a_server
from tests.torture import estate
from tests.torture.readers import readers
from tests.torture.trial import VICTIMS, Bench, TorturedPortal, differences
from tests.torture.victims import (
    ended,
    forked,
    importer,
    on_a_failing_disk,
    on_a_full_disk,
    replacing,
    where_one_may_only_read,
)

#: Importers that begin at once; kills of a round, before its files are corrected.
AT_ONCE, KILLS = 8, 18
#: Orders in which the files arrive; times that a folder vanishes.
ORDERS, FLICKERS = 5, 20
_ONCE_EACH = tuple(dict.fromkeys(VICTIMS))


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
    with _bench(folder, seed) as bench:
        undisturbed, seconds = _undisturbed(bench)
        yield from _killed(bench, kills, seconds, undisturbed)
        for disturb in _SHORT if short else _LONG:
            found = differences(_outcome(bench, disturb), undisturbed)
            yield Row((disturb.__doc__ or "").rstrip("."), 1, found)
        yield _shuffled(bench, 1 if short else ORDERS, undisturbed)


def brief_torture(folder: Path, seed: int) -> tuple[dict[str, int], list[str]]:
    """Kill each kind of process once or twice; how often each was, and what was otherwise in the end."""
    with _bench(folder, seed, crashes=0.3) as bench:
        undisturbed, seconds = _undisturbed(bench)
        found = _outcome(bench, lambda trial: trial.torture((*_ONCE_EACH, *_ONCE_EACH[:2]), seconds))
        return bench.kills, differences(found, undisturbed)


@contextmanager
def _bench(folder: Path, seed: int, crashes: float = 0.1) -> Iterator[Bench]:
    with a_server(folder) as server:
        addresses = completed(Addresses(owner=server.get_uri(driver="psycopg")), folder / KEPT)
        yield Bench(server, addresses, folder, Random(seed), crashes)


def _killed(bench: Bench, kills: int, seconds: float, undisturbed: dict[str, Any]) -> Iterator[Row]:
    """A row for whatever was killed; what one round has otherwise may be the doing of any of them."""
    wrong: list[str] = []
    while sum(bench.kills.values()) < kills:
        wrong += differences(
            _outcome(bench, lambda trial: _tortured(trial, seconds), shuffled=True), undisturbed
        )
    for victim, times in sorted(bench.kills.items()):
        yield Row(f"killed: {victim}", times, wrong)


def _tortured(trial: TorturedPortal, seconds: float) -> None:
    trial.torture(trial.bench.rng.choices(VICTIMS, k=KILLS), seconds)


def _shuffled(bench: Bench, times: int, undisturbed: dict[str, Any]) -> Row:
    wrong = [
        name
        for _ in range(times)
        for name in differences(_outcome(bench, _in_peace, shuffled=True), undisturbed)
    ]
    return Row((_in_peace.__doc__ or "").rstrip("."), times, wrong)


def _undisturbed(bench: Bench) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    with bench.trial() as trial:
        trial.must_load()
        seconds = time.monotonic() - began
        trial.finish()
        return trial.outcome(), seconds


def _outcome(
    bench: Bench, disturb: Callable[[TorturedPortal], None], *, shuffled: bool = False
) -> dict[str, Any]:
    with bench.trial(shuffled=shuffled) as trial:
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


def _vanishing(name: str) -> Callable[[TorturedPortal], None]:
    def flicker(trial: TorturedPortal) -> None:
        folder, away = trial.data / name, trial.data / "away"
        child = forked(importer, trial.addresses, trial.data)
        for _ in range(FLICKERS):
            with suppress(FileNotFoundError):
                folder.rename(away)
            time.sleep(0.05)
            _brought_back(away, folder)
        ended(child)
        trial.finish()

    flicker.__doc__ = f"{name} that vanishes and comes back"
    return flicker


def _brought_back(away: Path, folder: Path) -> None:
    """Put everything back, beside what somebody has written there meanwhile."""
    for path in sorted(away.rglob("*")):
        back = folder / path.relative_to(away)
        if path.is_dir():
            back.mkdir(parents=True, exist_ok=True)
        else:
            back.parent.mkdir(parents=True, exist_ok=True)
            path.replace(back)
    shutil.rmtree(away, ignore_errors=True)
    folder.mkdir(exist_ok=True)


def _read_only(name: str) -> Callable[[TorturedPortal], None]:
    def locked(trial: TorturedPortal) -> None:
        folder = trial.data / name
        folder.mkdir(exist_ok=True)
        trial.must_load(where_one_may_only_read(name))
        folder.chmod(0o700)
        trial.finish()

    locked.__doc__ = f"{name} that may only be read"
    return locked


def _eight_at_once(trial: TorturedPortal) -> None:
    """eight importers at once, of new files and of corrected ones."""
    for victim in (importer, replacing):
        children = [forked(victim, trial.addresses, trial.data) for _ in range(AT_ONCE)]
        assert [ended(child) for child in children] == [0] * AT_ONCE
        if victim is importer:
            estate.correct(trial.data / INBOX)


def _under_readers(trial: TorturedPortal) -> None:
    """loaded and replaced under readers."""
    with readers(trial.addresses, trial.data):
        trial.finish()


def _in_peace(trial: TorturedPortal) -> None:
    """arrived in another order."""
    trial.finish()


_SHORT = (_full_disk, _eight_at_once, _under_readers)
_LONG = (
    *_SHORT,
    _failing_disk,
    _no_archive,
    *(_vanishing(name) for name in (ARCHIVE, INBOX, QUARANTINE)),
    *(_read_only(name) for name in (ARCHIVE, INBOX, QUARANTINE)),
)


HEADING = f"{'what':44} {'times':>6}   held against an undisturbed load"


def line(row: Row) -> str:
    """A row of the table, for people."""
    return f"{row.what:44} {row.times:>6}   {', '.join(sorted(set(row.wrong))) or 'equal'}"
