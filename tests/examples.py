"""The examples that Hypothesis tries: random ones for a developer, the same ones for a machine that judges.

Random ones look elsewhere in each run, and a failure prints how to see it again. Those of a machine that
judges a change stay the same, so that what it refuses is the change.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])


def orders_of_files() -> Callable[[Test], Test]:
    """A few examples of what loads a dozen files each, into the database that the test has set up.

    Each takes seconds. Those of a machine that judges are the same ones every time, and the first say most.
    ``make orders`` tries hundreds.
    """
    few = 4 if os.environ.get("CI") else 8
    chosen = settings(
        max_examples=int(os.environ.get("BORDEREAU_ORDERS", few)),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    return lambda test: pytest.mark.orders(chosen(test))


def choose() -> None:
    """Load the profile of this machine, which ``CI`` tells."""
    common = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("developer", max_examples=50, **common)
    settings.register_profile("ci", max_examples=100, database=None, derandomize=True, **common)
    settings.load_profile("ci" if os.environ.get("CI") else "developer")
