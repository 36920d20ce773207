"""The torture in short: the same rounds, with some dozens of kills."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.config import ROOT


@pytest.mark.no_cover
def test_nothing_is_lost_doubled_half_loaded_or_stale_whatever_is_killed():
    # In a process of its own: whoever forks has no threads.
    command = [sys.executable, "-W", "ignore", "-m", "tests.torture", "--kills", "24", "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    killed = [line.split() for line in done.stdout.splitlines() if line.startswith("killed")]
    assert sum(int(words[2]) for words in killed) >= 24
