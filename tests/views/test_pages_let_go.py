"""What a page of a list was made of is gone once it is sent, and waits for no search for garbage."""

from __future__ import annotations

import gc

import pytest

from app.views.list_page import ListPage
from tests.views.test_round_trips import PATHS


@pytest.mark.parametrize("path", [*PATHS, "/transactions?by=day", "/remises?amount_from=zz"])
def test_nothing_of_a_page_is_held_by_itself(owner, shops, path):
    owner.page(path)
    gc.collect()
    gc.disable()
    try:
        owner.page(path)
        assert not [held for held in gc.get_objects() if isinstance(held, ListPage)]
    finally:
        gc.enable()
