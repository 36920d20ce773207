"""The lock names everything: it is installed without a resolver, so that what it leaves out is missing."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.config import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: What each file installs besides what the portal always needs.
EXTRAS = {"run.txt": ("embedded", "build"), "test.txt": ("embedded", "build", "test")}


def pinned(name):
    """Name to version, as a file of the lock has them for the Python of this machine."""
    lock = (ROOT / ".ci" / "requirements" / name).read_text(encoding="utf-8")
    lines = map(Requirement, re.findall(r"(?m)^(\S+?==[^\\\n]+)", lock))
    return {
        canonicalize_name(line.name): str(line.specifier).removeprefix("==")
        for line in lines
        if line.marker is None or line.marker.evaluate()
    }


def asked(name):
    """What ``pyproject.toml`` asks for in the words of requirements."""
    extras = [line for extra in EXTRAS[name] for line in PROJECT["optional-dependencies"][extra]]
    return [Requirement(line) for line in [*PROJECT["dependencies"], *extras]]


def needed(requirements, seen):
    """Every package that ``requirements`` lead to on this machine, through extras (``psycopg[pool]``) too."""
    for requirement in requirements:
        wanted = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if wanted not in seen:
            seen.add(wanted)
            needed(list(below(*wanted)), seen)
    return {name for name, _ in seen}


def below(name, extras):
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


@pytest.mark.parametrize("name", EXTRAS)
def test_everything_that_is_needed_is_pinned(name):
    assert needed(asked(name), set()) - pinned(name).keys() == set()


@pytest.mark.parametrize("name", EXTRAS)
def test_what_is_installed_is_what_is_pinned(name):
    pins = pinned(name)
    installed = {package: distribution(package).version for package in needed(asked(name), set())}
    assert installed == {package: pins[package] for package in installed}


def test_every_pin_has_its_hashes():
    for name in EXTRAS:
        lock = (ROOT / ".ci" / "requirements" / name).read_text(encoding="utf-8")
        for package in re.split(r"\n(?=\S)", lock.strip()):
            assert "--hash=sha256:" in package
