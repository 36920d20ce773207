"""What the import says of each file, in words; the progress it shows on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.wording import money
from app.wording.i18n import N_, gettext, ngettext
from importers.load import Result, Status

_WORDS = {
    Status.LOADED: N_("loaded"),
    Status.REPLACED: N_("loaded in place of its former content"),
    Status.KNOWN: N_("already loaded"),
    Status.QUARANTINED: N_("quarantined"),
}


class Step(Protocol):
    """Moves a progress bar to ``done`` of ``total``."""

    def __call__(self, done: int, total: int) -> None: ...


def line(result: Result) -> str:
    """One line for a file, and one below it for each reason when it is refused."""
    said = f"{_shown(result.path)}: {gettext(_WORDS[result.status])}"
    details = list(_details(result))
    if details:
        said += f" ({', '.join(details)})"
    return "\n".join([said, *(f"  {refusal.text()}" for refusal in result.refusals)])


def event(result: Result) -> dict[str, Any]:
    """What a log says of a file: what became of it, how much it brought, why it was refused."""
    return {
        "file": _shown(result.path),
        "status": result.status.value,
        "file_id": result.file_id,
        "contracts": result.contracts,
        "remittances": result.remittances,
        "transactions": result.transactions,
        "kept_aside": result.unclaimed,
        "seconds": round(result.seconds, 3),
        "refusals": [refusal.text() for refusal in result.refusals],
    }


def _shown(path: Path) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))


def _details(result: Result) -> Iterator[str]:
    if result.contracts:
        yield ngettext("%(num)s contract", "%(num)s contracts", result.contracts)
    if result.source is None:
        return
    yield ngettext("%(num)s remittance", "%(num)s remittances", result.remittances)
    yield ngettext("%(num)s transaction", "%(num)s transactions", result.transactions)
    for currency, sums in result.sums.items():
        amount = f"{money.plain(sums['net'], currency)} {currency}"
        yield gettext("net %(amount)s", amount=amount)
    if result.unclaimed:
        yield ngettext(
            "%(num)s remittance of an undeclared contract, kept aside",
            "%(num)s remittances of undeclared contracts, kept aside",
            result.unclaimed,
        )
    rows = result.remittances + result.transactions
    yield gettext("%(speed)s rows/s", speed=round(rows / max(result.seconds, 0.001)))


def summary(results: Iterable[Result]) -> str:
    """How many files, by what became of them."""
    counts: dict[Status, int] = {}
    for result in results:
        counts[result.status] = counts.get(result.status, 0) + 1
    parts = ", ".join(f"{gettext(_WORDS[status])}: {count}" for status, count in counts.items())
    total = sum(counts.values())
    return ngettext(
        "%(num)s file. %(parts)s",
        "%(num)s files. %(parts)s",
        total,
        parts=parts or gettext("nothing to load"),
    )


@contextmanager
def progress(label: str) -> Iterator[Step]:
    """A progress bar on the error output of a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(label, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield step
