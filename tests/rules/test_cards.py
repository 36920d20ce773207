"""The detector of card numbers: none is missed, whatever its disguise, and honest numbers pass."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.cards import find, holds_card, looks_like_card, masked, passes_luhn
from tests.rules.corpus import BRANDS, HONEST, SHAPES, card, digits

if TYPE_CHECKING:
    from collections.abc import Callable

HONEST_LINES = 100_000


@pytest.mark.probes("card numbers")
def test_no_disguise_is_missed(probes: Callable[[int], None], capsys: pytest.CaptureFixture[str]) -> None:
    draw, tried = Random(13), len(BRANDS) * len(SHAPES) * 3
    missed = [
        (name, start, length)
        for start, length in BRANDS
        for name, shape in SHAPES.items()
        for _ in range(3)
        if not holds_card(shape(card(draw, start, length)))
    ]
    probes(tried)
    with capsys.disabled():
        print(f" [{tried} disguised numbers, {len(missed)} missed]", end="")  # noqa: T201
    assert missed == []


def test_honest_lines_pass(capsys: pytest.CaptureFixture[str]) -> None:
    draw, makes = Random(13), list(HONEST.items())
    alarms = [
        name
        for number in range(HONEST_LINES)
        for name, make in (makes[number % len(makes)],)
        if holds_card(make(draw))
    ]
    with capsys.disabled():
        print(f" [{HONEST_LINES} honest lines, {len(alarms)} alarms]", end="")  # noqa: T201
    assert alarms == []


@pytest.mark.parametrize("length", range(13, 20))
def test_the_check_digit_tells(length: int) -> None:
    number = "5018".ljust(length - 1, "7")
    assert [check for check in "0123456789" if looks_like_card(number + check)] == [
        check for check in "0123456789" if passes_luhn(number + check)
    ]


def test_what_no_brand_begins_with_is_no_card() -> None:
    assert not holds_card("0000000000000000 1234567812345670 9999999999999995 7000000000000005")


@given(st.integers(0, 2**32), st.sampled_from(sorted(SHAPES)), st.text(max_size=20))
def test_what_is_masked_holds_no_card_and_is_as_long(seed: int, shape: str, around: str) -> None:
    draw = Random(seed)
    number = card(draw, *draw.choice(BRANDS))
    text = f"{around};{SHAPES[shape](number)};{around}"
    shown = masked(text)
    assert len(shown) == len(text)
    assert not holds_card(shown)


@given(st.text(st.sampled_from("0123456789 .-/x;\u202f"), max_size=80))
def test_every_number_found_stands_where_it_is_said_to(text: str) -> None:
    for found in find(text):
        written = "".join(letter for letter in text[found.start : found.end] if letter.isdigit())
        assert written == found.digits
        assert looks_like_card(found.digits)


def test_a_text_without_card_is_left_as_it_is() -> None:
    text = "CMD-2026-00012345 SIRET 44306184100047 497010******0028"
    assert masked(text) == text


@pytest.mark.parametrize("unit", ["411 ", "4", "4 ", "4111.", "2204   ", "57"])
def test_the_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    """A line of 400 kB took two minutes once."""
    started = time.process_time()
    list(find(unit * (400_000 // len(unit))))
    assert time.process_time() - started < 8


@given(st.integers(0, 2**32))
def test_a_number_with_a_wrong_check_digit_is_an_order(seed: int) -> None:
    draw = Random(seed)
    body = f"51{digits(draw, 13)}"
    wrong = next(body + check for check in "0123456789" if not passes_luhn(body + check))
    assert not holds_card(f"CMD {wrong}")
