"""What each web process does once, before it answers anybody."""

from __future__ import annotations

import gc
import sys

import pytest

from app.accounts import passwords
from app.run import MORE_OBJECTS, SWITCH_SECONDS, WebServer


@pytest.fixture
def web(config):
    """A web server whose process is this one: what it changes of it goes back."""
    interval, frozen, threshold = sys.getswitchinterval(), gc.get_freeze_count(), gc.get_threshold()
    yield WebServer(config)
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    if not frozen:
        gc.unfreeze()


def test_a_process_looks_through_nothing_that_is_there_from_the_start(web):
    assert not web.cfg.preload_app  # else the code would be the parent's, and looked through
    before = gc.get_freeze_count()
    web.load()
    assert gc.get_freeze_count() > before
    assert gc.get_threshold()[0] == MORE_OBJECTS
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)


#: What the passwords that are hashed at one moment may take of a process, in KiB.
MOST_FOR_HASHES = 256 * 1024


def test_passwords_that_are_hashed_at_once_take_a_bounded_memory(web, full_cost):
    """A hundred who sign in at once wait for a thread: no more are hashed than there are."""
    assert web.cfg.worker_class_str == "gthread"
    assert web.cfg.threads * passwords._hasher.memory_cost <= MOST_FOR_HASHES
