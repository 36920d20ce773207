"""No card number is committed: what the hook and ``make lint`` refuse."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.config import ROOT
from app.rules.cards import looks_like_card

CHECK = ROOT / ".ci" / "card_numbers.py"
PUBLISHED = "4111111111111111"
#: As in a file from outside: in no list of ours.
SOMEBODYS = next(number for digit in range(10) if looks_like_card(number := f"4970{'1' * 11}{digit}"))

pytestmark = pytest.mark.probes("card numbers")


def committed(folder, name, data):
    """What the check says of a checkout whose index holds one file."""
    (folder / name).write_bytes(data)
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return subprocess.run([sys.executable, CHECK], check=False, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    "line", [SOMEBODYS, f"CARTE {SOMEBODYS[:4]} {SOMEBODYS[4:8]} {SOMEBODYS[8:12]} {SOMEBODYS[12:]}"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_card_number_is_refused_by_its_place(tmp_path, line, encoding):
    told = committed(tmp_path, "night.txt", f"é\n{PUBLISHED}\n{line}\n".encode(encoding))
    assert told.returncode == 1
    assert "night.txt:3:" in told.stderr
    assert SOMEBODYS[:8] not in told.stderr


def test_a_card_number_is_refused_in_the_name_of_a_file(tmp_path):
    assert committed(tmp_path, f"{SOMEBODYS}.txt", b"").returncode == 1


@pytest.mark.parametrize(
    "data", [PUBLISHED.encode(), f"sha256:{'ab' * 24}{SOMEBODYS}".encode(), b"\0" + SOMEBODYS.encode()]
)
def test_published_numbers_hashes_and_pictures_may_stand(tmp_path, data):
    assert committed(tmp_path, "file", data).returncode == 0


def test_the_hook_runs_it():
    hook = ROOT / ".ci" / "hooks" / "pre-commit"
    assert hook.stat().st_mode & 0o111
    assert ".ci/card_numbers.py" in hook.read_text(encoding="utf-8")
    assert ".ci/card_numbers.py" in (ROOT / "Makefile").read_text(encoding="utf-8")
