"""A question as statements ask it, apart from who asks, of which days and values: those are its parameters.

Building a statement takes longer than sending it; so the statements of the questions asked last are kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
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
        asked, order = criteria.asked, (criteria.sort, criteria.after, criteria.is_by_place)
        is_long = None if criteria.period is None else criteria.period.is_long
        key = spec, scope.any_such, asked, order, is_long
        values = {**scope.values, **values_of(criteria.period), **asked.values}
        return cls(key, spec, scope.any_such, criteria.of_any, values)
