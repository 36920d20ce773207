"""The ways in which a page can be looked at, in pairs for every run, and all of them for `make pictures`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from itertools import combinations, product
from typing import Any

import pytest

from app.themes import DEFAULT
from tests.browser.windows import DESK, IPHONE, TABLET

#: When set, every page in every look: thousands of them.
EVERY = "BORDEREAU_LOOKS"


@dataclass(frozen=True)
class Look:
    """The width of a window, the theme, the language, the scheme of colours, and whether scripts run."""

    width: int
    theme: str
    language: str
    dark: bool
    javascript: bool

    def of_window(self) -> dict[str, Any]:
        """What a window is opened with: all but the theme, which is the maintainer's.

        One look has no use for what the service worker keeps for the next ones, which takes a third as long
        as all that is looked at. Every window of the other tests has it.
        """
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "theme"}
        return own | {"service_worker": False}

    def __str__(self) -> str:
        return "-".join(
            (
                str(self.width),
                self.theme,
                self.language,
                "dark" if self.dark else "light",
                "htmx" if self.javascript else "plain",
            )
        )


LOOKS = tuple(
    Look(*values)
    for values in product(
        (320, IPHONE, TABLET, DESK), (DEFAULT, "demo", "garance"), ("fr", "en"), (False, True), (True, False)
    )
)


def pairs_of(page: str, look: Look) -> frozenset[tuple[object, ...]]:
    """Every two things that come together in a look at a page."""
    named = (("page", page), *zip((field.name for field in fields(look)), astuple(look), strict=True))
    return frozenset(combinations(named, 2))


def in_pairs(pages: Iterable[str]) -> list[tuple[str, Look]]:
    """As few looks as it takes for every two values of two dimensions to meet, the pages being one."""
    every = [(page, look, pairs_of(page, look)) for page in pages for look in LOOKS]
    missing = set().union(*(pairs for *_, pairs in every))
    chosen = []
    while missing:
        page, look, pairs = max(every, key=lambda one: len(one[2] & missing))
        chosen.append((page, look))
        missing -= pairs
    return chosen


def over(pages: Iterable[str]) -> pytest.MarkDecorator:
    """A test over ``pages`` in their looks, as ``page`` and ``look``."""
    found = list(product(pages, LOOKS)) if os.environ.get(EVERY) else in_pairs(pages)
    return pytest.mark.parametrize(
        ("page", "look"), [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in found]
    )
