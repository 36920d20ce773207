"""The short form of the torture: each kind of process killed once or twice; ``make torture`` has the rest."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.databases import FOLDER
from tests.torture.rounds import brief_torture

#: With this seed the server is killed too.
SEED = 3


def test_whoever_is_killed_while_loading_the_end_is_that_of_a_load_that_nobody_disturbed() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ[FOLDER]) as folder:
        kills, differences = brief_torture(Path(folder), SEED)
    assert differences == []
    assert {"importer", "postmaster", "run", "worker"} <= kills.keys()
