"""The public sample files that stand beside the checkout, and what an independent reader finds in them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "samples"
ABSENT = "the sample files do not stand beside this checkout, in ../shared/samples"


@cache
def expected() -> dict[str, dict[str, Any]]:
    listing = FOLDER / "expected.json"
    return json.loads(listing.read_text("utf-8")) if listing.exists() else {}


def named(*folders: str):
    """Parameters: the samples of some folders, or one that says that they are absent."""
    names = [name for name in expected() if name.startswith(folders)]
    return names or [pytest.param("", marks=pytest.mark.skip(reason=ABSENT))]


def stand_beside_the_checkout() -> None:
    """Skip a test of some samples, where there are none at all."""
    if not expected():
        pytest.skip(ABSENT)


def content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
