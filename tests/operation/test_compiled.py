"""Compiled statements are found by which statement it is, and by what it is made of where it is another."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, literal_column, select

from app.database.compiled import MOST, CompiledStatements


class CountedPart:
    """A part of a statement that counts how often it is looked at."""

    def __init__(self) -> None:
        self.looked_at = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CountedPart)

    def __hash__(self) -> int:
        self.looked_at += 1
        return 1


def key(parts, *columns):
    """A key as the library makes it."""
    return "dialect", parts, columns, False, False


def test_a_statement_that_was_found_is_found_again_without_looking_at_what_it_is_made_of():
    kept, part = CompiledStatements(), CountedPart()
    parts = (part,)
    kept[key(parts)] = "compiled"
    assert kept.get(key(parts)) == "compiled"
    part.looked_at = 0
    assert kept.get(key(parts)) == "compiled"
    assert part.looked_at == 0


def test_an_equal_statement_is_found_and_one_that_is_asked_otherwise_is_not():
    kept, parts = CompiledStatements(), (CountedPart(),)
    kept[key(parts)] = "compiled"
    for _ in range(2):
        assert kept.get(key((CountedPart(),))) == "compiled"
        assert kept.get(key(parts)) == "compiled"
        assert kept.get(key(parts, "more")) is None
        assert kept.get(key(("other",))) is None


def test_no_more_is_remembered_than_so_many():
    kept = CompiledStatements()
    statements = [(number,) for number in range(3 * MOST)]
    for parts in statements:
        kept[key(parts)] = parts
        assert kept.get(key(parts)) == parts
    assert len(kept._met) <= MOST


def test_whoever_builds_a_statement_it_is_compiled_once(database):
    with database.reading() as connection:
        kept = connection.get_execution_options()["compiled_cache"]
        before = len(kept)
        for number in range(3):
            statement = select(literal_column("417", Integer) + bindparam("more", type_=Integer))
            for _ in range(2):
                assert connection.scalar(statement, {"more": number}) == 417 + number
        assert len(kept) == before + 1
