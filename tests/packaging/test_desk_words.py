"""What is said at a desk: its people have no commands, so that a cure names none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from app import refusals
from app.config import ROOT
from app.refusals import Refusal
from app.wording.i18n import speaking

COMMAND = re.compile(r"bordereau |--[a-z]")
#: Modules of the command line itself, whose help names its own options.
COMMANDS = ("cli.py", "source_commands.py")


def reasons() -> Iterator[str]:
    """Every reason of a refusal, or notice, that the code declares."""
    for path in [*ROOT.glob("importers/**/*.py"), ROOT / "app" / "refusals.py"]:
        code = path.read_text("utf-8")
        if path.name in COMMANDS or "N_(" not in code:
            continue
        for node in ast.walk(ast.parse(code)):
            is_marked = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "N_"
            if is_marked and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


REASONS = frozenset(reasons())
NAMING = sorted(
    {one for one in REASONS if COMMAND.search(one)}
    - {"not money; what it would bring is said by: bordereau import --dry-run"}
)
NAMES = re.compile(r"%\((\w+)\)")
#: Whatever any of them is filled with.
PARAMS = dict.fromkeys((name for one in REASONS for name in NAMES.findall(one)), "X")


def test_reasons_that_name_commands_are_found():
    assert refusals.NO_SOURCE in NAMING
    assert len(NAMING) >= len(refusals.REPLACING)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("reason", [*NAMING, refusals.SEVERAL_SOURCES])
def test_a_reason_names_no_command_at_a_desk(reason, language):
    with speaking(language):
        said = Refusal(reason=reason, params=PARAMS).text(at_desk=True)
    assert not COMMAND.search(said)
