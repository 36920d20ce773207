"""The cascade on a month of the demonstration's chain, in the styles that banks credit."""

from __future__ import annotations

import random
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import Certainty
from importers.matching import match
from tests.importers.money.bank_styles import (
    EXAMPLES,
    STYLES,
    booked,
    proven_statements,
    remittances,
    scheme_sums,
    simulate,
)

#: The least share of lines that each style must give, certain or proposed; the rest is left.
LEAST = {
    "A": 1.0,
    "B": 0.99,
    "B'": 0.99,
    "C": 0.98,
    "C declared": 0.99,
    "G": 1.0,
    "D": 0.8,
    "F": 0.98,
    "S": 0.98,
    "S by rank": 0.98,
    "R": 0.99,
    "R'": 0.99,
    "R declared": 0.99,
    "R with a number too short": 0.9,
    "R by terminal": 0.5,
    "R at the head": 0.0,
    "C at the head": 0.0,
    "R again": 0.9,
    "C again": 0.9,
    "R in May": 0.99,
    "C in May": 0.97,
    "G in May": 0.99,
    "E": 0.95,
    "H": 0.0,
    "H declared": 1.0,
}


def credited(links: pd.DataFrame):
    """For each line its items and how sure the link is."""
    found = {}
    for one in links[["line", "item", "part", "certainty"]].itertuples():
        own, _ = found.setdefault(one.line, (set(), one.certainty))
        own.add((one.item, one.part))
    return found


@cache
def in_order(style):
    """The lines that a style gives, the truth about each, and what is found of them in their order."""
    given, truth = booked(style)
    return given, truth, credited(matched(style, remittances(style), given))


def matched(style, collected, given):
    """The links of remittances and lines, in whatever order, where every line is there."""
    every, _ = booked(style)
    return match(collected, given, by_scheme=scheme_sums(), statements=proven_statements(every, given))


@pytest.mark.parametrize("style", STYLES)
def test_no_link_of_a_style_is_wrong_and_hardly_a_line_is_left(style):
    given, truth, found = in_order(style)
    wrong = [certainty for line, (own, certainty) in found.items() if own != truth[line]]
    assert set(wrong) <= {
        Certainty.PROPOSED
    }  # of a thousand proposals one may be wrong, for somebody confirms it
    crediting = (given["kind"] != "fee").sum()
    assert len(wrong) <= crediting / (200 if style.startswith("R") else 1000)
    assert len(found) >= LEAST[style] * crediting
    if style == "D":
        assert {certainty for _, certainty in found.values()} == {Certainty.PROPOSED}
    if style == "F":
        assert [certainty for _, certainty in found.values()].count(Certainty.CERTAIN) >= 0.95 * crediting


@pytest.mark.parametrize("style", STYLES)
def test_no_certain_link_is_wrong_where_remittances_and_lines_are_missing(style):
    assert simulate(style, EXAMPLES).wrong == 0


@pytest.mark.parametrize("style", STYLES)
def test_no_certain_link_is_wrong_where_remittances_alone_are_missing(style):
    assert simulate(style, EXAMPLES, lines_missing=0).wrong == 0


@settings(max_examples=6)
@given(st.sampled_from(sorted(STYLES)), st.integers(0, 2**32))
def test_the_order_of_lines_and_remittances_changes_nothing(style, seed):
    draw = random.Random(seed)
    given, _, found = in_order(style)
    order = list(given.index)
    draw.shuffle(order)
    collected = remittances(style)
    other = list(collected.index)
    draw.shuffle(other)
    again = matched(style, collected.loc[other], given.loc[order])
    assert credited(again) == found
