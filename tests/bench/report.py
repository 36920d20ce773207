"""A line a figure: what was measured, its bar, and whether it holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

#: How often each question is asked; the first time does not count.
SAMPLES = 40


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One figure. ``at_least`` tells a floor from a ceiling; ``notes`` says on what it was measured.

    An absolute time depends on the machine: it is compared and printed, but does not fail the run.
    """

    what: str
    measured: float
    bar: float
    unit: str
    notes: str
    at_least: bool = False
    is_time: bool = False

    @property
    def holds(self) -> bool:
        return self.measured >= self.bar if self.at_least else self.measured <= self.bar


def timed(what: str, bar: float, work: Callable[[], object], notes: str) -> Measurement:
    """How long ``work`` takes, p95 in milliseconds; ``notes`` is filled in with its last answer."""
    times, answer = [], None
    for _ in range(SAMPLES):
        started = time.perf_counter()
        answer = work()
        times.append((time.perf_counter() - started) * 1000)
    return Measurement(
        what=f"{what}, p95",
        measured=percentile(times[1:], 0.95),
        bar=bar,
        unit=" ms",
        is_time=True,
        notes=notes.format(answer),
    )


def table(lines: list[Measurement]) -> str:
    """All lines, aligned."""
    rows = [("figure", "bar", "measured", "", "on"), *(_row(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(
            (
                what.ljust(widths[0]),
                bar.rjust(widths[1]),
                measured.rjust(widths[2]),
                verdict.ljust(widths[3]),
                on,
            )
        )
        for what, bar, measured, verdict, on in rows
    )


def _row(line: Measurement) -> tuple[str, str, str, str, str]:
    sign = "≥" if line.at_least else "≤"
    verdict = "holds" if line.holds else "slow here" if line.is_time else "MISSED"
    return (
        line.what,
        f"{sign} {line.bar:g}{line.unit}",
        f"{line.measured:.2f}{line.unit}" if line.measured % 1 else f"{line.measured:g}{line.unit}",
        verdict,
        line.notes,
    )


def percentile(values: list[float], part: float) -> float:
    """The value that ``part`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
