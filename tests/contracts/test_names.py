"""Names: one word for one thing, in the whole tree."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from pathlib import Path

from app.config import ROOT

#: Modules of one name in several packages: each package's part of the same subject, or what it shares.
SAME_MEANING = {
    "__init__",
    "accounts",  # people and their ways in: tables, pages
    "commands",  # the command line of a package
    "common",  # what the modules of a package share
    "deliveries",  # mails on their way: rows for the desk, pages of the desk, words under a ticket
    "files",  # the files received: rows, pages
    "jobs",  # the queue, and the jobs of mail
    "journal",  # what people did: written, written for a request, shown
    "links",  # one-time links: made, opened
    "merchants",  # the merchants of a reseller: rows, pages
    "payments",  # remittances and transactions: tables, rules
    "people",  # those whom a maintainer knows: rows, pages
    "reauthentication",  # who one is, once more: checked, asked
    "terminals",  # the terminals of outlets: tables, their list
    "saved_views",  # the views that members keep: kept, asked for by forms
    "settlements",  # payments of acquirers: tables, among the details of what they pay
    "searching",  # the words that people search by: made ready to compare, the search box
}


QUESTION_WORDS = {"How", "What", "When", "Where", "Whether", "Which", "Who", "Whom", "Whose", "Why"}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_no_class_name_stands_twice_in_the_project():
    places = defaultdict(list)
    for path in python_files("app", "importers", "tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_docstrings_of_modules_and_classes_begin_with_the_noun():
    found = []
    for path in python_files("app", "importers"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            words = isinstance(node, ast.Module | ast.ClassDef) and ast.get_docstring(node)
            if words and words.split()[0] in QUESTION_WORDS:
                found.append(f"{path.relative_to(ROOT)}: {words.splitlines()[0]}")
    assert found == []


def test_no_module_name_means_two_things():
    counted = Counter(path.stem for path in python_files("app"))
    assert {name for name, count in counted.items() if count > 1} == SAME_MEANING


def test_every_path_that_the_documents_name_is_there():
    named = re.compile(r"`((?:app|docs|importers|migrations|tests|themes)/[a-z0-9_./]*[a-z0-9_/])(?:`|[^\w])")
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    paths = {path for page in pages for path in named.findall(page.read_text(encoding="utf-8"))}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def anchors(page):
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_the_documents_leads_somewhere():
    dead = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                dead.append(f"{page.name}: {link}")
    assert dead == []
