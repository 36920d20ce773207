"""The choices that forms offer: what a merchant's own rows hold, within what a person sees of them.

The loader keeps the few values of each field by contract (:mod:`app.models.known_values`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Text, func, literal, null, select, true, tuple_, union_all

from app.listing.categories import whole
from app.listing.kinds import Expression, Statement
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.listing.spec import Choices
from app.lists.contract_kinds import contract_kinds
from app.models import KnownValue
from app.wording import applications
from app.wording.searching import folded

#: Beyond so many values a field is no choice: its words are typed.
MOST = 100
#: So many values of all fields are looked for at most.
_MOST_OF_ALL = 1000


def offering(*fields: str) -> Callable[[Scope], Reading[Mapping[str, Choices]]]:
    """What reads the choices of ``fields``."""

    def offered(found: Rows) -> Mapping[str, Choices]:
        values: dict[str, list[tuple[str, str | None]]] = {name: [] for name in fields}
        for row in found:
            if row.field in values:
                values[row.field].append((row.value, row.words))
        return {name: _choices(name, known) for name, known in values.items() if len(known) <= MOST}

    return lambda scope: Reading((_found(scope.any_such),), offered, scope.values)


def _choices(field: str, found: Iterable[tuple[str, str | None]]) -> Choices:
    """Values and their words as an address and a form write them, in the order of the form."""
    named = dict(sorted(found, key=lambda one: one[1] or ""))
    if field == "application":
        return tuple((code, applications.label(code)) for code in sorted(named, key=_place_of))
    if field == "bank":
        return tuple((code, " ".join(filter(None, (code, name)))) for code, name in sorted(named.items()))
    return tuple(_choice(value) for value in sorted(named, key=_folded))


@lru_cache(maxsize=_MOST_OF_ALL)
def _choice(value: str) -> tuple[str, str]:
    """A value as an address and a form write it; looked at letter by letter once, as the next."""
    return whole(value), value


_folded = lru_cache(maxsize=_MOST_OF_ALL)(folded)


def _place_of(application: str) -> tuple[int, str]:
    """The applications that we know in their own order, then the others by their letters."""
    known = list(applications.LABELS)
    return (known.index(application) if application in known else len(known), application)


@cache
def _found(scope: AnyScope) -> CompoundSelect[Any]:
    """Field, value, and the words of the value where it has any: of contracts, then of their payments."""
    kinds = contract_kinds(scope)
    return union_all(
        _of_contracts("application", kinds.c.application, null()),
        _of_contracts("bank", kinds.c.bank_code, kinds.c.bank_name),
        _of_payments(scope),
    )


def _of_contracts(field: str, code: Expression, words: Expression) -> Statement:
    name, value = literal(field, Text).label("field"), func.upper(code).label("value")
    return select(name, value, words.label("words")).where(code.is_not(None)).distinct()


def _of_payments(scope: AnyScope) -> Statement:
    """The known values of the merchant, skipping from one to the next, of which one has a row in scope."""
    known = KnownValue.field, KnownValue.value
    own = select(*known).where(KnownValue.merchant_id == scope.merchant_id).order_by(*known).limit(1)
    skipped = select(own.subquery("first")).cte("skipped", recursive=True)
    following = own.where(tuple_(*known) > tuple_(*skipped.c)).lateral("following")
    skipped = skipped.union_all(select(following).select_from(skipped.join(following, true())))
    values = select(skipped).limit(_MOST_OF_ALL).subquery("known")
    found = select(values.c.field, values.c.value, null().label("words"))
    if scope.contract_ids is None:
        return found
    # OFFSET keeps the planner, which cannot know how few values there are, from reading all rows of them.
    is_seen = select(1).where(
        *in_scope(KnownValue.merchant_id, KnownValue.contract_id, scope),
        KnownValue.field == values.c.field,
        KnownValue.value == values.c.value,
    )
    return found.where(is_seen.offset(0).exists())
