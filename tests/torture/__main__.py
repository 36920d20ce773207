"""The torture of the loader: ``python -m tests.torture --kills 500 --seed 1``, or ``make torture``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.torture.rounds import table, torture


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=500)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--short", action="store_true", help="leave out all but the kills and two others")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="bordereau-torture-") as folder:
        rows = list(torture(Path(folder), asked.kills, asked.seed, short=asked.short))
    sys.stdout.write(f"seed {asked.seed}\n{table(rows)}\n")
    return any(row.wrong for row in rows)


if __name__ == "__main__":
    sys.exit(main())
