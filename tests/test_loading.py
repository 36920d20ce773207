"""What a command loads: libraries that take a second are there when they are needed, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.config import ROOT

HEAVY = {"flask", "numpy", "pandas", "pyarrow", "procrastinate", "reportlab", "alembic", "gunicorn"}


@pytest.mark.parametrize("asked", ["--help", "doctor --help", "import --help", "user --help"])
def test_the_command_line_is_quick_because_it_loads_little(asked):
    code = (
        "import sys; from app.cli import main; main(sys.argv[1:], standalone_mode=False);"
        f" print({HEAVY} & sys.modules.keys())"
    )
    run = [sys.executable, "-c", code, *asked.split()]
    found = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "set()"


def test_what_every_command_does_loads_little():
    """Whether the database is up to date is told without the library that would bring it there."""
    code = (
        "import sys, app.database.migrate as migrate, app.operation.doctor, app.accounts.second_factor;"
        " migrate.revisions(); print({'numpy', 'pandas', 'reportlab', 'alembic'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
