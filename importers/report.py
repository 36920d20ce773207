"""The report of an import, in words; the progress it shows on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.wording import counts, money
from app.wording.i18n import N_, gettext, ngettext
from importers.files.archive import shown
from importers.load import Result, Status

_WORDS = {
    Status.LOADED: N_("loaded"),
    Status.REPLACED: N_("loaded in place of its former content"),
    Status.KNOWN: N_("already loaded"),
    Status.QUARANTINED: N_("quarantined"),
    Status.LEFT: N_("left where it is"),
}


class Step(Protocol):
    """Moves a progress bar to ``done`` of ``total``."""

    def __call__(self, done: int, total: int) -> None: ...


def line(result: Result, *, at_desk: bool = False) -> str:
    """One line for a file, and one below it for each reason when it is refused, in a desk's words if so."""
    said = f"{_named(result)}: {gettext(_WORDS[result.status])}"
    details = list(_details(result))
    if details:
        said += f" ({', '.join(details)})"
    reasons = [refusal.text(at_desk=at_desk) for refusal in result.refusals]
    if result.unfiled is not None:
        words = gettext(
            "it cannot be filed away: %(reason)s (mend that, then load it once more)", reason=result.unfiled
        )
        reasons.append(words)
    return "\n".join([said, *(f"  {reason}" for reason in reasons)])


def _named(result: Result) -> str:
    """What whoever brought a file knows it by: a copy of ours says nothing to them."""
    return shown(result.name or str(result.path))


def trial(result: Result, *, at_desk: bool = False) -> str:
    """What would become of a file that is loaded now: what is new and known, or why it is refused.

    ``at_desk``: in the words of a desk.
    """
    if result.status is Status.KNOWN:
        return gettext("This very file is loaded already.")
    if not result.refused:
        return gettext("Loaded now, it would bring: %(counts)s", counts=", ".join(_details(result)))
    said = gettext("Loaded now, it would be: %(status)s", status=gettext(_WORDS[result.status]))
    return "\n".join([said, *(f"  {refusal.text(at_desk=at_desk)}" for refusal in result.refusals)])


def event(result: Result) -> dict[str, Any]:
    """What a log says of a file: what became of it, how much it brought, why it was refused or not kept."""
    return {
        "file": _named(result),
        "status": result.status.value,
        "file_id": result.file_id,
        "counts": dict(result.counts),
        "kept_aside": result.kept_aside,
        "seconds": round(result.seconds, 3),
        "refusals": [refusal.text() for refusal in result.refusals],
        "unfiled": result.unfiled,
    }


def _details(result: Result) -> Iterator[str]:
    yield from counts.in_words(result.counts)
    for currency, sums in result.sums.items():
        amount = f"{money.plain(sums['net'], currency)} {currency}"
        yield gettext("net %(amount)s", amount=amount)
    if result.kept_aside:
        yield gettext(
            "kept aside: %(count)s (contract undeclared, or delivered by another source)",
            count=result.kept_aside,
        )
    if result.source is not None and result.counts:
        rows = sum(result.counts.values())
        yield gettext("%(speed)s rows/s", speed=round(rows / max(result.seconds, 0.001)))


def summary(results: Iterable[Result]) -> str:
    """How many files, by what became of them."""
    ended: dict[Status, int] = {}
    for result in results:
        ended[result.status] = ended.get(result.status, 0) + 1
    parts = ", ".join(f"{gettext(_WORDS[status])}: {count}" for status, count in ended.items())
    total = sum(ended.values())
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
