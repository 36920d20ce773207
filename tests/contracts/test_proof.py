"""The table of ``make proof``: every family that it names is tried, and everything that is tried is in it."""

from __future__ import annotations

import re

from app.config import ROOT
from tests.proof import FAMILIES

MARKED = re.compile(r'^\s*@pytest\.mark\.probes\("([^"]+)"\)', re.MULTILINE)


def test_every_family_has_its_tests_and_every_test_its_family():
    tests = (ROOT / "tests").rglob("test_*.py")
    assert {name for path in tests for name in MARKED.findall(path.read_text("utf-8"))} == set(FAMILIES)
