"""The page about the face of the portal: every change of it has a test, and that test is there."""

from __future__ import annotations

import ast
import re

from app.config import ROOT

PAGE = (ROOT / "docs" / "face.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_of_the_25_changes_names_a_test():
    lines = re.findall(r"^\| (\d+) \|(.*)$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 26))
    assert [number for number, words in lines if not TEST.search(words)] == []


def test_every_test_that_is_named_is_there():
    named = TEST.findall(PAGE)
    there = {path: functions(path) for path, _ in named}
    assert [f"{path}::{name}" for path, name in named if name not in there[path]] == []


def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
