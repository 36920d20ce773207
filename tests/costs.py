"""What costs the portal time on purpose, or once in its life, and the tests at each of thousands of turns.

Nothing here changes an answer: a password is hashed and verified as ever, with parameters that take no time,
and what is compiled for one portal of a process serves the next.
"""

from __future__ import annotations

import gc
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app.accounts import passwords, resets
from app.database import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """A route that is compiled once for all portals that have it."""

    _compiled: ClassVar[dict[object, CompiledRule]] = {}

    def compile(self) -> None:
        known = self._compiled.setdefault((self.rule, self.subdomain, repr(self.defaults)), self)
        if known is self:
            super().compile()
            return
        self._parts, self._trace, self._converters = known._parts, known._trace, known._converters
        self.arguments |= known.arguments
        self._build = known._build.__func__.__get__(self)
        self._build_unknown = known._build_unknown.__func__.__get__(self)


#: What is compiled of a statement, by the statement and the dialect.
_STATEMENTS: LRUCache[Any, Any] = LRUCache(2000)


def _engine_that_shares(url: str, **options: Any) -> Engine:
    own = options.pop("execution_options", {})
    return create_engine(url, execution_options=own | {"compiled_cache": _STATEMENTS}, **options)


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """Portals of this process share what is compiled of routes, of templates and of statements."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", CompiledRule)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        # Each engine has a dialect of its own; for what is compiled they are one.
        patch.setattr(PGDialect_psycopg, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(PGDialect_psycopg, "__hash__", lambda one: hash(type(one)))
        patch.setattr(engine, "create_engine", _engine_that_shares)
        yield


@pytest.fixture(autouse=True, scope="session")
def _rarely_swept() -> None:
    """What the tests stand on stays to their end: no search for garbage goes through it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


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
