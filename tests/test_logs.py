"""Logs: one line of JSON whoever writes it, and of an error where it broke, never what it was fed with."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.config import ROOT
from tests.waiting import HANGS

WRITING = """
import logging
from app import logs
logs.to_stderr()
logs.to_stderr()
try:
    int("canary")
except ValueError:
    {words}
"""


@pytest.mark.parametrize(
    ("words", "logger"),
    [
        ('logs.logger("part").exception("broke", file="a\\r\\nb\\u2028")', "bordereau.part"),
        ('logging.getLogger("library").exception("broke")', "library"),
    ],
)
def test_an_error_is_one_line_without_values(words, logger):
    code = [sys.executable, "-c", WRITING.format(words=words)]
    done = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=True, timeout=HANGS)
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert said["at"].endswith("Z")
    assert (said["event"], said["level"], said["logger"]) == ("broke", "error", logger)
    assert said["error"] == "ValueError"
    assert said["frames"] == ["<string>:7 <module>"]
    assert "canary" not in done.stderr
