"""Texts of frames: columns of many rows are Arrow's, and how the others are kept changes no result."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.formats import remise_tpe
from importers.matching import match
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_matching import item, line

NIGHT = File(
    remittances=(Rem(), Rem(number="000418", transmission="", transactions=(Trx(), Trx(sequence="000102"))))
)
days = st.integers(2, 10).map("2026-03-{:02}".format)
items = st.builds(
    item,
    number=st.sampled_from(["000417", "418", "A-1"]),
    rank=st.sampled_from(["001", "701"]),
    day=days,
    net=st.sampled_from([2500, 2740, 5240]),
)
lines = st.builds(
    line,
    amount=st.sampled_from([2500, 5240, 5740, -500, 7740]),
    day=days,
    contract_number=st.sampled_from(["", "7654321"]),
    entry_number=st.sampled_from(["", "0000417", "418"]),
)


@pytest.mark.parametrize("name", ["status", "transmission"])
def test_the_words_of_telecollections_are_kept_by_arrow(name):
    assert remise_tpe.read(NIGHT.data()).remittances[name].dtype.storage == "pyarrow"


@pytest.mark.parametrize("name", ["type", "outcome", "entry_mode"])
def test_the_words_of_payments_are_kept_by_arrow(name):
    assert remise_tpe.read(NIGHT.data()).transactions[name].dtype.storage == "pyarrow"


def test_an_unknown_transmission_is_missing():
    assert remise_tpe.read(NIGHT.data()).remittances["transmission"].isna().tolist() == [False, True]


@settings(max_examples=15)
@given(st.lists(items, min_size=1, max_size=12), st.lists(lines, min_size=1, max_size=12))
def test_what_is_matched_is_the_same_however_texts_are_kept(some_items, some_lines):
    found = []
    for storage in ("python", "pyarrow"):
        with pd.option_context("mode.string_storage", storage):
            links = match(pd.DataFrame(some_items), pd.DataFrame(some_lines))
        found.append(links.astype(object).where(links.notna(), None).to_dict("records"))
    assert found[0] == found[1]
