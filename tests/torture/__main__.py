"""The torture of the loader: ``python -m tests.torture --kills 500 --seed 1``, or ``make torture``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.torture.rounds import HEADING, line, torture


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=500)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--short", action="store_true", help="leave out all but the kills and a few others")
    asked = words.parse_args()
    print(f"seed {asked.seed}\n{HEADING}", flush=True)  # noqa: T201 - it is what was asked for
    wrong = False
    with tempfile.TemporaryDirectory(prefix="bordereau-torture-") as folder:
        for row in torture(Path(folder), asked.kills, asked.seed, short=asked.short):
            print(line(row), flush=True)  # noqa: T201
            wrong |= bool(row.wrong)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
