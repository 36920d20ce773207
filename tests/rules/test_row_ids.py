"""The ids that addresses and forms name: what a column holds, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.row_ids import LARGEST, row_id


@given(st.integers(1, LARGEST))
def test_what_a_column_holds_is_an_id(number: int) -> None:
    assert row_id(str(number)) == number


@given(st.integers(LARGEST + 1) | st.integers(max_value=0))
def test_no_other_number_is(number: int) -> None:
    assert row_id(str(number)) is None


@pytest.mark.parametrize("text", ["", "x", "1.0", " 1", "1 ", "1\n", "+1", "01", "١", "１", "1_0", "9" * 99])
def test_no_other_text_is(text: str) -> None:
    assert row_id(text) is None
