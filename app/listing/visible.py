"""The part of a list that a person sees: without what its merchant has nothing of and what is denied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from app.listing.spec import ListSpec


def seen_by(spec: ListSpec, absent: frozenset[str], allows: Callable[[str], bool]) -> ListSpec:
    """``spec`` without the fields ``absent``, which can be narrowed instead, and what ``allows`` denies."""
    return _seen(spec, absent, frozenset(needed for needed in _permissions(spec) if not allows(needed)))


@cache
def _permissions(spec: ListSpec) -> frozenset[str]:
    """What a role needs to see all of its fields and details."""
    of_parts = (part.permission for part in spec.detail_parts)
    return frozenset((*(field.permission for field in spec.fields), *of_parts))


@cache
def _seen(spec: ListSpec, absent: frozenset[str], denied: frozenset[str]) -> ListSpec:
    """``spec`` for all to whom the same is absent and the permissions ``denied`` are."""
    beyond = frozenset(part.template for part in spec.detail_parts if part.permission in denied)
    hidden = frozenset(field.name for field in spec.fields if field.permission in denied)
    narrowed = frozenset(field.name for field in spec.fields if field.narrow) & absent
    return _without(_narrowed(spec, narrowed), (absent - narrowed) | hidden, beyond)


@cache
def _narrowed(spec: ListSpec, names: frozenset[str]) -> ListSpec:
    """``spec`` whose fields ``names`` are asked for by their narrow filters."""
    fields = (
        replace(field, filter_kind=field.narrow) if field.name in names else field for field in spec.fields
    )
    return replace(spec, fields=tuple(fields)) if names else spec


@cache
def _without(spec: ListSpec, names: frozenset[str], templates: frozenset[str]) -> ListSpec:
    """``spec`` without the fields ``names`` and what speaks of them, nor the parts of ``templates``."""
    if not names and not templates:
        return spec
    return replace(
        spec,
        fields=tuple(field for field in spec.fields if field.name not in names),
        measures=tuple(measure for measure in spec.measures if measure.of not in names),
        dimensions=tuple(found for found in spec.dimensions if found.name not in names),
        facts=tuple(name for name in spec.facts if name not in names),
        detail_parts=tuple(
            part for part in spec.detail_parts if part.of not in names and part.template not in templates
        ),
        page_links=tuple(link for link in spec.page_links if link.of not in names),
        table=tuple(column for column in spec.table if names.isdisjoint(column)),
    )
