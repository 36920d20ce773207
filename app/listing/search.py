"""The one search box: what people type, read as questions of a list.

"23,40 mardi" is an amount and a day, "9814" the end of a card or the number of a remittance, "gare" the word
of a shop. Each list says in ``ListSpec.search`` what finds its rows, the likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice, product
from typing import Final

from sqlalchemy import Connection, Integer, literal_column, select, union_all

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.filters import InvalidValueError
from app.listing.period import LONGEST_DAYS, Days, Period
from app.listing.query import page_statement
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.typed import AMOUNT, WORDS, Typed

#: Ways to read one text that are tried: three numbers that are three things each would be 27.
MOST_READINGS: Final = 8
#: Who names no day wants the newest rows: these periods are looked through one after the other.
_NEARER: Final = ("last-7-days", "last-30-days")
_MONEY_SIGN: Final = re.compile(r"\s|€|eur(?:os?)?", re.IGNORECASE)


def readings(spec: ListSpec, text: Typed) -> tuple[Args, ...]:
    """The filters that ``text`` can mean in a list, the likeliest first; none when it means nothing there.

    What has numbers in it may still be the name of a shop, as a whole.
    """
    ways = (tuple(_ways(spec, piece)) for piece in text.pieces)
    found = islice(product(*ways), MOST_READINGS)
    named = ((way,) for way in _ways(spec, text.text) if spec.search[way[0]] == WORDS)
    return tuple(dict.fromkeys((*found, *named)))


def _ways(spec: ListSpec, piece: str) -> Iterator[tuple[str, str]]:
    """The parameters that can ask for a piece, each with the text that asks."""
    for name, pattern in spec.search.items():
        if re.fullmatch(pattern, piece, re.IGNORECASE):
            kind = spec.parameters[name].kind
            with suppress(InvalidValueError):
                yield (
                    name,
                    kind.unparse(kind.parse(_MONEY_SIGN.sub("", piece) if pattern == AMOUNT else piece)),
                )


def matches(
    connection: Connection, spec: ListSpec, scope: Scope, text: Typed, days: Days
) -> tuple[Criteria, ...]:
    """The readings of ``text`` that have rows, over the nearest period in which any of them has.

    Of readings that differ by words alone (a shop's name, a contract's label) the first stands for all.
    """
    asked = [Criteria.from_args(spec, args, days) for args in readings(spec, text)]
    for period in _periods(spec, text, days) if asked else ():
        hits: dict[frozenset[str], Criteria] = {}
        for criteria in _with_rows(connection, spec, scope, [reading.over(period) for reading in asked]):
            numbers = frozenset(name for name in criteria.filters if spec.search[name] != WORDS)
            hits.setdefault(numbers, criteria)
        if hits:
            return tuple(hits.values())
    return ()


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
