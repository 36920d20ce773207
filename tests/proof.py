"""What was tried against the portal's walls, counted by family: ``make proof`` prints the table.

A test of a family bears the mark ``probes("family")``. It is one probe, or as many as it counts by the
fixture of that name. A family without a test is a gap in the table, and a failure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "probes"
#: What is tried, by family: a test holds that each has its tests, and each test a family of these.
FAMILIES = (
    "CSRF",
    "CSV cells",
    "TOTP",
    "addresses and headers",
    "card numbers",
    "desks and places",
    "files in",
    "filters and cursors",
    "foreign ids",
    "grants",
    "hosts",
    "journal",
    "limits",
    "links",
    "links in parallel",
    "looks",
    "mail headers",
    "markup",
    "one abuser",
    "passwords",
    "redirects",
    "roles",
    "row security",
    "sessions",
    "sign-in bounds",
    "timing",
    "traversal",
    "uploads",
    "ways out",
)


@pytest.fixture
def probes(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Counts so many probes of the test's family."""
    return lambda number: record_property(MARK, number)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each test of a family says so in its report, which travels between processes."""
    mark = item.get_closest_marker(MARK)
    if mark is not None:
        item.user_properties.append(("family", mark.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, when the families alone were asked for."""
    if config.option.markexpr != MARK:
        return
    tried: Counter[str] = Counter()
    through: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            told = getattr(report, "user_properties", ())  # a file that does not load has none
            number = sum(value for name, value in told if name == MARK) or 1
            for family in (value for name, value in told if name == "family"):
                tried[family] += number
                through[family] += outcome != "passed"
    terminalreporter.section("what was tried, and what got through")
    for family in FAMILIES:
        terminalreporter.line(f"{family:48} {tried[family]:8} {through[family]:4}")
    terminalreporter.line(f"{'all':48} {tried.total():8} {through.total():4}")
