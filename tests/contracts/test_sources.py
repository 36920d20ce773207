"""Rules of the source itself: sizes, pinned requirements, and SQL that means the same on every server."""

import ast
import re
import tomllib
from pathlib import Path
from statistics import median

import pytest

from app.config import ROOT

CODE = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "importers").rglob("*.py")])
SQL = [*CODE, *sorted((ROOT / "migrations").rglob("*.py"))]
REQUIREMENTS = [ROOT / ".ci" / "requirements" / "run.txt", ROOT / ".ci" / "requirements" / "test.txt"]
LEFT_OUT = {".git", ".venv", "var", "build", "__pycache__", "screenshots", "vendor"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (f"{name(path)}: {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_file_is_longer_than_400_lines():
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {path: size for path, size in sizes.items() if size > 400} == {}


def test_functions_are_small():
    sizes = [function for path in CODE for function in functions(path)]
    assert [function for function in sizes if function[1] > 50] == []
    assert median(size for _, size in sizes) < 10


def text_files() -> list[Path]:
    found = (
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not LEFT_OUT & set(path.relative_to(ROOT).parts)
    )
    return [path for path in found if path.suffix not in {".mo", ".png", ".ico", ".woff2", ".pyc"}]


#: What passes over rows or letters of a file without a word, and where it may: a contract that stands aside
#: already, and days that are checked behind it.
SILENT = re.compile(
    r"DO NOTHING|OR IGNORE|ON_ERROR|on_bad_lines|invalid_row_handler|errors=.(?:ignore|coerce)", re.IGNORECASE
)
MAY_BE_SILENT = {
    "importers/contract_moves.py": 1,
    "importers/formats/merchant_directory.py": 1,
    "importers/reading/columns.py": 1,
}


def test_nothing_of_a_file_is_passed_over_in_silence():
    files = [path for path in SQL if not path.is_relative_to(ROOT / "app")]
    found = {name(path): len(SILENT.findall(path.read_text(encoding="utf-8"))) for path in files}
    assert {path: count for path, count in found.items() if count} == MAY_BE_SILENT


def test_no_file_names_a_package_registry():
    hosts = re.compile("pypi~org|pythonhosted~org|npmjs~|deb~debian".replace("~", r"\."))
    read = {path: path.read_text(encoding="utf-8", errors="replace") for path in text_files()}
    assert len(read) > 50
    assert [name(path) for path, words in read.items() if hosts.search(words)] == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=name)
def test_requirements_are_pinned_hashed_and_free_of_addresses(path):
    words = path.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", words.strip())
    loose = [
        entry.splitlines()[0]
        for entry in entries
        if not re.fullmatch(
            r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; [^\\]+)? \\\n(\s+--hash=sha256:[0-9a-f]{64}( \\\n)?)+", entry
        )
    ]
    assert loose == []
    assert "://" not in words


@pytest.mark.parametrize(
    ("path", "groups"), [(REQUIREMENTS[0], ()), (REQUIREMENTS[1], ("test",))], ids=["run", "test"]
)
def test_requirements_hold_what_the_project_asks_for(path, groups):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(line for group in groups for line in project["optional-dependencies"][group]),
    ]
    wanted = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in asked}
    pinned = set(re.findall(r"^([a-z0-9._-]+)(?:\[|==)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert wanted - pinned == set()


def test_the_larger_set_of_requirements_holds_the_smaller():
    run, test = (
        set(re.findall(r"^\S+==\S+", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in REQUIREMENTS
    )
    assert run - test == set()


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("settings of the session do not reach workers (R10)", r"\bset_config\((?!\"plan_cache_mode\")"),
        ("an instant has no day without its zone (R12)", r"_at\)?\s*::\s*(date|timestamp)\b(?! with)"),
        ("an instant has no day without its zone (R12)", r"(?i)date_trunc\([^()]*_at\b(?! at time zone)"),
        ("an instant has no day without its zone (R12)", r"(?i)cast\(\s*\w*_at\s+as\s+date\b"),
        ("errors are told apart by SQLSTATE, names are lost (R18)", r"\bdiag\.(constraint|table)_name"),
        (
            "sizes and counts of the catalogue are those of one node (R20)",
            r"pg_total_relation_size|reltuples|pg_stat_user",
        ),
        (
            "Citus refuses to detach so, and to set statistics (R23)",
            r"(?i)DETACH PARTITION \S+ CONCURRENTLY|SET STATISTICS",
        ),
        ("MERGE into a distributed table is refused (R17)", r"\bMERGE INTO\b"),
    ],
)
def test_sql_means_the_same_on_every_server(rule, pattern):
    broken = [name(path) for path in SQL if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert broken == [], rule


def test_the_rule_about_days_can_fail():
    pattern = r"_at\)?\s*::\s*(date|timestamp)\b(?! with)"
    assert re.search(pattern, "SELECT occurred_at::date")
    assert not re.search(pattern, "SELECT (occurred_at AT TIME ZONE zone)::date")
