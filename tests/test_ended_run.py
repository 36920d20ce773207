"""A run of the tests that is told to end, as a limit of time does: it clears up as after its last test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from app.database import embedded
from tests.databases import FOLDER
from tests.waiting import HANGS, wait_until

#: A test that stands on the server, says where it is, and does not end.
WAITING = f"""
import os, time
from pathlib import Path

def test_waits(server):
    Path({{told!r}}).write_text(os.environ["{FOLDER}"])
    time.sleep(3600)
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_run_that_is_told_to_end_leaves_neither_its_server_nor_its_folder(tmp_path, workers):
    told, waiting = tmp_path / "told", tmp_path / "test_waiting.py"
    waiting.write_text(WAITING.format(told=str(told)))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BORDEREAU", "PYTEST"))}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.databases", "-n", workers, str(waiting)]
    run = subprocess.Popen(words, cwd=ROOT, env=own, stdout=subprocess.DEVNULL)
    wait_until(lambda: told.exists() and told.read_text())
    folder = Path(told.read_text())
    assert embedded._serving(folder / "postgres")
    run.send_signal(signal.SIGTERM)
    run.wait(HANGS)
    assert not embedded._serving(folder / "postgres")
    assert not folder.exists()
