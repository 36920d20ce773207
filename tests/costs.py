"""What costs the portal time on purpose, or once in its life, and the tests at each of thousands of turns.

Nothing here changes an answer: a password is hashed and verified as ever, with parameters that take no time,
and what is compiled for one portal of a process serves the next.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from werkzeug.routing import Rule

from app.accounts import passwords, resets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jinja2.bccache import Bucket

Costs = dict[tuple[ModuleType, str], Any]
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_AT_ONCE: Costs = {
    (passwords, "_hasher"): _QUICK,
    (passwords, "_nobody"): _QUICK.hash("of nobody"),
    (resets, "ANSWER_SECONDS"): 0,
}
_FULL_COST: Costs = {(module, name): getattr(module, name) for module, name in _AT_ONCE}


class CompiledTemplates(BytecodeCache):
    """Templates are compiled once, not once for each portal; jinja sees that they are unchanged."""

    def __init__(self) -> None:
        self._by_key: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._by_key:
            bucket.bytecode_from_string(self._by_key[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._by_key[bucket.key] = bucket.bytecode_to_string()


class CompiledRule(Rule):
    """A route whose way back, from values to an address, is compiled once for all portals that have it."""

    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = tuple(self._trace), repr(self.defaults), append_unknown
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """Portals of this process share what is compiled of routes and templates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", CompiledRule)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        yield


@pytest.fixture(autouse=True, scope="session")
def _at_once() -> Iterator[None]:
    """Nothing takes its time on purpose, but where a test says ``full_cost``."""
    with pytest.MonkeyPatch.context() as patch:
        _take(patch, _AT_ONCE)
        yield


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes and answers as slow as in production, for tests of their parameters or of the time they take."""
    _take(monkeypatch, _FULL_COST)


def _take(patch: pytest.MonkeyPatch, costs: Costs) -> None:
    for (module, name), value in costs.items():
        patch.setattr(module, name, value)
