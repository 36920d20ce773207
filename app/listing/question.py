"""A question as statements ask it, apart from who asks and of which days: those are its parameters.

Building a statement takes longer than sending it; so the statements of the questions asked last are kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.listing.bounds import values_of
from app.listing.criteria import Criteria
from app.listing.scope import AnyScope, Scope
from app.listing.spec import ListSpec

#: So many statements of a kind are kept: the lists as they open, and the filters of the last minutes.
KEPT: Final = 64


@dataclass(frozen=True)
class Question:
    """``criteria`` within ``scope``. Two are equal when one statement, with ``values`` of each, asks both."""

    key: Hashable
    spec: ListSpec = field(compare=False)
    scope: AnyScope = field(compare=False)
    criteria: Criteria = field(compare=False)
    values: Mapping[str, Any] = field(compare=False)

    @classmethod
    def of(cls, spec: ListSpec, scope: Scope, criteria: Criteria) -> Question:
        """The question of ``criteria`` in the list ``spec``."""
        asked = replace(criteria, is_any_period=True)
        filters = tuple(criteria.filters.items())
        key = spec, scope.any_such, filters, asked.sort, asked.after, asked.is_by_place, asked.period is None
        return cls(key, spec, scope.any_such, asked, {**scope.values, **values_of(criteria.period)})
