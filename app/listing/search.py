"""The one search box: what people type, read as questions of a list.

"23,40 mardi" is an amount and a day, "9814" the end of a card or the number of a remittance, "gare" the word
of a shop, "refusés" a state. Each list says in ``ListSpec.search`` and ``search_choices`` what finds its
rows, the likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain, islice, product
from typing import Final

from sqlalchemy import Connection, Integer, literal_column, select, union_all

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.filters import Choice, InvalidValueError
from app.listing.period import LONGEST_DAYS, Days, Period
from app.listing.query import page_statement
from app.listing.scope import Scope
from app.listing.spec import Choices, ListSpec
from app.listing.typed import AMOUNT, WORDS, Typed
from app.wording.searching import folded, words_of

#: Ways to read one text that are tried: three numbers that are three things each would be 27.
MOST_READINGS: Final = 8
#: So many values of a choice are asked for by the words that they share.
MOST_NAMED: Final = 10
#: A choice is named by so many words at most.
LONGEST_NAME: Final = 4
#: A word of so many letters is no beginning of others.
_SHORT: Final = 3
NO_CHOICES: Final[Mapping[str, Choices]] = {}
#: Who names no day wants the newest rows: these periods are looked through one after the other.
_NEARER: Final = ("last-7-days", "last-30-days")
_MONEY_SIGN: Final = re.compile(r"\s|€|eur(?:os?)?", re.IGNORECASE)


def readings(spec: ListSpec, text: Typed, offered: Mapping[str, Choices] = NO_CHOICES) -> tuple[Args, ...]:
    """The filters that ``text`` can mean in a list, the likeliest first; none when it means nothing there.

    ``offered`` are the choices that the merchant's own rows decide. What has numbers in it may still be the
    name of a shop, as a whole.
    """
    ways = (tuple(_ways(spec, piece, offered)) for piece in text.pieces)
    found = (tuple(chain.from_iterable(ways)) for ways in islice(product(*ways), MOST_READINGS))
    named = ((way,) for way in _typed_ways(spec, text.text) if spec.search[way[0]] == WORDS)
    return tuple(dict.fromkeys((*found, *named)))


def _ways(spec: ListSpec, piece: str, offered: Mapping[str, Choices]) -> Iterator[Args]:
    """The parameters that can ask for a piece, each with the text that asks."""
    yield from ((way,) for way in _typed_ways(spec, piece))
    splits = tuple(_split(words_of(piece)))
    for name, (named, others) in product(spec.search_choices, splits):
        if choice := _named(spec, name, named, offered):
            beside = [(way,) for way in _typed_ways(spec, " ".join(others))] if others else [()]
            yield from ((*choice, *way) for way in beside)


def _split(words: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The words that may name a choice, at the beginning or at the end, the most first; and the others."""
    for length in range(min(len(words), LONGEST_NAME), 0, -1):
        yield words[:length], words[length:]
        if length < len(words):
            yield words[-length:], words[:-length]


def _typed_ways(spec: ListSpec, piece: str) -> Iterator[tuple[str, str]]:
    for name, pattern in spec.search.items():
        if re.fullmatch(pattern, piece, re.IGNORECASE):
            kind = spec.parameters[name].kind
            with suppress(InvalidValueError):
                yield (
                    name,
                    kind.unparse(kind.parse(_MONEY_SIGN.sub("", piece) if pattern == AMOUNT else piece)),
                )


def _named(spec: ListSpec, name: str, words: Sequence[str], offered: Mapping[str, Choices]) -> Args:
    """The values of a choice that are named by ``words``; none where so many are that they say little."""
    kind = spec.parameters[name].kind
    choices = offered.get(name, kind.choices() if isinstance(kind, Choice) else ())
    found = tuple((name, value) for value, label in choices if _is_named(words, f"{label} {value}"))
    return found if len(found) <= MOST_NAMED else ()


def _is_named(words: Sequence[str], label: str) -> bool:
    """Whether each of ``words`` is one of a label: "refusés" of "Refusée", "amex" of "AMEXCLESS"."""
    known = [_stem(word) for word in words_of(label)]
    return all(
        stem in known or (len(stem) > _SHORT and any(one.startswith(stem) for one in known))
        for stem in map(_stem, words)
    )


@lru_cache(maxsize=1_000)
def _stem(word: str) -> str:
    """A word, folded, without what tells the plural and the feminine."""
    return folded(word).rstrip("s").rstrip("e")


def matches(
    connection: Connection,
    spec: ListSpec,
    scope: Scope,
    text: Typed,
    days: Days,
    offered: Mapping[str, Choices] = NO_CHOICES,
) -> tuple[Criteria, ...]:
    """The readings of ``text`` that have rows, over the nearest period in which any of them has.

    Of readings that differ by words alone (a shop's name, a contract's label) the first stands for all, and
    so it does for those that take some of these words for a choice.
    """
    asked = [Criteria.from_args(spec, args, days) for args in readings(spec, text, offered)]
    for period in _periods(spec, text, days) if asked else ():
        hits: dict[frozenset[str], Criteria] = {}
        for criteria in _with_rows(connection, spec, scope, [reading.over(period) for reading in asked]):
            hits.setdefault(_meaning(spec, criteria), criteria)
        if hits:
            return tuple(hits.values())
    if text.month is None:
        return ()
    month = Criteria.from_args(spec, (), days).over(text.month)
    return tuple(_with_rows(connection, spec, scope, [month]))


def _meaning(spec: ListSpec, criteria: Criteria) -> frozenset[str]:
    """What is asked by besides words."""
    words = {name for name, pattern in spec.search.items() if pattern == WORDS}
    asked = criteria.filters.keys()
    return frozenset(asked - words - set(spec.search_choices) if asked & words else asked)


def _with_rows(
    connection: Connection, spec: ListSpec, scope: Scope, asked: Sequence[Criteria]
) -> Iterator[Criteria]:
    """Those of ``asked`` that have rows: one statement for all, so that its bound in time is theirs."""
    rows = [page_statement(spec, scope, criteria, 0).subquery() for criteria in asked]
    parts = (select(literal_column(str(place), Integer)).select_from(row) for place, row in enumerate(rows))
    found = set(connection.scalars(union_all(*parts)))
    return (criteria for place, criteria in enumerate(asked) if place in found)


def _periods(spec: ListSpec, text: Typed, days: Days) -> Iterator[str | Period]:
    if text.period is not None:
        yield text.period
        return
    yield from dict.fromkeys((spec.usual_period, *_NEARER))
    yield Period.up_to(days.end, LONGEST_DAYS)
