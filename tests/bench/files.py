"""Input for the measures: the demonstration's nights, joined into files of a million transactions."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, BinaryIO

from app.rules.time_zones import today
from importers.demo.generation import generate
from importers.report import progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHOPS = 500
FIFTEEN_MONTHS = 457
#: The most that one file holds: that of the bar.
FILE_SIZE = 1_000_000


@dataclass(frozen=True)
class BenchEstate:
    """What a chain of 500 shops and six independents delivered: who owns what, and files of payments."""

    directory: Path
    files: tuple[Path, ...]
    last_day: date
    days: int


def estate(folder: Path, transactions: int, days: int) -> BenchEstate:
    """An estate up to yesterday, kept under ``folder`` for the next run of the same day."""
    last_day = today() - timedelta(days=1)
    place = folder / f"{transactions}-{days}-{last_day}"
    if not place.exists():
        partial = place.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with progress(f"{transactions} transactions, {days} days") as step:
            generate(
                partial / "nights",
                seed=1,
                days=days,
                transactions=transactions,
                chain_shops=SHOPS,
                last_day=last_day,
                progress=step,
            )
        _join(sorted((partial / "nights").glob("REMISE-TPE*")), partial)
        (directory,) = (partial / "nights").glob("REFERENTIEL*")
        directory.replace(partial / directory.name)
        shutil.rmtree(partial / "nights")
        partial.replace(place)
    (directory,) = place.glob("REFERENTIEL*")
    return BenchEstate(directory, tuple(sorted(place.glob("REMISE-TPE*"))), last_day, days)


def _join(nights: list[Path], folder: Path) -> None:
    """Write the complete nights one after the other, a new file each time one is full."""
    kept = (night for path in nights if (night := _read(path)))
    for number, bundle in enumerate(_bundles(kept), start=1):
        last = bundle[-1]
        header = b";".join((*last.header[:4], b"bench-%d" % number, *last.header[5:]))
        with (folder / f"REMISE-TPE_demo-host_2000{number:04}.txt").open("wb") as file:
            _write(file, header, bundle)


@dataclass(frozen=True)
class _Night:
    path: Path
    header: tuple[bytes, ...]
    start: int
    stop: int
    remittances: int
    transactions: int


def _read(path: Path) -> _Night | None:
    """Where the records of a night are; None for one that came in two parts."""
    data = path.read_bytes()
    header, end = data[: data.index(b"\n")], data.rindex(b"\nFIN;") + 1
    columns = tuple(header.rstrip(b"\r").split(b";"))
    if columns[5] != b"COMPLET":
        return None
    _, remittances, transactions = data[end:].split(b";")
    return _Night(path, columns, len(header) + 1, end, int(remittances), int(transactions))


def _bundles(nights: Iterator[_Night]) -> Iterator[list[_Night]]:
    bundle: list[_Night] = []
    for night in nights:
        if bundle and sum(one.transactions for one in bundle) + night.transactions > FILE_SIZE:
            yield bundle
            bundle = []
        bundle.append(night)
    yield bundle


def _write(file: BinaryIO, header: bytes, bundle: list[_Night]) -> None:
    file.write(header + b"\n")
    file.writelines(night.path.read_bytes()[night.start : night.stop] for night in bundle)
    counts = (sum(night.remittances for night in bundle), sum(night.transactions for night in bundle))
    file.write(b"FIN;%d;%d\n" % counts)
