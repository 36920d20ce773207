"""The examples that Hypothesis tries: random ones for a developer, the same ones for a machine that judges.

Random ones look elsewhere in each run, and a failure prints how to see it again. Those of a machine that
judges a change stay the same, so that what it refuses is the change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import permutations
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., Any])
One = TypeVar("One")
#: How many examples `make orders` tries of what is dear; when set, :func:`few_orders` leaves none out.
ORDERS = "BORDEREAU_ORDERS"
#: How many a developer tries of what is not.
USUAL = 50


def orders_of_files() -> Callable[[Test], Test]:
    """A few examples of what loads a dozen files each, into the database that the test has set up.

    Each takes seconds. Those of a machine that judges are the same ones every time, and the first say most.
    ``make orders`` tries hundreds.
    """
    few = 4 if os.environ.get("CI") else 8
    return _examples(few, suppress_health_check=[HealthCheck.function_scoped_fixture])


def dear_examples() -> Callable[[Test], Test]:
    """No more examples than a developer tries, for each asks a database a dozen times or writes whole files.

    ``make orders`` tries hundreds.
    """
    return _examples(USUAL)


def _examples(few: int, **others: Any) -> Callable[[Test], Test]:
    chosen = settings(max_examples=int(os.environ.get(ORDERS, few)), **others)
    return lambda test: pytest.mark.orders(chosen(test))


def few_orders(files: Iterable[One]) -> list[tuple[One, ...]]:
    """A few of the orders of files: each is once at each place, and of any two either comes first.

    ``make orders`` tries all there are: those of three files are twice as many.
    """
    found = tuple(files)
    if os.environ.get(ORDERS):
        return list(permutations(found))
    return [found[first:] + found[:first] for first in range(len(found))]


def in_few_orders(files: Iterable[Any]) -> Callable[[Test], Test]:
    """A test for each order of :func:`few_orders`, as ``order``."""
    chosen = pytest.mark.parametrize("order", few_orders(files))
    return lambda test: pytest.mark.orders(chosen(test))


def choose() -> None:
    """Load the profile of this machine, which ``CI`` tells."""
    common = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("developer", max_examples=USUAL, **common)
    settings.register_profile("ci", max_examples=100, database=None, derandomize=True, **common)
    settings.load_profile("ci" if os.environ.get("CI") else "developer")
